package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// strangers are Configs whose client refuses the second handshake.
func strangers(t *testing.T, refusal error) (client, server *Config) {
	client, server = configs(t)
	client.AllowRenegotiation, server.AllowRenegotiation, client.MaxVersion = true, true, VersionTLS12
	handshakes := 0
	client.VerifyConnection = func(ConnectionState) error {
		if handshakes++; handshakes > 1 {
			return refusal
		}
		return nil
	}
	return client, server
}

func TestNoDataOfAPeerThatARenegotiationRefuses(t *testing.T) {
	own := errors.New("not this one")
	t.Run("Channel", func(t *testing.T) {
		client, server := strangers(t, own)
		c, s := channelPair(t, client, server, channelClient, channelServer)
		if err := c.Renegotiate(true); err != nil {
			t.Fatal(err)
		}
		for len(s.states) < 2 {
			pass(c, s, 0)
			if len(s.states) < 2 {
				pass(s, c, 0)
			}
		}
		if _, err := s.Send([]byte("evil")); err != nil {
			t.Fatal(err)
		}
		s.join() // the end of the handshake, and data behind it
		pass(s, c, 0)
		mustBe(t, "Receive", c.err, own)
		if len(c.got) > 0 {
			t.Errorf("%q was received", c.got)
		}
	})
	t.Run("Conn", func(t *testing.T) {
		client, server := strangers(t, own)
		a, b := tcpPair(t)
		c, s := Client(a, client), newChannelEnd(t, server, channelServer)
		defer c.Close()
		read := make(chan error, 1)
		go func() {
			n, err := c.Read(make([]byte, 10))
			if n > 0 {
				err = fmt.Errorf("%d bytes were read: %w", n, err)
			}
			read <- err
		}()
		for buf := make([]byte, 1<<15); len(s.states) < 2; {
			n, err := b.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Receive(buf[:n]); err != nil {
				t.Fatal(err)
			}
			switch len(s.states) {
			case 1:
				if len(s.messages) < 10 && !s.ssl.Renegotiating() {
					if err := s.Renegotiate(true); err != nil {
						t.Fatal(err)
					}
				}
			case 2:
				if _, err := s.Send([]byte("evil")); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := b.Write(bytes.Join(s.out, nil)); err != nil {
				t.Fatal(err)
			}
			s.out = nil
		}
		if err := <-read; !errors.Is(err, own) {
			t.Errorf("Read: %v, want %v", err, own)
		}
	})
}

func TestChannelReadsOnBehindARefusal(t *testing.T) {
	client, server := configs(t)
	server.AllowRenegotiation, client.MaxVersion = true, VersionTLS12
	c, s := channelPair(t, client, server, channelClient, channelServer)
	if err := s.Renegotiate(true); err != nil {
		t.Fatal(err)
	}
	pass(s, c, 0) // which refuses
	if _, err := c.Send([]byte("data")); err != nil {
		t.Fatal(err)
	}
	c.join()
	pass(c, s, 0)
	if string(s.got) != "data" || !slices.Equal(s.alerts, []string{"warning: no renegotiation"}) {
		t.Errorf("%q, %v: %v", s.got, s.alerts, s.err)
	}
}

func TestChannelSendInARenegotiationLosesNothing(t *testing.T) {
	client, server := configs(t)
	client.AllowRenegotiation, server.AllowRenegotiation, client.MaxVersion = true, true, VersionTLS12
	var c *channelEnd
	co := channelClient
	refused := 0
	co.RecordReceived = func(_ uint64, data []byte) {
		c.got = append(c.got, data...)
		if n, err := c.Send([]byte("reply")); n == 0 && errors.Is(err, ErrSSLWantRead) {
			refused++
		}
	}
	c = newChannelEnd(t, client, co)
	s := newChannelEnd(t, server, channelServer)
	begin(t, c, s)
	for _, data := range []string{"one", "two", "three"} {
		if _, err := s.Send([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Renegotiate(true); err != nil {
		t.Fatal(err)
	}
	s.join()
	pump(s, c, 0)
	if string(c.got) != "onetwothree" || refused == 0 || len(c.states) != 2 {
		t.Errorf("%q; Send refused %d times; %d handshakes; %v", c.got, refused, len(c.states), c.err)
	}
}

func TestChannelShowsTheMessagesOfARenegotiation(t *testing.T) {
	client, server := configs(t)
	client.AllowRenegotiation, server.AllowRenegotiation, client.MaxVersion = true, true, VersionTLS12
	c, s := channelPair(t, client, server, channelClient, channelServer)
	first := slices.Clone(s.messages)
	c.messages, s.messages = nil, nil
	if err := s.Renegotiate(true); err != nil {
		t.Fatal(err)
	}
	pump(s, c, 0)
	if !slices.Equal(s.messages, first) || len(c.messages) != len(first) {
		t.Errorf("%v and %v, at first %v", s.messages, c.messages, first)
	}
}

package mbedtls

import (
	"bytes"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"runtime"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

func TestChannelMethodsInsideOfClosures(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		var s *channelEnd
		so.RecordReceived = func(_ uint64, data []byte) {
			if _, err := s.Send(bytes.ToUpper(data)); err != nil {
				t.Error(err)
			}
			_, err := s.Receive(nil)
			mustBe(t, "Receive inside of RecordReceived", err, errChannelReceives)
			if string(data) == "bye" {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		inspected := false
		so.InspectHandshakeMessage = func(HandshakeMessage) error {
			inspected = true
			mustBe(t, "Send inside of the library", sendErr(s), errChannelInside)
			mustBe(t, "Close inside of the library", s.Close(), errChannelInside)
			return nil
		}
		c := newChannelEnd(t, client, co)
		s = newChannelEnd(t, server, so)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(c, s, 0)
		send(t, c, s, []byte("hello"))
		pump(c, s, 0)
		if !inspected || string(c.got) != "HELLO" {
			t.Errorf("%q, %v", c.got, c.err)
		}
		if _, err := c.Send([]byte("bye")); err != nil {
			t.Fatal(err)
		}
		pass(c, s, 0)
		mustBe(t, "Receive that was closed inside", s.err, net.ErrClosed)
		pump(s, c, 0)
		mustBe(t, "the client's", c.err, io.EOF)
		if string(c.got) != "HELLOBYE" {
			t.Errorf("%q", c.got)
		}
	})
}

func TestChannelClosedByItsClosures(t *testing.T) {
	for _, where := range []string{"Emit", "SessionEstablished", "AlertReceived"} {
		t.Run(where, func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				var s *channelEnd
				calls := 0
				stop := func() {
					calls++
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				switch where {
				case "Emit":
					so.Emit = func([]byte) { stop() }
				case "SessionEstablished":
					so.SessionEstablished = func(ConnectionState) (bool, error) { stop(); return true, nil }
				case "AlertReceived":
					so.AlertReceived = func(AlertLevel, AlertError) { stop() }
				}
				c := newChannelEnd(t, client, co)
				s = newChannelEnd(t, server, so)
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				pump(c, s, 0)
				if where == "AlertReceived" {
					c.Close()
					pass(c, s, 0)
				}
				if calls != 1 || s.err == nil || !s.IsClosed() {
					t.Errorf("%d calls, %v", calls, s.err)
				}
			})
		})
	}
}

func TestPanicOfAChannelsClosureReachesItsCaller(t *testing.T) {
	type ours struct{}
	for name, change := range map[string]func(*ChannelOptions){
		"Emit":               func(o *ChannelOptions) { o.Emit = func([]byte) { panic(ours{}) } },
		"RecordReceived":     func(o *ChannelOptions) { o.RecordReceived = func(uint64, []byte) { panic(ours{}) } },
		"SessionEstablished": func(o *ChannelOptions) { o.SessionEstablished = func(ConnectionState) (bool, error) { panic(ours{}) } },
		"Inspect":            func(o *ChannelOptions) { o.InspectHandshakeMessage = func(HandshakeMessage) error { panic(ours{}) } },
		"ChooseProtocol":     func(o *ChannelOptions) { o.ChooseProtocol = func([]string) (string, error) { panic(ours{}) } },
	} {
		t.Run(name, func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				client.NextProtos, server.NextProtos = []string{"a"}, []string{"a"}
				change(&so)
				c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
				value := func() (value any) {
					defer func() { value = recover() }()
					if err := c.Handshake(); err != nil {
						t.Fatal(err)
					}
					pump(c, s, 0)
					if _, err := c.Send([]byte("x")); err != nil {
						t.Fatal(err)
					}
					pass(c, s, 0)
					return nil
				}()
				if value != (ours{}) {
					t.Fatalf("%v", value)
				}
				_, err := s.Receive([]byte("x"))
				mustBe(t, "Receive", err, cbridge.ErrPoisoned)
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A Channel's own Logger takes the place of its Config's, which other connections go on with.
func TestChannelLogs(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_DEBUG_C") {
		t.Skip("this build logs nothing")
	}
	client, server := configs(t)
	var ours, configs bytes.Buffer
	server.DebugLevel, server.Logger = 2, slog.New(slog.NewTextHandler(&configs, nil))
	so := channelServer
	so.Logger = slog.New(slog.NewTextHandler(&ours, nil))
	channelPair(t, client, server, channelClient, so)
	if ours.Len() == 0 || configs.Len() != 0 {
		t.Errorf("%d bytes were logged, %d by the Config's", ours.Len(), configs.Len())
	}
	channelPair(t, client, server, channelClient, channelServer)
	if configs.Len() == 0 {
		t.Error("the Config's Logger is silent")
	}
}

// What is no TLS ends a stream with an alert, and is nothing to datagrams.
func TestChannelReceivesGarbage(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		for _, established := range []bool{false, true} {
			if co.Datagrams && !established { // a server's first datagram is a ClientHello, or the end
				continue
			}
			c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
			if established {
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				pump(c, s, 0)
			}
			garbage := make([]byte, 500)
			for i := range 50 {
				rand.Read(garbage) // never fails
				copy(garbage, []byte{byte(20 + i%5), 3, 3, 0, 200})
				if _, s.err = s.Receive(garbage[:10+9*i]); s.err != nil {
					break
				}
			}
			if !co.Datagrams {
				if s.err == nil || !s.IsClosed() {
					t.Error("garbage is taken")
				}
				continue
			}
			if established && s.err == nil {
				send(t, c, s, []byte("x"))
			}
			if s.err != nil {
				t.Error(s.err)
			}
		}
	})
}

func TestChannelStartsNoGoroutine(t *testing.T) {
	if !alone(t) {
		return
	}
	before := runtime.NumGoroutine()
	client, server := configs(t)
	for range 50 {
		c, s := channelPair(t, client, server, channelClient, channelServer)
		send(t, c, s, []byte("x"))
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

func TestChannelDoesNotAllocatePerRecord(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool forgets on purpose under the race detector")
	}
	withoutPSAKeys(t)
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		var ends [2]directEnd
		for i, o := range []ChannelOptions{co, so} {
			ends[i].init(t, []*Config{client, server}[i], o)
		}
		c, s := &ends[0], &ends[1]
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		for len(c.out)+len(s.out) > 0 {
			c.deliver(t, s)
			s.deliver(t, c)
		}
		for _, size := range []int{1, 200, 1200} {
			data := make([]byte, size)
			exchange := func() {
				for _, from := range []*directEnd{c, s} {
					if _, err := from.Send(data); err != nil {
						t.Fatal(err)
					}
					from.deliver(t, &ends[0])
					from.deliver(t, &ends[1])
				}
			}
			exchange()
			before := s.received
			if n := testing.AllocsPerRun(200, exchange); n != 0 {
				t.Errorf("%v allocations for %d bytes there and back", n, size)
			}
			if s.received-before != 201*size {
				t.Errorf("%d bytes were received", s.received-before)
			}
		}
	})
}

type directEnd struct {
	*Channel
	out      []byte
	lens     []int
	received int
}

func (d *directEnd) init(t *testing.T, config *Config, o ChannelOptions) {
	d.out, d.lens = make([]byte, 0, 1<<16), make([]int, 0, 100)
	o.Emit = func(data []byte) {
		d.out = append(d.out, data...)
		d.lens = append(d.lens, len(data))
	}
	o.RecordReceived = func(_ uint64, data []byte) { d.received += len(data) }
	o.AlertReceived = func(AlertLevel, AlertError) {}
	o.SessionEstablished = func(ConnectionState) (bool, error) { return true, nil }
	var err error
	if d.Channel, err = NewChannel(config, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
}

func (d *directEnd) deliver(t *testing.T, to *directEnd) {
	if to == d {
		return
	}
	at := 0
	for _, n := range d.lens {
		if _, err := to.Receive(d.out[at : at+n]); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	d.out, d.lens = d.out[:0], d.lens[:0]
}

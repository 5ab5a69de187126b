package mbedtls

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// join makes one piece of what e has emitted.
func (e *channelEnd) join() {
	if all := bytes.Join(e.out, nil); len(all) > 0 {
		e.out = [][]byte{all}
	}
}

// begin starts a client's handshake, and carries it as far as it goes.
func begin(t testing.TB, c, s *channelEnd) {
	t.Helper()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	pump(c, s, 0)
}

// The first byte of a record is no alert, whatever came before it.
func TestWarningsAreNotMistakenForTheNextRecord(t *testing.T) {
	t.Run("ClientHello", func(t *testing.T) {
		client, server := configs(t)
		client.MaxVersion = VersionTLS12
		c, s := newChannelEnd(t, client, channelClient), newChannelEnd(t, server, channelServer)
		if _, err := s.Receive([]byte{21, 3, 3, 0, 2, 1, 90}); err != nil {
			t.Fatal(err)
		}
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(c, s, 20)
		if !c.IsActive() || !s.IsActive() || !slices.Equal(s.alerts, []string{"warning: user canceled"}) {
			t.Errorf("%v, %v; %v", c.err, s.err, s.alerts)
		}
	})
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		if co.Datagrams {
			t.Skip("a datagram is whole")
		}
		c, s := channelPair(t, client, server, co, so)
		const rounds = 2000 // one in 256 would fail
		for range rounds {
			if err := c.SendAlert(AlertWarning, AlertUserCanceled); err != nil {
				t.Fatal(err)
			}
			pass(c, s, 0)
			if _, err := c.Send([]byte("data")); err != nil {
				t.Fatal(err)
			}
			if pass(c, s, 12); s.err != nil {
				t.Fatal(s.err)
			}
		}
		if len(s.alerts) != rounds || len(s.got) != 4*rounds {
			t.Errorf("%d alerts, %d bytes", len(s.alerts), len(s.got))
		}
	})
}

func TestChannelTakesADatagramThatComesWithItsTimeout(t *testing.T) {
	client, server := configs(t)
	client.DTLS.HandshakeTimeoutMin, client.DTLS.HandshakeTimeoutMax = time.Millisecond, time.Minute
	co, so := channelClient, channelServer
	co.Datagrams, so.Datagrams = true, true
	c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	pass(c, s, 0)
	left, _ := c.Timeout()
	<-time.After(left)
	pass(s, c, 0)
	if c.err != nil || !slices.Contains(c.messages, "<HelloVerifyRequest") {
		t.Errorf("%v: %v", c.err, c.messages)
	}
}

// panics is a slog.Handler that panics when told to.
type panics struct {
	slog.Handler
	now *bool
}

func (p panics) Enabled(context.Context, slog.Level) bool { return true }

func (p panics) Handle(context.Context, slog.Record) error {
	if *p.now {
		panic("handler")
	}
	return nil
}

func TestChannelCanBeClosedAfterAPanic(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_DEBUG_C") {
		t.Skip("this build logs nothing")
	}
	for name, call := range map[string]func(e *channelEnd) error{
		"Send":        func(e *channelEnd) error { _, err := e.Send([]byte("x")); return err },
		"SendAlert":   func(e *channelEnd) error { return e.SendAlert(AlertWarning, AlertUserCanceled) },
		"Renegotiate": func(e *channelEnd) error { return e.Renegotiate(true) },
		"Close":       func(e *channelEnd) error { return e.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			client.MaxVersion, client.AllowRenegotiation, client.DebugLevel = VersionTLS12, true, 2
			now := false
			co := channelClient
			co.Logger = slog.New(panics{slog.DiscardHandler, &now})
			c, _ := channelPair(t, client, server, co, channelServer)
			func() {
				defer func() {
					if recover() == nil {
						t.Error("nothing panicked")
					}
				}()
				now = true
				_ = call(c)
			}()
			now = false
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPanicInAHandshakeLeavesItsPlaceToOthers(t *testing.T) {
	client, _ := configs(t)
	client.Time = func() time.Time { panic("clock") }
	before := len(cpuSlots)
	c := newChannelEnd(t, client, channelClient)
	c.ssl.SetInspect(nil)
	c.o.InspectHandshakeMessage = nil
	func() {
		defer func() { _ = recover() }()
		_ = c.Handshake()
	}()
	if now := len(cpuSlots); now > before {
		t.Errorf("%d places are taken, %d before", now, before)
	}
}

// A Channel that is closed inside of Emit, whenever that is, calls nobody any more.
func TestClosedChannelCallsNobody(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		for _, byServer := range []bool{false, true} {
			for k := 1; k < 10; k++ {
				client, server := client.Clone(), server.Clone()
				co, so := co, so
				config, o := client, &co
				if byServer {
					config, o = server, &so
				}
				var e *channelEnd
				var after []string
				emits, closed := 0, false
				told := func(who string) {
					if closed {
						after = append(after, who)
					}
				}
				o.Emit = func(data []byte) {
					told("Emit")
					e.out = append(e.out, bytes.Clone(data))
					if emits++; emits == k {
						closed = true
						if err := e.Close(); err != nil {
							t.Error(err)
						}
					}
				}
				config.VerifyConnection = func(ConnectionState) error { told("VerifyConnection"); return nil }
				o.SessionEstablished = func(ConnectionState) (bool, error) { told("SessionEstablished"); return true, nil }
				c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
				if e = c; byServer {
					e = s
				}
				_ = c.Handshake()
				pump(c, s, 0)
				client.Close()
				server.Close()
				if len(after) > 0 {
					t.Errorf("server %v, closed in the %d. Emit: %v", byServer, k, after)
				}
			}
		}
	})
}

func TestChannelOfVerifyConnectionThatCloses(t *testing.T) {
	client, server := configs(t)
	var c *channelEnd
	client.VerifyConnection = func(ConnectionState) error { return c.Close() }
	c = newChannelEnd(t, client, channelClient)
	s := newChannelEnd(t, server, channelServer)
	begin(t, c, s)
	mustBe(t, "Receive", c.err, net.ErrClosed)
	if len(c.states) > 0 {
		t.Error("SessionEstablished was called")
	}
}

// Send waits for the verdict, or tickets would go out that it forbids.
func TestChannelSendsNothingBeforeSessionEstablishedHasReturned(t *testing.T) {
	client, server := configs(t)
	var s *channelEnd
	so := channelServer
	so.SessionEstablished = func(ConnectionState) (bool, error) {
		mustBe(t, "Send", sendErr(s), errNotActive)
		_, err := s.Receive(nil)
		mustBe(t, "Receive", err, errChannelReceives)
		if s.IsActive() {
			t.Error("the Channel is active")
		}
		return true, nil
	}
	c := newChannelEnd(t, client, channelClient)
	s = newChannelEnd(t, server, so)
	begin(t, c, s)
	send(t, s, c, []byte("x"))
}

// A server keeps no session of a connection that its user refuses (RFC 5246 section 7.2.2).
func TestRefusedSessionIsDropped(t *testing.T) {
	own := errors.New("no")
	for name, refuse := range map[string]func(server *Config, so *ChannelOptions){
		"SessionEstablished": func(_ *Config, so *ChannelOptions) {
			so.SessionEstablished = func(ConnectionState) (bool, error) { return true, own }
		},
		"VerifyConnection": func(server *Config, _ *ChannelOptions) {
			server.VerifyConnection = func(ConnectionState) error { return own }
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			client.MaxVersion = VersionTLS12
			cache := newMapCache()
			server.ServerSessionCache = cache
			so := channelServer
			refuse(server, &so)
			c, s := newChannelEnd(t, client, channelClient), newChannelEnd(t, server, so)
			begin(t, c, s)
			mustBe(t, "server", s.err, own)
			if n := len(cache.sessions); n > 0 {
				t.Errorf("%d sessions are kept by a Channel", n)
			}
			if name != "VerifyConnection" {
				return
			}
			cc, cs := ends(t, client, server)
			_, err := handshakes(cc, cs)
			mustBe(t, "server", err, own)
			if n := len(cache.sessions); n > 0 {
				t.Errorf("%d sessions are kept by a Conn", n)
			}
		})
	}
}

// After a fatal alert of its own, a client keeps no session either, and nobody is told of data.
func TestChannelEndedByItsUserInSessionEstablished(t *testing.T) {
	client, server := configs(t)
	client.MaxVersion = VersionTLS12
	cache := NewLRUClientSessionCache(0)
	client.ClientSessionCache = cache
	var c *channelEnd
	co := channelClient
	co.SessionEstablished = func(ConnectionState) (bool, error) { return true, c.SendAlert(AlertFatal, AlertAccessDenied) }
	c = newChannelEnd(t, client, co)
	s := newChannelEnd(t, server, channelServer)
	begin(t, c, s)
	mustBe(t, "client", c.err, ErrAlertSent)
	mustBe(t, "server", s.err, AlertAccessDenied)
	if _, ok := cache.Get(client.ServerName); ok {
		t.Error("the session is kept")
	}
}

func TestNothingFollowsAnAlertThatEmitSends(t *testing.T) {
	for _, alert := range []AlertError{AlertInternalError, AlertCloseNotify} {
		client, server := configs(t)
		var c *channelEnd
		now := false
		co := channelClient
		co.Emit = func(data []byte) {
			c.out = append(c.out, bytes.Clone(data))
			if now {
				now = false
				level := AlertFatal
				if alert == AlertCloseNotify {
					level = AlertWarning
				}
				if err := c.SendAlert(level, alert); err != nil {
					t.Error(err)
				}
			}
		}
		c = newChannelEnd(t, client, co)
		s := newChannelEnd(t, server, channelServer)
		begin(t, c, s)
		now = true
		n, err := c.Send(make([]byte, 300_000))
		pass(c, s, 0)
		if n == 300_000 || err == nil || len(s.got) != n {
			t.Errorf("%s: %d bytes were sent, %d arrived: %v", alert.Name(), n, len(s.got), err)
		}
	}
}

func TestChannelSendTellsHowMuchItTook(t *testing.T) {
	t.Run("inside of Emit", func(t *testing.T) {
		client, server := configs(t)
		var c *channelEnd
		now, inner := false, 0
		co := channelClient
		co.Emit = func(data []byte) {
			c.out = append(c.out, bytes.Clone(data))
			if now {
				now = false
				var err error
				inner, err = c.Send(make([]byte, 200_000))
				mustBe(t, "Send", err, ErrSSLWantWrite)
			}
		}
		c = newChannelEnd(t, client, co)
		s := newChannelEnd(t, server, channelServer)
		begin(t, c, s)
		now = true
		if _, err := c.Send([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if pass(c, s, 0); len(s.got) != inner+1 || inner == 0 {
			t.Errorf("%d bytes, want %d", len(s.got), inner+1)
		}
	})
	t.Run("renegotiation after so many records", func(t *testing.T) {
		client, server := configs(t)
		client.AllowRenegotiation, server.AllowRenegotiation = true, true
		client.MaxVersion, server.MaxVersion, client.RenegotiationPeriod = VersionTLS12, VersionTLS12, 5
		c, s := channelPair(t, client, server, channelClient, channelServer)
		sent := 0
		for sent < 200_000 {
			n, err := c.Send(make([]byte, 200_000-sent))
			if sent += n; err != nil {
				mustBe(t, "Send", err, ErrSSLWantRead)
			}
			if pump(c, s, 0); c.err != nil || s.err != nil {
				t.Fatal(c.err, s.err)
			}
		}
		if len(s.got) != 200_000 || len(c.states) < 2 {
			t.Errorf("%d bytes, %d handshakes", len(s.got), len(c.states))
		}
	})
}

// Without a name and an address, sessions of one server would be offered to the next.
func TestClientOfNobodyInParticularKeepsNoSession(t *testing.T) {
	client, server := configs(t)
	client.MaxVersion, client.ServerName, client.InsecureSkipHostname = VersionTLS12, "", true
	cache := NewLRUClientSessionCache(0)
	client.ClientSessionCache = cache
	for range 2 {
		c, _ := channelPair(t, client, server, ChannelOptions{}, channelServer)
		if _, ok := cache.Get(""); ok || c.resuming != nil {
			t.Error("there is a session")
		}
	}
}

func TestWhatWaitsForAKeyIsBounded(t *testing.T) {
	client, server := configs(t)
	held := make(chan struct{})
	defer close(held)
	server.Certificates = []Certificate{remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error {
		<-held
		return nil
	})}
	c, s := newChannelEnd(t, client, channelClient), newChannelEnd(t, server, channelServer)
	begin(t, c, s)
	chunk := make([]byte, 1<<16)
	for sent := 0; s.err == nil && sent < 2*maxWaiting; sent += len(chunk) {
		_, s.err = s.Receive(chunk)
	}
	if s.err == nil || !strings.Contains(s.err.Error(), fmt.Sprint(maxWaiting)) || len(s.waiting) > maxWaiting+len(chunk) {
		t.Errorf("%d bytes wait: %v", len(s.waiting), s.err)
	}
}

func TestTransportIDIsAskedForWithoutALock(t *testing.T) {
	client, server := configs(t)
	var s *channelEnd
	server.DTLS.ClientTransportID = func(a net.Addr) []byte {
		if s != nil {
			s.SetMTU(1000) // takes it
		}
		return []byte(a.String())
	}
	co, so := channelClient, channelServer
	co.Datagrams, so.Datagrams = true, true
	c := newChannelEnd(t, client, co)
	s = newChannelEnd(t, server, so)
	begin(t, c, s)
	if !s.IsActive() {
		t.Error(s.err)
	}
}

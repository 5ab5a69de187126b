package mbedtls

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestChannelShowsTheMessagesOfAHandshake(t *testing.T) {
	want := map[uint16][]string{
		VersionTLS12: {">ClientHello", "<ServerHello", "<Certificate", "<ServerKeyExchange", "<ServerHelloDone",
			">ClientKeyExchange", ">Finished", "<Finished"},
		VersionTLS13: {">ClientHello", "<ServerHello", "<EncryptedExtensions", "<Certificate", "<CertificateVerify",
			"<Finished", ">Finished"},
		VersionDTLS12: {">ClientHello", "<HelloVerifyRequest", ">ClientHello", "<ServerHello", "<Certificate",
			"<ServerKeyExchange", "<ServerHelloDone", ">ClientKeyExchange", ">Finished", "<Finished"},
	}
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		c, s := channelPair(t, client, server, co, so)
		messages := want[client.MaxVersion]
		if diff := cmp.Diff(messages, c.messages); diff != "" {
			t.Errorf("client: %s", diff)
		}
		for i, m := range s.messages {
			s.messages[i] = map[byte]string{'<': ">", '>': "<"}[m[0]] + m[1:]
		}
		if diff := cmp.Diff(messages, s.messages); diff != "" {
			t.Errorf("server: %s", diff)
		}
	})
}

func TestChannelShowsWholeMessages(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		var sent, received [][]byte
		keep := func(to *[][]byte, sent bool) func(HandshakeMessage) error {
			return func(m HandshakeMessage) error {
				if m.Sent == sent {
					*to = append(*to, append([]byte{byte(m.Type)}, m.Body...))
				}
				return nil
			}
		}
		co.InspectHandshakeMessage, so.InspectHandshakeMessage = keep(&sent, true), keep(&received, false)
		channelPair(t, client, server, co, so)
		if diff := cmp.Diff(sent, received); diff != "" || len(sent) == 0 {
			t.Error(diff)
		}
	})
}

func TestErrorOfInspectionEndsTheHandshake(t *testing.T) {
	own := errors.New("no such messages here")
	for _, stop := range []struct {
		sent bool
		typ  HandshakeType
	}{{false, 1}, {true, 2}, {true, 11}, {false, 20}} {
		t.Run(fmt.Sprint(stop.sent, stop.typ), func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				so.InspectHandshakeMessage = func(m HandshakeMessage) error {
					if m.Sent == stop.sent && m.Type == stop.typ {
						return own
					}
					return nil
				}
				c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				pump(c, s, 0)
				mustBe(t, "server", s.err, own)
				want := error(AlertInternalError)
				if client.MaxVersion == VersionTLS13 && stop.typ == 20 {
					want = ErrSSLInvalidMAC // the library's server has other keys by then than its client
				}
				mustBe(t, "client", c.err, want)
			})
		})
	}
}

func TestChannelChoosesAProtocol(t *testing.T) {
	own := errors.New("none of these")
	for _, test := range []struct {
		name, choice string
		err          error
		want         string
		alert        error
	}{
		{name: "another than the server prefers", choice: "b", want: "b"},
		{name: "none", choice: "", want: ""},
		{name: "one that was not offered", choice: "d", alert: AlertNoApplicationProtocol},
		{name: "error", err: own, alert: AlertNoApplicationProtocol},
	} {
		for _, retry := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, retry %v", test.name, retry), func(t *testing.T) {
				channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
					if retry {
						if client.MaxVersion != VersionTLS13 {
							t.Skip("no HelloRetryRequest")
						}
						client.Groups, server.Groups = []Group{X25519, CurveP256}, []Group{CurveP256}
					}
					client.NextProtos, server.NextProtos = []string{"c", "b", "a"}, []string{"a", "b", "d"}
					var offers [][]string
					so.ChooseProtocol = func(offered []string) (string, error) {
						offers = append(offers, offered)
						return test.choice, test.err
					}
					c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
					if err := c.Handshake(); err != nil {
						t.Fatal(err)
					}
					pump(c, s, 0)
					for i, offered := range offers { // with DTLS, there is a second ClientHello with the cookie
						if diff := cmp.Diff([]string{"c", "b", "a"}, offered); diff != "" || i > 0 && !co.Datagrams {
							t.Error(i, diff)
						}
					}
					if test.alert != nil {
						mustBe(t, "client", c.err, test.alert)
						mustBe(t, "server", s.err, ErrSSLNoApplicationProtocol)
						if test.err != nil {
							mustBe(t, "server", s.err, test.err)
						}
						return
					}
					for _, e := range []*channelEnd{c, s} {
						if got := e.ConnectionState().NegotiatedProtocol; got != test.want || e.err != nil {
							t.Errorf("%q, want %q: %v", got, test.want, e.err)
						}
					}
				})
			})
		}
	}
}

func TestChannelUserCancels(t *testing.T) {
	for name, test := range map[string]struct{ err, alert error }{
		"by an error":                   {errors.New("not today"), AlertAccessDenied},
		"by an error that has an alert": {fmt.Errorf("not today: %w", AlertInsufficientSecurity), AlertInsufficientSecurity},
	} {
		t.Run(name, func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				so.SessionEstablished = func(ConnectionState) (bool, error) { return true, test.err }
				c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
				if err := c.Handshake(); err != nil {
					t.Fatal(err)
				}
				pump(c, s, 0)
				mustBe(t, "server", s.err, test.err)
				mustBe(t, "client", c.err, test.alert)
				if diff := cmp.Diff([]string{"fatal: " + test.alert.(AlertError).Name()}, c.alerts); diff != "" {
					t.Error(diff)
				}
				if !s.IsClosed() || !c.IsClosed() || s.IsActive() {
					t.Error("the Channels are not closed")
				}
				mustBe(t, "Send", sendErr(s), test.err)
			})
		})
	}
}

func TestChannelUserVetoesResumption(t *testing.T) {
	for name, veto := range map[string]func(c, s *ChannelOptions, no func(ConnectionState) (bool, error)){
		"nobody": func(*ChannelOptions, *ChannelOptions, func(ConnectionState) (bool, error)) {},
		"client": func(c, _ *ChannelOptions, no func(ConnectionState) (bool, error)) { c.SessionEstablished = no },
		"server": func(_, s *ChannelOptions, no func(ConnectionState) (bool, error)) { s.SessionEstablished = no },
	} {
		t.Run(name, func(t *testing.T) {
			channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
				keys, err := NewTicketKeys(TicketAES256GCM, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer keys.Close()
				client.ClientSessionCache = NewLRUClientSessionCache(0)
				if client.MaxVersion == VersionTLS13 {
					server.TicketKeys = keys
				} else {
					cache, err := NewSessionCache(0, 0)
					if err != nil {
						t.Fatal(err)
					}
					defer cache.Close()
					server.ServerSessionCache = cache
				}
				veto(&co, &so, func(ConnectionState) (bool, error) { return false, nil })
				for i := range 2 {
					c, s := channelPair(t, client, server, co, so)
					send(t, s, c, []byte("after the tickets"))
					if want := i > 0 && name == "nobody"; c.states[0].DidResume != want || s.states[0].DidResume != want {
						t.Errorf("connection %d: resumed: %v, %v", i, c.states[0].DidResume, s.states[0].DidResume)
					}
					ticket := slices.Contains(s.messages, ">NewSessionTicket")
					if want := client.MaxVersion == VersionTLS13 && name != "server"; ticket != want {
						t.Errorf("messages %v", s.messages)
					}
				}
			})
		})
	}
}

func TestChannelResumesTheSessionOfItsOptions(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		keys, err := NewTicketKeys(TicketAES256GCM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		server.TicketKeys = keys
		c, s := channelPair(t, client, server, co, so)
		send(t, s, c, []byte("after the tickets"))
		if co.Session, err = c.Session(); err != nil {
			t.Fatal(err)
		}
		c, _ = channelPair(t, client, server, co, so)
		if !c.states[0].DidResume {
			t.Error("the session was not resumed")
		}
	})
}

func TestChannelRenegotiates(t *testing.T) {
	for _, kind := range []bool{false, true} {
		for _, byServer := range []bool{false, true} {
			t.Run(fmt.Sprintf("DTLS %v, by server %v", kind, byServer), func(t *testing.T) {
				client, server := configs(t)
				client.AllowRenegotiation, server.AllowRenegotiation, client.MaxVersion = true, true, VersionTLS12
				co, so := channelClient, channelServer
				co.Datagrams, so.Datagrams = kind, kind
				c, s := channelPair(t, client, server, co, so)
				first := c.numbers
				from, to := c, s
				if byServer {
					from, to = s, c
				}
				if err := from.Renegotiate(true); err != nil {
					t.Fatal(err)
				}
				if _, err := to.Send([]byte("comes between")); err != nil { // before its peer's request
					t.Fatal(err)
				}
				pump(from, to, 0)
				send(t, c, s, []byte("client"))
				send(t, s, c, []byte("server"))
				if len(c.states) != 2 || len(s.states) != 2 {
					t.Errorf("%d and %d handshakes: %v %v", len(c.states), len(s.states), c.err, s.err)
				}
				want := map[*channelEnd]string{c: "server", s: "client"}
				want[from] = "comes between" + want[from]
				for e, text := range want {
					if string(e.got) != text {
						t.Errorf("%q, want %q; records %v", e.got, text, first)
					}
				}
			})
		}
	}
	t.Run("TLS 1.3", func(t *testing.T) {
		client, server := configs(t)
		client.AllowRenegotiation = true
		c, s := channelPair(t, client, server, channelClient, channelServer)
		mustBe(t, "Renegotiate", c.Renegotiate(false), ErrSSLFeatureUnavailable)
		mustBe(t, "Renegotiate", s.Renegotiate(false), errNoRenegotiation)
		send(t, c, s, []byte("goes on"))
	})
}

func TestChannelUserCancelsARenegotiation(t *testing.T) {
	client, server := configs(t)
	client.AllowRenegotiation, server.AllowRenegotiation, client.MaxVersion = true, true, VersionTLS12
	own := errors.New("once was enough")
	so, handshakes := channelServer, 0
	so.SessionEstablished = func(ConnectionState) (bool, error) {
		if handshakes++; handshakes > 1 {
			return true, own
		}
		return true, nil
	}
	c, s := channelPair(t, client, server, channelClient, so)
	if err := c.Renegotiate(true); err != nil {
		t.Fatal(err)
	}
	pump(c, s, 0)
	mustBe(t, "server", s.err, own)
	mustBe(t, "client", c.err, AlertAccessDenied)
}

func TestChannelSendsAFlightAgainWhenItsTimeHasPassed(t *testing.T) {
	client, server := configs(t)
	client.DTLS.HandshakeTimeoutMin, client.DTLS.HandshakeTimeoutMax = 5*time.Millisecond, 40*time.Millisecond
	co, so := channelClient, channelServer
	co.Datagrams, so.Datagrams = true, true
	c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
	if _, ok := c.Timeout(); ok {
		t.Error("there is a timeout before anything is sent")
	}
	again := func() (bool, error) {
		left, ok := c.Timeout()
		if !ok || left > 40*time.Millisecond {
			t.Fatalf("%v until the timeout, %v", left, ok)
		}
		if resent, err := c.TimeoutCheck(); left > 0 && (resent || err != nil) {
			t.Errorf("sent again, %v before its time: %v", left, err)
		}
		<-time.After(left)
		return c.TimeoutCheck()
	}
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	c.out = nil // lost
	if resent, err := again(); !resent || err != nil {
		t.Fatalf("sent again: %v, %v", resent, err)
	}
	pass(c, s, 0)
	s.out = nil // the HelloVerifyRequest
	if resent, err := again(); !resent || err != nil {
		t.Fatalf("sent again: %v, %v", resent, err)
	}
	pump(c, s, 0)
	if !c.IsActive() || !s.IsActive() {
		t.Fatal(c.err, s.err)
	}
	if left, ok := c.Timeout(); ok {
		t.Errorf("%v until a timeout after the handshake", left)
	}

	c = newChannelEnd(t, client, co)
	err := c.Handshake()
	for err == nil {
		_, err = again()
	}
	mustBe(t, "in the end", err, ErrSSLTimeout)
}

func TestChannelWaitsForAKeyElsewhere(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		held := make(chan struct{})
		server.Certificates = []Certificate{remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error {
			<-held
			return nil
		})}
		c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(c, s, 0)
		done := s.KeyDone()
		if done == nil || c.IsActive() || s.err != nil {
			t.Fatalf("nothing waits: %v, %v", s.err, c.err)
		}
		if err := s.Handshake(); err != nil { // which does no harm
			t.Fatal(err)
		}
		close(held)
		<-done
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(s, c, 0)
		if !c.IsActive() || !s.IsActive() {
			t.Fatal(c.err, s.err)
		}
		send(t, c, s, []byte("x"))
	})
}

func TestChannelGivesOutEarlyData(t *testing.T) {
	client, server := configs(t)
	server.MaxEarlyData = 1000
	keys, err := NewTicketKeys(TicketAES256GCM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	server.TicketKeys, client.ClientSessionCache = keys, NewLRUClientSessionCache(0)
	for i := range 2 {
		a, b := tcpPair(t)
		c := Client(a, client)
		defer c.Close()
		s := newChannelEnd(t, server, channelServer)
		finished := make(chan error, 1)
		go func() {
			if i == 1 {
				if n, err := c.WriteEarlyData([]byte("early")); n != 5 || err != nil {
					finished <- fmt.Errorf("%d bytes of early data: %w", n, err)
					return
				}
			}
			if _, err := c.Write([]byte("late")); err != nil {
				finished <- err
				return
			}
			_, err := c.Read(make([]byte, 10)) // and the tickets before that
			finished <- err
		}()
		want := []string{"late", "earlylate"}[i]
		for buf := make([]byte, 4096); len(s.got) < len(want); {
			n, err := b.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Receive(buf[:n]); err != nil {
				t.Fatal(err)
			}
			if len(s.got) == len(want) {
				if _, err := s.Send([]byte("done")); err != nil {
					t.Fatal(err)
				}
			}
			for _, out := range s.out {
				if _, err := b.Write(out); err != nil {
					t.Fatal(err)
				}
			}
			s.out = nil
		}
		if err := <-finished; err != nil {
			t.Fatal(err)
		}
		if string(s.got) != want || i == 1 && (s.states[0].EarlyDataLen != 5 || s.numbers[0] != 0) {
			t.Errorf("%q: %+v", s.got, s.states)
		}
	}
}

func TestChannelTellsOfABadPeer(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, co, so ChannelOptions) {
		client.ServerName = "elsewhere.example"
		c, s := newChannelEnd(t, client, co), newChannelEnd(t, server, so)
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(c, s, 0)
		var wrong *VerifyError
		if !errors.As(c.err, &wrong) || wrong.Flags&CertNameMismatch == 0 {
			t.Errorf("client: %v", c.err)
		}
		if s.err == nil || len(c.states)+len(s.states) != 0 {
			t.Errorf("server: %v; %d states", s.err, len(c.states)+len(s.states))
		}
		if _, err := c.Receive([]byte("x")); err != c.err {
			t.Errorf("Receive: %v, want the same error again", err)
		}
	})
}

package cbridge

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const aead = 0xC02B // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256

// saveable has a Config of which connections can be saved.
func saveable(t testing.TB, sets ...options) pair {
	t.Helper()
	if !Feature(optionSerialization) {
		t.Skip("no serialization")
	}
	return datagramPair(t, append([]options{func(client, server *Config) {
		if err := errors.Join(client.SetCiphersuites([]int{aead}), server.SetCiphersuites([]int{aead})); err != nil {
			t.Fatal(err)
		}
	}}, sets...)...)
}

// established is saveable after the handshake, with a record each way.
func established(t testing.TB, sets ...options) pair {
	t.Helper()
	p := saveable(t, sets...)
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
	send(t, p.server, p.client, []byte("back"))
	return p
}

// another is a new connection of the same Config.
func another(t testing.TB, s *SSL) *SSL {
	t.Helper()
	n, err := NewSSL(s.conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// state is what a user sees of a connection.
type state struct {
	Version, Suite uint16
	ALPN           string
	Peer           [][]byte
	Observed       Observed
	OwnCID         []byte
	PeerCID        []byte
	VerifyResult   uint32
	Exported       []byte
	SessionID      []byte
	Over           bool
}

func stateOf(t testing.TB, s *SSL) state {
	t.Helper()
	own, _ := s.OwnCID()
	peer, _ := s.PeerCID()
	out := make([]byte, 32)
	if err := s.ExportKeyingMaterial(out, "label", nil); err != nil {
		t.Error(err)
	}
	return state{s.Version(), s.Ciphersuite(), s.ALPN(), s.PeerCertificates(), s.Observed(), own, peer, s.VerifyResult(), out,
		s.SessionID(), s.HandshakeOver()}
}

func TestSavedConnectionsGoOn(t *testing.T) {
	for _, cid := range []bool{false, true} {
		p := saveable(t, func(client, server *Config) {
			if cid && Feature(optionCID) {
				if err := errors.Join(client.SetCID(3, false), server.SetCID(5, false)); err != nil {
					t.Fatal(err)
				}
			}
			if Feature("MBEDTLS_SSL_ALPN") {
				if err := errors.Join(client.SetALPN([]string{"h2", "coap"}), server.SetALPN([]string{"coap"})); err != nil {
					t.Fatal(err)
				}
			}
		})
		if cid && Feature(optionCID) {
			if err := errors.Join(p.client.SetCID(true, cidOfLen(3)), p.server.SetCID(true, cidOfLen(5))); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			send(t, p.client, p.server, []byte("data"))
			send(t, p.server, p.client, []byte("back"))
			seen := record(t, p.client, "seen")
			if s, err := got(t, p.server, seen); s != "seen" || err != nil {
				t.Fatalf("%q, %v", s, err)
			}
			for _, end := range []**SSL{&p.client, &p.server} {
				old := *end
				want := stateOf(t, old)
				data, err := old.Save()
				if err != nil {
					t.Fatal(err)
				}
				if old.HandshakeOver() {
					t.Error("the connection that was saved goes on")
				}
				*end = another(t, old)
				if err := errors.Join((*end).Load(data), (*end).SetObserved(want.Observed)); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, stateOf(t, *end)); diff != "" {
					t.Errorf("what was loaded differs (-saved +loaded):\n%s", diff)
				}
			}
			if s, err := got(t, p.server, seen); s != "" || err != ErrSSLWantRead {
				t.Errorf("a record that was seen before: %q, %v", s, err)
			}
		}
	}
}

// The context that was saved serves another connection.
func TestSaveResets(t *testing.T) {
	p := established(t)
	for _, s := range []*SSL{p.client, p.server} {
		if _, err := s.Save(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
}

func TestSaveIsRefused(t *testing.T) {
	resumed := func(t *testing.T) pair {
		p := established(t, func(_, server *Config) {
			cache, err := NewSessionCache(10, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cache.Close() })
			if err := server.SetSessionCache(cache); err != nil {
				t.Fatal(err)
			}
		})
		session, err := p.client.Session()
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		p = pair{another(t, p.client), another(t, p.server)}
		if err := errors.Join(p.client.SetHostname("localhost"), p.client.SetSession(session, false)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		name   string
		pair   func(t *testing.T) pair
		reach  func(t *testing.T, p pair)
		which  func(p pair) *SSL
		remedy func(t *testing.T, p pair) // after it, Save succeeds
	}{
		{
			name:  "new",
			reach: func(*testing.T, pair) {},
		},
		{
			name: "mid-handshake",
			reach: func(t *testing.T, p pair) {
				_ = p.client.Handshake()
				carry(t, p.client, p.server)
				_ = p.server.Handshake()
			},
		},
		{
			name:   "the last flight",
			which:  func(p pair) *SSL { return p.server },
			remedy: func(t *testing.T, p pair) { send(t, p.client, p.server, []byte("x")) },
		},
		{
			name:   "the last flight of a resumption",
			pair:   resumed,
			remedy: func(t *testing.T, p pair) { send(t, p.server, p.client, []byte("x")) },
		},
		{
			name: "unread data",
			reach: func(t *testing.T, p pair) {
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				if err := p.client.Feed(record(t, p.server, "data")); err != nil {
					t.Fatal(err)
				}
				if n, err := p.client.Read(make([]byte, 1)); n != 1 || err != nil {
					t.Fatal(n, err)
				}
			},
			remedy: func(t *testing.T, p pair) {
				if n, err := p.client.Read(make([]byte, 10)); n != 3 || err != nil {
					t.Error(n, err)
				}
			},
		},
		{
			name: "unwritten data",
			reach: func(t *testing.T, p pair) {
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				for {
					if _, err := p.client.Write(make([]byte, 500)); err == ErrSSLWantWrite {
						return
					} else if err != nil {
						t.Fatal(err)
					}
				}
			},
			remedy: func(t *testing.T, p pair) {
				datagrams(p.client)
				if err := p.client.FlushOutput(); err != nil {
					t.Error(err)
				}
			},
		},
		{
			name: "a CBC suite",
			pair: func(t *testing.T) pair {
				return saveable(t, func(client, server *Config) {
					suites := []int{0xC023} // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
					if err := errors.Join(client.SetCiphersuites(suites), server.SetCiphersuites(suites)); err != nil {
						t.Fatal(err)
					}
				})
			},
		},
		{
			name: "renegotiation",
			pair: func(t *testing.T) pair {
				if !Feature("MBEDTLS_SSL_RENEGOTIATION") {
					t.Skip("no renegotiation")
				}
				return saveable(t, renegotiable(t, 16, DefaultRenegotiationPeriod))
			},
		},
		{
			name: "a stream",
			pair: func(t *testing.T) pair {
				return newPair(t, func(client, _ *Config) {
					if err := client.SetVersions(TLS12, TLS12); err != nil {
						t.Fatal(err)
					}
				})
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !Feature(optionSerialization) {
				t.Skip("no serialization")
			}
			p := pair{}
			if c.pair != nil {
				p = c.pair(t)
			} else {
				p = saveable(t)
			}
			if c.reach != nil {
				c.reach(t, p)
			} else if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			s := p.client
			if c.which != nil {
				s = c.which(p)
			}
			for range 2 {
				if data, err := s.Save(); !errors.Is(err, ErrSSLBadInputData) || data != nil {
					t.Fatalf("Save: %d bytes, %v; want ErrSSLBadInputData", len(data), err)
				}
			}
			if c.remedy != nil {
				c.remedy(t, p)
				if _, err := s.Save(); err != nil {
					t.Errorf("Save afterwards: %v", err)
				}
				return
			}
			if err := p.handshake(t); err != nil { // or none is left to do
				t.Fatalf("after Save failed: %v", err)
			}
			send(t, p.client, p.server, []byte("data"))
		})
	}
}

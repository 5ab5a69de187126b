package cbridge

import (
	"bytes"
	"errors"
	"net"
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

// Where the context is not fit for it, the library would free it.
func TestLoadIsRefused(t *testing.T) {
	p := established(t)
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	live := established(t)
	if err := live.client.Load(data); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("Load on a connection: %v, want ErrSSLBadInputData", err)
	}
	send(t, live.client, live.server, []byte("x"))

	session, err := live.client.Session()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	resuming := saveable(t)
	if err := resuming.client.SetSession(session, false); err != nil {
		t.Fatal(err)
	}
	begun := saveable(t)
	_ = begun.client.Handshake()
	stream := newPair(t, nil)
	refusing := map[string]pair{"a session": resuming, "a handshake": begun, "a stream": stream}
	if Feature("MBEDTLS_SSL_RENEGOTIATION") {
		refusing["renegotiation"] = saveable(t, renegotiable(t, 16, DefaultRenegotiationPeriod))
	}
	for name, p := range refusing {
		if err := p.client.Load(data); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%s: Load: %v, want ErrSSLBadInputData", name, err)
		}
		if err := p.handshake(t); err != nil {
			t.Errorf("%s: after Load failed: %v", name, err)
		}
	}
}

// What the library itself would load.
func TestLoadChecksTheConfig(t *testing.T) {
	p := withCIDs(t, 4, 4, false)
	if !Feature(optionSerialization) {
		t.Skip("no serialization")
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	suite, other := int(p.server.Ciphersuite()), aead
	if suite == other {
		other = 0xC0AC // TLS_ECDHE_ECDSA_WITH_AES_128_CCM
	}
	for _, c := range []struct {
		name  string
		end   Endpoint
		suite int
		cid   int
		want  error
	}{
		{"the same", Client, suite, 4, nil},
		{"the other end", Server, suite, 4, ErrSSLBadInputData},
		{"another suite", Client, other, 4, ErrSSLBadInputData},
		{"shorter connection IDs", Client, suite, 3, ErrSSLBadInputData},
		{"no connection IDs", Client, suite, 0, ErrSSLBadInputData},
	} {
		s := newDatagramSSL(t, c.end)
		if err := errors.Join(s.conf.SetCiphersuites([]int{c.suite}), s.conf.SetCID(c.cid, false)); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		dead(t, s, c.want != nil)
	}
}

// dead checks that a connection whose Load failed is closed.
func dead(t *testing.T, s *SSL, want bool) {
	t.Helper()
	if _, err := s.Write([]byte("x")); errors.Is(err, net.ErrClosed) != want {
		t.Errorf("Write after Load: %v, want it closed: %t", err, want)
	}
	if _, on := s.OwnCID(); want && (on || s.HandshakeOver() || s.Version() != 0) {
		t.Error("accessors after Load failed give values")
	}
}

func TestLoadOfHostileData(t *testing.T) {
	alpn := func(client, server *Config) {
		if !Feature("MBEDTLS_SSL_ALPN") {
			return
		}
		if err := errors.Join(client.SetALPN([]string{"a-protocol"}), server.SetALPN([]string{"a-protocol"})); err != nil {
			t.Fatal(err)
		}
	}
	p := established(t, alpn)
	saved := map[*SSL][]byte{}
	for _, s := range []*SSL{p.client, p.server} {
		if err := s.SetMTU(1200); err != nil {
			t.Fatal(err)
		}
		data, err := s.Save()
		if err != nil {
			t.Fatal(err)
		}
		saved[s] = data
	}
	for old, data := range saved {
		load := func(data []byte) error {
			s := another(t, old)
			defer s.Close()
			err := s.Load(data)
			if err != nil {
				dead(t, s, true)
				return err
			}
			// What is not noticed must do no harm.
			_, _ = s.Write([]byte("x"))
			datagrams(s)
			_, _ = s.CheckRecord([]byte("anything at all, if only it is long enough"))
			if err := s.Feed(append([]byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0, 0, 40}, make([]byte, 40)...)); err != nil {
				t.Fatal(err)
			}
			_ = read(s)
			_, _, _, _ = s.PeerCertificates(), s.SessionID(), s.Ciphersuite(), s.MaxOutPayload()
			_ = s.ExportKeyingMaterial(make([]byte, 10), "label", nil)
			if session, err := s.Session(); err == nil {
				_, _ = session.Save()
				session.Close()
			}
			if again, err := s.Save(); err == nil && len(again) == 0 {
				t.Error("an empty state")
			}
			return nil
		}
		if err := load(data); err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if err := load(data[:n:n]); err == nil {
				t.Errorf("%d bytes of %d were loaded", n, len(data))
			}
		}
		if err := load(append(bytes.Clone(data), 0)); err == nil {
			t.Error("a longer state was loaded")
		}
		for i := range data {
			for _, b := range []byte{0, 1, 0x7F, 0xFF, data[i] ^ 1} {
				if b == data[i] {
					continue
				}
				altered := bytes.Clone(data)
				altered[i] = b
				err := load(altered)
				if i < 8 && !errors.Is(err, ErrSSLVersionMismatch) {
					t.Errorf("byte %d of the header altered: %v, want ErrSSLVersionMismatch", i, err)
				}
			}
		}
		// The MTU stands before the protocol: one that no handshake would come to an end with.
		if Feature("MBEDTLS_SSL_ALPN") {
			altered := bytes.Clone(data)
			at := len(altered) - 1 - len("a-protocol") - 2
			altered[at], altered[at+1] = 0, 20
			if err := load(altered); !errors.Is(err, ErrSSLBadInputData) {
				t.Errorf("an MTU of 20: %v, want ErrSSLBadInputData", err)
			}
		}
	}
}

func TestLoadCallsExportKeys(t *testing.T) {
	own := errors.New("the closure's own")
	p := established(t)
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{nil, own} {
		s, calls := another(t, p.client), 0
		err := s.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { calls++; return want })
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Load(data); !errors.Is(err, want) || calls != 1 {
			t.Errorf("%v after %d calls, want %v after 1", err, calls, want)
		}
		dead(t, s, want != nil)
	}
	s := another(t, p.client)
	if err := s.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { panic("from export") }); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != "from export" {
			t.Errorf("recovered %v", v)
		}
	}()
	t.Errorf("Load returned %v, want a panic", s.Load(data))
}

func TestSaveAndLoadInsideOfACall(t *testing.T) {
	p := established(t)
	var inside []error
	if err := p.client.SetBIO(BIO{Send: sendAll, Recv: func([]byte) (int, error) {
		_, err := p.client.Save()
		inside = append(inside, err, p.client.Load(nil))
		return 0, ErrSSLWantRead
	}}); err != nil {
		t.Fatal(err)
	}
	if err := read(p.client); err != ErrSSLWantRead {
		t.Error(err)
	}
	if len(inside) != 2 {
		t.Fatalf("%d calls", len(inside))
	}
	for _, err := range inside {
		if !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%v, want ErrSSLBadInputData", err)
		}
	}
}

func TestSerializationAfterClose(t *testing.T) {
	afterClose(t, Client, func(s *SSL, _ *Config) []error {
		_, err := s.Save()
		return []error{err, s.Load(nil), s.SetObserved(Observed{})}
	})
	s := newDatagramSSL(t, Client)
	want := Observed{true, true, 23, SecretPSK}
	if err := s.SetObserved(want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Observed()); diff != "" {
		t.Error(diff)
	}
	s.Close()
	if got := s.Observed(); got != (Observed{}) {
		t.Errorf("Observed after Close: %v", got)
	}
}

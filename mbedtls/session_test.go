package mbedtls

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// ticketKeys are closed with the test.
func ticketKeys(t testing.TB) *TicketKeys {
	t.Helper()
	k, err := NewTicketKeys(TicketAES256GCM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// changed is a config that was derived from another, closed with the test.
func changed(t testing.TB, c *Config, change func(*Config)) *Config {
	t.Helper()
	c = c.Clone()
	if change != nil {
		change(c)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// visit connects, lets a byte go both ways, so that tickets that were sent have been read, and closes. It returns both
// ends' states.
func visit(t testing.TB, client, server *Config, prepare func(*Conn)) (c, s ConnectionState, session *Session) {
	t.Helper()
	cc, sc := ends(t, client, server)
	if prepare != nil {
		prepare(cc)
	}
	if cErr, sErr := handshakes(cc, sc); cErr != nil || sErr != nil {
		t.Fatalf("client: %v\nserver: %v", cErr, sErr)
	}
	ping(t, cc, sc)
	session, _ = cc.Session()
	c, s = cc.ConnectionState(), sc.ConnectionState()
	if c.DidResume != s.DidResume {
		t.Errorf("the client resumed: %t, the server: %t", c.DidResume, s.DidResume)
	}
	cc.Close()
	sc.Close()
	return c, s, session
}

// ping lets a byte go both ways.
func ping(t testing.TB, a, b net.Conn) {
	t.Helper()
	buf := make([]byte, 1)
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		if _, err := way[0].Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(way[1], buf); err != nil {
			t.Fatal(err)
		}
	}
}

// means are the ways to resume a session.
var means = map[string]struct {
	version uint16
	server  func(t testing.TB, c *Config)
}{
	"ticket, TLS 1.2": {VersionTLS12, func(t testing.TB, c *Config) { c.TicketKeys = ticketKeys(t) }},
	"ticket, TLS 1.3": {VersionTLS13, func(t testing.TB, c *Config) { c.TicketKeys = ticketKeys(t) }},
	"id, TLS 1.2": {VersionTLS12, func(t testing.TB, c *Config) {
		cache, err := NewSessionCache(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cache.Close() })
		c.ServerSessionCache = cache
	}},
	"id by closures, TLS 1.2":     {VersionTLS12, func(_ testing.TB, c *Config) { c.ServerSessionCache = newMapCache() }},
	"ticket by closures, TLS 1.2": {VersionTLS12, closureTickets},
	"ticket by closures, TLS 1.3": {VersionTLS13, closureTickets},
}

func closureTickets(_ testing.TB, c *Config) {
	c.WriteTicket, c.ParseTicket = plainTickets(time.Hour)
}

// plainTickets are not encrypted, for tests alone.
func plainTickets(lifetime time.Duration) (write func([]byte) ([]byte, time.Duration, error), parse func([]byte) ([]byte, error)) {
	return func(session []byte) ([]byte, time.Duration, error) { return bytes.Clone(session), lifetime, nil },
		func(ticket []byte) ([]byte, error) { return ticket, nil }
}

// mapCache is a ServerSessionCache that can fail.
type mapCache struct {
	mu       sync.Mutex
	sessions map[string][]byte
	deleted  [][]byte
	fail     func(call string) error
}

func newMapCache() *mapCache { return &mapCache{sessions: map[string][]byte{}} }

func (c *mapCache) do(call string, f func()) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		if err := c.fail(call); err != nil {
			return err
		}
	}
	f()
	return nil
}

func (c *mapCache) Get(id []byte) (session []byte, err error) {
	return session, c.do("Get", func() { session = c.sessions[string(id)] })
}

func (c *mapCache) Put(id, session []byte) error {
	return c.do("Put", func() { c.sessions[string(id)] = session })
}

func (c *mapCache) Delete(id []byte) error {
	return c.do("Delete", func() {
		delete(c.sessions, string(id))
		c.deleted = append(c.deleted, id)
	})
}

func eachMeans(t *testing.T, f func(t *testing.T, client, server *Config)) {
	for name, m := range means {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			client.MinVersion, client.MaxVersion = m.version, m.version
			client.ClientSessionCache = NewLRUClientSessionCache(0)
			m.server(t, server)
			f(t, client, server)
		})
	}
}

func TestSecondConnectionResumes(t *testing.T) {
	eachMeans(t, func(t *testing.T, client, server *Config) {
		first, _, _ := visit(t, client, server, nil)
		if first.DidResume {
			t.Error("the first connection resumed")
		}
		for range 3 {
			second, s, _ := visit(t, client, server, nil)
			if !second.DidResume {
				t.Fatal("a later connection did not resume")
			}
			if diff := cmp.Diff(first.PeerCertificatesDER, second.PeerCertificatesDER); diff != "" {
				t.Errorf("the server's chain changed:\n%s", diff)
			}
			if second.VerifyFlags != 0 || s.VerifyFlags&^CertSkipVerify != 0 {
				t.Errorf("flags: client %v, server %v", second.VerifyFlags, s.VerifyFlags)
			}
		}
	})
}

func TestSessionSurvivesMarshalling(t *testing.T) {
	eachMeans(t, func(t *testing.T, client, server *Config) {
		client.ClientSessionCache = nil
		_, _, session := visit(t, client, server, nil)
		if session == nil {
			t.Fatal("no session")
		}
		data, err := session.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		session.Close()
		var loaded Session
		if err := loaded.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		state, _, _ := visit(t, client, server, func(c *Conn) {
			if err := c.SetSession(&loaded); err != nil {
				t.Fatal(err)
			}
		})
		if !state.DidResume || len(state.PeerCertificates) == 0 || state.VerifyFlags != 0 {
			t.Errorf("resumed %t, %d certificates, flags %v", state.DidResume, len(state.PeerCertificates), state.VerifyFlags)
		}
		again, err := loaded.MarshalBinary()
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("what was saved and loaded is saved differently (%v)", err)
		}
	})
}

func TestAlteredSessionIsRefused(t *testing.T) {
	client, server := configs(t)
	server.TicketKeys = ticketKeys(t)
	_, _, session := visit(t, client, server, nil)
	data, err := session.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, data []byte, want error) {
		t.Helper()
		var s Session
		err := s.UnmarshalBinary(data)
		if err == nil {
			t.Errorf("%s: loaded", what)
			s.Close()
		}
		if want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	for i := range data {
		altered := bytes.Clone(data)
		altered[i] ^= 1
		refused(fmt.Sprintf("byte %d altered", i), altered, nil)
		refused(fmt.Sprintf("cut to %d", i), data[:i], nil)
	}
	refused("longer", append(bytes.Clone(data), 0), nil)

	// With a right checksum: lengths that are not, and the library's own header.
	body := len(sessionMagic) + sha256.Size
	sealed := func(data []byte) []byte {
		sum := sha256.Sum256(data[body:])
		copy(data[len(sessionMagic):], sum[:])
		return data
	}
	lib := body + 1 + 4 + 4
	for i := range 5 {
		altered := bytes.Clone(data)
		altered[lib+i] ^= 1
		refused(fmt.Sprintf("byte %d of the library's header altered", i), sealed(altered), ErrSSLVersionMismatch)
	}
	for end := body; end < len(data); end += 7 {
		refused(fmt.Sprintf("cut to %d, with a right checksum", end), sealed(bytes.Clone(data[:end])), nil)
	}
	for at := body; at < len(data)-4; at += 3 {
		altered := bytes.Clone(data)
		for i := range 4 {
			altered[at+i] = 0xFF
		}
		var s Session
		if s.UnmarshalBinary(sealed(altered)) == nil { // it may not be noticed, but must do no harm
			conn, peer := ends(t, client, server)
			if err := conn.SetSession(&s); err != nil {
				t.Fatal(err)
			}
			handshakes(conn, peer)
			conn.Close()
			peer.Close()
			s.Close()
		}
	}
}

// What keeps a session from being resumed leads to a full handshake, not to an error.
func TestUnusableSessionLeadsToAFullHandshake(t *testing.T) {
	other := func(t *testing.T, c *Config) {
		switch {
		case c.TicketKeys != nil:
			c.TicketKeys = ticketKeys(t)
		case c.ParseTicket != nil:
			c.ParseTicket = func([]byte) ([]byte, error) { return nil, nil }
		default:
			c.ServerSessionCache = newMapCache()
		}
	}
	for name, change := range map[string]func(t *testing.T, client, server *Config){
		"other name": func(_ *testing.T, client, _ *Config) { client.ServerName = "127.0.0.1" },
		"other keys": func(t *testing.T, _, server *Config) { other(t, server) },
		"expired":    func(_ *testing.T, client, _ *Config) { client.Time, client.RootCAs = inAYear, roots() },
		"other version": func(_ *testing.T, client, _ *Config) {
			client.MinVersion, client.MaxVersion = otherVersion(client.MinVersion)
		},
		"no tickets, no ids": func(_ *testing.T, _, server *Config) {
			server.TicketKeys, server.WriteTicket, server.ParseTicket, server.ServerSessionCache = nil, nil, nil, nil
		},
		"suite gone":         func(_ *testing.T, client, server *Config) { server.CipherSuites = otherSuites(client.MinVersion) },
		"suite gone, client": func(_ *testing.T, client, _ *Config) { client.CipherSuites = otherSuites(client.MinVersion) },
		"server asks for clients": func(t *testing.T, client, server *Config) {
			server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
			client.Certificates = []Certificate{issue(t, testpki.Leaf{})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMeans(t, func(t *testing.T, client, server *Config) {
				_, _, session := visit(t, client, server, nil)
				client2, server2 := changed(t, client, nil), changed(t, server, nil)
				change(t, client2, server2)
				if name == "expired" {
					client2.InsecureSkipVerify = true
				}
				state, _, _ := visit(t, client2, server2, func(c *Conn) {
					if err := c.SetSession(session); err != nil {
						t.Fatal(err)
					}
				})
				if state.DidResume {
					t.Error("resumed")
				}
			})
		})
	}
}

func inAYear() time.Time { return time.Now().AddDate(1, 0, 0) }

func otherVersion(v uint16) (uint16, uint16) {
	if v == VersionTLS12 {
		return VersionTLS13, VersionTLS13
	}
	return VersionTLS12, VersionTLS12
}

func otherSuites(version uint16) []uint16 {
	if version == VersionTLS13 {
		return []uint16{0x1301} // TLS_AES_128_GCM_SHA256
	}
	return []uint16{0xC02B} // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
}

// fixedCache always has the same session.
type fixedCache struct{ s *Session }

func (c fixedCache) Get(string) (*Session, bool) { return c.s, true }
func (c fixedCache) Put(string, *Session)        {}

func TestClientCertificateIsKnownAfterResumption(t *testing.T) {
	eachMeans(t, func(t *testing.T, client, server *Config) {
		client.Certificates = []Certificate{issue(t, testpki.Leaf{})}
		server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
		visit(t, client, server, nil)
		c, s, _ := visit(t, client, server, nil)
		if want := client.MinVersion == VersionTLS12; c.DidResume != want {
			t.Errorf("resumed %t, want %t", c.DidResume, want)
		}
		if !cmp.Equal(s.PeerCertificatesDER, client.Certificates[0].Certificate) || s.VerifyFlags != 0 {
			t.Errorf("%d certificates, flags %v", len(s.PeerCertificatesDER), s.VerifyFlags)
		}
		// The same sessions at a server that trusts others.
		stranger := changed(t, server, func(c *Config) {
			c.ClientCAs = NewCertPool()
			c.ClientCAs.AddCert(testpki.NewCA(testpki.P256, "Other Root").Cert)
		})
		cc, sc := ends(t, client, stranger)
		_, err := handshakes(cc, sc)
		mustBe(t, "server with other roots", err, ErrX509CertVerifyFailed)
	})
}

type countingCache struct{ atomic.Int32 }

func (c *countingCache) Get(string) (*Session, bool) { return nil, false }
func (c *countingCache) Put(_ string, s *Session) {
	if s != nil {
		c.Add(1)
	}
}

// resumptionClosures are where a server's closures can fail, and whether that needs a session to resume.
var resumptionClosures = map[string]struct {
	version uint16
	second  bool
	set     func(c *Config, fail func() error)
}{
	"WriteTicket, TLS 1.2": {VersionTLS12, false, failWrite},
	"WriteTicket, TLS 1.3": {VersionTLS13, false, failWrite},
	"ParseTicket, TLS 1.2": {VersionTLS12, true, failParse},
	"ParseTicket, TLS 1.3": {VersionTLS13, true, failParse},
	"Get":                  {VersionTLS12, true, failCall("Get")},
	"Put":                  {VersionTLS12, false, failCall("Put")},
}

func failWrite(c *Config, fail func() error) {
	_, c.ParseTicket = plainTickets(time.Hour)
	c.WriteTicket = func([]byte) ([]byte, time.Duration, error) { return nil, time.Hour, fail() }
}

func failParse(c *Config, fail func() error) {
	c.WriteTicket, _ = plainTickets(time.Hour)
	c.ParseTicket = func([]byte) ([]byte, error) { return nil, fail() }
}

func failCall(name string) func(c *Config, fail func() error) {
	return func(c *Config, fail func() error) {
		cache := newMapCache()
		cache.fail = func(call string) error {
			if call == name {
				return fail()
			}
			return nil
		}
		c.ServerSessionCache = cache
	}
}

// failing makes two ends of which the server's closure will fail.
func failing(t *testing.T, name string, fail func() error) (client, server *Conn) {
	t.Helper()
	f := resumptionClosures[name]
	cc, sc := configs(t)
	cc.MinVersion, cc.MaxVersion = f.version, f.version
	cc.ClientSessionCache = NewLRUClientSessionCache(0)
	armed := false
	f.set(sc, func() error {
		if !armed {
			return nil
		}
		return fail()
	})
	if f.second {
		visit(t, cc, sc, nil)
	}
	armed = true
	return ends(t, cc, sc)
}

func TestResumptionClosureErrorFailsTheHandshake(t *testing.T) {
	want := errors.New("the closure's own")
	for name := range resumptionClosures {
		t.Run(name, func(t *testing.T) {
			client, server := failing(t, name, func() error { return want })
			client.SetReadDeadline(time.Now().Add(2 * time.Second))
			done := make(chan error, 1)
			go func() { done <- server.Handshake() }()
			clientErr := client.Handshake()
			if clientErr == nil { // it was complete before the server's last step
				_, clientErr = client.Read(make([]byte, 1))
			}
			mustBe(t, "server", <-done, want)
			var alert AlertError
			if !errors.As(clientErr, &alert) || alert != 80 {
				t.Errorf("client: %v, want the alert internal_error", clientErr)
			}
			mustBe(t, "server, again", server.Handshake(), want)
		})
	}
}

func TestResumptionClosurePanicReachesTheCaller(t *testing.T) {
	for name := range resumptionClosures {
		t.Run(name, func(t *testing.T) {
			client, server := failing(t, name, func() error { panic("from " + name) })
			recovered := make(chan any, 1)
			go func() {
				defer func() {
					recovered <- recover()
					server.Close()
				}()
				server.Handshake()
			}()
			if client.Handshake() == nil {
				client.Read(make([]byte, 1))
			}
			if got := <-recovered; got != "from "+name {
				t.Errorf("recovered %v", got)
			}
			if _, err := server.Write([]byte("x")); err == nil {
				t.Error("the connection works")
			}
		})
	}
}

func TestFailedConnectionIsForgotten(t *testing.T) {
	client, server := configs(t)
	client.MaxVersion = VersionTLS12
	cache := newMapCache()
	server.ServerSessionCache = cache
	c, s := connected(t, client, server)
	if len(cache.sessions) != 1 {
		t.Fatalf("%d sessions", len(cache.sessions))
	}
	if _, err := c.conn.Write([]byte("\x17\x03\x03\x00\x20 this is not an encrypted record!")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Error("read a forged record")
	}
	if len(cache.sessions) != 0 || len(cache.deleted) != 1 {
		t.Errorf("%d sessions, %d deleted", len(cache.sessions), len(cache.deleted))
	}
}

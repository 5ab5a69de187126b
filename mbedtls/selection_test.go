package mbedtls

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// alertTo is the alert that an end of a handshake got from the other.
func alertTo(err error) AlertError {
	var alert AlertError
	errors.As(err, &alert)
	return alert
}

// panicOf is what f panics with; nil if it returns.
func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// serverPanics runs a handshake in which a closure of the server panics with want, and expects rule 4 of the bridge: the
// panic arrives where Handshake was called, and the connection is poisoned.
func serverPanics(t *testing.T, client, server *Config, want any) {
	t.Helper()
	c, s := ends(t, client, server)
	done := make(chan any, 1)
	go func() {
		done <- panicOf(func() { s.Handshake() })
		s.Close()
	}()
	if err := c.Handshake(); err == nil {
		t.Error("the client's handshake succeeds")
	}
	c.Close()
	if got := <-done; got != want {
		t.Errorf("the server's Handshake panics with %v, want %v", got, want)
	}
	mustBe(t, "Handshake after the panic", s.Handshake(), ErrPoisoned)
}

func TestGetCertificateSelectsByServerName(t *testing.T) {
	setUp(t)
	one, two := issue(t, testpki.Leaf{DNSNames: []string{"one.test"}}), issue(t, testpki.Leaf{DNSNames: []string{"two.test"}})
	byName := map[string]*Certificate{"one.test": &one, "two.test": &two}
	versions(t, func(t *testing.T, version uint16) {
		_, server := configs(t)
		server.Certificates = nil
		server.GetCertificate = func(h *ClientHelloInfo) (*Certificate, error) { return byName[h.ServerName], nil }
		for name := range byName {
			client := &Config{RootCAs: roots(), ServerName: name, MaxVersion: version, MinVersion: version}
			defer client.Close()
			for range 2 { // parsed, and cached
				c, s := connected(t, client, server)
				if got := c.ConnectionState().PeerCertificates[0].DNSNames; !slices.Equal(got, []string{name}) {
					t.Errorf("the certificate for %s is for %v", name, got)
				}
				if got := s.ConnectionState().ServerName; got != name {
					t.Errorf("the server's ServerName is %q, want %q", got, name)
				}
			}
		}
		client := &Config{RootCAs: roots(), ServerName: "other.test", MaxVersion: version, MinVersion: version}
		defer client.Close()
		c, s := ends(t, client, server)
		cErr, sErr := handshakes(c, s)
		if cErr == nil || sErr == nil {
			t.Errorf("no certificate at all: client %v, server %v", cErr, sErr)
		}
	})
}

func TestSelectionErrorsReachBothSides(t *testing.T) {
	mine := errors.New("mine")
	tests := map[string]struct {
		err   error
		code  Code
		alert AlertError
	}{
		"unknown name": {fmt.Errorf("no such host: %w", ErrSSLUnrecognizedName), ErrSSLUnrecognizedName, 112},
		"another":      {mine, ErrSSLInternalError, 80},
	}
	closures := map[string]func(*Config, error){
		"GetCertificate": func(c *Config, err error) {
			c.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { return nil, err }
		},
		"GetConfigForClient": func(c *Config, err error) {
			c.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return nil, err }
		},
	}
	versions(t, func(t *testing.T, version uint16) {
		for name, test := range tests {
			for closure, set := range closures {
				t.Run(closure+" "+name, func(t *testing.T) {
					client, server := configs(t)
					client.MinVersion, client.MaxVersion = version, version
					set(server, test.err)
					c, s := ends(t, client, server)
					cErr, sErr := handshakes(c, s)
					mustBe(t, "server", sErr, test.err)
					mustBe(t, "server", sErr, test.code)
					if got := alertTo(cErr); got != test.alert {
						t.Errorf("the client: %v, want alert %d", cErr, test.alert)
					}
				})
			}
		}
	})
}

func TestSelectionPanicsPoisonTheConnection(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		server.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { panic("mine") }
		serverPanics(t, client, server, "mine")
	})
}

func TestClientHelloInfoIsWhatTheClientSent(t *testing.T) {
	setUp(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(VersionName(version), func(t *testing.T) {
			hellos := make(chan *tls.ClientHelloInfo, 1)
			var got *ClientHelloInfo
			want := captureHello(t, version, hellos)
			_, server := configs(t)
			server.NextProtos = []string{"b"}
			server.GetCertificate = func(h *ClientHelloInfo) (*Certificate, error) { got = h; return nil, nil }
			a, b := tcpPair(t)
			c := tls.Client(a, helloClient(version))
			s := Server(b, server)
			defer s.Close()
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("client: %v\nserver: %v", cErr, sErr)
			}
			if got.Conn != b {
				t.Error("Conn is not the connection underneath")
			}
			got.Conn = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("crypto/tls reads another ClientHello (-want +got):\n%s", diff)
			}
		})
	}
}

func helloClient(version uint16) *tls.Config {
	return &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MaxVersion: version, NextProtos: []string{"a", "b"},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}}
}

// captureHello is crypto/tls's view of the same client.
func captureHello(t *testing.T, version uint16, hellos chan *tls.ClientHelloInfo) *ClientHelloInfo {
	t.Helper()
	a, b := tcpPair(t)
	s := tls.Server(b, &tls.Config{NextProtos: []string{"b"}, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		hellos <- h
		return nil, errors.New("seen")
	}})
	c := tls.Client(a, helloClient(version))
	handshakes(c, s)
	h := <-hellos
	want := &ClientHelloInfo{ServerName: h.ServerName, CipherSuites: h.CipherSuites, SupportedVersions: h.SupportedVersions,
		SupportedProtos: h.SupportedProtos, Extensions: h.Extensions}
	for _, g := range h.SupportedCurves {
		want.SupportedGroups = append(want.SupportedGroups, Group(g))
	}
	for _, s := range h.SignatureSchemes {
		want.SignatureSchemes = append(want.SignatureSchemes, SignatureScheme(s))
	}
	return want
}

// The parser must stand any bytes, although the library has looked at them first.
func FuzzClientHello(f *testing.F) {
	f.Add([]byte("\x03\x03"+string(make([]byte, 32))+"\x00\x00\x02\x13\x01\x01\x00\x00\x09\x00\x10\x00\x05\x00\x03\x02h2"), false)
	f.Fuzz(func(t *testing.T, body []byte, datagram bool) { parseClientHello(body, datagram) })
}

func TestGetConfigForClientChoosesForOneHandshake(t *testing.T) {
	setUp(t)
	other := otherAuthority(t)
	otherPool := NewCertPool()
	otherPool.AddCert(other.Cert)
	trusted := issue(t, testpki.Leaf{Name: "client"})
	revoked := issue(t, testpki.Leaf{Name: "revoked"})
	stranger, err := FromTLSCertificate(other.Issue(testpki.Leaf{Name: "stranger"}))
	if err != nil {
		t.Fatal(err)
	}
	chosen := map[string]*Config{
		"one.test": {Certificates: []Certificate{issue(t, testpki.Leaf{DNSNames: []string{"one.test"}})}, ClientAuth: RequireAndVerifyClientCert,
			ClientCAs: roots(), CRLs: [][]byte{authority.CRL(time.Now().Add(time.Hour), revoked.Leaf)}},
		"two.test": {Certificates: []Certificate{issue(t, testpki.Leaf{DNSNames: []string{"two.test"}})}, ClientAuth: RequireAnyClientCert},
	}
	defer func() {
		for _, c := range chosen {
			c.Close()
		}
	}()
	tests := []struct {
		name  string
		certs []Certificate
		want  error       // of the server
		flags VerifyFlags // on the server
	}{
		{"localhost", nil, nil, CertSkipVerify}, // the listener's own: nothing is asked for
		{"one.test", []Certificate{trusted}, nil, 0},
		{"one.test", []Certificate{revoked}, ErrX509CertVerifyFailed, 0},
		{"one.test", []Certificate{stranger}, ErrX509CertVerifyFailed, 0},
		{"one.test", nil, ErrSSLNoClientCertificate, 0},
		// The listener trusts the CA, but this Config trusts none.
		{"two.test", []Certificate{trusted}, nil, CertNotTrusted},
		{"two.test", nil, ErrSSLNoClientCertificate, 0},
	}
	versions(t, func(t *testing.T, version uint16) {
		_, server := configs(t)
		server.ClientCAs = roots()
		server.GetConfigForClient = func(h *ClientHelloInfo) (*Config, error) { return chosen[h.ServerName], nil }
		for i, test := range tests {
			t.Run(fmt.Sprintf("%s %d", test.name, i), func(t *testing.T) {
				client := &Config{RootCAs: roots(), ServerName: test.name, Certificates: test.certs, MinVersion: version, MaxVersion: version}
				defer client.Close()
				c, s := ends(t, client, server)
				cErr, sErr := handshakes(c, s)
				if test.want != nil {
					mustBe(t, "server", sErr, test.want)
					return
				}
				if cErr != nil || sErr != nil {
					t.Fatalf("client: %v\nserver: %v", cErr, sErr)
				}
				if got := s.ConnectionState().VerifyFlags; got != test.flags {
					t.Errorf("the server's flags are %v, want %v", got, test.flags)
				}
			})
		}
	})
}

func TestGetConfigForClientNamesWhatItCannotUse(t *testing.T) {
	setUp(t)
	tests := []struct {
		field  string
		config *Config
	}{
		{"ClientCAs", &Config{ClientAuth: RequireAndVerifyClientCert}},
		{"ClientAuth", &Config{ClientAuth: 17}},
		{"Certificates[0]", &Config{Certificates: []Certificate{{}}}},
		{"ClientCAs", &Config{ClientCAs: NewCertPool()}},
		{"CRLs[0]", &Config{CRLs: [][]byte{[]byte("no list")}}},
		{"GetTrustedCAs", &Config{GetTrustedCAs: noTrustedCAs}},
	}
	for _, test := range tests {
		client, server := configs(t)
		server.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return test.config, nil }
		c, s := ends(t, client, server)
		cErr, sErr := handshakes(c, s)
		var bad *ConfigError
		if !errors.As(sErr, &bad) || bad.Field != test.field {
			t.Errorf("%v, want a ConfigError for %s", sErr, test.field)
		}
		if alertTo(cErr) != 80 {
			t.Errorf("%s: the client gets %v, want internal_error", test.field, cErr)
		}
		test.config.Close()
	}
}

// HelloRetryRequest brings a second ClientHello, which must not choose twice.
func TestSelectionIsOncePerHandshake(t *testing.T) {
	client, server := configs(t)
	client.Groups, client.MinVersion = []Group{CurveP256, X25519}, VersionTLS13
	server.Groups = []Group{X25519}
	calls := 0
	server.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { calls++; return serverCertificate, nil }
	_, s := connected(t, client, server)
	if st := s.ConnectionState(); calls != 1 || st.Group != X25519 || st.ServerName != "localhost" {
		t.Errorf("%d calls, group %v, name %q", calls, st.Group, st.ServerName)
	}
}

// A server with a name for nobody must go on as before for clients without SNI.
func TestSelectionWithoutServerName(t *testing.T) {
	client, server := configs(t)
	client.ServerName, client.InsecureSkipHostname = "", true
	var got *ClientHelloInfo
	server.GetCertificate = func(h *ClientHelloInfo) (*Certificate, error) { got = h; return nil, nil }
	_, s := connected(t, client, server)
	if got == nil || got.ServerName != "" || s.ConnectionState().ServerName != "" {
		t.Errorf("hello %+v", got)
	}
}

func TestGetCertificateCacheFollowsChangesAndIsBounded(t *testing.T) {
	setUp(t)
	var cache certCache
	defer cache.close()
	first, second := issue(t, testpki.Leaf{}), issue(t, testpki.Leaf{})
	cert := first
	parsed := func() (crt *cbridge.Crt) {
		t.Helper()
		if err := cache.use(&cert, func(p *parsedCertificate) error { crt = p.crt; return nil }); err != nil {
			t.Fatal(err)
		}
		return crt
	}
	one := parsed()
	if parsed() != one {
		t.Error("the same Certificate is parsed twice")
	}
	cert = second
	if two := parsed(); two == one || !slices.EqualFunc(two.DER(), second.Certificate, slices.Equal) {
		t.Error("a Certificate that changed is not parsed anew")
	}
	for range certCacheSize + 10 {
		c := first
		if err := cache.use(&c, func(*parsedCertificate) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cache.entries); n > certCacheSize {
		t.Errorf("%d entries", n)
	}
	cert.PrivateKey = nil
	if err := cache.use(&cert, func(*parsedCertificate) error { return nil }); err == nil {
		t.Error("a Certificate without a key is taken")
	}
}

// manyHandshakes runs n handshakes at once.
func manyHandshakes(t *testing.T, n int, client, server *Config, check func(c, s *Conn) error) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		a, b := tcpPair(t)
		all.Go(func() {
			c, s := Client(a, client), Server(b, server)
			defer c.Close()
			defer s.Close()
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Errorf("client: %v\nserver: %v", cErr, sErr)
			} else if err := check(c, s); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestSelectionUnderParallelHandshakes(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		other := issue(t, testpki.Leaf{})
		chosen := &Config{Certificates: []Certificate{other}, ClientAuth: RequestClientCert}
		defer chosen.Close()
		var mu sync.Mutex
		calls := 0
		server.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) {
			mu.Lock()
			defer mu.Unlock()
			calls++
			return []*Config{nil, chosen}[calls%2], nil
		}
		server.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { return serverCertificate, nil }
		manyHandshakes(t, 200, client, server, func(c, s *Conn) error { return nil })
		if calls != 200 {
			t.Errorf("%d calls", calls)
		}
	})
}

// What a handshake was given must live until that is over, also if its owners close it in between.
func TestChosenObjectsMayBeClosedInMidHandshake(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		client.Certificates = []Certificate{issue(t, testpki.Leaf{})}
		server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
		server.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) {
			return &Config{Certificates: []Certificate{issue(t, testpki.Leaf{})}, ClientAuth: RequireAndVerifyClientCert, ClientCAs: roots(),
				CRLs: [][]byte{authority.CRL(time.Now().Add(time.Hour))}}, nil
		}
		a, b := tcpPair(t)
		c, s := Client(a, client), Server(&closingConn{Conn: b, between: func() { server.Close() }}, server)
		defer c.Close()
		defer s.Close()
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatalf("client: %v\nserver: %v", cErr, sErr)
		}
	})
}

// closingConn calls between before the second read.
type closingConn struct {
	net.Conn
	between func()
	reads   int
}

func (c *closingConn) Read(p []byte) (int, error) {
	if c.reads++; c.reads == 2 {
		c.between()
	}
	return c.Conn.Read(p)
}

// Names in CertificateRequest are for TLS 1.2 only.
func TestClientCAHintsTakeThePlaceOfClientCAs(t *testing.T) {
	setUp(t)
	other := otherAuthority(t)
	hints := NewCertPool()
	hints.AddCert(other.Cert)
	base := Config{Certificates: []Certificate{*serverCertificate}, ClientAuth: RequestClientCert, ClientCAs: roots()}
	withHints := base.Clone()
	withHints.ClientCAHints = hints
	chooses := base.Clone()
	chooses.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return withHints, nil }
	tests := map[string]struct {
		server *Config
		want   [][]byte
	}{
		"none":   {&base, [][]byte{authority.Cert.RawSubject}},
		"own":    {withHints, [][]byte{other.Cert.RawSubject}},
		"chosen": {chooses, [][]byte{other.Cert.RawSubject}},
	}
	defer func() {
		for _, test := range tests {
			test.server.Close()
		}
	}()
	for name, test := range tests {
		var got [][]byte
		a, b := tcpPair(t)
		c := tls.Client(a, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MaxVersion: tls.VersionTLS12,
			GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
				got = r.AcceptableCAs
				return new(tls.Certificate), nil
			}})
		s := Server(b, test.server)
		defer s.Close()
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatalf("%s: client: %v\nserver: %v", name, cErr, sErr)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: names (-want +got):\n%s", name, diff)
		}
	}
}

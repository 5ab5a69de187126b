package mbedtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestClientVerifiesTheHostName(t *testing.T) {
	setUp(t)
	server := &Config{Certificates: []Certificate{issue(t, testpki.Leaf{
		DNSNames: []string{"host.example", "*.wild.example"},
		IPs:      []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")},
	})}}
	defer server.Close()
	tests := map[string]struct {
		name string
		opt  func(*Config)
		want error
	}{
		"its name":              {"host.example", nil, nil},
		"its name, other case":  {"HOST.example", nil, nil},
		"a wildcard":            {"a.wild.example", nil, nil},
		"its IPv4 address":      {"192.0.2.1", nil, nil},
		"its IPv6 address":      {"2001:db8::1", nil, nil},
		"another name":          {"other.example", nil, ErrX509CertVerifyFailed},
		"below the wildcard":    {"a.b.wild.example", nil, ErrX509CertVerifyFailed},
		"another address":       {"192.0.2.2", nil, ErrX509CertVerifyFailed},
		"none":                  {"", nil, ErrSSLCertificateVerificationWithoutHostname},
		"none, and none wanted": {"", func(c *Config) { c.InsecureSkipHostname = true }, nil},
		"none, unverified":      {"", func(c *Config) { c.InsecureSkipVerify = true }, nil},
		"another, unverified":   {"other.example", func(c *Config) { c.InsecureSkipVerify = true }, nil},
	}
	versions(t, func(t *testing.T, version uint16) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				client := &Config{RootCAs: roots(), ServerName: test.name, MaxVersion: version, MinVersion: version}
				defer client.Close()
				if test.opt != nil {
					test.opt(client)
				}
				c, s := ends(t, client, server)
				cErr, _ := handshakes(c, s)
				if !errors.Is(cErr, test.want) {
					t.Errorf("%v, want %v", cErr, test.want)
				}
				var v *VerifyError
				if test.want == error(ErrX509CertVerifyFailed) && (!errors.As(cErr, &v) || v.Flags != CertNameMismatch) {
					t.Errorf("%v, want CertNameMismatch", cErr)
				}
				if cErr == nil && client.InsecureSkipVerify && test.name == "other.example" {
					if got := c.ConnectionState().VerifyFlags; got != CertNameMismatch {
						t.Errorf("flags of what was let through: %v", got)
					}
				}
			})
		}
	})
}

func TestInsecureSkipHostnameStillWantsATrustedChain(t *testing.T) {
	_, server := configs(t)
	pool := NewCertPool()
	pool.AddCert(otherAuthority(t).Cert)
	client := &Config{RootCAs: pool, InsecureSkipHostname: true}
	defer client.Close()
	c, s := ends(t, client, server)
	cErr, _ := handshakes(c, s)
	mustBe(t, "client", cErr, ErrX509CertVerifyFailed)
}

// The client is crypto/tls, so that the server alone is judged.
func TestServerJudgesClientCertificates(t *testing.T) {
	setUp(t)
	trusted := authority.Issue(testpki.Leaf{Name: "device"})
	expired := authority.Issue(testpki.Leaf{NotAfter: time.Now().Add(-time.Hour)})
	forServers := authority.Issue(testpki.Leaf{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	unknown := otherAuthority(t).Issue(testpki.Leaf{})
	tests := []struct {
		auth  ClientAuthType
		cert  *tls.Certificate
		want  error
		flags VerifyFlags // of an error, or of what is let through
	}{
		{NoClientCert, &trusted, nil, 0},
		{RequestClientCert, nil, nil, CertMissing},
		{RequestClientCert, &trusted, nil, 0},
		{RequestClientCert, &unknown, nil, CertNotTrusted},
		{RequireAnyClientCert, nil, ErrSSLNoClientCertificate, CertMissing},
		{RequireAnyClientCert, &trusted, nil, 0},
		{RequireAnyClientCert, &unknown, nil, CertNotTrusted},
		{RequireAnyClientCert, &expired, nil, CertExpired},
		{VerifyClientCertIfGiven, nil, nil, CertMissing},
		{VerifyClientCertIfGiven, &trusted, nil, 0},
		{VerifyClientCertIfGiven, &unknown, ErrSSLBadCertificate, CertNotTrusted},
		{VerifyClientCertIfGiven, &expired, ErrSSLBadCertificate, CertExpired},
		{VerifyClientCertIfGiven, &forServers, ErrSSLBadCertificate, CertExtKeyUsage},
		{RequireAndVerifyClientCert, nil, ErrSSLNoClientCertificate, CertMissing},
		{RequireAndVerifyClientCert, &trusted, nil, 0},
		{RequireAndVerifyClientCert, &unknown, ErrX509CertVerifyFailed, CertNotTrusted},
		{RequireAndVerifyClientCert, &expired, ErrX509CertVerifyFailed, CertExpired},
		{RequireAndVerifyClientCert, &forServers, ErrSSLBadCertificate, CertExtKeyUsage},
	}
	versions(t, func(t *testing.T, version uint16) {
		for i, test := range tests {
			server := &Config{Certificates: []Certificate{*serverCertificate}, ClientCAs: roots(), ClientAuth: test.auth}
			client := &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MinVersion: version, MaxVersion: version}
			if test.cert != nil {
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return test.cert, nil }
			}
			a, b := tcpPair(t)
			s := Server(b, server)
			c := tls.Client(a, client)
			cErr, sErr := handshakes(c, s)
			if cErr == nil { // TLS 1.3: a client learns of a refusal when it reads
				go func() { _, _ = s.Write([]byte("x")); s.Close() }()
				if _, cErr = io.ReadAll(c); cErr == nil && test.want != nil {
					t.Errorf("%d: the client reads in peace", i)
				}
			}
			if !errors.Is(sErr, test.want) || (cErr == nil) != (test.want == nil) {
				t.Errorf("%d: server: %v, want %v; client: %v", i, sErr, test.want, cErr)
			}
			got := s.ConnectionState().VerifyFlags
			var v *VerifyError
			if errors.As(sErr, &v) {
				got = v.Flags
			}
			if sErr != nil && test.want == nil || got != test.flags && test.auth != NoClientCert {
				t.Errorf("%d: flags %v, want %v", i, got, test.flags)
			}
			c.Close()
			s.Close()
			server.Close()
		}
	})
}

func TestVerifyCertificateDecides(t *testing.T) {
	setUp(t)
	middle := authority.Intermediate(testpki.P256, "Middle")
	leaf, err := FromTLSCertificate(middle.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	_, server := configs(t)
	server.Certificates = []Certificate{leaf}
	mine := errors.New("mine")
	type step struct {
		Name  string
		Depth int
		Flags VerifyFlags
	}
	tests := map[string]struct {
		pool   *testpki.CA
		verify func(depth int, flags VerifyFlags) (VerifyFlags, error)
		want   error
		flags  VerifyFlags
	}{
		"passes":  {authority, func(_ int, f VerifyFlags) (VerifyFlags, error) { return f, nil }, nil, 0},
		"clears":  {otherAuthority(t), func(int, VerifyFlags) (VerifyFlags, error) { return 0, nil }, nil, 0},
		"adds":    {authority, func(d int, f VerifyFlags) (VerifyFlags, error) { return f | CertOther, nil }, ErrX509CertVerifyFailed, CertOther},
		"refuses": {authority, func(d int, f VerifyFlags) (VerifyFlags, error) { return f, mine }, mine, 0},
	}
	versions(t, func(t *testing.T, version uint16) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				var steps []step
				pool := NewCertPool()
				pool.AddCert(test.pool.Cert)
				client := &Config{RootCAs: pool, ServerName: "localhost", MinVersion: version, MaxVersion: version,
					VerifyCertificate: func(c *x509.Certificate, depth int, flags VerifyFlags) (VerifyFlags, error) {
						steps = append(steps, step{c.Subject.CommonName, depth, flags})
						return test.verify(depth, flags)
					}}
				defer client.Close()
				c, s := ends(t, client, server)
				cErr, sErr := handshakes(c, s)
				mustBe(t, "client", cErr, test.want)
				if (sErr == nil) != (test.want == nil) && version == VersionTLS12 {
					t.Errorf("server: %v", sErr)
				}
				var v *VerifyError
				if test.flags != 0 && (!errors.As(cErr, &v) || v.Flags != test.flags) {
					t.Errorf("%v, want flags %v", cErr, test.flags)
				}
				if name == "passes" {
					want := []step{{"Test Root", 2, 0}, {"Middle", 1, 0}, {"localhost", 0, 0}}
					if diff := cmp.Diff(want, steps); diff != "" {
						t.Errorf("calls (-want +got):\n%s", diff)
					}
				}
			})
		}
	})
}

func TestVerifyConnectionDecides(t *testing.T) {
	mine := errors.New("mine")
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		client.VerifyConnection = func(cs ConnectionState) error {
			if cs.Version != version || len(cs.PeerCertificates) != 1 || !cs.HandshakeComplete {
				t.Errorf("state %+v", cs)
			}
			return mine
		}
		c, s := ends(t, client, server)
		cErr, sErr := handshakes(c, s)
		if cErr != mine {
			t.Errorf("client: %v", cErr)
		}
		if sErr == nil {
			_, sErr = s.Read(make([]byte, 1))
		}
		var alert AlertError
		if !errors.As(sErr, &alert) || alert != alertBadCertificate {
			t.Errorf("server: %v, want a bad_certificate alert", sErr)
		}
		if c.ConnectionState().HandshakeComplete {
			t.Error("the handshake counts as complete")
		}
		if _, err := c.Write([]byte("x")); err != mine {
			t.Errorf("Write: %v", err)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFailingClosuresReachTheCaller(t *testing.T) {
	mine := errors.New("mine")
	client, server := configs(t)
	client.Rand = readerFunc(func([]byte) (int, error) { return 0, mine })
	c, s := ends(t, client, server)
	cErr, _ := handshakes(c, s)
	mustBe(t, "Handshake", cErr, mine)

	panics := map[string]func(*Config){
		"Rand": func(c *Config) { c.Rand = readerFunc(func([]byte) (int, error) { panic(mine) }) },
		"Time": func(c *Config) { c.Time = func() time.Time { panic(mine) } },
		"VerifyCertificate": func(c *Config) {
			c.VerifyCertificate = func(*x509.Certificate, int, VerifyFlags) (VerifyFlags, error) { panic(mine) }
		},
		"VerifyConnection": func(c *Config) { c.VerifyConnection = func(ConnectionState) error { panic(mine) } },
	}
	for name, set := range panics {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			set(client)
			c, s := ends(t, client, server)
			go s.Handshake()
			func() {
				defer func() {
					if v := recover(); v != mine {
						t.Errorf("recovered %v", v)
					}
				}()
				t.Errorf("Handshake returns %v", c.Handshake())
			}()
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("Read after a panic succeeds")
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConfigTimeJudgesCertificates(t *testing.T) {
	client, server := configs(t)
	client.Time = func() time.Time { return time.Now().Add(365 * 24 * time.Hour) }
	c, s := ends(t, client, server)
	cErr, _ := handshakes(c, s)
	var v *VerifyError
	if !errors.As(cErr, &v) || v.Flags&CertExpired == 0 {
		t.Errorf("%v, want CertExpired", cErr)
	}
}

func TestVerifyFlagsAreNamed(t *testing.T) {
	for flags, want := range map[VerifyFlags]string{
		0:                                    "ok",
		CertExpired | CertNotTrusted:         "certificate expired, certificate not signed by a trusted CA",
		VerifyUnavailable:                    "no verification result",
		CertNameMismatch | 1<<30:             "certificate is not for this host name, flags 0x40000000",
		CRLBadKey | CertMissing | CertFuture: "no certificate, certificate not valid yet, CRL signed with a forbidden key",
	} {
		if got := flags.String(); got != want {
			t.Errorf("%#x: %q, want %q", uint32(flags), got, want)
		}
	}
	if got := AlertError(200).Error(); got != "the peer sent a fatal alert: unknown (200)" {
		t.Error(got)
	}
}

// The library forgives some codes under VERIFY_OPTIONAL, and reads all ones as no verdict: neither may let a refusal by
// the closure pass.
func TestRefusalByVerifyCertificateIsFinalWhateverItSays(t *testing.T) {
	setUp(t)
	own := testpki.SelfSigned(testpki.Leaf{})
	type verdict func(VerifyFlags) (VerifyFlags, error)
	verdicts := map[string]verdict{
		"ErrSSLBadCertificate":    func(f VerifyFlags) (VerifyFlags, error) { return f, ErrSSLBadCertificate },
		"ErrX509CertVerifyFailed": func(f VerifyFlags) (VerifyFlags, error) { return 0, &Error{Code: ErrX509CertVerifyFailed} },
		"Code(0)":                 func(f VerifyFlags) (VerifyFlags, error) { return 0, Code(0) },
		"all flags":               func(VerifyFlags) (VerifyFlags, error) { return VerifyUnavailable, nil },
		"all flags and an error":  func(VerifyFlags) (VerifyFlags, error) { return VerifyUnavailable, errors.New("mine") },
	}
	versions(t, func(t *testing.T, version uint16) {
		for name, v := range verdicts {
			server := &Config{Certificates: []Certificate{*serverCertificate}, ClientCAs: roots(), ClientAuth: VerifyClientCertIfGiven,
				VerifyCertificate: func(_ *x509.Certificate, _ int, f VerifyFlags) (VerifyFlags, error) { return v(f) }}
			a, b := tcpPair(t)
			c := tls.Client(a, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MaxVersion: version,
				GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }})
			s := Server(b, server)
			if _, sErr := handshakes(c, s); sErr == nil {
				t.Errorf("%s: the server accepts the client", name)
			}
			c.Close()
			s.Close()
			server.Close()
			if name == "all flags" {
				continue // of a client that skips verification, flags are not an error
			}
			client := &Config{InsecureSkipVerify: true,
				VerifyCertificate: func(_ *x509.Certificate, _ int, f VerifyFlags) (VerifyFlags, error) { return v(f) }}
			_, plain := configs(t)
			cc, ss := ends(t, client, plain)
			if cErr, _ := handshakes(cc, ss); cErr == nil {
				t.Errorf("%s: the client accepts the server", name)
			}
			client.Close()
		}
	})
}

func TestVerifyCertificatesArgumentMayBeKept(t *testing.T) {
	client, server := configs(t)
	var kept *x509.Certificate
	client.VerifyCertificate = func(cert *x509.Certificate, _ int, f VerifyFlags) (VerifyFlags, error) {
		kept = cert
		return f, nil
	}
	c, s := connected(t, client, server)
	c.Close()
	s.Close()
	if diff := cmp.Diff(serverCertificate.Certificate[0], kept.Raw); diff != "" {
		t.Errorf("after Close (-want +got):\n%s", diff)
	}
}

type timeoutError struct{ error }

func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }

func TestVerdictIsFinalAlsoIfItIsATimeout(t *testing.T) {
	mine := timeoutError{errors.New("the OCSP responder is slow")}
	calls := 0
	for name, set := range map[string]func(*Config){
		"VerifyConnection": func(c *Config) { c.VerifyConnection = func(ConnectionState) error { calls++; return mine } },
		"VerifyCertificate": func(c *Config) {
			c.VerifyCertificate = func(*x509.Certificate, int, VerifyFlags) (VerifyFlags, error) { calls++; return 0, mine }
		},
	} {
		client, server := configs(t)
		set(client)
		calls = 0
		c, s := ends(t, client, server)
		go s.Handshake()
		for range 3 {
			mustBe(t, name, c.Handshake(), mine)
		}
		if calls != 1 {
			t.Errorf("%s is called %d times", name, calls)
		}
	}
}

func TestInsecureSkipHostnameStillSendsTheName(t *testing.T) {
	setUp(t)
	chain := authority.Issue(testpki.Leaf{DNSNames: []string{"host.example"}, IPs: []net.IP{net.IPv4(192, 0, 2, 1)}})
	client := &Config{RootCAs: roots(), ServerName: "other.example", InsecureSkipHostname: true}
	defer client.Close()
	a, b := tcpPair(t)
	c, s := Client(a, client), tls.Server(b, &tls.Config{Certificates: []tls.Certificate{chain}})
	defer c.Close()
	defer s.Close()
	if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
		t.Fatal(cErr, sErr)
	}
	if got := s.ConnectionState().ServerName; got != "other.example" {
		t.Errorf("the server is asked for %q", got)
	}
	if f := c.ConnectionState().VerifyFlags; f != 0 {
		t.Errorf("flags %v", f)
	}
}

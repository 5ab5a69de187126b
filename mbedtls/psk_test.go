package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

var testKey = []byte("0123456789abcdef")

// pskConfigs are a client's and a server's that share a key, and have no certificate.
func pskConfigs(t testing.TB, version uint16) (client, server *Config) {
	t.Helper()
	psk := &PSK{Identity: "device-7", Key: testKey}
	client = &Config{MinVersion: version, MaxVersion: version, PSK: psk}
	server = &Config{PSK: psk}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// getPSK is a closure that knows some keys.
func getPSK(keys map[string][]byte) func(string) (*PSK, error) {
	return func(identity string) (*PSK, error) {
		if key, ok := keys[identity]; ok {
			return &PSK{Key: key}, nil
		}
		return nil, nil
	}
}

func TestPSKAuthenticatesWithoutCertificates(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for name, change := range map[string]func(*Config){
			"static":         func(*Config) {},
			"closure":        func(c *Config) { c.PSK, c.GetPSK = nil, getPSK(map[string][]byte{"device-7": testKey}) },
			"static, hidden": func(c *Config) { c.HideUnknownPSK = true },
			"client auth":    func(c *Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() },
			"any client":     func(c *Config) { c.ClientAuth = RequireAnyClientCert },
			"certificate too": func(c *Config) {
				c.Certificates = []Certificate{*serverCertificate}
			},
		} {
			t.Run(name, func(t *testing.T) {
				setUp(t)
				client, server := pskConfigs(t, version)
				change(server)
				c, s := connected(t, client, server)
				for _, end := range []*Conn{c, s} {
					st := end.ConnectionState()
					if st.PSKIdentity != "device-7" || len(st.PeerCertificates) != 0 || st.DidResume {
						t.Errorf("state %+v", st)
					}
				}
			})
		}
	})
}

// Every key exchange of TLS 1.2 with a key.
func TestPSKKeyExchangesOfTLS12(t *testing.T) {
	setUp(t)
	rsa := issue(t, testpki.Leaf{Algorithm: testpki.RSA2048})
	for _, kind := range []string{"PSK", "DHE-PSK", "ECDHE-PSK", "RSA-PSK"} {
		client, server := pskConfigs(t, VersionTLS12)
		for _, id := range CipherSuites() {
			if strings.HasPrefix(CipherSuiteName(id), "TLS-"+kind+"-WITH-") {
				client.CipherSuites = append(client.CipherSuites, id)
			}
		}
		if kind == "RSA-PSK" {
			server.Certificates = []Certificate{rsa}
			client.RootCAs, client.ServerName = roots(), "localhost"
		}
		if len(client.CipherSuites) < 3 {
			t.Errorf("%s: only %d suites", kind, len(client.CipherSuites))
		}
		for _, id := range client.CipherSuites {
			one := client.Clone()
			one.CipherSuites = []uint16{id}
			c, s := connected(t, one, server)
			if got := s.ConnectionState(); got.CipherSuite != id || got.PSKIdentity != "device-7" {
				t.Errorf("%s: suite %s, identity %q", CipherSuiteName(id), CipherSuiteName(got.CipherSuite), got.PSKIdentity)
			}
			if certs := c.ConnectionState().PeerCertificates; (len(certs) > 0) != (kind == "RSA-PSK") {
				t.Errorf("%s: %d certificates", CipherSuiteName(id), len(certs))
			}
			one.Close()
		}
	}
}

func TestPSKKeyExchangesOfTLS13(t *testing.T) {
	setUp(t)
	const all = TLS13PSK | TLS13PSKEphemeral | TLS13Ephemeral
	tests := []struct {
		client, server TLS13KeyExchange
		group, psk     bool
	}{
		{TLS13PSK, 0, false, true},
		{0, TLS13PSK, false, true},
		{TLS13PSKEphemeral, 0, true, true},
		{0, TLS13PSKEphemeral, true, true},
		{all, all, true, true},
		{TLS13Ephemeral, 0, true, false},
		{0, TLS13Ephemeral, true, false},
		{TLS13PSK | TLS13Ephemeral, all, true, false}, // certificates come before a key alone
	}
	for _, test := range tests {
		client, server := pskConfigs(t, VersionTLS13)
		client.RootCAs, client.ServerName = roots(), "localhost"
		server.Certificates = []Certificate{*serverCertificate}
		client.TLS13KeyExchange, server.TLS13KeyExchange = test.client, test.server
		_, s := connected(t, client, server)
		st := s.ConnectionState()
		if (st.Group != 0) != test.group || (st.PSKIdentity != "") != test.psk {
			t.Errorf("%+v: group %v, identity %q", test, st.Group, st.PSKIdentity)
		}
	}
}

// refused runs a handshake that must fail, and returns the alert that the client got and the server's error.
func refused(t *testing.T, client, server *Config) (AlertError, error) {
	t.Helper()
	c, s := ends(t, client, server)
	cErr, sErr := handshakes(c, s)
	if cErr == nil || sErr == nil {
		t.Errorf("client: %v, server: %v, want errors", cErr, sErr)
	}
	return alertTo(cErr), sErr
}

func TestUnknownIdentityAndWrongKey(t *testing.T) {
	known := map[string][]byte{"known": testKey}
	// What the client sees: in TLS 1.2, then in TLS 1.3.
	tests := map[string]struct {
		hide           bool
		unknown, wrong [2]AlertError
	}{
		"open":   {false, [2]AlertError{115, 109}, [2]AlertError{20, 51}},
		"hidden": {true, [2]AlertError{20, 51}, [2]AlertError{20, 51}},
	}
	servers := map[string]func(*Config){
		"static":  func(c *Config) { c.PSK = &PSK{Identity: "known", Key: testKey} },
		"closure": func(c *Config) { c.PSK, c.GetPSK = nil, getPSK(known) },
	}
	for v, version := range []uint16{VersionTLS12, VersionTLS13} {
		for name, test := range tests {
			for server, set := range servers {
				t.Run(VersionName(version)+" "+name+" "+server, func(t *testing.T) {
					clientConfig, serverConfig := pskConfigs(t, version)
					set(serverConfig)
					serverConfig.HideUnknownPSK = test.hide
					for _, attempt := range []struct {
						psk  PSK
						want [2]AlertError
					}{
						{PSK{Identity: "unknown", Key: testKey}, test.unknown},
						{PSK{Identity: "known", Key: []byte("another key, not known")}, test.wrong},
					} {
						one := clientConfig.Clone()
						one.PSK = &attempt.psk
						alert, err := refused(t, one, serverConfig)
						if alert != attempt.want[v] {
							t.Errorf("%s: the client gets alert %d, want %d; server: %v", attempt.psk.Identity, alert, attempt.want[v], err)
						}
						one.Close()
					}
				})
			}
		}
	}
}

// In TLS 1.3, a client of an unknown identity may still be content with a certificate.
func TestUnknownIdentityFallsBackToCertificates(t *testing.T) {
	client, server := pskConfigs(t, VersionTLS13)
	setUp(t)
	client.RootCAs, client.ServerName = roots(), "localhost"
	server.Certificates = []Certificate{*serverCertificate}
	server.PSK, server.GetPSK = nil, getPSK(nil)
	c, s := connected(t, client, server)
	if len(c.ConnectionState().PeerCertificates) != 1 || s.ConnectionState().PSKIdentity != "" {
		t.Error("not a handshake by certificate")
	}
}

func TestGetPSKErrorsReachBothSides(t *testing.T) {
	mine := errors.New("mine")
	answers := map[string]struct {
		psk   *PSK
		err   error
		field string
	}{
		"error":        {nil, mine, ""},
		"no key":       {new(PSK), nil, "GetPSK.Key"},
		"key too long": {&PSK{Key: make([]byte, MaxPSKLen+1)}, nil, "GetPSK.Key"},
	}
	versions(t, func(t *testing.T, version uint16) {
		for name, answer := range answers {
			for _, withCertificate := range []bool{false, true} { // for which TLS 1.3 would go on
				t.Run(fmt.Sprintf("%s %v", name, withCertificate), func(t *testing.T) {
					setUp(t)
					client, server := pskConfigs(t, version)
					client.RootCAs, client.ServerName = roots(), "localhost"
					if withCertificate {
						server.Certificates = []Certificate{*serverCertificate}
					} else {
						client.CipherSuites = nil
					}
					for _, id := range CipherSuites() { // so that TLS 1.2 must use it
						if isTLS13Suite(id) || strings.HasPrefix(CipherSuiteName(id), "TLS-PSK-WITH-") {
							client.CipherSuites = append(client.CipherSuites, id)
						}
					}
					server.GetPSK = func(string) (*PSK, error) { return answer.psk, answer.err }
					server.HideUnknownPSK = true
					alert, err := refused(t, client, server)
					if answer.err != nil {
						mustBe(t, "server", err, answer.err)
					}
					var bad *ConfigError
					if answer.field != "" && (!errors.As(err, &bad) || bad.Field != answer.field) {
						t.Errorf("server: %v, want a ConfigError for %s", err, answer.field)
					}
					if alert != 80 {
						t.Errorf("the client gets alert %d, want internal_error", alert)
					}
				})
			}
		}
	})
}

func TestGetPSKPanicPoisonsTheConnection(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, withCertificate := range []bool{false, true} {
			setUp(t)
			client, server := pskConfigs(t, version)
			if withCertificate {
				server.Certificates = []Certificate{*serverCertificate}
				if version == VersionTLS13 {
					client.RootCAs, client.ServerName = roots(), "localhost"
				}
			}
			server.GetPSK = func(string) (*PSK, error) { panic("mine") }
			serverPanics(t, client, server, "mine")
		}
	})
}

func TestPSKLimits(t *testing.T) {
	psk := func(identity string, key []byte) func(*Config) {
		return func(c *Config) { c.PSK = &PSK{Identity: identity, Key: key} }
	}
	tests := []struct {
		field  string
		change func(*Config)
	}{
		{"PSK.Identity", psk("", testKey)},
		{"PSK.Identity", psk(strings.Repeat("x", MaxPSKIdentityLen+1), testKey)},
		{"PSK.Key", psk("x", nil)},
		{"PSK.Key", psk("x", make([]byte, MaxPSKLen+1))},
		{"PSK", func(c *Config) { c.PSK = &PSK{Identity: "x", Key: testKey, KeyID: 1} }},
		{"TLS13KeyExchange", func(c *Config) { c.TLS13KeyExchange = 8 }},
		{"ECJPAKEPassword", func(c *Config) { c.ECJPAKEPassword = []byte{} }},
		{"ECJPAKEPassword", func(c *Config) { c.ECJPAKEPassword = make([]byte, 8) }},
		{"ECJPAKEPassword", func(c *Config) { c.ECJPAKEPassword = bytes.Repeat([]byte("x"), 1025) }},
		{"ECJPAKEPassword", func(c *Config) { c.ECJPAKEPassword, c.MaxVersion = []byte("x"), VersionTLS13 }},
		{"ECJPAKEPassword", func(c *Config) { c.ECJPAKEPassword, c.CipherSuites = []byte("x"), []uint16{0xC02B} }},
		{"ECJPAKEKeyID", func(c *Config) { c.ECJPAKEPassword, c.ECJPAKEKeyID = []byte("x"), 1 }},
	}
	setUp(t)
	for _, test := range tests {
		for _, server := range []bool{false, true} {
			c := &Config{Certificates: []Certificate{*serverCertificate}, RootCAs: roots(), ServerName: "localhost"}
			test.change(c)
			var bad *ConfigError
			err := c.Validate(server)
			if !errors.As(err, &bad) || bad.Field != test.field {
				t.Errorf("%v, want a ConfigError for %s", err, test.field)
			}
			if strings.Contains(fmt.Sprint(err), string(testKey)) {
				t.Errorf("the error tells the key: %v", err)
			}
			c.Close()
		}
	}
	c := &Config{PSK: &PSK{Identity: "x", Key: testKey}, TLS13KeyExchange: TLS13Ephemeral}
	defer c.Close()
	var bad *ConfigError
	if err := c.Validate(true); !errors.As(err, &bad) || bad.Field != "TLS13KeyExchange" {
		t.Errorf("a certificate's key exchange without certificate: %v", err)
	}
	if text := fmt.Sprintf("%v %+v %#v", c.PSK, c.PSK, c.PSK); strings.Contains(text, string(testKey)) {
		t.Errorf("printing a PSK tells its key: %s", text)
	}
}

// The longest key and odd identities work, and a long identity either works or fails without harm.
func TestPSKIdentitiesOfAnyBytes(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		longest := 0
		for _, identity := range []string{"x", "\x00", "a\x00b", "\xff\xfe", strings.Repeat("i", 255), strings.Repeat("i", 1024),
			strings.Repeat("i", 8000), strings.Repeat("i", 16000), strings.Repeat("i", MaxPSKIdentityLen)} {
			client, server := pskConfigs(t, version)
			key := bytes.Repeat([]byte{1}, MaxPSKLen)
			client.PSK = &PSK{Identity: identity, Key: key}
			server.PSK, server.GetPSK = nil, getPSK(map[string][]byte{identity: key})
			c, s := ends(t, client, server)
			cErr, sErr := handshakes(c, s)
			switch {
			case cErr == nil && sErr == nil:
				longest = max(longest, len(identity))
				if got := s.ConnectionState().PSKIdentity; got != identity {
					t.Errorf("identity %q arrives as %q", identity, got)
				}
			case len(identity) <= 8000:
				t.Errorf("identity of %d bytes: client: %v\nserver: %v", len(identity), cErr, sErr)
			default:
				t.Logf("identity of %d bytes: client: %v", len(identity), cErr)
			}
		}
		t.Logf("longest: %d", longest)
	})
}

func TestGetPSKUnderParallelHandshakes(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := pskConfigs(t, version)
		server.PSK, server.GetPSK = nil, getPSK(map[string][]byte{"device-7": testKey})
		manyHandshakes(t, 200, client, server, func(c, s *Conn) error {
			if id := s.ConnectionState().PSKIdentity; id != "device-7" {
				return fmt.Errorf("identity %q", id)
			}
			return nil
		})
	})
}

func TestOpaqueKeys(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		for field, c := range map[string]*Config{
			"Config.PSK.KeyID":    {PSK: &PSK{Identity: "x", KeyID: 1}},
			"Config.ECJPAKEKeyID": {ECJPAKEKeyID: 1},
		} {
			var missing *NotBuiltError
			if err := c.Validate(true); !errors.As(err, &missing) || missing.Option != "MBEDTLS_USE_PSA_CRYPTO" || missing.Field != field {
				t.Errorf("%v, want a NotBuiltError for %s", err, field)
			}
			c.Close()
		}
		t.Skip("this build has no MBEDTLS_USE_PSA_CRYPTO")
	}
	id, err := ImportPSK(testKey)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := DestroyKey(id); err != nil {
			t.Error(err)
		}
	}()
	opaque, plain := &PSK{Identity: "x", KeyID: id}, &PSK{Identity: "x", Key: testKey}
	tests := map[string]struct {
		client  *PSK
		server  *Config
		version uint16 // that comes out
	}{
		"client":           {opaque, &Config{PSK: plain}, VersionTLS12},
		"server":           {plain, &Config{PSK: opaque, MaxVersion: VersionTLS12}, VersionTLS12},
		"server, TLS 1.3":  {plain, &Config{PSK: opaque}, VersionTLS13},
		"closure":          {plain, &Config{GetPSK: func(string) (*PSK, error) { return opaque, nil }, MaxVersion: VersionTLS12}, VersionTLS12},
		"closure, TLS 1.3": {plain, &Config{GetPSK: func(string) (*PSK, error) { return opaque, nil }}, VersionTLS13},
	}
	for name, test := range tests {
		client := &Config{PSK: test.client}
		server := test.server.Clone()
		_, s := connected(t, client, server)
		if st := s.ConnectionState(); st.PSKIdentity != "x" || st.Version != test.version {
			t.Errorf("%s: identity %q, %s", name, st.PSKIdentity, VersionName(st.Version))
		}
		client.Close()
		server.Close()
	}
	client := &Config{PSK: opaque, MaxVersion: VersionTLS13}
	defer client.Close()
	var bad *ConfigError
	if err := client.Validate(false); !errors.As(err, &bad) || bad.Field != "PSK.KeyID" {
		t.Errorf("an opaque key for TLS 1.3: %v", err)
	}
}

package mbedtls

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"github.com/gombedtls/gombedtls/cbridge"
	"log/slog"
	"math/big"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func chooseNone(*ClientHelloInfo) (*Config, error) { return nil, nil }

func otherAuthority(testing.TB) *testpki.CA { return testpki.NewCA(testpki.P256, "Another Root") }

func TestCloneCopiesEveryField(t *testing.T) {
	c := new(Config)
	v := reflect.ValueOf(c).Elem()
	var fill func(f reflect.Value)
	fill = func(f reflect.Value) {
		switch f.Kind() {
		case reflect.Struct: // a copy of which is a copy of its fields
			for i := range f.NumField() {
				fill(f.Field(i))
			}
		case reflect.Bool:
			f.SetBool(true)
		case reflect.String:
			f.SetString("x")
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Func:
			f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { return nil }))
		case reflect.Interface:
			for _, v := range []any{new(bytes.Buffer), fixedCache{}, newMapCache(), DefaultPolicy, new(Counters), newMapStore()} {
				if reflect.TypeOf(v).Implements(f.Type()) {
					f.Set(reflect.ValueOf(v))
				}
			}
		case reflect.Uint16, reflect.Uint32, reflect.Uint64:
			f.SetUint(1)
		default:
			f.SetInt(1)
		}
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() {
			fill(v.Field(i))
		}
	}
	clone := reflect.ValueOf(c.Clone()).Elem()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && clone.Field(i).IsZero() {
			t.Errorf("Clone leaves out %s", f.Name)
		}
	}
	if (*Config)(nil).Clone() != nil {
		t.Error("Clone of nil is not nil")
	}
}

func TestConfigNamesTheFieldItCannotUse(t *testing.T) {
	setUp(t)
	broken := *serverCertificate
	broken.Certificate = [][]byte{broken.Certificate[0][:100]}
	mismatched := issue(t, testpki.Leaf{})
	mismatched.PrivateKey = serverCertificate.PrivateKey
	keyless := *serverCertificate
	keyless.PrivateKey = nil
	brokenPool := NewCertPool()
	brokenPool.AddDER([]byte("not a certificate"))
	tests := []struct {
		field  string
		server bool
		change func(*Config)
	}{
		{"Preset", false, func(c *Config) { c.Preset = 7 }},
		{"MinVersion", false, func(c *Config) { c.MinVersion = 0x0301 }},
		{"MaxVersion", false, func(c *Config) { c.MaxVersion = 0x0305 }},
		{"MinVersion", false, func(c *Config) { c.MinVersion, c.MaxVersion = VersionTLS13, VersionTLS12 }},
		{"CipherSuites", false, func(c *Config) { c.CipherSuites, c.MaxVersion = []uint16{0x1301}, VersionTLS12 }},
		{"CipherSuites", false, func(c *Config) { c.CipherSuites, c.MinVersion = []uint16{0xC02B}, VersionTLS13 }},
		{"CipherSuites[1]", false, func(c *Config) { c.CipherSuites = []uint16{0x1301, 0x0005} }},
		{"Groups[1]", false, func(c *Config) { c.Groups = []Group{X25519, 0x6399} }},
		{"SignatureAlgorithms[0]", false, func(c *Config) { c.SignatureAlgorithms = []SignatureScheme{0x0807} }},
		{"NextProtos[0]", false, func(c *Config) { c.NextProtos = []string{""} }},
		{"NextProtos[1]", false, func(c *Config) { c.NextProtos = []string{"h2", strings.Repeat("x", 256)} }},
		{"NextProtos[0]", false, func(c *Config) { c.NextProtos = []string{"a\x00b"} }},
		{"ServerName", false, func(c *Config) { c.ServerName = strings.Repeat("x", 256) }},
		{"ServerName", false, func(c *Config) { c.ServerName = "local\x00host" }},
		{"RootCAs", false, func(c *Config) { c.RootCAs = NewCertPool() }},
		{"RootCAs", false, func(c *Config) { c.RootCAs = brokenPool }},
		{"CRLs[1]", false, func(c *Config) {
			c.CRLs = [][]byte{authority.CRL(time.Now().Add(time.Hour)), []byte("-----BEGIN X509 CRL-----\nMII=")}
		}},
		{"MaxFragmentLength", false, func(c *Config) { c.MaxFragmentLength, c.MaxVersion = 1000, VersionTLS12 }},
		{"MaxFragmentLength", false, func(c *Config) { c.MaxFragmentLength = 1024 }},
		{"ReadTimeout", false, func(c *Config) { c.ReadTimeout = -1 }},
		{"LegacyRenegotiation", false, func(c *Config) { c.LegacyRenegotiation = 3 }},
		{"MinDHBits", false, func(c *Config) { c.MinDHBits = -1 }},
		{"MinDHBits", false, func(c *Config) { c.MinDHBits = 10_000 }},
		{"DebugLevel", false, func(c *Config) { c.DebugLevel = 5 }},
		{"CertificateProfile.Hashes[0]", false, func(c *Config) { c.CertificateProfile = &CertificateProfile{Hashes: []crypto.Hash{crypto.BLAKE2b_256}} }},
		{"CertificateProfile.PublicKeys[0]", false, func(c *Config) {
			c.CertificateProfile = &CertificateProfile{PublicKeys: []x509.PublicKeyAlgorithm{x509.Ed25519}}
		}},
		{"CertificateProfile.Curves[0]", false, func(c *Config) { c.CertificateProfile = &CertificateProfile{Curves: []Group{FFDHE2048}} }},
		{"CertificateProfile.MinRSABits", false, func(c *Config) { c.CertificateProfile = &CertificateProfile{MinRSABits: -1} }},
		{"Certificates", true, func(c *Config) { c.Certificates = nil }},
		{"Certificates[0]", true, func(c *Config) { c.Certificates[0] = broken }},
		{"Certificates[0]", true, func(c *Config) { c.Certificates[0] = mismatched }},
		{"Certificates[0]", true, func(c *Config) { c.Certificates[0] = keyless }},
		{"Certificates[1]", false, func(c *Config) { c.Certificates = []Certificate{*serverCertificate, {}} }},
		{"ClientAuth", true, func(c *Config) { c.ClientAuth = 9 }},
		{"ClientCAs", true, func(c *Config) { c.ClientAuth = RequireAndVerifyClientCert }},
		{"ClientCAs", true, func(c *Config) { c.ClientAuth = VerifyClientCertIfGiven }},
		{"TicketKeys", true, func(c *Config) { c.TicketKeys, c.GetConfigForClient = ticketKeys(t), chooseNone }},
		{"ServerSessionCache", true, func(c *Config) { c.ServerSessionCache, c.GetConfigForClient = newMapCache(), chooseNone }},
		{"SessionStore", true, func(c *Config) { c.SessionStore, c.GetConfigForClient = newMapStore(), chooseNone }},
		{"ServerSessionCache", true, func(c *Config) { c.SessionStore, c.ServerSessionCache = newMapStore(), newMapCache() }},
		{"ClientSessionCache", false, func(c *Config) {
			c.SessionStore, c.ClientSessionCache = newMapStore(), NewLRUClientSessionCache(1)
		}},
		{"SessionStoreTimeout", false, func(c *Config) { c.SessionStoreTimeout = -1 }},
		{"SessionStoreTimeout", true, func(c *Config) { c.SessionStoreTimeout = -1 }},
		{"WriteTicket", true, func(c *Config) {
			c.WriteTicket = func([]byte) ([]byte, time.Duration, error) { return nil, 0, nil }
			c.ParseTicket = func([]byte) ([]byte, error) { return nil, nil }
			c.GetConfigForClient = chooseNone
		}},
		{"DHParams", true, func(c *Config) { c.DHParams = &DHParams{} }},
		{"DHParams", true, func(c *Config) { c.DHParams = &DHParams{P: []byte{23}, G: []byte{1, 2}} }},
	}
	for _, test := range tests {
		c := &Config{RootCAs: roots(), Certificates: []Certificate{*serverCertificate}}
		test.change(c)
		err := c.Validate(test.server)
		var bad *ConfigError
		if !errors.As(err, &bad) || bad.Field != test.field {
			t.Errorf("%s: %v, want a ConfigError for it", test.field, err)
			continue
		}
		if !strings.Contains(err.Error(), "Config."+test.field+": ") || bad.Err == nil {
			t.Errorf("%s: %q does not name the field", test.field, err)
		}
		a, b := net.Pipe()
		conn := newConn(a, c, test.server, cbridge.Stream)
		if got := conn.Handshake(); got != err {
			t.Errorf("%s: Handshake: %v", test.field, got)
		}
		conn.Close()
		b.Close()
		c.Close()
	}
}

func TestClosedConfigMakesNoConnections(t *testing.T) {
	client, server := configs(t)
	c, s := connected(t, client, server)
	client.Close()
	server.Close()
	exchange(t, c, s, 100) // those that are there go on
	if _, err := Listen("tcp", "127.0.0.1:0", server); err != nil {
		t.Logf("Listen: %v", err)
	}
	a, b := ends(t, client, server)
	cErr, sErr := handshakes(a, b)
	mustBe(t, "client", cErr, errConfigClosed)
	mustBe(t, "server", sErr, errConfigClosed)
}

func TestDiffieHellmanParameters(t *testing.T) {
	// A safe prime of 1024 bits (RFC 2409 section 6.2).
	p, _ := new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F"+
		"24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)
	setUp(t)
	rsa := issue(t, testpki.Leaf{Algorithm: testpki.RSA2048})
	const dheRSA = 0x009E // TLS-DHE-RSA-WITH-AES-128-GCM-SHA256
	for name, test := range map[string]struct {
		params *DHParams
		min    int
		want   error
	}{
		"default":               {nil, 2048, nil},
		"1024 bits":             {&DHParams{P: p.Bytes(), G: []byte{2}}, 1024, nil},
		"1024 bits are too few": {&DHParams{P: p.Bytes(), G: []byte{2}}, 1025, ErrSSLDecodeError},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			client.CipherSuites, client.MinDHBits = []uint16{dheRSA}, test.min
			server.Certificates, server.DHParams = []Certificate{rsa}, test.params
			c, s := ends(t, client, server)
			cErr, _ := handshakes(c, s)
			if test.want == nil && cErr != nil || test.want != nil && cErr == nil {
				t.Errorf("client: %v, want %v", cErr, test.want)
			}
		})
	}
}

func TestLoggerReceivesTheLibrarysDebugMessages(t *testing.T) {
	client, server := configs(t)
	var out bytes.Buffer
	client.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	client.DebugLevel = 3
	c, _ := connected(t, client, server)
	c.Close()
	text := out.String()
	for _, want := range []string{"level=INFO", "level=DEBUG", "file=ssl_tls.c", "line=", "client hello"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(text, "DEBUG-4") || strings.Contains(text, `\n"`) {
		t.Error("the log has messages above its level, or their newlines")
	}
}

package mbedtls

import (
	"crypto/x509"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func noTrustedCAs(*x509.Certificate) ([]*x509.Certificate, error) { return nil, nil }

func TestGetTrustedCAsFindsTheAnchor(t *testing.T) {
	setUp(t)
	middle := authority.Intermediate(testpki.P256, "Middle")
	leaf, err := FromTLSCertificate(middle.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	wrong := otherAuthority(t)
	mine := errors.New("mine")
	tests := map[string]struct {
		get   func(*x509.Certificate) ([]*x509.Certificate, error)
		asked []string
		want  error
	}{
		"root": {func(*x509.Certificate) ([]*x509.Certificate, error) {
			return []*x509.Certificate{wrong.Cert, authority.Cert}, nil
		}, []string{"localhost", "Middle"}, nil},
		"intermediate": {func(*x509.Certificate) ([]*x509.Certificate, error) { return []*x509.Certificate{middle.Cert}, nil },
			[]string{"localhost"}, nil},
		"nobody": {noTrustedCAs, []string{"localhost", "Middle"}, ErrX509CertVerifyFailed},
		"error":  {func(*x509.Certificate) ([]*x509.Certificate, error) { return nil, mine }, []string{"localhost"}, mine},
		"broken": {func(*x509.Certificate) ([]*x509.Certificate, error) {
			return []*x509.Certificate{authority.Cert, {Raw: []byte("x")}}, nil
		}, []string{"localhost"}, ErrX509InvalidFormat},
	}
	versions(t, func(t *testing.T, version uint16) {
		for _, server := range []bool{false, true} {
			for name, test := range tests {
				t.Run(name+map[bool]string{true: " server", false: " client"}[server], func(t *testing.T) {
					var asked []string
					get := func(cert *x509.Certificate) ([]*x509.Certificate, error) {
						asked = append(asked, cert.Subject.CommonName)
						return test.get(cert)
					}
					clientConfig := &Config{ServerName: "localhost", MinVersion: version, MaxVersion: version, GetTrustedCAs: get}
					serverConfig := &Config{Certificates: []Certificate{leaf}}
					if server {
						clientConfig.GetTrustedCAs, clientConfig.RootCAs = nil, roots()
						clientConfig.Certificates = []Certificate{leaf}
						serverConfig.ClientAuth, serverConfig.GetTrustedCAs = RequireAndVerifyClientCert, get
					}
					defer clientConfig.Close()
					defer serverConfig.Close()
					c, s := ends(t, clientConfig, serverConfig)
					ours, theirs := handshakes(c, s)
					if server {
						ours, theirs = theirs, ours
						if theirs == nil && test.want != nil { // TLS 1.3: the client was done before
							_, theirs = c.Read(make([]byte, 1))
						}
					}
					mustBe(t, "handshake", ours, test.want)
					// In TLS 1.3, the library encrypts this alert with keys that the peer does not expect by then.
					if test.want != nil && (theirs == nil || version == VersionTLS12 && alertTo(theirs) == 0) {
						t.Errorf("the peer gets %v, want an alert", theirs)
					}
					if diff := cmp.Diff(test.asked, asked); diff != "" {
						t.Errorf("asked for (-want +got):\n%s", diff)
					}
				})
			}
		}
	})
}

func TestGetTrustedCAsPanicPoisonsTheConnection(t *testing.T) {
	setUp(t)
	client, server := configs(t)
	client.Certificates = []Certificate{issue(t, testpki.Leaf{})}
	client.MaxVersion = VersionTLS12 // whose client waits for the server to be done
	server.ClientAuth = RequireAndVerifyClientCert
	server.GetTrustedCAs = func(*x509.Certificate) ([]*x509.Certificate, error) { panic("mine") }
	serverPanics(t, client, server, "mine")
}

func TestGetTrustedCAsTakesNoListsBesideIt(t *testing.T) {
	setUp(t)
	tests := []struct {
		field  string
		server bool
		change func(*Config)
	}{
		{"RootCAs", false, func(c *Config) { c.RootCAs = roots() }},
		{"ClientCAs", true, func(c *Config) { c.ClientCAs = roots() }},
		{"CRLs", false, func(c *Config) { c.CRLs = [][]byte{authority.CRL(authority.Cert.NotAfter)} }},
	}
	for _, test := range tests {
		c := &Config{Certificates: []Certificate{*serverCertificate}, GetTrustedCAs: noTrustedCAs}
		test.change(c)
		var bad *ConfigError
		if err := c.Validate(test.server); !errors.As(err, &bad) || bad.Field != test.field {
			t.Errorf("%v, want a ConfigError for %s", err, test.field)
		}
		c.Close()
	}
	// Nor may a Config that is chosen for one handshake.
	client, server := configs(t)
	server.GetTrustedCAs = noTrustedCAs
	chosen := &Config{ClientCAs: roots()}
	defer chosen.Close()
	server.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return chosen, nil }
	c, s := ends(t, client, server)
	_, err := handshakes(c, s)
	var bad *ConfigError
	if !errors.As(err, &bad) || bad.Field != "ClientCAs" {
		t.Errorf("%v, want a ConfigError for ClientCAs", err)
	}
}

func TestGetTrustedCAsUnderParallelHandshakes(t *testing.T) {
	setUp(t)
	client, server := configs(t)
	client.RootCAs = nil
	client.GetTrustedCAs = func(*x509.Certificate) ([]*x509.Certificate, error) {
		return []*x509.Certificate{authority.Cert}, nil
	}
	manyHandshakes(t, 200, client, server, func(c, s *Conn) error { return nil })
}

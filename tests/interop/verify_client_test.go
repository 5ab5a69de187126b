package interop_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// verdict is what a server makes of a client.
type verdict struct {
	refused bool
	flags   mbedtls.VerifyFlags
	alert   string // that the client sees with TLS 1.2, in the words of crypto/tls
}

var authTypes = []struct {
	auth mbedtls.ClientAuthType
	name string
}{
	{mbedtls.NoClientCert, "NoClientCert"},
	{mbedtls.RequestClientCert, "RequestClientCert"},
	{mbedtls.RequireAnyClientCert, "RequireAnyClientCert"},
	{mbedtls.VerifyClientCertIfGiven, "VerifyClientCertIfGiven"},
	{mbedtls.RequireAndVerifyClientCert, "RequireAndVerifyClientCert"},
}

// clientCases say what each ClientAuthType, in the order of authTypes, makes of a client.
func clientCases() []struct {
	name     string
	cert     func(w *world) *tls.Certificate
	verdicts [5]verdict
} {
	accept := func(flags mbedtls.VerifyFlags) verdict { return verdict{flags: flags} }
	refuse := func(flags mbedtls.VerifyFlags, alert string) verdict { return verdict{true, flags, alert} }
	notAsked := accept(mbedtls.CertSkipVerify)
	bad := func(flags mbedtls.VerifyFlags, alert string) [5]verdict {
		return [5]verdict{notAsked, accept(flags), accept(flags), refuse(flags, alert), refuse(flags, alert)}
	}
	leaf := func(l testpki.Leaf) func(w *world) *tls.Certificate {
		return func(w *world) *tls.Certificate { c := w.ca.Issue(l); return &c }
	}
	return []struct {
		name     string
		cert     func(w *world) *tls.Certificate
		verdicts [5]verdict
	}{
		{
			"no certificate", func(*world) *tls.Certificate { return nil },
			[5]verdict{
				notAsked,
				accept(mbedtls.CertMissing),
				refuse(mbedtls.CertMissing, "tls: handshake failure"),
				accept(mbedtls.CertMissing),
				refuse(mbedtls.CertMissing, "not an alert: EOF"), // the library sends none
			},
		},
		{"good", leaf(testpki.Leaf{}), [5]verdict{notAsked, accept(0), accept(0), accept(0), accept(0)}},
		{
			"unknown CA", func(*world) *tls.Certificate {
				c := testpki.NewCA(testpki.P256, "stranger").Issue(testpki.Leaf{})
				return &c
			},
			bad(mbedtls.CertNotTrusted, "tls: unknown certificate authority"),
		},
		{
			"expired", leaf(testpki.Leaf{NotAfter: time.Now().Add(-time.Hour)}),
			bad(mbedtls.CertExpired, "tls: expired certificate"),
		},
		{
			"not valid yet", leaf(testpki.Leaf{NotBefore: time.Now().Add(time.Hour)}),
			bad(mbedtls.CertFuture, "tls: unknown certificate"),
		},
		{
			"not valid for clients", leaf(testpki.Leaf{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}),
			bad(mbedtls.CertExtKeyUsage, "tls: unsupported certificate"),
		},
		{
			"revoked", func(w *world) *tls.Certificate { c := w.ca.Issue(testpki.Leaf{Name: "revoked"}); return &c },
			bad(mbedtls.CertRevoked, "tls: revoked certificate"),
		},
	}
}

// seenAlert is the alert that crypto/tls received.
func seenAlert(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return op.Err.Error()
	}
	if err == nil {
		return "none"
	}
	return "not an alert: " + err.Error()
}

func TestServerTreatsClientsAsItsClientAuthSays(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, c := range clientCases() {
			for i, auth := range authTypes {
				t.Run(mbedtls.VersionName(version)+"/"+c.name+"/"+auth.name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					config := w.config(testpki.Leaf{})
					config.ClientAuth = auth.auth
					cert := c.cert(w)
					if c.name == "revoked" {
						config.CRLs = [][]byte{w.ca.CRL(time.Now().Add(time.Hour), cert.Leaf)}
					}
					checkClient(w, config, version, cert, c.verdicts[i])
				})
			}
		}
	}
}

// checkClient connects a client of crypto/tls with a server of ours, and looks at what both say of it.
func checkClient(w *world, config *mbedtls.Config, version uint16, cert *tls.Certificate, want verdict) {
	t := w.t
	t.Helper()
	client := w.cryptoConfig(version)
	client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return new(tls.Certificate), nil
		}
		return cert, nil // whatever CAs the server names
	}
	l := w.listen(config)
	clientErr := make(chan error, 1)
	connected := make(chan *tls.Conn, 1)
	go func() {
		conn, err := tls.Dial("tcp", l.addr(), client)
		if err != nil {
			clientErr <- err
			return
		}
		w.bound(conn)
		if want.refused { // with TLS 1.3, it learns so after its handshake
			_, err = conn.Read(make([]byte, 1))
			clientErr <- err
			return
		}
		connected <- conn
	}()
	conn, err := l.handshake()
	if !want.refused {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.flags.Reasons(), conn.ConnectionState().VerifyFlags.Reasons()); diff != "" {
			t.Errorf("reasons (-want +got):\n%s", diff)
		}
		select {
		case far := <-connected:
			exchange(t, &cryptoEnd{connect: func() (*tls.Conn, error) { return far, nil }, size: 1000}, conn)
		case err := <-clientErr:
			t.Fatal(err)
		}
		return
	}
	if err == nil {
		t.Fatalf("accepted with %v", conn.ConnectionState().VerifyFlags)
	}
	conn.Close()
	if diff := cmp.Diff(want.flags.Reasons(), verifyFlags(err).Reasons()); diff != "" {
		t.Errorf("reasons of %v (-want +got):\n%s", err, diff)
	}
	code := error(mbedtls.ErrSSLBadCertificate)
	if want.flags == mbedtls.CertMissing || want.flags == 0 {
		code = mbedtls.ErrSSLNoClientCertificate
	}
	if !errors.Is(err, code) && !errors.Is(err, mbedtls.ErrX509CertVerifyFailed) {
		t.Errorf("got %v, want %v", err, code)
	}
	// In TLS 1.3 the library's server encrypts its alert with the keys of the handshake; a client that is done with that
	// cannot read it.
	if got := seenAlert(<-clientErr); got != want.alert && version == mbedtls.VersionTLS12 || got == "none" {
		t.Errorf("the client sees %q, want %q", got, want.alert)
	}
}

func TestClientLearnsWhyAServerRefusesIt(t *testing.T) {
	t.Parallel()
	stranger := testpki.NewCA(testpki.P256, "stranger").Issue(testpki.Leaf{})
	for _, c := range []struct {
		name  string
		certs []tls.Certificate
		want  map[uint16]mbedtls.AlertError
	}{
		{"no certificate", nil, map[uint16]mbedtls.AlertError{mbedtls.VersionTLS12: alertHandshakeFailure, mbedtls.VersionTLS13: 116}},
		{"unknown CA", []tls.Certificate{stranger}, map[uint16]mbedtls.AlertError{mbedtls.VersionTLS12: 48, mbedtls.VersionTLS13: 48}},
	} {
		for _, version := range versions {
			t.Run(c.name+"/"+mbedtls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Version, options.CA = version, w.caFile
				peer := w.server(peers.OpenSSL, options)
				config := w.config()
				for _, cert := range c.certs {
					config.Certificates = append(config.Certificates, own(t, cert))
				}
				conn, err := w.dial(peer.Addr, config)
				if version == mbedtls.VersionTLS13 { // the client is done before the server looks
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					_, err = conn.Read(make([]byte, 1))
				}
				if got := alertOf(err); got != c.want[version] {
					t.Errorf("got %v, want alert %d", err, c.want[version])
				}
			})
		}
	}
}

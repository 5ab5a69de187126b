package interop_test

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// serverCase is a server that a client of ours looks at.
type serverCase struct {
	name  string
	cert  func(w *world) tls.Certificate    // of the server
	tweak func(w *world, c *mbedtls.Config) // of the client; may be nil
	flags mbedtls.VerifyFlags               // 0: all is well
	alert mbedtls.AlertError                // that the server sees
}

// issue is for a case whose certificate comes from the trusted CA.
func issue(l testpki.Leaf) func(*world) tls.Certificate {
	return func(w *world) tls.Certificate { return w.ca.Issue(l) }
}

func serverCases() []serverCase {
	noTweak := func(*world, *mbedtls.Config) {}
	profile := func(p *mbedtls.CertificateProfile) func(*world, *mbedtls.Config) {
		return func(_ *world, c *mbedtls.Config) { c.CertificateProfile = p }
	}
	return []serverCase{
		{"good", issue(testpki.Leaf{}), noTweak, 0, 0},
		{"good, by address", issue(testpki.Leaf{}), func(_ *world, c *mbedtls.Config) { c.ServerName = "127.0.0.1" }, 0, 0},
		{
			"wrong host", issue(testpki.Leaf{DNSNames: []string{"other.example"}}), noTweak,
			mbedtls.CertNameMismatch, 42,
		},
		{
			"wrong host is passed over", issue(testpki.Leaf{DNSNames: []string{"other.example"}}),
			func(_ *world, c *mbedtls.Config) { c.ServerName, c.InsecureSkipHostname = "", true },
			0, 0,
		},
		{
			"expired", issue(testpki.Leaf{NotAfter: time.Now().Add(-time.Hour)}), noTweak,
			mbedtls.CertExpired, 45,
		},
		{
			"expired by the Config's clock", issue(testpki.Leaf{}),
			func(_ *world, c *mbedtls.Config) {
				c.Time = func() time.Time { return time.Now().Add(20 * 24 * time.Hour) }
			},
			mbedtls.CertExpired, 45,
		},
		{
			"not valid yet", issue(testpki.Leaf{NotBefore: time.Now().Add(time.Hour)}), noTweak,
			mbedtls.CertFuture, 46,
		},
		{
			"unknown CA", func(*world) tls.Certificate { return testpki.NewCA(testpki.P256, "stranger").Issue(testpki.Leaf{}) }, noTweak,
			mbedtls.CertNotTrusted, 48,
		},
		{
			"self-signed", func(*world) tls.Certificate { return testpki.SelfSigned(testpki.Leaf{}) }, noTweak,
			mbedtls.CertNotTrusted, 48,
		},
		{
			"unknown CA and expired", func(*world) tls.Certificate {
				return testpki.NewCA(testpki.P256, "stranger").Issue(testpki.Leaf{NotAfter: time.Now().Add(-time.Hour)})
			}, noTweak,
			mbedtls.CertNotTrusted | mbedtls.CertExpired, 45,
		},
		{
			"not on the list", issue(testpki.Leaf{}),
			func(w *world, c *mbedtls.Config) { c.CRLs = [][]byte{w.ca.CRL(time.Now().Add(time.Hour))} },
			0, 0,
		},
		{
			"not valid for servers", issue(testpki.Leaf{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}), noTweak,
			mbedtls.CertExtKeyUsage, 43,
		},
		{
			"not valid for signatures", issue(testpki.Leaf{Algorithm: testpki.RSA2048, KeyUsage: x509.KeyUsageKeyEncipherment}), noTweak,
			mbedtls.CertKeyUsage, 43,
		},
		{
			"RSA of 1024 bits", issue(testpki.Leaf{Algorithm: testpki.RSA1024}), noTweak,
			mbedtls.CertBadKey, 43,
		},
		{
			"RSA, under Suite B", issue(testpki.Leaf{Algorithm: testpki.RSA2048}), profile(mbedtls.ProfileSuiteB),
			mbedtls.CertBadPK, 43,
		},
		{"P-256, under Suite B", issue(testpki.Leaf{}), profile(mbedtls.ProfileSuiteB), 0, 0},
		{
			"RSA of 2048 bits, where 3072 are asked for", issue(testpki.Leaf{Algorithm: testpki.RSA2048}),
			profile(&mbedtls.CertificateProfile{
				Hashes:     []crypto.Hash{crypto.SHA256},
				PublicKeys: []x509.PublicKeyAlgorithm{x509.RSA, x509.ECDSA},
				Curves:     []mbedtls.Group{mbedtls.CurveP256},
				MinRSABits: 3072,
			}),
			mbedtls.CertBadKey, 43,
		},
		{
			"hash that is not asked for", issue(testpki.Leaf{}),
			profile(&mbedtls.CertificateProfile{
				Hashes:     []crypto.Hash{crypto.SHA384},
				PublicKeys: []x509.PublicKeyAlgorithm{x509.ECDSA},
				Curves:     []mbedtls.Group{mbedtls.CurveP256},
			}),
			mbedtls.CertBadHash, 46,
		},
	}
}

func TestClientRefusesWhatIsWrongWithAServersCertificate(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, c := range serverCases() {
			t.Run(mbedtls.VersionName(version)+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config()
				c.tweak(w, config)
				checkServer(w, config, version, c.cert(w), c.flags, c.alert)
			})
		}
	}
}

func TestClientRefusesARevokedServer(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, c := range []struct {
			name    string
			revoked bool
			next    time.Duration // from now, when the list ends
			pem     bool
			flags   mbedtls.VerifyFlags
			alert   mbedtls.AlertError
		}{
			{"revoked", true, time.Hour, false, mbedtls.CertRevoked, 44},
			{"revoked, by PEM", true, time.Hour, true, mbedtls.CertRevoked, 44},
			{"expired list", false, -time.Hour, false, mbedtls.CRLExpired, 46},
			{"revoked by an expired list", true, -time.Hour, false, mbedtls.CRLExpired | mbedtls.CertRevoked, 44},
		} {
			t.Run(mbedtls.VersionName(version)+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				cert := w.ca.Issue(testpki.Leaf{})
				var revoked []*x509.Certificate
				if c.revoked {
					revoked = append(revoked, cert.Leaf)
				}
				list := w.ca.CRL(time.Now().Add(c.next), revoked...)
				if c.pem {
					list = testpki.CRLPEM(list)
				}
				config := w.config()
				config.CRLs = [][]byte{list}
				checkServer(w, config, version, cert, c.flags, c.alert)
			})
		}
	}
}

// checkServer connects a client of ours with OpenSSL, and looks at what both say of it. It is OpenSSL because in TLS 1.3
// the library's client sends these alerts in the clear, which crypto/tls does not take for alerts.
func checkServer(w *world, config *mbedtls.Config, version uint16, cert tls.Certificate, flags mbedtls.VerifyFlags, alert mbedtls.AlertError) {
	t := w.t
	t.Helper()
	options := w.optionsWith(cert)
	options.Version, options.Args, options.Size = version, []string{"-cipher", "ALL:@SECLEVEL=0"}, 1000
	peer := w.server(peers.OpenSSL, options)
	conn, err := w.dial(peer.Addr, config)
	if flags == 0 {
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		if got := conn.ConnectionState().VerifyFlags; got != 0 {
			t.Errorf("accepted with %v", got)
		}
		exchange(t, peer, conn)
		return
	}
	if err == nil {
		t.Fatalf("accepted with %v", conn.ConnectionState().VerifyFlags)
	}
	// What a key is for, the library looks at after the rest.
	code := mbedtls.ErrX509CertVerifyFailed
	if flags&(mbedtls.CertKeyUsage|mbedtls.CertExtKeyUsage) != 0 {
		code = mbedtls.ErrSSLBadCertificate
	}
	if !errors.Is(err, code) {
		t.Errorf("got %v, want %v", err, code)
	}
	if diff := cmp.Diff(flags.Reasons(), verifyFlags(err).Reasons()); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if err := peer.Await(peer.Stderr, fmt.Sprintf("SSL alert number %d\n", uint8(alert))); err != nil {
		t.Error(err)
	}
}

func TestInsecureSkipVerifyAcceptsAndTells(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, c := range serverCases() {
			t.Run(mbedtls.VersionName(version)+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config()
				c.tweak(w, config)
				config.InsecureSkipVerify = true
				addr, result := w.cryptoServer(w.cryptoConfig(version, c.cert(w)))
				conn, err := w.dial(addr, config)
				far := <-result
				if err != nil || far.err != nil {
					t.Fatalf("client: %v; server: %v", err, far.err)
				}
				if diff := cmp.Diff(c.flags.Reasons(), conn.ConnectionState().VerifyFlags.Reasons()); diff != "" {
					t.Errorf("reasons (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestClientWithoutAServerNameDoesNotConnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	addr, result := w.cryptoServer(w.cryptoConfig(0, w.ca.Issue(testpki.Leaf{})))
	config := w.config()
	config.ServerName = ""
	raw, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn := mbedtls.Client(raw, config)
	w.bound(conn)
	err = conn.HandshakeContext(w.ctx)
	if !errors.Is(err, mbedtls.ErrSSLCertificateVerificationWithoutHostname) || !strings.Contains(err.Error(), "ServerName") {
		t.Errorf("got %v, want an error about the ServerName", err)
	}
	conn.Close()
	<-result
}

package interop_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func TestCertificateRequestNamesTheCAsUnlessOmitted(t *testing.T) {
	t.Parallel()
	const named, none = "Acceptable client certificate CA names\n.*CN = root ", "No client certificate CA names sent"
	for _, c := range []struct {
		version uint16
		omit    bool
		want    string
	}{
		{mbedtls.VersionTLS12, false, named},
		{mbedtls.VersionTLS12, true, none},
		{mbedtls.VersionTLS13, false, none}, // the library has no certificate_authorities extension
		{mbedtls.VersionTLS13, true, none},
	} {
		t.Run(fmt.Sprintf("%s/omitted %t", mbedtls.VersionName(c.version), c.omit), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.ClientAuth, config.OmitClientCAs = mbedtls.RequireAndVerifyClientCert, c.omit
			l := w.listen(config)
			options := w.options(testpki.Leaf{})
			options.Version, options.CA, options.Verbose = c.version, w.caFile, true
			peer := w.client(peers.OpenSSL, l.addr(), options)
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			if err := peer.Await(peer.Stdout, c.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// A chain of two: crypto/tls and OpenSSL must find the way from our leaf to the root.
func TestServerSendsItsIntermediate(t *testing.T) {
	t.Parallel()
	for _, impl := range implementations() {
		t.Run(impl.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.RSA2048)
			config := w.config()
			config.Certificates = []mbedtls.Certificate{own(t, w.ca.Intermediate(testpki.RSA2048, "intermediate").Issue(testpki.Leaf{}))}
			l := w.listen(config)
			far := impl.client(w, l.addr(), peers.Options{CA: w.caFile, Size: 1000})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(far.Explain(err))
			}
			exchange(t, far, conn)
		})
	}
}

func TestServerPicksTheCertificateThatSuitsTheClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		version uint16
		args    []string // of s_client
		want    string   // its report of the signature
	}{
		{"RSA suite", tls.VersionTLS12, []string{"-cipher", "ECDHE-RSA-AES128-GCM-SHA256"}, "RSA"},
		{"ECDSA suite", tls.VersionTLS12, []string{"-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"}, "ECDSA"},
		{"RSA signatures", tls.VersionTLS13, []string{"-sigalgs", "RSA-PSS+SHA256"}, "RSA-PSS"},
		{"ECDSA signatures", tls.VersionTLS13, []string{"-sigalgs", "ECDSA+SHA256"}, "ECDSA"},
	} {
		for _, leaves := range [][]testpki.Leaf{
			{{Algorithm: testpki.RSA2048}, {Algorithm: testpki.P256}},
			{{Algorithm: testpki.P256}, {Algorithm: testpki.RSA2048}},
		} {
			t.Run(strings.Join([]string{mbedtls.VersionName(c.version), c.name, "first is " + leaves[0].Algorithm.String()}, "/"), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				l := w.listen(w.config(leaves...))
				// The chain is not the point, and the CA's own signature may not be among those offered.
				peer := w.client(peers.OpenSSL, l.addr(), peers.Options{Version: c.version, Size: 1000, Args: c.args})
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				if err := peer.Await(peer.Stderr, "Signature type: "+c.want+"\n"); err != nil {
					t.Error(err)
				}
				exchange(t, peer, conn)
			})
		}
	}
}

// The library's client has no choice: it sends what is configured first.
func TestClientSendsItsFirstCertificate(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.CA = version, w.caFile
			peer := w.server(peers.OpenSSL, options)
			config := w.config(testpki.Leaf{Algorithm: testpki.RSA2048, Name: "first"}, testpki.Leaf{Name: "second"})
			conn, err := w.dial(peer.Addr, config)
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			if err := peer.Await(peer.Stderr, "depth=0 .*CN = first"); err != nil {
				t.Error(err)
			}
		})
	}
}

package smoke

import (
	"crypto"
	"crypto/tls"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// elsewhere hides a key, so that only its signatures can be had.
type elsewhere struct{ crypto.Signer }

func TestSmokeKeysElsewhere(t *testing.T) {
	ca := testpki.NewCA(testpki.P256, "Smoke Root")
	chain := ca.Issue(testpki.Leaf{})
	own := []mbedtls.Certificate{{Certificate: chain.Certificate, PrivateKey: elsewhere{chain.PrivateKey.(crypto.Signer)}}}
	roots := mbedtls.NewCertPool()
	roots.AddCert(ca.Cert)
	for _, v := range versions {
		if !cbridge.Feature(v.option) {
			continue
		}
		if cbridge.Feature("MBEDTLS_SSL_CLI_C") {
			t.Run("client "+mbedtls.VersionName(v.version), func(t *testing.T) {
				a, b := tcpPair(t)
				client := mbedtls.Client(a, &mbedtls.Config{
					Certificates: own, RootCAs: roots, ServerName: "localhost", MinVersion: v.version, MaxVersion: v.version,
				})
				server := tls.Server(b, &tls.Config{
					Certificates: []tls.Certificate{chain}, ClientCAs: ca.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
				})
				if err := echo(client, server); err != nil {
					t.Error(err)
				}
			})
		}
		if cbridge.Feature("MBEDTLS_SSL_SRV_C") {
			t.Run("server "+mbedtls.VersionName(v.version), func(t *testing.T) {
				a, b := tcpPair(t)
				client := tls.Client(a, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
				server := mbedtls.Server(b, &mbedtls.Config{Certificates: own, MinVersion: v.version, MaxVersion: v.version})
				err := echo(client, server)
				if v.version == mbedtls.VersionTLS13 || cbridge.Feature("MBEDTLS_SSL_ASYNC_PRIVATE") {
					if err != nil {
						t.Error(err)
					}
				} else if !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("a build without MBEDTLS_SSL_ASYNC_PRIVATE: %v", err)
				}
			})
		}
	}
}

package interop_test

import (
	"crypto/tls"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// A server of TLS 1.2 names to its clients what it is told to name, and not what it trusts.
func TestClientCAHints(t *testing.T) {
	t.Parallel()
	for _, hint := range []bool{false, true} {
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		config.ClientAuth = mbedtls.RequestClientCert
		want := "CN ?= ?root TestClientCAHints"
		if hint {
			config.ClientCAHints = mbedtls.NewCertPool()
			config.ClientCAHints.AddCert(testpki.NewCA(testpki.P256, "the hint").Cert)
			want = "CN ?= ?the hint"
		}
		l := w.listen(config)
		peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 1000, Verbose: true})
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		if err := peer.Await(peer.Stdout, "(?s)Acceptable client certificate CA names\n[^\n]*"+want); err != nil {
			t.Error(err)
		}
		exchange(t, peer, conn)
	}
	var bad *mbedtls.ConfigError
	config := newWorld(t, testpki.P256).config(testpki.Leaf{})
	config.ClientCAHints = mbedtls.NewCertPool()
	if err := config.Validate(true); !errors.As(err, &bad) || bad.Field != "ClientCAHints" {
		t.Errorf("an empty pool: %v", err)
	}
}

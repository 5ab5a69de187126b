package interop_test

import (
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// A GnuTLS that does not know RFC 5746.
const withoutSecureRenegotiation = "NORMAL:-VERS-ALL:+VERS-TLS1.2:%DISABLE_SAFE_RENEGOTIATION"

var legacyChoices = []struct {
	name    string
	choice  mbedtls.LegacyRenegotiation
	refuses bool
}{
	{"no renegotiation", mbedtls.LegacyNoRenegotiation, false},
	{"allow", mbedtls.LegacyAllowRenegotiation, false},
	{"break", mbedtls.LegacyBreakHandshake, true},
}

func TestLegacyRenegotiationSaysHowPeersWithoutRFC5746AreTreated(t *testing.T) {
	t.Parallel()
	for _, test := range legacyChoices {
		t.Run("gnutls-serv/"+test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			o := w.options(testpki.Leaf{})
			o.Priority = withoutSecureRenegotiation
			peer := w.server(peers.GnuTLS, o)
			config := w.config()
			config.LegacyRenegotiation = test.choice
			conn, err := mbedtls.DialContext(w.ctx, "tcp", peer.Addr, config)
			if err == nil {
				defer conn.Close()
			}
			checkLegacy(t, peer, err, test.refuses)
		})
		t.Run("gnutls-cli/"+test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.LegacyRenegotiation = test.choice
			l, err := mbedtls.Listen("tcp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			o := w.options(testpki.Leaf{})
			o.Priority = withoutSecureRenegotiation
			peer := w.client(peers.GnuTLS, l.Addr().String(), o)
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			checkLegacy(t, peer, conn.(*mbedtls.Conn).HandshakeContext(w.ctx), test.refuses)
		})
	}
}

func checkLegacy(t *testing.T, peer *peers.Peer, err error, refuses bool) {
	t.Helper()
	if refuses && !errors.Is(err, mbedtls.ErrSSLHandshakeFailure) {
		t.Errorf("%v, want ErrSSLHandshakeFailure", err)
	}
	if !refuses && err != nil {
		t.Error(peer.Explain(err))
	}
}

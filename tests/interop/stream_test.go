package interop_test

import (
	"crypto/tls"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// OpenSSL's server sends its tickets right after the handshake, and crypto/tls too.
func TestReadPassesOverSessionTickets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start func(w *world) (addr string, far farEnd)
	}{
		{"openssl s_server", func(w *world) (string, farEnd) {
			options := w.options(testpki.Leaf{})
			options.Version, options.Args = tls.VersionTLS13, []string{"-num_tickets", "5"}
			peer := w.server(peers.OpenSSL, options)
			return peer.Addr, peer
		}},
		{"crypto/tls", func(w *world) (string, farEnd) {
			addr, result := w.cryptoServer(w.cryptoConfig(tls.VersionTLS13, w.ca.Issue(testpki.Leaf{})))
			return addr, &cryptoEnd{connect: func() (*tls.Conn, error) { r := <-result; return r.conn, r.err }, size: 1000}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			addr, far := c.start(w)
			conn, rec := w.recordedClient(addr, w.config())
			if err := conn.HandshakeContext(w.ctx); err != nil {
				t.Fatal(far.Explain(err))
			}
			before, _ := rec.records()
			if err := conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("with only tickets to read, Read returns %d, %v, not the deadline's error", n, err)
			}
			// Those of crypto/tls may have come with the end of its handshake.
			if after, _ := rec.records(); c.name == "openssl s_server" && len(after) < len(before)+5 {
				t.Errorf("%d records came, want 5 tickets", len(after)-len(before))
			}
			w.bound(conn)
			exchange(t, far, conn)
		})
	}
}

func TestPeerSeesTheEndInOrder(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version = version
			peer := w.server(peers.OpenSSL, options)
			conn, err := w.dial(peer.Addr, w.config())
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			// Without close_notify it would be "ERROR", and "unexpected eof" on stderr.
			if err := peer.Await(peer.Stdout, `(?m)^DONE$`); err != nil {
				t.Error(err)
			}
			if strings.Contains(peer.Stderr.String(), "unexpected eof") {
				t.Error(peer.Report())
			}
		})
	}
}

package interop_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// With renegotiate=1 it is the program that asks, or begins; else this end.
func TestDatagramRenegotiationWithMbedTLS(t *testing.T) {
	t.Parallel()
	for _, theirs := range []bool{true, false} {
		args := []string{"renegotiation=1"}
		if theirs {
			args = append(args, "renegotiate=1") // after the first exchange
		}
		run := func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, err error, count *atomic.Int32) {
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if !theirs {
				if err := conn.Renegotiate(); err != nil {
					t.Fatal(peer.Explain(err))
				}
			}
			exchange(t, peer, conn)
			checkHandshakes(t, count, 2)
		}
		t.Run(fmt.Sprintf("ssl_server2/by the program %t", theirs), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Datagram, options.Args, options.Size = true, args, 3000
			peer := w.server(peers.MbedTLS, options)
			config, count := w.renegotiable()
			conn, err := w.dialDTLS(peer.Addr, config)
			run(t, peer, conn, err, count)
		})
		t.Run(fmt.Sprintf("ssl_client2/by the program %t", theirs), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config, count := w.renegotiable(testpki.Leaf{})
			l := w.listenDTLS(config)
			// What is in flight counts as records that come instead of what this end asked for: the program must not enforce that.
			peer := w.client(peers.MbedTLS, l.addr(), peers.Options{
				CA: w.caFile, Datagram: true, Size: 3000, Args: append(args, "renego_delay=-1"),
			})
			conn, err := l.handshake()
			run(t, peer, conn, err, count)
		})
	}
}

// gnutls-serv follows, and gnutls-cli begins. OpenSSL and the library do not renegotiate DTLS with each other: in 3.6 the
// C programs fail just as this package does.
func TestDatagramRenegotiationWithGnuTLS(t *testing.T) {
	t.Parallel()
	t.Run("gnutls-serv", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		options.Datagram, options.Size = true, 3000
		peer := w.server(peers.GnuTLS, options)
		config, count := w.renegotiable()
		conn, err := w.dialDTLS(peer.Addr, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		for i := range int32(2) {
			if err := conn.Renegotiate(); err != nil {
				t.Fatal(peer.Explain(err))
			}
			checkHandshakes(t, count, i+2)
		}
		exchange(t, peer, conn)
	})
	t.Run("gnutls-cli", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config, count := w.renegotiable(testpki.Leaf{})
		l := w.listenDTLS(config)
		peer := w.client(peers.GnuTLS, l.addr(), peers.Options{CA: w.caFile, Datagram: true, Size: 3000, Args: []string{"--rehandshake"}})
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		// What this end sent meanwhile, the program would drop.
		if _, err := peer.Stdin.Write(datagramLine); err != nil {
			t.Fatal(peer.Explain(err))
		}
		if err := arrives(conn, datagramLine); err != nil {
			t.Fatal(peer.Explain(err))
		}
		checkHandshakes(t, count, 2)
		exchange(t, peer, conn)
	})
}

// A renegotiation changes the peer's connection ID, or ends the use of both.
func TestRenegotiationChangesConnectionIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want []byte // theirs, afterwards; nil: there are none
	}{
		{"another", []string{"cid_val_renego=cafe"}, []byte{0xca, 0xfe}},
		{"none", []string{"cid_renego=0"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			options := peers.Options{Size: 3000, Args: append([]string{"cid=1", "cid_val=beef", "renegotiation=1", "renegotiate=1"}, c.args...)}
			set := func(config *mbedtls.Config) {
				config.AllowRenegotiation = true
				config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
			}
			both(t, options, set, func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, _ *badlink.Proxy) {
				before := conn.ConnectionState()
				if diff := cmp.Diff([]byte{0xbe, 0xef}, before.PeerConnectionID); diff != "" || len(before.OwnConnectionID) != 4 {
					t.Errorf("before: own ID %x; the peer's (-want +got):\n%s", before.OwnConnectionID, diff)
				}
				exchange(t, peer, conn)
				after := conn.ConnectionState()
				if diff := cmp.Diff(c.want, after.PeerConnectionID); diff != "" || (after.OwnConnectionID == nil) != (c.want == nil) {
					t.Errorf("afterwards: own ID %x; the peer's (-want +got):\n%s", after.OwnConnectionID, diff)
				}
			})
		})
	}
}

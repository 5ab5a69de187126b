package interop_test

import (
	"bytes"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// datagramLine is line for DTLS.
var datagramLine = append(bytes.Repeat([]byte("x"), 199), '\n')

// datagramResumptions are the resumptions of TLS 1.2, which DTLS has as well.
var datagramResumptions = func() (all []resumption) {
	for _, r := range resumptions {
		if r.version == mbedtls.VersionTLS12 {
			r.version = mbedtls.VersionDTLS12
			all = append(all, r)
		}
	}
	return all
}()

func TestDTLSClientResumesWithForeignServers(t *testing.T) { clientResumes(t, datagramResumptions) }

func TestDTLSServerResumesSSLClient2(t *testing.T) { serverResumesSSLClient2(t, datagramResumptions) }

func TestDTLSServerResumesOpenSSLClient(t *testing.T) {
	serverResumesOpenSSLClient(t, datagramResumptions)
}

// gnutls-cli --resume hangs up, and comes again.
func TestDTLSServerResumesGnuTLSClient(t *testing.T) {
	t.Parallel()
	for _, r := range datagramResumptions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			l := r.listener(w)
			peer := w.client(peers.GnuTLS, l.addr(), peers.Options{CA: w.caFile, Datagram: true, Size: 1000, Args: []string{"--resume"}})
			for i := range 2 {
				conn := l.mustHandshake(peer)
				checkResumed(t, i, conn)
				if i == 0 {
					answerUntilEOF(t, peer, conn)
				} else {
					exchange(t, peer, conn)
				}
			}
			peerEnds(t, peer)
			if err := peer.Await(peer.Stderr, "This is a resumed session"); err != nil {
				t.Error(err)
			}
		})
	}
}

package interop_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// datagramLine is what is sent each way at once; no program splits it.
var datagramLine = append(bytes.Repeat([]byte("x"), 199), '\n')

// datagramResumptions are those of resumptions that DTLS 1.2 has.
var datagramResumptions = slices.DeleteFunc(slices.Clone(resumptions), func(r resumption) bool {
	return r.version != mbedtls.VersionTLS12
})

// exchangeLine moves a line each way.
func exchangeLine(t *testing.T, p peers.Program, peer *peers.Peer, conn *mbedtls.Conn) {
	t.Helper()
	_, err := conn.Write(datagramLine)
	if err == nil && p.Name == peers.OpenSSL.Name {
		_, err = peer.Stdin.Write(datagramLine)
	}
	if err == nil {
		_, err = conn.Read(make([]byte, len(datagramLine)))
	}
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
}

func TestDatagramClientResumesWithForeignServers(t *testing.T) {
	t.Parallel()
	for _, r := range datagramResumptions {
		for _, p := range peers.Programs {
			if p.Name == peers.GnuTLS.Name && r.openssl != nil {
				continue // it takes both tickets and ids, and prefers tickets
			}
			t.Run(r.name+"/"+p.ServerProgram, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := w.options(testpki.Leaf{})
				options.Datagram, options.Payload, options.Size = true, len(datagramLine), len(datagramLine)
				switch p.Name {
				case peers.OpenSSL.Name:
					options.Args = r.openssl
				case peers.MbedTLS.Name:
					options.Args = r.server
				}
				peer := w.server(p, options)
				config := w.config()
				config.ClientSessionCache = mbedtls.NewLRUClientSessionCache(0)
				for i := range 3 {
					conn, err := w.dialDTLS(peer.Addr, config)
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					if got := conn.ConnectionState().DidResume; got != (i > 0) {
						t.Errorf("connection %d: resumed %t", i, got)
					}
					if n := len(conn.ConnectionState().PeerCertificates); n == 0 {
						t.Errorf("connection %d: no certificate of the server", i)
					}
					exchangeLine(t, p, peer, conn)
					if err := conn.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

func TestDatagramServerResumesSSLClient2(t *testing.T) {
	t.Parallel()
	for _, r := range datagramResumptions {
		for mode, name := range []string{"copied", "serialized"} {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				r.ours(t, config)
				l := w.listenDTLS(config)
				peer := w.client(peers.MbedTLS, l.addr(), peers.Options{
					CA: w.caFile, Datagram: true, Payload: len(datagramLine), Size: len(datagramLine),
					Args: append([]string{"reconnect=1", fmt.Sprintf("reco_mode=%d", mode)}, r.client...),
				})
				for i := range 2 {
					conn, err := l.handshake()
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					if got := conn.ConnectionState().DidResume; got != (i > 0) {
						t.Errorf("connection %d: resumed %t", i, got)
					}
					answerUntilEOF(t, peer, conn)
				}
				if err := peer.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// answerUntilEOF answers each datagram with itself, and returns how many there were.
func answerUntilEOF(t *testing.T, far farEnd, conn *mbedtls.Conn) (n int) {
	t.Helper()
	defer conn.Close()
	for buffer := make([]byte, 1<<14); ; n++ {
		length, err := conn.Read(buffer)
		if err == io.EOF {
			return n
		}
		if err == nil {
			_, err = conn.Write(buffer[:length])
		}
		if err != nil {
			t.Fatal(far.Explain(err))
		}
	}
}

func TestDatagramServerResumesOpenSSLClient(t *testing.T) {
	t.Parallel()
	for _, r := range datagramResumptions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			r.ours(t, config)
			l := w.listenDTLS(config)
			file := filepath.Join(w.dir, "session.pem")
			for i, args := range [][]string{{"-sess_out", file}, {"-sess_in", file}} {
				peer := w.client(peers.OpenSSL, l.addr(), peers.Options{
					CA: w.caFile, Datagram: true, Size: 1000, Verbose: true, Args: append(args, r.openssl...),
				})
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				if got := conn.ConnectionState().DidResume; got != (i > 0) {
					t.Errorf("connection %d: resumed %t", i, got)
				}
				if err := peer.Await(peer.Stdout, []string{"New, TLS", "Reused, TLS"}[i]); err != nil {
					t.Error(err)
				}
				exchange(t, peer, conn)
				if err := peer.Wait(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// gnutls-cli --resume hangs up, and comes again.
func TestDatagramServerResumesGnuTLSClient(t *testing.T) {
	t.Parallel()
	for _, r := range datagramResumptions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			r.ours(t, config)
			l := w.listenDTLS(config)
			peer := w.client(peers.GnuTLS, l.addr(), peers.Options{CA: w.caFile, Datagram: true, Size: 1000, Args: []string{"--resume"}})
			first, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			answerUntilEOF(t, peer, first)
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if !conn.ConnectionState().DidResume {
				t.Error("not resumed")
			}
			exchange(t, peer, conn)
			if err := peer.Wait(); err != nil {
				t.Error(err)
			}
			if err := peer.Await(peer.Stderr, "This is a resumed session"); err != nil {
				t.Error(err)
			}
		})
	}
}

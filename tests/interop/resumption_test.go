package interop_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// line is what is sent each way: as much as the C programs are told to expect.
var line = append(bytes.Repeat([]byte("x"), 8191), '\n')

// resumption is a way to resume a session, with what foreign programs need to be told for it.
type resumption struct {
	name            string
	version         uint16
	openssl, server []string // s_server, ssl_server2
	client          []string // ssl_client2
	ours            func(t *testing.T, server *mbedtls.Config)
}

var resumptions = []resumption{
	{"ticket, TLS 1.2", tls.VersionTLS12, nil, []string{"cache_max=0"}, []string{"tickets=1"}, withTicketKeys},
	{"ticket, TLS 1.3", tls.VersionTLS13, nil, nil, []string{"new_session_tickets=1"}, withTicketKeys},
	{"id, TLS 1.2", tls.VersionTLS12, []string{"-no_ticket"}, []string{"tickets=0"}, []string{"tickets=0"}, withSessionCache},
}

// line is what is sent each way at once. No program splits that of a datagram.
func (r resumption) line() []byte {
	if r.version == mbedtls.VersionDTLS12 {
		return datagramLine
	}
	return line
}

// options are for a peer that exchanges as many bytes.
func (r resumption) options(size int) peers.Options {
	return peers.Options{Version: r.version, Datagram: r.version == mbedtls.VersionDTLS12, Size: size, Payload: len(datagramLine)}
}

func withTicketKeys(t *testing.T, c *mbedtls.Config) {
	t.Helper()
	keys, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	c.TicketKeys = keys
}

func withSessionCache(t *testing.T, c *mbedtls.Config) {
	t.Helper()
	cache, err := mbedtls.NewSessionCache(10, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	c.ServerSessionCache = cache
}

func TestClientResumesWithForeignServers(t *testing.T) { clientResumes(t, resumptions) }

func clientResumes(t *testing.T, resumptions []resumption) {
	t.Parallel()
	for _, r := range resumptions {
		for _, p := range peers.Programs {
			if p.Name == peers.GnuTLS.Name && r.version != tls.VersionTLS13 && r.openssl != nil {
				continue // it takes both tickets and ids, and prefers tickets
			}
			t.Run(r.name+"/"+p.ServerProgram, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := r.options(len(r.line()))
				cert := w.options(testpki.Leaf{})
				options.Cert, options.Key = cert.Cert, cert.Key
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
					conn := w.mustDial(peer, network(r.version), peer.Addr, config)
					checkResumed(t, i, conn)
					if n := len(conn.ConnectionState().PeerCertificates); n == 0 {
						t.Errorf("connection %d: no certificate of the server", i)
					}
					talk(t, p, peer, conn, r.line())
				}
			})
		}
	}
}

// checkResumed expects the first connection not to be resumed, and the others to be.
func checkResumed(t *testing.T, i int, conn *mbedtls.Conn) {
	t.Helper()
	if got := conn.ConnectionState().DidResume; got != (i > 0) {
		t.Errorf("connection %d: resumed %t", i, got)
	}
}

// exchangeLine moves a line each way.
func exchangeLine(t *testing.T, p peers.Program, peer *peers.Peer, conn *mbedtls.Conn, line []byte) {
	t.Helper()
	_, err := conn.Write(line)
	if err == nil && p.Name == peers.OpenSSL.Name {
		_, err = peer.Stdin.Write(line)
	}
	if err == nil && conn.ConnectionState().Version == mbedtls.VersionDTLS12 {
		_, err = next(conn) // whatever its length
	} else if err == nil {
		_, err = io.ReadFull(conn, make([]byte, len(line)))
	}
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
}

// talk is exchangeLine, and hangs up.
func talk(t *testing.T, p peers.Program, peer *peers.Peer, conn *mbedtls.Conn, line []byte) {
	t.Helper()
	exchangeLine(t, p, peer, conn, line)
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// listener is a server of ours that resumes.
func (r resumption) listener(w *world) *listener {
	w.t.Helper()
	config := w.config(testpki.Leaf{})
	r.ours(w.t, config)
	return w.listenNetwork(network(r.version), config)
}

func TestServerResumesSSLClient2(t *testing.T) { serverResumesSSLClient2(t, resumptions) }

func serverResumesSSLClient2(t *testing.T, resumptions []resumption) {
	t.Parallel()
	for _, r := range resumptions {
		for mode, name := range []string{"copied", "serialized"} {
			t.Run(r.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				l := r.listener(w)
				options := r.options(len(r.line()))
				options.CA, options.Args = w.caFile, append([]string{"reconnect=1", fmt.Sprintf("reco_mode=%d", mode)}, r.client...)
				peer := w.client(peers.MbedTLS, l.addr(), options)
				for i := range 2 {
					conn := l.mustHandshake(peer)
					checkResumed(t, i, conn)
					answerUntilEOF(t, peer, conn)
				}
				peerEnds(t, peer)
			})
		}
	}
}

// answer reads once, and sends that back.
func answer(conn *mbedtls.Conn) error {
	request, err := next(conn)
	if err == nil {
		_, err = conn.Write(request)
	}
	return err
}

// answerUntilEOF answers until the peer hangs up, and returns how often.
func answerUntilEOF(t *testing.T, far farEnd, conn *mbedtls.Conn) (n int) {
	t.Helper()
	defer conn.Close()
	for ; ; n++ {
		err := answer(conn)
		if err == io.EOF {
			return n
		}
		if err != nil {
			t.Fatal(far.Explain(err))
		}
	}
}

func TestServerResumesOpenSSLClient(t *testing.T) { serverResumesOpenSSLClient(t, resumptions) }

func serverResumesOpenSSLClient(t *testing.T, resumptions []resumption) {
	t.Parallel()
	for _, r := range resumptions {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			l := r.listener(w)
			file := filepath.Join(w.dir, "session.pem")
			for i, args := range [][]string{{"-sess_out", file}, {"-sess_in", file}} {
				options := r.options(1000)
				options.CA, options.Verbose, options.Args = w.caFile, true, append(args, r.openssl...)
				peer := w.client(peers.OpenSSL, l.addr(), options)
				conn := l.mustHandshake(peer)
				checkResumed(t, i, conn)
				if err := peer.Await(peer.Stdout, []string{"New, TLS", "Reused, TLS"}[i]); err != nil {
					t.Error(err)
				}
				exchange(t, peer, conn)
				peerEnds(t, peer)
			}
		})
	}
}

func TestResumptionWithCryptoTLS(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run("client/"+mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			server := w.cryptoConfig(version, w.ca.Issue(testpki.Leaf{}))
			config := w.config()
			config.ClientSessionCache = mbedtls.NewLRUClientSessionCache(0)
			for i := range 3 {
				addr, result := w.cryptoServer(server)
				conn, err := w.dial(addr, config)
				if err != nil {
					t.Fatal(err)
				}
				far := <-result
				if far.err != nil {
					t.Fatal(far.err)
				}
				for _, got := range []bool{conn.ConnectionState().DidResume, far.conn.ConnectionState().DidResume} {
					if got != (i > 0) {
						t.Errorf("connection %d: resumed %t", i, got)
					}
				}
				if _, err := peers.Exchange(conn, far.conn, 1000); err != nil {
					t.Fatal(err)
				}
				conn.Close()
			}
		})
		t.Run("server/"+mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			withTicketKeys(t, config)
			l := w.listen(config)
			client := w.cryptoConfig(version)
			client.ClientSessionCache = tls.NewLRUClientSessionCache(0)
			for i := range 3 {
				done := make(chan error, 1)
				go func() {
					conn, err := l.handshake()
					if err == nil && conn.ConnectionState().DidResume != (i > 0) {
						err = errors.New("resumed, or not, at the wrong time")
					}
					if err == nil {
						_, err = io.CopyN(conn, conn, 1000)
					}
					done <- err
				}()
				conn, err := tls.Dial("tcp", l.addr(), client)
				if err != nil {
					t.Fatal(err)
				}
				_, err = conn.Write(line[:1000])
				if err == nil {
					_, err = io.ReadFull(conn, make([]byte, 1000))
				}
				if err := errors.Join(err, <-done); err != nil {
					t.Fatal(err)
				}
				if got := conn.ConnectionState().DidResume; got != (i > 0) {
					t.Errorf("connection %d: resumed %t", i, got)
				}
				conn.Close()
			}
		})
	}
}

func TestEarlyDataWithForeignServers(t *testing.T) {
	t.Parallel()
	const request = "this is early\n"
	for _, c := range []struct {
		program peers.Program
		args    []string
		shows   string // by the server, of what it took; "" if it takes none
	}{
		{peers.OpenSSL, []string{"-early_data", "-max_early_data", "1000", "-no_anti_replay"}, request},
		{peers.OpenSSL, nil, ""},
		{peers.MbedTLS, []string{"early_data=1", "max_early_data_size=1000", "tickets=2"}, request},
		{peers.MbedTLS, []string{"tickets=2"}, ""},
	} {
		t.Run(fmt.Sprintf("%s/takes it %t", c.program.ServerProgram, c.shows != ""), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := w.options(testpki.Leaf{})
			options.Version, options.Args, options.Size = tls.VersionTLS13, c.args, 8192
			peer := w.server(c.program, options)
			config := w.config()
			config.ClientSessionCache = mbedtls.NewLRUClientSessionCache(0)
			first, err := w.dial(peer.Addr, config)
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			talk(t, c.program, peer, first, line)

			conn := mbedtls.Client(w.tcp(peer.Addr), config)
			w.bound(conn)
			n, err := conn.WriteEarlyData([]byte(request))
			if c.shows == "" {
				if !errors.Is(err, mbedtls.ErrSSLCannotWriteEarlyData) || n != 0 {
					t.Errorf("%d bytes were sent to a server that takes none: %v", n, err)
				}
			} else if n != len(request) || err != nil {
				t.Fatal(peer.Explain(fmt.Errorf("%d bytes were sent: %w", n, err)))
			}
			if err := conn.Handshake(); err != nil {
				t.Fatal(peer.Explain(err))
			}
			want := map[bool]mbedtls.EarlyDataStatus{true: mbedtls.EarlyDataAccepted}[c.shows != ""]
			if got := conn.ConnectionState().EarlyData; got != want {
				t.Errorf("early data: %v, want %v", got, want)
			}
			if c.shows != "" {
				if err := peer.Await(peer.Stdout, c.shows); err != nil {
					t.Error(err)
				}
			}
			talk(t, c.program, peer, conn, line)
		})
	}
}

func TestEarlyDataFromForeignClients(t *testing.T) {
	t.Parallel()
	t.Run("openssl s_client", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		withTicketKeys(t, config)
		config.MaxEarlyData = 5000
		l := w.listen(config)
		session, request := filepath.Join(w.dir, "session.pem"), w.file("early", line[:3000])
		for i, args := range [][]string{{"-sess_out", session}, {"-sess_in", session, "-early_data", request}} {
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS13, Size: 1000, Verbose: true, Args: args})
			conn := l.accept()
			early, err := io.ReadAll(io.LimitReader(readerFunc(conn.ReadEarlyData), 1<<20))
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if want := [][]byte{nil, line[:3000]}[i]; !bytes.Equal(early, want) {
				t.Errorf("connection %d: %d bytes of early data, want %d", i, len(early), len(want))
			}
			exchange(t, peer, conn)
			if err := peer.Wait(); err != nil {
				t.Error(err)
			}
			if want := []string{"Max Early Data: 5000", "Early data was accepted"}[i]; !strings.Contains(peer.Stdout.String(), want) {
				t.Error(peer.Explain(fmt.Errorf("the output lacks %q", want)))
			}
		}
	})
	for _, takes := range []bool{true, false} {
		t.Run(fmt.Sprintf("ssl_client2/taken %t", takes), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			withTicketKeys(t, config)
			config.MaxEarlyData = 10_000
			l := w.listen(config)
			refuses := config.Clone()
			refuses.MaxEarlyData = 0
			t.Cleanup(func() { refuses.Close() })
			peer := w.client(peers.MbedTLS, l.addr(), peers.Options{
				CA: w.caFile, Version: tls.VersionTLS13, Size: 8192,
				Args: []string{"reconnect=1", "new_session_tickets=1", "early_data=1"},
			})
			for i := range 2 {
				conn := l.accept()
				if i == 1 && !takes {
					conn = mbedtls.Server(conn.NetConn(), refuses)
				}
				early, err := io.ReadAll(io.LimitReader(readerFunc(conn.ReadEarlyData), 1<<20))
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				if got := len(early) > 0; got != (i == 1 && takes) {
					t.Errorf("connection %d: %d bytes of early data", i, len(early))
				}
				if got := conn.ConnectionState().DidResume; got != (i > 0) {
					t.Errorf("connection %d: resumed %t", i, got)
				}
				_, err = io.ReadFull(conn, make([]byte, len(line)))
				if err == nil {
					_, err = conn.Write(line)
				}
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				conn.Close()
			}
			if err := peer.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// tcp connects without TLS.
func (w *world) tcp(addr string) net.Conn {
	w.t.Helper()
	var d net.Dialer
	c, err := d.DialContext(w.ctx, "tcp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

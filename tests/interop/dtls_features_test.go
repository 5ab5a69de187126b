package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// ssl_client2 with reconnect_hard loses all it knows, and comes again from the same port: that is a new connection, in
// place of the old.
func TestServerTakesASSLClient2ThatComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	l := w.listenDTLS(w.config(testpki.Leaf{}))
	peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Datagram: true, Size: 1000, Payload: 1000, Args: []string{"reconnect_hard=1"}})
	first, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	buffer := make([]byte, 2000)
	n, err := first.Read(buffer)
	if err == nil {
		_, err = first.Write(buffer[:n])
	}
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	second, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if _, err := first.Read(buffer); !errors.Is(err, mbedtls.ErrSSLClientReconnect) {
		t.Errorf("the old connection's Read returns %v", err)
	}
	if first.RemoteAddr().String() != second.RemoteAddr().String() {
		t.Errorf("from %s, and then from %s", first.RemoteAddr(), second.RemoteAddr())
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	if n := answerUntilEOF(t, peer, second); n != 1 {
		t.Errorf("%d requests came over the new connection", n)
	}
	if err := peer.Wait(); err != nil {
		t.Error(err)
	}
	if st := l.stats(); st.Accepted != 2 || st.Reconnects != 1 || st.Conns != 0 {
		t.Errorf("%+v", st)
	}
}

// With a connection ID, what comes from the port need not be the client of the old connection, which lives on.
func TestConnectionWithAnIDOutlivesAnotherFromItsPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
	l := w.listenDTLS(config)
	peer := w.client(peers.MbedTLS, l.addr(), peers.Options{
		CA: w.caFile, Datagram: true, Size: 1000, Payload: 1000, Args: []string{"reconnect_hard=1", "cid=1", "cid_val=be"},
	})
	first, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	buffer := make([]byte, 2000)
	n, err := first.Read(buffer)
	if err == nil {
		_, err = first.Write(buffer[:n])
	}
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	second, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if bytes.Equal(first.ConnectionState().OwnConnectionID, second.ConnectionState().OwnConnectionID) {
		t.Error("both have the same ID")
	}
	if _, err := first.Write([]byte("still here")); err != nil { // it is nothing to the program
		t.Errorf("the old connection's Write returns %v", err)
	}
	if n := answerUntilEOF(t, peer, second); n != 1 {
		t.Errorf("%d requests came over the new connection", n)
	}
	if err := peer.Wait(); err != nil {
		t.Error(err)
	}
	if st := l.stats(); st.Accepted != 2 || st.Conns != 1 {
		t.Errorf("%+v", st)
	}
}

// A renegotiation has ended the use of IDs: then the client that comes again takes the old connection's place.
func TestConnectionWithoutItsIDIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.AllowRenegotiation = true
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
	l := w.listenDTLS(config)
	peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Datagram: true, Size: 1000, Payload: 1000,
		Args: []string{"reconnect_hard=1", "cid=1", "cid_val=be", "cid_renego=0", "renegotiation=1", "renegotiate=1"}})
	first, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	buffer := make([]byte, 2000)
	n, err := first.Read(buffer)
	if err == nil {
		_, err = first.Write(buffer[:n])
	}
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if st := first.ConnectionState(); st.OwnConnectionID != nil {
		t.Fatalf("the ID %x is in use", st.OwnConnectionID)
	}
	second, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if err := first.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Read(buffer); !errors.Is(err, mbedtls.ErrSSLClientReconnect) {
		t.Errorf("the old connection's Read returns %v", err)
	}
	answerUntilEOF(t, peer, second)
	if err := peer.Wait(); err != nil {
		t.Error(err)
	}
}

// forgetful is a connection that is left without a word, so that another may begin over the same socket.
type forgetful struct{ net.Conn }

func (forgetful) Close() error { return nil }

// silent says nothing.
type silent struct {
	forgetful
	quiet *atomic.Bool
}

func (s silent) Write(b []byte) (int, error) {
	if s.quiet.Load() {
		return len(b), nil
	}
	return s.forgetful.Write(b)
}

// Our client comes again from the same port.
func TestSSLServer2TakesOurClientThatComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	options := w.options(testpki.Leaf{})
	options.Datagram, options.Payload, options.Size = true, len(datagramLine), 2*len(datagramLine)
	peer := w.server(peers.MbedTLS, options)
	socket, err := net.Dial("udp", peer.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	config := w.config()
	for range 3 {
		quiet := new(atomic.Bool)
		conn := mbedtls.ClientDTLS(silent{forgetful{socket}, quiet}, config)
		w.bound(conn)
		if err := conn.HandshakeContext(w.ctx); err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchangeLine(t, peers.MbedTLS, peer, conn)
		quiet.Store(true)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Each record comes twice, both ways, and once in order: both ends take it once.
func TestDuplicatesAreTakenOnce(t *testing.T) {
	t.Parallel()
	both(t, peers.Options{Size: 20_000}, nil, func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, link *badlink.Proxy) {
		link.SetOptions(badlink.Options{Duplicate: 1})
		exchange(t, peer, conn)
		for _, dir := range []badlink.Direction{badlink.ToServer, badlink.ToClient} {
			if n := link.Counters(dir).Duplicated; n < 10 {
				t.Errorf("%d datagrams came twice %s", n, dir)
			}
		}
	})
}

// both runs a test with each of the C programs, over a link.
func both(t *testing.T, options peers.Options, set func(*mbedtls.Config), test func(*testing.T, *peers.Peer, *mbedtls.Conn, *badlink.Proxy)) {
	options.Datagram = true
	t.Run("ssl_server2", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		o, cert := options, w.options(testpki.Leaf{})
		o.Cert, o.Key = cert.Cert, cert.Key
		peer := w.server(peers.MbedTLS, o)
		link := w.link(peer.Addr, badlink.Options{})
		config := w.config()
		if set != nil {
			set(config)
		}
		conn, err := w.dialDTLS(link.Addr().String(), config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		test(t, peer, conn, link)
	})
	t.Run("ssl_client2", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config := w.config(testpki.Leaf{})
		if set != nil {
			set(config)
		}
		l := w.listenDTLS(config)
		link := w.link(l.addr(), badlink.Options{})
		o := options
		o.CA = w.caFile
		peer := w.client(peers.MbedTLS, link.Addr().String(), o)
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		test(t, peer, conn, link)
	})
}

// corruptEvery flips a bit of each n-th datagram with data.
func corruptEvery(n int) badlink.Options {
	var seen [2]int
	return badlink.Options{Filter: func(dir badlink.Direction, _ int, datagram []byte) badlink.Verdict {
		if datagram[0] != recordApplication {
			return badlink.Undecided
		}
		if seen[dir]++; seen[dir]%n != 0 {
			return badlink.Pass
		}
		datagram[len(datagram)-1] ^= 1
		return badlink.Pass
	}}
}

// A record that is not authentic is as good as lost: ssl_client2 asks again.
func TestBadMACsAreIgnored(t *testing.T) {
	t.Parallel()
	const exchanges = 10
	w := newWorld(t, testpki.P256)
	l := w.listenDTLS(w.config(testpki.Leaf{}))
	link := w.link(l.addr(), corruptEvery(3))
	peer := w.client(peers.MbedTLS, link.Addr().String(), peers.Options{
		CA: w.caFile, Datagram: true, Payload: 100, Size: 100 * exchanges, Args: []string{"read_timeout=50", "max_resend=20"},
	})
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if n := answerUntilEOF(t, peer, conn); n < exchanges {
		t.Errorf("%d requests were answered", n)
	}
	if err := peer.Wait(); err != nil {
		t.Error(err)
	}
}

func TestBadMACLimitBreaksAConnection(t *testing.T) {
	t.Parallel()
	const limit = 3
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.DTLS.BadMACLimit = limit
	l := w.listenDTLS(config)
	link := w.link(l.addr(), corruptEvery(1))
	peer := w.client(peers.MbedTLS, link.Addr().String(), peers.Options{
		CA: w.caFile, Datagram: true, Payload: 100, Size: 100, Args: []string{"read_timeout=50", "max_resend=20"},
	})
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	if _, err := conn.Read(make([]byte, 100)); !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
		t.Errorf("Read returns %v", err)
	}
	if err := peer.Wait(); err == nil {
		t.Error("the program does not notice")
	}
}

// Unlike over a stream, the library's server fragments its certificate.
func TestDatagramsKeepToTheFragmentLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int{512, 1024} {
		check := func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, _ *badlink.Proxy) {
			st := conn.ConnectionState()
			if st.MaxInPayload != length || st.MaxOutPayload != length {
				t.Errorf("records of at most %d in and %d out, want %d", st.MaxInPayload, st.MaxOutPayload, length)
			}
			var tooLong *mbedtls.PayloadError
			if _, err := conn.Write(make([]byte, length+1)); !errors.As(err, &tooLong) || tooLong.Max != length {
				t.Errorf("Write of %d bytes returns %v", length+1, err)
			}
			exchange(t, peer, conn)
		}
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			t.Run("ssl_server2", func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.RSA2048)
				options := w.options(testpki.Leaf{Algorithm: testpki.RSA2048})
				options.Datagram, options.Payload, options.Size = true, length, 10*length
				peer := w.server(peers.MbedTLS, options)
				config := w.config()
				config.MaxFragmentLength = length
				conn, err := w.dialDTLS(peer.Addr, config)
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				check(t, peer, conn, nil)
			})
			for program, arg := range map[*peers.Program]string{&peers.MbedTLS: "max_frag_len=%d", &peers.OpenSSL: "-maxfraglen=%d"} {
				t.Run(program.ClientProgram, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.RSA2048)
					l := w.listenDTLS(w.config(testpki.Leaf{Algorithm: testpki.RSA2048}))
					peer := w.client(*program, l.addr(), peers.Options{
						CA: w.caFile, Datagram: true, Payload: length, Size: 10 * length, Args: []string{fmt.Sprintf(arg, length)},
					})
					conn, err := l.handshake()
					if err != nil {
						t.Fatal(peer.Explain(err))
					}
					check(t, peer, conn, nil)
				})
			}
		})
	}
}

// With serialize, a C program saves its connection and loads it after each exchange, and talks on.
func TestConnectionOutlivesItsSerializationByThePeer(t *testing.T) {
	t.Parallel()
	for mode, name := range map[int]string{1: "reset", 2: "new context"} {
		for _, cid := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, connection ID %t", name, cid), func(t *testing.T) {
				t.Parallel()
				options := peers.Options{Size: 4000, Args: []string{fmt.Sprintf("serialize=%d", mode)}}
				set := func(*mbedtls.Config) {}
				if cid {
					options.Args = append(options.Args, "cid=1", "cid_val=beef")
					set = func(c *mbedtls.Config) { c.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4} }
				}
				both(t, options, set, func(t *testing.T, peer *peers.Peer, conn *mbedtls.Conn, _ *badlink.Proxy) {
					exchange(t, peer, conn)
					if !bytes.Contains(peer.Stdout.Bytes(), []byte("Deserializing connection... ok")) {
						t.Error(peer.Explain(errors.New("it has not been saved and loaded")))
					}
				})
			})
		}
	}
}

// A peer that hangs up as soon as it can is an orderly end, on either side.
func TestDatagramPeersHangUpEarly(t *testing.T) {
	t.Parallel()
	for _, p := range datagramPeers() {
		t.Run("theirs/"+p.name, func(t *testing.T) {
			t.Parallel()
			if p.name == peers.MbedTLS.Name {
				t.Skip("ssl_client2 waits for an answer")
			}
			w := newWorld(t, testpki.P256)
			l := w.listenDTLS(w.config(testpki.Leaf{}))
			far := p.client(w, l.addr(), datagramOptions{Options: peers.Options{CA: w.caFile, Size: 1}})
			if end, ok := far.(*pionEnd); ok {
				go func() {
					if conn, err := end.connected(); err == nil {
						conn.Close()
					}
				}()
			} else if err := far.HangUp(nil); err != nil { // before it is connected
				t.Fatal(err)
			}
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(far.Explain(err))
			}
			if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("Read returns %d, %v", n, err)
			}
			peerEnds(t, far)
		})
		t.Run("ours/"+p.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			l := w.listenDTLS(w.config(testpki.Leaf{}))
			far := p.client(w, l.addr(), datagramOptions{Options: peers.Options{CA: w.caFile, Size: 1}})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(far.Explain(err))
			}
			end, isPion := far.(*pionEnd)
			if isPion { // in its handshake, it would take the end for a failure
				if _, err := end.connected(); err != nil {
					t.Fatal(err)
				}
			}
			if err := conn.Close(); err != nil {
				t.Error(err)
			}
			if isPion {
				if _, err := end.conn.Read(make([]byte, 1)); err != io.EOF {
					t.Errorf("pion reads %v", err)
				}
			}
			peerEnds(t, far)
		})
	}
}

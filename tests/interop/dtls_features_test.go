package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// comesAgain has an exchange with an ssl_client2 that then loses all it knows, and comes again from the same port.
func comesAgain(w *world, set func(*mbedtls.Config), args ...string) (l *listener, peer *peers.Peer, first *mbedtls.Conn) {
	w.t.Helper()
	config := w.config(testpki.Leaf{})
	set(config)
	l = w.listenDTLS(config)
	peer = w.client(peers.MbedTLS, l.addr(), peers.Options{
		CA: w.caFile, Datagram: true, Size: 1000, Payload: 1000, Args: append(args, "reconnect_hard=1"),
	})
	first = l.mustHandshake(peer)
	if err := answer(first); err != nil {
		w.t.Fatal(peer.Explain(err))
	}
	return l, peer, first
}

// That is a new connection, in place of the old.
func TestDTLSServerTakesASSLClient2ThatComesAgain(t *testing.T) {
	t.Parallel()
	l, peer, first := comesAgain(newWorld(t, testpki.P256), func(*mbedtls.Config) {})
	second := l.mustHandshake(peer)
	if _, err := next(first); !errors.Is(err, mbedtls.ErrSSLClientReconnect) {
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
	peerEnds(t, peer)
	if st := l.stats(); st.Accepted != 2 || st.Reconnects != 1 || st.Conns != 0 {
		t.Errorf("%+v", st)
	}
}

// With a connection ID, what comes from the port need not be the client of the old connection, which lives on.
func TestDTLSConnectionWithAnIDOutlivesAnotherFromItsPort(t *testing.T) {
	t.Parallel()
	set := func(c *mbedtls.Config) { c.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4} }
	l, peer, first := comesAgain(newWorld(t, testpki.P256), set, "cid=1", "cid_val=be")
	second := l.mustHandshake(peer)
	if bytes.Equal(first.ConnectionState().OwnConnectionID, second.ConnectionState().OwnConnectionID) {
		t.Error("both have the same ID")
	}
	if _, err := first.Write([]byte("still here")); err != nil { // it is nothing to the program
		t.Errorf("the old connection's Write returns %v", err)
	}
	if n := answerUntilEOF(t, peer, second); n != 1 {
		t.Errorf("%d requests came over the new connection", n)
	}
	peerEnds(t, peer)
	if st := l.stats(); st.Accepted != 2 || st.Conns != 1 {
		t.Errorf("%+v", st)
	}
}

// A renegotiation has ended the use of IDs: then the client that comes again takes the old connection's place.
func TestDTLSConnectionWithoutItsIDIsReplaced(t *testing.T) {
	t.Parallel()
	set := func(c *mbedtls.Config) {
		c.AllowRenegotiation, c.DTLS.ConnectionID = true, &mbedtls.ConnectionID{Length: 4}
	}
	l, peer, first := comesAgain(newWorld(t, testpki.P256), set, "cid=1", "cid_val=be", "cid_renego=0", "renegotiation=1", "renegotiate=1")
	if st := first.ConnectionState(); st.OwnConnectionID != nil {
		t.Fatalf("the ID %x is in use", st.OwnConnectionID)
	}
	second := l.mustHandshake(peer)
	if _, err := next(first); !errors.Is(err, mbedtls.ErrSSLClientReconnect) {
		t.Errorf("the old connection's Read returns %v", err)
	}
	answerUntilEOF(t, peer, second)
	peerEnds(t, peer)
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
func TestDTLSSSLServer2TakesOurClientThatComesAgain(t *testing.T) {
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
		exchangeLine(t, peers.MbedTLS, peer, conn, datagramLine)
		quiet.Store(true)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Each record comes twice, both ways, and once in order: both ends take it once.
func TestDTLSDuplicatesAreTakenOnce(t *testing.T) {
	t.Parallel()
	both(t, peers.Options{Size: 20_000}, nil, func(t *testing.T, m meeting) {
		m.link.SetOptions(badlink.Options{Duplicate: 1})
		exchange(t, m.far, m.conn)
		for _, dir := range []badlink.Direction{badlink.ToServer, badlink.ToClient} {
			if n := m.link.Counters(dir).Duplicated; n < 10 {
				t.Errorf("%d datagrams came twice %s", n, dir)
			}
		}
	})
}

// both runs a test with each of the C programs.
func both(t *testing.T, o peers.Options, set func(*mbedtls.Config), test func(*testing.T, meeting)) {
	p := datagramProgram(peers.MbedTLS)
	for role, server := range roles {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			options := datagramOptions{Options: o}
			config := p.trusted(w, server, &options)
			if set != nil {
				set(config)
			}
			test(t, p.meet(w, server, config, options, badlink.Options{}))
		})
	}
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

// corrupting connects an ssl_client2 that asks again and again, over a link with corruptEvery.
func corrupting(t *testing.T, every, requests, limit int) meeting {
	t.Helper()
	w, p := newWorld(t, testpki.P256), datagramProgram(peers.MbedTLS)
	options := datagramOptions{Options: peers.Options{Payload: 100, Size: 100 * requests, Args: []string{"read_timeout=50", "max_resend=20"}}}
	config := p.trusted(w, true, &options)
	config.DTLS.BadMACLimit = limit
	return p.meet(w, true, config, options, corruptEvery(every))
}

// A record that is not authentic is as good as lost: ssl_client2 asks again.
func TestDTLSBadMACsAreIgnored(t *testing.T) {
	t.Parallel()
	const exchanges = 10
	m := corrupting(t, 3, exchanges, 0)
	if n := answerUntilEOF(t, m.far, m.conn); n < exchanges {
		t.Errorf("%d requests were answered", n)
	}
	peerEnds(t, m.far)
}

func TestDTLSBadMACLimitBreaksAConnection(t *testing.T) {
	t.Parallel()
	m := corrupting(t, 1, 1, 3)
	if _, err := next(m.conn); !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
		t.Errorf("Read returns %v", err)
	}
	if err := m.far.(*peers.Peer).Wait(); err == nil {
		t.Error("the program does not notice")
	}
}

// Unlike over a stream, the library's server fragments its certificate.
func TestDTLSKeepsToTheFragmentLength(t *testing.T) {
	t.Parallel()
	for _, length := range []int{512, 1024} {
		for _, c := range []struct {
			program peers.Program
			server  bool
			arg     string
		}{{peers.MbedTLS, false, ""}, {peers.MbedTLS, true, "max_frag_len=%d"}, {peers.OpenSSL, true, "-maxfraglen=%d"}} {
			t.Run(fmt.Sprintf("%d/%s/server %t", length, c.program.Name, c.server), func(t *testing.T) {
				t.Parallel()
				w, p := newWorld(t, testpki.RSA2048), datagramProgram(c.program)
				options := datagramOptions{Options: peers.Options{Payload: length, Size: 10 * length}}
				var config *mbedtls.Config
				if leaf := (testpki.Leaf{Algorithm: testpki.RSA2048}); c.server {
					config, options.CA, options.Args = w.config(leaf), w.caFile, []string{fmt.Sprintf(c.arg, length)}
				} else {
					config = w.config()
					config.MaxFragmentLength = length
					p.certify(w, &options, w.ca.Issue(leaf))
				}
				m := p.meet(w, c.server, config, options, badlink.Options{})
				st := m.conn.ConnectionState()
				if st.MaxInPayload != length || st.MaxOutPayload != length {
					t.Errorf("records of at most %d in and %d out, want %d", st.MaxInPayload, st.MaxOutPayload, length)
				}
				var tooLong *mbedtls.PayloadError
				if _, err := m.conn.Write(make([]byte, length+1)); !errors.As(err, &tooLong) || tooLong.Max != length {
					t.Errorf("Write of %d bytes returns %v", length+1, err)
				}
				exchange(t, m.far, m.conn)
			})
		}
	}
}

// With serialize, a C program saves its connection and loads it after each exchange, and talks on.
func TestDTLSConnectionOutlivesItsSerializationByThePeer(t *testing.T) {
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
				both(t, options, set, func(t *testing.T, m meeting) {
					exchange(t, m.far, m.conn)
					if !bytes.Contains(m.far.(*peers.Peer).Stdout.Bytes(), []byte("Deserializing connection... ok")) {
						t.Error(m.far.Explain(errors.New("it has not been saved and loaded")))
					}
				})
			})
		}
	}
}

// A peer that hangs up as soon as it can is an orderly end, on either side.
func TestDTLSEarlyEndIsOrderly(t *testing.T) {
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
			conn := l.mustHandshake(far)
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
			conn := l.mustHandshake(far)
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

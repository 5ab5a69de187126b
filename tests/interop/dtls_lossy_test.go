package interop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const (
	// impatience is after how long an end of DTLS sends its messages again: so short that a loss costs little.
	impatience = 50 * time.Millisecond

	// answerTime is how long a client of the tests waits before it asks again.
	answerTime = 100 * time.Millisecond
)

// lossyTimeout bounds tests with many handshakes.
var lossyTimeout = emulator.Patience(2 * time.Minute)

// newLossyWorld is a world with more time.
func newLossyWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, testpki.P256)
	ctx, cancel := context.WithTimeout(context.Background(), lossyTimeout)
	t.Cleanup(cancel)
	w.ctx = ctx
	return w
}

// datagrams is a config for either end of DTLS that does not wait long.
func (w *world) datagrams(leaves ...testpki.Leaf) *mbedtls.Config {
	w.t.Helper()
	c := w.config(leaves...)
	c.DTLS.HandshakeTimeoutMin = impatience
	return c
}

// echo is a server of ours that sends back what it gets.
type echo struct {
	*mbedtls.DTLSListener
	Stop func() // closes all connections, and waits

	completed atomic.Int64 // handshakes
	resumed   atomic.Int64

	mu     sync.Mutex
	conns  map[*mbedtls.Conn]bool
	errs   []error // of handshakes
	closed bool
}

func (w *world) echo(c *mbedtls.Config) *echo {
	w.t.Helper()
	l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", c)
	if err != nil {
		w.t.Fatal(err)
	}
	e := &echo{DTLSListener: l, conns: map[*mbedtls.Conn]bool{}}
	var all sync.WaitGroup
	e.Stop = sync.OnceFunc(func() {
		l.Close()
		e.mu.Lock()
		e.closed = true
		for c := range e.conns {
			c.Close()
		}
		e.mu.Unlock()
		all.Wait()
	})
	w.t.Cleanup(e.Stop)
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { e.serve(c.(*mbedtls.Conn)) })
		}
	})
	return e
}

func (e *echo) addr() string { return e.Addr().String() }

// keep is false when the server has stopped.
func (e *echo) keep(c *mbedtls.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.conns[c] = true
	}
	return !e.closed
}

func (e *echo) serve(c *mbedtls.Conn) {
	defer c.Close()
	if !e.keep(c) {
		return
	}
	if err := c.Handshake(); err != nil {
		e.mu.Lock()
		e.errs = append(e.errs, err)
		e.mu.Unlock()
		return
	}
	e.completed.Add(1)
	if c.ConnectionState().DidResume {
		e.resumed.Add(1)
	}
	buf := make([]byte, 2048)
	for {
		n, err := c.Read(buf)
		if err == nil {
			_, err = c.Write(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// handshakeErrors are those so far.
func (e *echo) handshakeErrors() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(e.errs...)
}

// ask sends a request until its answer comes, and returns how often it had to.
func ask(c net.Conn, request string) (sent int, err error) {
	return insist(c, []byte(request), []byte(request))
}

// insist sends a request until that answer comes; nil is any.
func insist(c net.Conn, request, answer []byte) (sent int, err error) {
	buf := make([]byte, 2048)
	for end := time.Now().Add(testTimeout); time.Now().Before(end); {
		if _, err := c.Write(request); err != nil {
			return sent, err
		}
		sent++
		if err := c.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
			return sent, err
		}
		for {
			n, err := c.Read(buf)
			if err == nil && (answer == nil || bytes.Equal(buf[:n], answer)) {
				return sent, c.SetReadDeadline(time.Time{})
			}
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return sent, err
			}
		}
	}
	return sent, fmt.Errorf("no answer to %q, sent %d times", request, sent)
}

// visit is one client that comes through a link of its own.
type visit struct {
	server  string
	config  *mbedtls.Config
	session *mbedtls.Session // to resume; nil: none
	options badlink.Options

	// foreign servers answer one request, with what they like: the link is good after the handshake, and the client leaves
	// without a word, which nobody would be there for.
	foreign bool
}

// attempt is what became of one client.
type attempt struct {
	took      time.Duration // the handshake
	asked     int           // how often the first request was sent
	datagrams int           // both ways, in the handshake
	up, down  int           // until the first answer
}

// come connects, and asks once.
func (w *world) come(v visit) (a attempt, err error) {
	link, err := badlink.Start(v.server, v.options)
	if err != nil {
		return a, err
	}
	defer link.Close()
	defer func() {
		a.up, a.down = link.Counters(badlink.ToServer).Received, link.Counters(badlink.ToClient).Received
	}()
	raw, err := net.Dial("udp", link.Addr().String())
	if err != nil {
		return a, err
	}
	conn := mbedtls.ClientDTLS(raw, v.config)
	defer conn.Close()
	if v.foreign {
		defer raw.Close() // before conn
	}
	if v.session != nil {
		if err := conn.SetSession(v.session); err != nil {
			return a, err
		}
	}
	ctx, cancel := context.WithTimeout(w.ctx, testTimeout)
	defer cancel()
	began := time.Now()
	err = conn.HandshakeContext(ctx)
	a.took = time.Since(began)
	up, down := link.Counters(badlink.ToServer), link.Counters(badlink.ToClient)
	a.datagrams = up.Received + down.Received
	if err != nil {
		return a, fmt.Errorf("handshake: %w; to the server: %+v; to the client: %+v", err, up, down)
	}
	if v.session != nil && !conn.ConnectionState().DidResume {
		return a, errors.New("the session was not resumed")
	}
	if v.foreign {
		link.SetOptions(badlink.Options{})
		a.asked, err = insist(conn, []byte("GET / HTTP/1.0\r\n\r\n"), nil)
		return a, err
	}
	a.asked, err = ask(conn, fmt.Sprintf("request %d", v.options.Seed))
	return a, err
}

// session is one of a server of ours, to resume.
func (w *world) session(server string, c *mbedtls.Config) *mbedtls.Session {
	w.t.Helper()
	conn, err := mbedtls.DialDTLSContext(w.ctx, "udp", server, c)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	s, err := conn.Session()
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// badWeather is the link of most tests here.
func badWeather(seed uint64) badlink.Options {
	return badlink.Options{Drop: 0.1, Reorder: 0.1, Duplicate: 0.05, Seed: seed}
}

// The promise: handshakes get through where one datagram in ten is lost, and others overtake each other or come twice.
func TestDTLSHandshakesGetThroughBadWeather(t *testing.T) {
	const together = 32
	for _, test := range []struct {
		name           string
		count          int
		mtu            int
		mutual, resume bool
	}{
		{name: "certificate", count: 600},
		{name: "certificates of both, small datagrams", count: 400, mtu: 300, mutual: true},
		{name: "resumed", count: 200, resume: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newLossyWorld(t)
			client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
			if test.mutual {
				client.Certificates = w.config(testpki.Leaf{}).Certificates
				server.ClientAuth = mbedtls.RequireAndVerifyClientCert
			}
			for _, c := range []*mbedtls.Config{client, server} {
				c.DTLS.MTU = test.mtu
			}
			withTicketKeys(t, server)
			e := w.echo(server)
			var session *mbedtls.Session
			want := int64(test.count)
			if test.resume {
				session = w.session(e.addr(), client)
				want++
			}
			attempts := make([]attempt, test.count)
			var clients errgroup.Group
			clients.SetLimit(together)
			began := time.Now()
			for i := range attempts {
				clients.Go(func() (err error) {
					attempts[i], err = w.come(visit{server: e.addr(), config: client, session: session, options: badWeather(uint64(i))})
					if err != nil {
						return fmt.Errorf("client %d: %w", i, err)
					}
					return nil
				})
			}
			if err := clients.Wait(); err != nil {
				t.Fatal(err, e.handshakeErrors())
			}
			took := time.Since(began)
			e.Stop()
			if err := e.handshakeErrors(); err != nil {
				t.Error(err)
			}
			if n := e.completed.Load(); n != want {
				t.Errorf("%d handshakes are complete at the server, of %d", n, want)
			}
			if n := e.resumed.Load(); test.resume && n != int64(test.count) {
				t.Errorf("%d of %d were resumed", n, test.count)
			}
			report(t, attempts, took)
		})
	}
}

// report logs what the weather cost.
func report(t *testing.T, attempts []attempt, took time.Duration) {
	t.Helper()
	slices.SortFunc(attempts, func(a, b attempt) int { return int(a.took - b.took) })
	least, datagrams, again, late := attempts[0].datagrams, 0, 0, 0
	for _, a := range attempts {
		least = min(least, a.datagrams)
		datagrams += a.datagrams
		again += a.asked - 1
		if a.took > impatience {
			late++
		}
	}
	n := len(attempts)
	t.Logf("%d handshakes in %v; each: median %v, 99th percentile %v, longest %v; %d longer than a retransmission timeout; "+
		"%.1f datagrams, at least %d; %d requests sent again",
		n, took.Round(time.Millisecond), attempts[n/2].took.Round(time.Millisecond), attempts[n*99/100].took.Round(time.Millisecond),
		attempts[n-1].took.Round(time.Millisecond), late, float64(datagrams)/float64(n), least, again)
}

// Who misses close_notify goes on as if nothing were, until the client comes again.
func TestDTLSLostCloseNotifyIsSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	l := w.listenDTLS(w.datagrams(testpki.Leaf{}))
	link := w.link(l.addr(), badlink.Options{})
	local, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c := w.datagrams()
	client, server := w.connectedOver(l, mbedtls.ConnectPacketConn(local, link.Addr()), c)
	mustPass(t, client, server, "hello")

	link.SetOptions(badlink.Options{Drop: 1})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := server.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read of one who has heard nothing: %v", err)
	}
	if _, err := server.Write([]byte("anybody there?")); err != nil {
		t.Errorf("Write of one who has heard nothing: %v", err)
	}
	if err := server.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}

	// The client begins anew from where it was: its old connection is over.
	link.SetOptions(badlink.Options{})
	again, err := net.ListenUDP("udp", local.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	client, second := w.connectedOver(l, mbedtls.ConnectPacketConn(again, link.Addr()), c)
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, mbedtls.ErrSSLClientReconnect) {
		t.Errorf("Read of the old connection: %v", err)
	}
	mustPass(t, client, second, "hello again")
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read after close_notify: %v", err)
	}
}

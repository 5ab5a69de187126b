package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// linkAddr is the address of one end of a link.
type linkAddr string

func (linkAddr) Network() string  { return "link" }
func (a linkAddr) String() string { return string(a) }

// linkEnd is one end of a connection over which datagrams go, in memory and by Go's clock, so that it may be used in a
// bubble of testing/synctest. What does not fit into the other's queue is lost.
type linkEnd struct {
	addr linkAddr
	peer *linkEnd
	in   chan []byte

	readDeadline, writeDeadline deadline
	closed                      chan struct{}
	closeOnce                   sync.Once
	reads, deadlines            atomic.Int64 // calls of Read and SetReadDeadline

	mu     sync.Mutex
	carry  carrier
	sent   []sentDatagram
	opened time.Time
}

// carrier says what becomes of the nth datagram that is sent: the datagrams that arrive, or the error of Write.
type carrier func(n int, datagram []byte) ([][]byte, error)

// sentDatagram is one that an end has sent, whatever became of it.
type sentDatagram struct {
	at   time.Duration // since the link was made
	data []byte
}

func newLink(t testing.TB) (a, b *linkEnd) {
	now := time.Now()
	for _, end := range []struct {
		to   **linkEnd
		addr linkAddr
	}{{&a, "client"}, {&b, "server"}} {
		*end.to = &linkEnd{addr: end.addr, in: make(chan []byte, 1024), closed: make(chan struct{}), opened: now}
	}
	a.peer, b.peer = b, a
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// dropAll is silence.
func dropAll(int, []byte) ([][]byte, error) { return nil, nil }

// through lets all arrive.
func through(_ int, d []byte) ([][]byte, error) { return [][]byte{d}, nil }

// duplicated lets each datagram arrive two times.
func duplicated(_ int, d []byte) ([][]byte, error) { return [][]byte{d, d}, nil }

// corrupted lets datagrams arrive with a bit changed.
func corrupted(_ int, d []byte) ([][]byte, error) {
	d[len(d)-1] ^= 1
	return [][]byte{d}, nil
}

// loseFirst drops the first n datagrams.
func loseFirst(n int) carrier {
	return func(i int, d []byte) ([][]byte, error) {
		if i < n {
			return nil, nil
		}
		return through(i, d)
	}
}

// setCarrier changes what becomes of what this end sends, whose numbers then begin at 0.
func (e *linkEnd) setCarrier(c carrier) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.sent)
	e.carry = func(i int, d []byte) ([][]byte, error) { return c(i-n, d) }
}

func (e *linkEnd) Write(p []byte) (int, error) {
	select {
	case <-e.closed:
		return 0, net.ErrClosed
	case <-e.writeDeadline.passed():
		return 0, os.ErrDeadlineExceeded
	default:
	}
	data := bytes.Clone(p)
	e.mu.Lock()
	n, carry := len(e.sent), e.carry
	e.sent = append(e.sent, sentDatagram{time.Since(e.opened), data})
	e.mu.Unlock()
	if carry == nil {
		carry = through
	}
	arrive, err := carry(n, data)
	if err != nil {
		return 0, err
	}
	for _, d := range arrive {
		e.peer.put(bytes.Clone(d))
	}
	return len(p), nil
}

// put gives this end a datagram.
func (e *linkEnd) put(d []byte) {
	select {
	case e.in <- d:
	default:
	}
}

func (e *linkEnd) Read(p []byte) (int, error) {
	e.reads.Add(1)
	passed := e.readDeadline.passed()
	select {
	case <-passed:
		return 0, os.ErrDeadlineExceeded
	case <-e.closed:
		return 0, net.ErrClosed
	default:
	}
	select {
	case d := <-e.in:
		return copy(p, d), nil
	case <-e.closed:
		return 0, net.ErrClosed
	case <-passed:
		return 0, os.ErrDeadlineExceeded
	}
}

func (e *linkEnd) Close() error {
	e.closeOnce.Do(func() {
		close(e.closed)
		e.readDeadline.set(time.Time{})
		e.writeDeadline.set(time.Time{})
	})
	return nil
}

func (e *linkEnd) LocalAddr() net.Addr  { return e.addr }
func (e *linkEnd) RemoteAddr() net.Addr { return e.peer.addr }

func (e *linkEnd) SetDeadline(t time.Time) error {
	if err := e.SetReadDeadline(t); err != nil {
		return err
	}
	return e.SetWriteDeadline(t)
}

func (e *linkEnd) SetReadDeadline(t time.Time) error {
	e.deadlines.Add(1)
	select {
	case <-e.closed:
		return net.ErrClosed
	default:
		e.readDeadline.set(t)
		return nil
	}
}

func (e *linkEnd) SetWriteDeadline(t time.Time) error {
	e.writeDeadline.set(t)
	return nil
}

// datagrams are those sent so far.
func (e *linkEnd) datagrams() []sentDatagram {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]sentDatagram(nil), e.sent...)
}

// flights are the datagrams sent so far, one after another by the time they were sent at.
func (e *linkEnd) flights() (at []time.Duration, flights [][][]byte) {
	for _, d := range e.datagrams() {
		if len(at) == 0 || at[len(at)-1] != d.at {
			at, flights = append(at, d.at), append(flights, nil)
		}
		flights[len(flights)-1] = append(flights[len(flights)-1], d.data)
	}
	return at, flights
}

// withoutNumbers are datagrams with all record sequence numbers 0.
func withoutNumbers(datagrams [][]byte) [][]byte {
	var out [][]byte
	for _, d := range datagrams {
		d = bytes.Clone(d)
		for rest := d; len(rest) >= recordHeaderLen; {
			clear(rest[5:11])
			rest = rest[min(len(rest), recordHeaderLen+int(rest[11])<<8+int(rest[12])):]
		}
		out = append(out, d)
	}
	return out
}

// bubble runs a test by a fake clock, which begins at 2000 and goes on when all wait.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	setUp(t) // certificates are of the true time
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_DTLS") {
		t.Skip("no DTLS")
	}
	synctest.Test(t, f)
}

// linked are both ends of a connection over a link, before the handshake.
func linked(t testing.TB, client, server *Config) (c, s *Conn, cl, sl *linkEnd) {
	t.Helper()
	cl, sl = newLink(t)
	c, s = ClientDTLS(cl, client), ServerDTLS(sl, server)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s, cl, sl
}

// connectedLink is linked after the handshake.
func connectedLink(t testing.TB, client, server *Config) (c, s *Conn, cl, sl *linkEnd) {
	t.Helper()
	c, s, cl, sl = linked(t, client, server)
	mustHandshake(t, c, s)
	return c, s, cl, sl
}

// reading reads records into a channel until an error ends it, which is the last result.
func reading(c *Conn) <-chan readResult {
	results := make(chan readResult, 1024)
	go func() {
		defer close(results)
		buf := make([]byte, cbridge.MaxRecord)
		for {
			n, err := c.Read(buf)
			results <- readResult{string(buf[:n]), err}
			if err != nil {
				return
			}
		}
	}()
	return results
}

type readResult struct {
	data string
	err  error
}

// echoing is echoRecords in the background.
func echoing(c *Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- echoRecords(c) }()
	return done
}

// inBackground runs a handshake.
func inBackground(c *Conn) <-chan error {
	done := make(chan error, 1)
	go func() { done <- c.HandshakeContext(context.Background()) }()
	return done
}

// exchangeWith writes data that a reading of the other end gets.
func exchangeWith(from *Conn, to <-chan readResult, data string) error {
	if _, err := from.Write([]byte(data)); err != nil {
		return err
	}
	if r := <-to; r.err != nil || r.data != data {
		return errors.Join(r.err, errors.New("read "+r.data))
	}
	return nil
}

// records reads until nothing comes any more, and then lets the next Read wait again.
func records(t testing.TB, c *Conn) (data []string) {
	t.Helper()
	buf := make([]byte, cbridge.MaxRecord)
	if err := c.SetReadDeadline(time.Now().Add(time.Second)); err != nil { // of a bubble
		t.Fatal(err)
	}
	for {
		n, err := c.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, string(buf[:n]))
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	return data
}

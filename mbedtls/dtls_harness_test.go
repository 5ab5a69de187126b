package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// listenDTLS is a listener on a loopback address, closed with the test.
func listenDTLS(t testing.TB, lc *DTLSListenConfig, server *Config) *DTLSListener {
	t.Helper()
	l, err := lc.Listen("udp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// accept is the next connection of l after its handshake, or the error of that.
func accept(l *DTLSListener) (*Conn, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	conn := c.(*Conn)
	if err := conn.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// connectedDTLS connects a client with a server's listener.
func connectedDTLS(t testing.TB, client, server *Config) (c, s *Conn) {
	t.Helper()
	return dialDTLS(t, listenDTLS(t, new(DTLSListenConfig), server), client)
}

// dialDTLS connects a client with l, which has no other clients at that time.
func dialDTLS(t testing.TB, l *DTLSListener, client *Config) (c, s *Conn) {
	t.Helper()
	return meet(t, l, func(ctx context.Context) (*Conn, error) {
		return DialDTLSContext(ctx, "udp", l.Addr().String(), client)
	})
}

// connectedOver is dialDTLS with a connection of the client's own.
func connectedOver(t testing.TB, l *DTLSListener, conn net.Conn, client *Config) (c, s *Conn) {
	t.Helper()
	return meet(t, l, func(ctx context.Context) (*Conn, error) {
		c := ClientDTLS(conn, client)
		t.Cleanup(func() { c.Close() })
		return c, c.HandshakeContext(ctx)
	})
}

// meet lets dial connect with l, which has no other clients at that time.
func meet(t testing.TB, l *DTLSListener, dial func(context.Context) (*Conn, error)) (c, s *Conn) {
	t.Helper()
	type result struct {
		conn *Conn
		err  error
	}
	accepted := make(chan result, 1)
	go func() {
		conn, err := accept(l)
		accepted <- result{conn, err}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := dial(ctx)
	if err != nil {
		l.Close()
		t.Fatalf("client: %v\nserver: %v", err, (<-accepted).err)
	}
	t.Cleanup(func() { c.Close() })
	r := <-accepted
	if r.err != nil {
		t.Fatal(r.err)
	}
	t.Cleanup(func() { r.conn.Close() })
	return c, r.conn
}

func mustHandshake(t testing.TB, client, server handshaker) {
	t.Helper()
	if cErr, sErr := handshakes(client, server); cErr != nil || sErr != nil {
		t.Fatalf("client: %v\nserver: %v", cErr, sErr)
	}
}

// mustWrite sends data, each in a record.
func mustWrite(t testing.TB, c net.Conn, data ...string) {
	t.Helper()
	for _, d := range data {
		if _, err := c.Write([]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
}

// mustRead expects a record.
func mustRead(t testing.TB, c net.Conn, want string) {
	t.Helper()
	buf := make([]byte, len(want)+1)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
		t.Fatalf("read %q, %v; want %q", buf[:n], err, want)
	}
}

// mustExchange sends data from one end to the other in one record.
func mustExchange(t testing.TB, from, to net.Conn, data string) {
	t.Helper()
	mustWrite(t, from, data)
	mustRead(t, to, data)
}

// mustConverse sends a record each way, a's first.
func mustConverse(t testing.TB, a, b net.Conn) {
	t.Helper()
	mustExchange(t, a, b, "ping")
	mustExchange(t, b, a, "pong")
}

// echoRecords sends back each record until the end.
func echoRecords(c net.Conn) error {
	buf := make([]byte, 2048)
	for {
		n, err := c.Read(buf)
		if err == nil {
			_, err = c.Write(buf[:n])
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// echoDTLS serves l until that is closed: what a connection's peer sends, it gets back. stop closes l and all connections,
// and waits.
func echoDTLS(l *DTLSListener) (stop func()) {
	var mu sync.Mutex
	conns := map[net.Conn]bool{}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns[c] = true
			mu.Unlock()
			all.Go(func() {
				defer c.Close()
				_ = echoRecords(c) // ends with the connection
			})
		}
	})
	return sync.OnceFunc(func() {
		l.Close()
		mu.Lock()
		for c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
}

// ask sends a request until the answer comes, as users of datagrams do, and returns how often it had to.
func ask(c net.Conn, request string) (sent int, err error) {
	buf := make([]byte, 2048)
	for sent = 1; sent <= 100; sent++ {
		if _, err := c.Write([]byte(request)); err != nil {
			return sent, err
		}
		if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			return sent, err
		}
		for {
			n, err := c.Read(buf)
			if err == nil && string(buf[:n]) == request {
				return sent, c.SetReadDeadline(time.Time{})
			}
			if isTimeout(err) {
				break
			}
			if err != nil {
				return sent, err
			}
		}
	}
	return sent, fmt.Errorf("no answer to %q", request)
}

// until waits for what another goroutine is about to do.
func until(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// queueLength is how many datagrams wait for a listener's connections.
func queueLength(l *DTLSListener) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.byAddr {
		p.mu.Lock()
		n += p.queue.len
		p.mu.Unlock()
	}
	return n
}

// stopped is what a listener without connections has seen in the end.
func stopped(l *DTLSListener) DTLSStats {
	l.Close()
	<-l.stopped
	return l.Stats()
}

// socketOf is a UDP socket of its own.
func socketOf(t testing.TB) net.PacketConn {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc
}

// socketTo is a socket of its own that is connected to addr.
func socketTo(t testing.TB, addr net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// socketPair is two sockets that send to each other.
func socketPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	first, second := socketOf(t), socketOf(t)
	return ConnectPacketConn(first, second.LocalAddr()), ConnectPacketConn(second, first.LocalAddr())
}

// tap keeps what is written to a connection, and may carry it otherwise.
type tap struct {
	net.Conn
	carry carrier // nil is through

	mu   sync.Mutex
	sent [][]byte
}

func (t *tap) Write(p []byte) (int, error) {
	data := bytes.Clone(p)
	t.mu.Lock()
	n := len(t.sent)
	t.sent = append(t.sent, data)
	t.mu.Unlock()
	if t.carry == nil {
		return t.Conn.Write(p)
	}
	arrive, err := t.carry(n, data)
	for _, d := range arrive {
		_, e := t.Conn.Write(d)
		err = errors.Join(err, e)
	}
	return len(p), err
}

func (t *tap) datagrams() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent
}

// unclosed is of a client that vanishes without a word, and leaves its socket to the next.
type unclosed struct{ net.Conn }

func (unclosed) Close() error { return nil }

// abandoned begins a client's handshake over conn, ends it when n datagrams are sent, and returns these.
func abandoned(t testing.TB, conn net.Conn, client *Config, n int) [][]byte {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	link := &tap{Conn: conn, carry: func(i int, d []byte) ([][]byte, error) {
		_, err := conn.Write(d) // while it still may
		if i+1 == n {
			cancel()
		}
		return nil, err
	}}
	c := ClientDTLS(link, client)
	defer c.Close()
	if err := c.HandshakeContext(ctx); err != context.Canceled {
		t.Fatal(err)
	}
	return link.datagrams()[:n]
}

// firstFlight is a ClientHello without a cookie.
func firstFlight(t testing.TB, client *Config) []byte {
	t.Helper()
	link, _ := newLink(t)
	return abandoned(t, link, client, 1)[0]
}

// silentClient brings its cookie, and then says nothing.
func silentClient(t testing.TB, l *DTLSListener, client *Config) {
	t.Helper()
	abandoned(t, socketTo(t, l.Addr()), client, 2)
}

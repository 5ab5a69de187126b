package mbedtls

import (
	"context"
	"crypto"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// waitingKey is the hook of a key that waits until it is told to stop, or to go on.
type waitingKey struct {
	entered chan context.Context
	proceed chan struct{}
	stopped chan struct{} // closed when its context was cancelled
}

func newWaitingKey() *waitingKey {
	return &waitingKey{make(chan context.Context, 1), make(chan struct{}), make(chan struct{})}
}

func (k *waitingKey) sign(ctx context.Context, _ crypto.SignerOpts) error {
	k.entered <- ctx
	select {
	case <-k.proceed:
		return nil
	case <-ctx.Done():
		close(k.stopped)
		return ctx.Err()
	}
}

// waiting is a handshake that waits for its key.
type waiting struct {
	key         *waitingKey
	conn, peer  *Conn
	err         chan error // of conn
	peerErr     chan error
	keysContext context.Context
}

type contextKey struct{}

func park(t *testing.T, version uint16, server bool, ctx context.Context) *waiting {
	t.Helper()
	w := &waiting{key: newWaitingKey(), err: make(chan error, 1), peerErr: make(chan error, 1)}
	client, serverConfig := remoteConfigs(t, version, server, remote(t, testpki.P256, w.key.sign))
	w.conn, w.peer = ends(t, client, serverConfig)
	if server {
		w.conn, w.peer = w.peer, w.conn
	}
	go func() { w.err <- w.conn.HandshakeContext(ctx) }()
	go func() { w.peerErr <- w.peer.Handshake() }()
	w.keysContext = <-w.key.entered
	return w
}

// Whatever ends the connection ends the wait for the key, and tells the key.
func TestWaitForTheSignerEndsWithTheConnection(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(w *waiting, cancel func())
		want error
	}{
		{"Close", func(w *waiting, _ func()) { w.conn.Close() }, net.ErrClosed},
		{"context", func(_ *waiting, cancel func()) { cancel() }, context.Canceled},
		{"connection underneath", func(w *waiting, _ func()) { w.conn.NetConn().Close() }, net.ErrClosed},
		{"reset", func(w *waiting, _ func()) {
			tcp := w.peer.NetConn().(*net.TCPConn)
			_ = tcp.SetLinger(0)
			tcp.Close()
		}, syscall.ECONNRESET},
		{"end", func(w *waiting, _ func()) { _ = w.peer.NetConn().(*net.TCPConn).CloseWrite() }, io.ErrUnexpectedEOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			signerCases(t, func(t *testing.T, version uint16, server bool) {
				if c.name == "end" && !server {
					t.Skip("the end of what a server says need not be the connection's")
				}
				ctx, cancel := context.WithCancel(context.WithValue(context.Background(), contextKey{}, "value"))
				defer cancel()
				w := park(t, version, server, ctx)
				if got := w.keysContext.Value(contextKey{}); got != "value" {
					t.Errorf("the key's context has the value %v", got)
				}
				c.end(w, cancel)
				mustBe(t, "Handshake", <-w.err, c.want)
				<-w.key.stopped
				mustBe(t, "Handshake again", w.conn.Handshake(), c.want)
				w.peer.Close()
				<-w.peerErr
			})
		})
	}
}

// A deadline is no end: the same signature serves the next call.
func TestDeadlineWhileTheSignerWorks(t *testing.T) {
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		for name, set := range map[string]func(*Conn, time.Time) error{
			"read": (*Conn).SetReadDeadline, "write": (*Conn).SetWriteDeadline, "both": (*Conn).SetDeadline,
		} {
			t.Run(name, func(t *testing.T) {
				w := park(t, version, server, context.Background())
				if err := set(w.conn, time.Now().Add(-time.Second)); err != nil {
					t.Fatal(err)
				}
				mustBe(t, "Handshake", <-w.err, os.ErrDeadlineExceeded)
				mustBe(t, "Handshake again", w.conn.Handshake(), os.ErrDeadlineExceeded)
				if err := set(w.conn, time.Now().Add(time.Millisecond)); err != nil {
					t.Fatal(err)
				}
				mustBe(t, "Handshake with a deadline to come", w.conn.Handshake(), os.ErrDeadlineExceeded)
				if err := set(w.conn, time.Time{}); err != nil {
					t.Fatal(err)
				}
				close(w.key.proceed)
				if err := w.conn.Handshake(); err != nil {
					t.Fatal(err)
				}
				if err := <-w.peerErr; err != nil {
					t.Fatal(err)
				}
				echoes(t, w.conn, w.peer)
			})
		}
	})
}

// What the garbage collector finds in mid-handshake, it cancels.
func TestForgottenHandshakeCancelsItsSigner(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		key := newWaitingKey()
		cert := remote(t, testpki.P256, key.sign)
		func() {
			client, server := remoteConfigs(t, version, true, cert)
			a, b := tcpPair(t)
			c, s := Client(a, client.Clone()), Server(b, server.Clone())
			if err := s.SetDeadline(time.Now().Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
			for entered := false; !entered; {
				_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
				mustBe(t, "client", c.Handshake(), os.ErrDeadlineExceeded)
				_ = s.SetReadDeadline(time.Now().Add(time.Millisecond))
				_ = s.SetWriteDeadline(time.Time{})
				mustBe(t, "server", s.Handshake(), os.ErrDeadlineExceeded)
				select {
				case <-key.entered:
					entered = true
				default:
				}
			}
		}()
		for {
			runtime.GC()
			select {
			case <-key.stopped:
				return
			default: // the test's time limit is the bound
			}
		}
	})
}

// The promise of the design: handshakes that wait for a key hold no threads.
func TestWaitingForSignersHoldsNoThreads(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if !alone(t) {
		return
	}
	const limit, takes = 50, 200 * time.Millisecond
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		connections := int64(many(2000))
		if !server {
			connections = int64(many(200)) // they wait in the same way
		}
		var waiting atomic.Int64
		var peak int
		all := make(chan struct{})
		cert := remote(t, testpki.P256, func(ctx context.Context, _ crypto.SignerOpts) error {
			if waiting.Add(1) == connections {
				peak = threads(t)
				close(all)
			}
			select {
			case <-all:
			case <-ctx.Done():
				return ctx.Err()
			}
			time.Sleep(takes) // the key's slowness is what is tested
			return nil
		})
		client, serverConfig := remoteConfigs(t, version, server, cert)
		l, err := Listen("tcp", "127.0.0.1:0", serverConfig)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var wg sync.WaitGroup
		for range connections {
			a, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*Conn{Client(a, client), b.(*Conn)} {
				wg.Go(func() {
					if err := c.Handshake(); err != nil {
						t.Error(err)
					}
				})
				defer c.Close()
			}
		}
		select {
		case <-all:
		case <-time.After(time.Minute):
			t.Fatalf("%d of %d handshakes wait for their keys", waiting.Load(), connections)
		}
		released := time.Now()
		wg.Wait()
		peak = max(peak, threads(t)) // threads do not end, so that this is the most there were
		t.Logf("%d handshakes waited for their keys at once, and were complete %v later; %d threads",
			connections, time.Since(released).Round(time.Millisecond), peak)
		if peak >= limit {
			t.Errorf("%d threads, want fewer than %d", peak, limit)
		}
	})
}

// For the race detector.
func TestSignersServeParallelHandshakes(t *testing.T) {
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		cert := remote(t, testpki.RSA2048, nil)
		client, serverConfig := remoteConfigs(t, version, server, cert)
		var wg sync.WaitGroup
		for i := range 50 { // times four is 200
			c, s := ends(t, client, serverConfig)
			wg.Go(func() {
				cErr, sErr := handshakes(c, s)
				if i%5 != 0 && (cErr != nil || sErr != nil) {
					t.Errorf("client: %v\nserver: %v", cErr, sErr)
				}
			})
			if i%5 == 0 {
				wg.Go(func() { c.Close() })
			}
		}
		wg.Wait()
	})
}

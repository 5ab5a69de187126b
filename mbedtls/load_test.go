package mbedtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
)

// threads is the number of OS threads of the process.
func threads(t testing.TB) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// alone runs the test in a process of its own, and is true there: threads are never given back, and other tests need many.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "GOMBEDTLS_TEST_ALONE"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	cmd := emulator.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), mark+"="+t.Name())
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("in a process of its own: %v", err)
	}
	return false
}

// many is so many connections, or fewer where each handshake is slow.
func many(connections int) int {
	if emulator.On() || os.Getenv("MBEDTLS_ACCEL") == "off" {
		return connections / 10
	}
	return connections
}

// The design's promise: an idle connection is a parked goroutine, and no thread.
func TestIdleConnectionsHoldNoThreads(t *testing.T) {
	if !alone(t) {
		return
	}
	const limit = 50
	connections := many(2000)
	client, server := configs(t)
	l, err := Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all sync.WaitGroup
	defer all.Wait()
	var closers []io.Closer
	defer func() {
		for _, c := range closers {
			c.Close()
		}
	}()
	accepted := make(chan net.Conn)
	go func() {
		for range connections {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
			}
			accepted <- c
		}
	}()
	for range connections {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, conn := range []net.Conn{Client(c, client), <-accepted} {
			closers = append(closers, conn)
			ready := make(chan error, 1)
			all.Go(func() {
				err := conn.(*Conn).Handshake()
				ready <- err
				if err == nil {
					_, _ = conn.Read(make([]byte, 1)) // parks until Close
				}
			})
			if conn.(*Conn).server {
				continue
			}
			defer func() {
				if err := <-ready; err != nil {
					t.Error(err)
				}
			}()
		}
	}
	for _, c := range closers {
		if err := c.(*Conn).Handshake(); err != nil {
			t.Fatal(err)
		}
	}
	if n := threads(t); n >= limit {
		t.Errorf("%d threads with %d idle connections at each end, want fewer than %d", n, connections, limit)
	} else {
		t.Logf("%d threads with %d idle connections at each end", n, connections)
	}
}

// What nobody closes, the garbage collector does, while other connections go on.
func TestForgottenConnectionsAreCollected(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	handles := cbridge.LiveHandles()
	func() {
		for range 30 {
			client, server := configs(t)
			client, server = client.Clone(), server.Clone() // nobody closes these
			a, b := net.Pipe()
			c, s := Client(a, client), Server(b, server)
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatal(cErr, sErr)
			}
			go c.Write([]byte("x"))
			if _, err := s.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}()
	for cbridge.LiveHandles() > handles {
		runtime.GC() // the test's time limit is the bound
	}
}

// One Config, many handshakes and closures at once; for the race detector.
func TestConfigServesParallelHandshakes(t *testing.T) {
	client, server := configs(t)
	client.VerifyConnection = func(cs ConnectionState) error {
		if len(cs.PeerCertificates) != 1 {
			return errors.New("no peer certificate")
		}
		return nil
	}
	for _, c := range []*Config{client, server} {
		c.Rand, c.Time = rand.Reader, time.Now
		c.Logger, c.DebugLevel = slog.New(slog.DiscardHandler), 4
		c.VerifyCertificate = func(_ *x509.Certificate, _ int, f VerifyFlags) (VerifyFlags, error) { return f, nil }
	}
	l, err := Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	dialer := &Dialer{Config: client}
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			c, err := dialer.DialContext(context.Background(), "tcp", l.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := io.WriteString(c, "hello"); err != nil {
				t.Error(err)
			}
			if err := c.(*Conn).CloseWrite(); err != nil {
				t.Error(err)
			}
			var got strings.Builder
			if _, err := io.Copy(&got, c); err != nil || got.String() != "hello" {
				t.Errorf("%q, %v", got.String(), err)
			}
		})
	}
	wg.Wait()
}

// Reads, writes, deadlines and Close from many goroutines; for the race detector and the sanitizers.
func TestCloseBesideTraffic(t *testing.T) {
	client, server := configs(t)
	for range 30 {
		c, s := connected(t, client, server)
		var wg sync.WaitGroup
		for _, conn := range []*Conn{c, s} {
			wg.Go(func() { _, _ = io.Copy(io.Discard, conn) })
			wg.Go(func() {
				for {
					if _, err := conn.Write(make([]byte, 50_000)); err != nil {
						return
					}
				}
			})
			wg.Go(func() { _ = conn.ConnectionState(); _ = conn.CloseWrite() })
		}
		wg.Go(func() { c.Close() })
		wg.Go(func() { s.Close() })
		wg.Wait()
	}
}

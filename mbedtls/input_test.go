package mbedtls

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sockets are connected pairs of what waits without memory.
func sockets(t *testing.T, network string) (a, b net.Conn) {
	t.Helper()
	if network == "tcp" {
		return tcpPair(t)
	}
	return streamPair(t, "unix", filepath.Join(t.TempDir(), "socket"))
}

// described is an error with everything that a caller may look at; the addresses of two connections differ.
func described(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return fmt.Sprintf("%T: %v", err, err)
	}
	return fmt.Sprintf("%s %s, source %T, address %T: %T %v, timeout %v", op.Op, op.Net, op.Source, op.Addr, op.Err, op.Err, op.Timeout())
}

// What ends a Read that waits for a socket is what ends one of the socket itself.
func TestWaitingReadEndsAsTheSocketsOwn(t *testing.T) {
	client, server := configs(t)
	for _, network := range []string{"tcp", "unix"} {
		for name, end := range map[string]func(t *testing.T, reader, peer net.Conn){
			"deadline": func(t *testing.T, reader, _ net.Conn) {
				if err := reader.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
					t.Error(err)
				}
			},
			"past deadline": func(t *testing.T, reader, _ net.Conn) {
				if err := reader.SetReadDeadline(time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
			},
			"reset": func(t *testing.T, _, peer net.Conn) {
				if tcp, ok := peer.(*net.TCPConn); ok {
					if err := tcp.SetLinger(0); err != nil {
						t.Error(err)
					}
				}
				peer.Close()
			},
		} {
			if name == "reset" && network == "unix" {
				continue // an end of file, which means something to the library
			}
			t.Run(network+"/"+name, func(t *testing.T) {
				t.Parallel()
				var got [2]string
				for i, secure := range []bool{false, true} {
					a, b := sockets(t, network)
					reader := b
					if secure {
						c, s := Client(a, client), Server(b, server)
						defer s.Close()
						mustHandshake(t, c, s)
						if _, err := c.Write([]byte("x")); err != nil {
							t.Fatal(err)
						}
						if _, err := s.Read(make([]byte, 1)); err != nil {
							t.Fatal(err)
						}
						reader = s
					}
					ended := make(chan error)
					go func() {
						_, err := reader.Read(make([]byte, 1))
						ended <- err
					}()
					if s, ok := reader.(*Conn); ok {
						until(t, func() bool { return len(s.in) == 1 })
					}
					end(t, reader, a)
					got[i] = described(<-ended)
				}
				if diff := cmp.Diff(got[0], got[1]); diff != "" {
					t.Error(diff)
				}
			})
		}
		t.Run(network+"/close", func(t *testing.T) {
			t.Parallel()
			a, b := sockets(t, network)
			c, s := Client(a, client), Server(b, server)
			mustHandshake(t, c, s)
			ended := make(chan error)
			go func() {
				_, err := s.Read(make([]byte, 1))
				ended <- err
			}()
			until(t, func() bool { return len(s.in) == 1 })
			s.Close()
			mustBe(t, "Read", <-ended, net.ErrClosed)
			c.Close()
		})
	}
}

// After a deadline, reading goes on.
func TestReadGoesOnAfterADeadline(t *testing.T) {
	client, server := configs(t)
	c, s := connected(t, client, server)
	if err := s.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := s.Read(make([]byte, 1))
	mustBe(t, "Read", err, os.ErrDeadlineExceeded)
	if err := s.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	echoes(t, c, s)
}

// countingConn is a connection that wants to see what is read.
type countingConn struct {
	*net.TCPConn
	read atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// A type that has a socket inside is read by its own Read, not behind its back.
func TestWrappedSocketIsReadByItsOwnRead(t *testing.T) {
	client, server := configs(t)
	a, b := tcpPair(t)
	counting := &countingConn{TCPConn: b.(*net.TCPConn)}
	c, s := Client(a, client), Server(counting, server)
	defer s.Close()
	mustHandshake(t, c, s)
	before := counting.read.Load()
	const size = 100_000
	go func() { _, _ = c.Write(make([]byte, size)) }()
	if _, err := io.ReadFull(s, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if n := counting.read.Load() - before; n < size {
		t.Errorf("its Read has seen %d bytes of %d", n, size)
	}
	c.Close()
}

package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Either end renegotiates again and again while data goes both ways.
func TestDTLSRenegotiates(t *testing.T) {
	t.Parallel()
	for _, server := range []bool{false, true} {
		client, serverConfig := renegotiable(t)
		var secrets, verified atomic.Int32
		client.ExportSecret = func(Secret) error { secrets.Add(1); return nil }
		serverConfig.VerifyConnection = func(ConnectionState) error { verified.Add(1); return nil }
		c, s := connectedDTLS(t, client, serverConfig)
		active, passive := c, s
		if server {
			active, passive = s, c
		}
		done := echoing(passive)
		exported := map[string]bool{string(keys(t, c)): true}
		for i := range 3 {
			if err := active.Renegotiate(); err != nil {
				t.Fatalf("server: %t: %v", server, err)
			}
			for j := range 10 { // a server's peer answers in between
				data := fmt.Sprintf("record %d %d", i, j)
				mustWrite(t, active, data)
				buf := make([]byte, 100)
				if n, err := active.Read(buf); err != nil || string(buf[:n]) != data {
					t.Fatalf("server: %t: %q, %v; want %q", server, buf[:n], err, data)
				}
			}
			if !bytes.Equal(keys(t, c), keys(t, s)) {
				t.Error("the ends export different keys")
			}
			exported[string(keys(t, c))] = true
		}
		if secrets.Load() != 4 || verified.Load() != 4 || len(exported) != 4 {
			t.Errorf("server: %t: %d secrets, %d verdicts, %d keys; want 4 each", server, secrets.Load(), verified.Load(), len(exported))
		}
		active.Close()
		if err := <-done; err != nil {
			t.Errorf("server: %t: the echo: %v", server, err)
		}
	}
}

// Each end counts records, and renegotiates when it has seen enough of them.
func TestDTLSRenegotiationPeriod(t *testing.T) {
	t.Parallel()
	for _, server := range []bool{false, true} {
		client, serverConfig := renegotiable(t)
		counting := client
		if server {
			counting = serverConfig
		}
		counting.RenegotiationPeriod = 5
		var secrets atomic.Int32
		client.ExportSecret = func(Secret) error { secrets.Add(1); return nil }
		c, s := connectedDTLS(t, client, serverConfig)
		done, buf := echoing(s), make([]byte, 10)
		for range 40 {
			mustWrite(t, c, "data")
			if n, err := c.Read(buf); err != nil || string(buf[:n]) != "data" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
		}
		if got := secrets.Load(); got < 5 {
			t.Errorf("server: %t: %d handshakes for 40 records", server, got)
		}
		c.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Data that a server sent before its ServerHello waits for Read, record by record.
func TestDTLSRecordsSetAsideKeepTheirBoundaries(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := renegotiable(t)
		c, s, _, _ := connectedLink(t, client, server)
		mustWrite(t, s, "first", "second", "third")
		results := reading(s)
		if err := c.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, "fourth")
		for _, want := range []struct {
			size     int
			data     string
			buffered int
		}{{3, "fir", 2}, {100, "st", 0}, {100, "second", 0}, {100, "third", 0}, {1, "f", 5}, {100, "ourth", 0}} {
			buf := make([]byte, want.size)
			n, err := c.Read(buf)
			if err != nil || string(buf[:n]) != want.data {
				t.Fatalf("read %q, %v; want %+v", buf[:n], err, want)
			}
			if got := c.Buffered(); got != want.buffered && want.buffered > 0 {
				t.Errorf("%d bytes wait, want %d", got, want.buffered)
			}
		}
		c.Close()
		for range results {
		}
	})
}

// The request of a server that is lost comes again with the next record.
func TestDTLSHelloRequestIsSentAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := renegotiable(t)
		var secrets atomic.Int32
		client.ExportSecret = func(Secret) error { secrets.Add(1); return nil }
		c, s, _, sl := connectedLink(t, client, server)
		fromServer, fromClient := reading(c), reading(s)
		synctest.Wait()
		sl.setCarrier(loseFirst(1))
		if err := s.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		if err := exchangeWith(c, fromClient, "data"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := secrets.Load(); got != 2 {
			t.Errorf("%d handshakes, want 2", got)
		}
		if err := errors.Join(exchangeWith(c, fromClient, "ping"), exchangeWith(s, fromServer, "pong")); err != nil {
			t.Error(err)
		}
		c.Close()
		s.Close()
	})
}

func TestDTLSRenegotiationIsRefused(t *testing.T) {
	t.Parallel()
	client, server := renegotiable(t)
	server.AllowRenegotiation = false
	c, s := connectedDTLS(t, client, server)
	done := echoing(s)
	mustBe(t, "Renegotiate", c.Renegotiate(), ErrRenegotiationRefused)
	c.Close()
	s.Close()
	<-done
}

// What ends a handshake that nobody answers: a context, a deadline, Close.
func TestDTLSHandshakeIsInterrupted(t *testing.T) {
	t.Parallel()
	for _, server := range []bool{false, true} {
		for name, test := range map[string]struct {
			interrupt func(t *testing.T, c *Conn) context.Context
			want      error
			final     bool
		}{
			"context, cancelled": {func(t *testing.T, c *Conn) context.Context {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, cancel)
				return ctx
			}, context.Canceled, true},
			"context, deadline": {func(t *testing.T, c *Conn) context.Context {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				t.Cleanup(cancel)
				return ctx
			}, context.DeadlineExceeded, true},
			"deadline": {func(t *testing.T, c *Conn) context.Context {
				if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
					t.Error(err)
				}
				return t.Context()
			}, os.ErrDeadlineExceeded, false},
			"deadline, set meanwhile": {func(t *testing.T, c *Conn) context.Context {
				time.AfterFunc(5*time.Second, func() { _ = c.SetReadDeadline(time.Now()) })
				return t.Context()
			}, os.ErrDeadlineExceeded, false},
			"Close": {func(t *testing.T, c *Conn) context.Context {
				time.AfterFunc(5*time.Second, func() { c.Close() })
				return context.Background()
			}, net.ErrClosed, true},
		} {
			bubble(t, func(t *testing.T) {
				client, serverConfig := configs(t)
				c, s, cl, _ := linked(t, client, serverConfig)
				cl.setCarrier(dropAll)
				end := c
				if server {
					end = s
				}
				start := time.Now()
				err := end.HandshakeContext(test.interrupt(t, end))
				if !errors.Is(err, test.want) || errors.Is(err, ErrSSLTimeout) || time.Since(start) != 5*time.Second {
					t.Errorf("server: %t, %s: %v after %v", server, name, err, time.Since(start))
				}
				if test.final {
					mustBe(t, name+": again", end.Handshake(), test.want)
					return
				}
				cl.setCarrier(through)
				if err := end.SetDeadline(time.Time{}); err != nil {
					t.Fatal(err)
				}
				if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
					t.Errorf("server: %t, %s: afterwards: %v, %v", server, name, cErr, sErr)
				}
			})
		}
	}
}

// Close ends what waits, on either end of a listener's connection, and the peer hears of it.
func TestDTLSCloseEndsRead(t *testing.T) {
	t.Parallel()
	for _, server := range []bool{false, true} {
		client, serverConfig := configs(t)
		c, s := connectedDTLS(t, client, serverConfig)
		closing, other := c, s
		if server {
			closing, other = s, c
		}
		results, others := reading(closing), reading(other)
		if err := closing.Close(); err != nil {
			t.Error(err)
		}
		mustBe(t, "Read", (<-results).err, net.ErrClosed)
		mustBe(t, "the peer's Read", (<-others).err, io.EOF)
		_, err := closing.Write([]byte("x"))
		mustBe(t, "Write", err, net.ErrClosed)
		mustBe(t, "Close", closing.Close(), net.ErrClosed)
	}
}

func TestDTLSCloseWriteLeavesTheOtherWayOpen(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	c, s := connectedDTLS(t, client, server)
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Read(make([]byte, 1))
	mustBe(t, "the peer's Read", err, io.EOF)
	_, err = c.Write([]byte("x"))
	mustBe(t, "Write", err, errShutdown)
	mustExchange(t, s, c, "still")
}

func TestDTLSCloseEndsWrite(t *testing.T) {
	t.Parallel()
	for _, deadline := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			c, s, cl, _ := connectedLink(t, client, server)
			cl.setCarrier(func(int, []byte) ([][]byte, error) { // waits for the end
				select {
				case <-cl.closed:
					return nil, net.ErrClosed
				case <-cl.writeDeadline.passed():
					return nil, os.ErrDeadlineExceeded
				}
			})
			wrote := make(chan error, 1)
			go func() {
				_, err := c.Write([]byte("late"))
				wrote <- err
			}()
			synctest.Wait()
			if deadline {
				if err := c.SetWriteDeadline(time.Now()); err != nil {
					t.Fatal(err)
				}
				mustBe(t, "Write", <-wrote, os.ErrDeadlineExceeded)
				cl.setCarrier(through)
				if err := c.SetWriteDeadline(time.Time{}); err != nil {
					t.Fatal(err)
				}
				mustWrite(t, c, "next") // and first, what was late
				if diff := cmp.Diff([]string{"late", "next"}, records(t, s)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			start := time.Now()
			if err := c.Close(); err != nil || time.Since(start) > closeTimeout {
				t.Errorf("Close: %v after %v", err, time.Since(start))
			}
			mustBe(t, "Write", <-wrote, net.ErrClosed)
		})
	}
}

// Everything at once, from many goroutines.
func TestDTLSConcurrentUseIsSafe(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		client, server := renegotiable(t)
		c, s := connectedDTLS(t, client, server)
		var all sync.WaitGroup
		for i, conn := range []*Conn{c, c, s, s} {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			all.Go(func() {
				for range 200 {
					if _, err := conn.Write([]byte("some data")); errors.Is(err, net.ErrClosed) {
						return
					}
				}
			})
			all.Go(func() {
				buf := make([]byte, 5)
				for {
					if _, err := conn.Read(buf); err != nil && !isTimeout(err) {
						return
					}
				}
			})
			all.Go(func() {
				for range 200 {
					at := time.Now().Add(time.Duration(random.IntN(2000)-500) * time.Microsecond)
					set := []func(time.Time) error{conn.SetDeadline, conn.SetReadDeadline, conn.SetWriteDeadline}[random.IntN(3)]
					_ = set(at) // it fails once the connection is closed
					conn.MaxPayload()
					conn.Buffered()
					conn.ConnectionState()
					if random.IntN(20) == 0 {
						_ = conn.SetMTU(500 + random.IntN(1000))
					}
				}
				_ = conn.SetDeadline(time.Time{})
				if i%2 == 1 {
					conn.Close()
				}
			})
		}
		all.Wait()
	}
}

// A connection that is closed during its handshake, from many goroutines, comes to an end, and so does its listener.
func TestDTLSCloseBesideHandshakeEndsBoth(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				mustBe(t, "Accept", err, net.ErrClosed)
				return
			}
			all.Go(func() { _ = conn.(*Conn).Handshake() }) // it fails where Close comes first
			all.Go(func() { conn.Close() })
		}
	})
	for i := range 40 {
		pc := socketOf(t)
		c := ClientDTLS(ConnectPacketConn(pc, l.Addr()), client)
		done := inBackground(c)
		if i%2 == 0 {
			_ = c.SetDeadline(time.Now().Add(time.Millisecond))
			<-done
		}
		c.Close()
	}
	l.Close()
	all.Wait()
	if st := l.Stats(); st.Conns != 0 || st.HalfOpen != 0 {
		t.Errorf("%+v", st)
	}
}

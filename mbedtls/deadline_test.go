package mbedtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
)

func TestHandshakeGoesOnAfterADeadline(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := ends(t, client, server)
		for range 3 {
			if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
				t.Fatal(err)
			}
			mustBe(t, "Handshake after the deadline", c.Handshake(), os.ErrDeadlineExceeded)
			_, err := c.Read(make([]byte, 1))
			mustBe(t, "Read after the deadline", err, os.ErrDeadlineExceeded)
		}
		if err := c.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatalf("client: %v\nserver: %v", cErr, sErr)
		}
		exchange(t, c, s, 100_000)
	})
}

func TestWriteThatTimesOutLosesAndDoublesNothing(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := connected(t, client, server)
		data := make([]byte, 16<<20) // more than the sockets hold
		rand.Read(data)
		sent, timeouts := 0, 0
		var got []byte
		for sent < len(data) {
			if err := c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			n, err := c.Write(data[sent:])
			sent += n
			if err != nil {
				mustBe(t, "Write", err, os.ErrDeadlineExceeded)
				timeouts++
				// On a slow machine, nothing may have been sent yet.
				if err := s.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
					t.Fatal(err)
				}
				part := make([]byte, 1<<20)
				m, err := s.Read(part)
				if err != nil {
					mustBe(t, "Read", err, os.ErrDeadlineExceeded)
				}
				got = append(got, part[:m]...)
			}
			if timeouts > 50 {
				break // the rest without a reader in between
			}
		}
		if timeouts == 0 {
			t.Fatal("no Write timed out")
		}
		if err := s.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := c.SetWriteDeadline(time.Time{}); err != nil {
				t.Error(err)
			}
			if n, err := c.Write(data[sent:]); n != len(data)-sent || err != nil {
				t.Errorf("last Write: %d, %v", n, err)
			}
			if err := c.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		rest, err := io.ReadAll(s)
		if err != nil {
			t.Error(err)
		}
		wg.Wait()
		if got = append(got, rest...); !bytes.Equal(got, data) {
			t.Errorf("read %d bytes of %d, equal: %v", len(got), len(data), bytes.Equal(got, data))
		}
	})
}

func TestReadTimeoutBoundsEachWait(t *testing.T) {
	client, server := configs(t)
	client.ReadTimeout = emulator.Patience(50 * time.Millisecond)
	c, _ := ends(t, client, server)
	err := c.Handshake()
	mustBe(t, "Handshake", err, ErrSSLTimeout)
	mustBe(t, "Handshake", err, os.ErrDeadlineExceeded)
	c, s := connected(t, client, server)
	for range 3 {
		_, err := c.Read(make([]byte, 1))
		mustBe(t, "Read", err, ErrSSLTimeout)
		if !isTimeout(err) {
			t.Errorf("%v is no timeout", err)
		}
	}
	exchange(t, c, s, 100_000)
	// An earlier deadline comes first, and a later one does not lengthen the wait.
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 1))
	mustBe(t, "Read after the deadline", err, os.ErrDeadlineExceeded)
	if errors.Is(err, ErrSSLTimeout) {
		t.Error("a deadline is reported as the read timeout")
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 1))
	mustBe(t, "Read", err, ErrSSLTimeout)
}

func TestReadDoesNotWaitForAnothersOutput(t *testing.T) {
	client, server := configs(t)
	c, s := connected(t, client, server)
	if err := c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := c.Write(make([]byte, 1<<20)); err != nil {
			mustBe(t, "Write", err, os.ErrDeadlineExceeded)
			break // output is left in the ring
		}
	}
	if err := c.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("for you")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "for you" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(buf)
	mustBe(t, "Read", err, os.ErrDeadlineExceeded)
	c.NetConn().Close() // its output goes nowhere
}

func TestHandshakeContextEndsTheHandshake(t *testing.T) {
	client, server := configs(t)
	c, s := ends(t, client, server)
	ctx, cancel := context.WithCancelCause(context.Background())
	go cancel(errors.New("any"))
	mustBe(t, "HandshakeContext", c.HandshakeContext(ctx), context.Canceled)
	mustBe(t, "a second Handshake", c.Handshake(), context.Canceled)
	if err := s.Handshake(); err == nil {
		t.Error("the server's handshake succeeds without a client")
	}
	done, cancelDone := context.WithCancel(context.Background())
	c, s = ends(t, client, server)
	result := make(chan error, 1)
	go func() { result <- s.Handshake() }()
	if err := c.HandshakeContext(done); err != nil {
		t.Fatal(err)
	}
	cancelDone()
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	exchange(t, c, s, 1000)
}

func TestContextThatEndsAtTheLastMomentEndsTheConnection(t *testing.T) {
	client, server := configs(t)
	ctx, cancel := context.WithCancel(context.Background())
	client.VerifyConnection = func(ConnectionState) error {
		cancel()
		return nil
	}
	c, s := ends(t, client, server)
	go s.Handshake()
	for range 2 {
		mustBe(t, "HandshakeContext", c.HandshakeContext(ctx), context.Canceled)
	}
	if c.ConnectionState().HandshakeComplete {
		t.Error("the handshake counts as complete")
	}
}

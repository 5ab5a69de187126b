package mbedtls

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestClientRenegotiatesWithARemoteKey(t *testing.T) {
	client, server := renegotiable(t)
	client.Certificates = []Certificate{remote(t, testpki.P256, nil)}
	server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
	renegotiates(t, client, server)
}

// slowKey is a key that works elsewhere. Each second signature, that of a renegotiation, tells began, and waits for goOn.
func slowKey(t *testing.T) (cert Certificate, began, goOn chan struct{}, signatures *atomic.Int32) {
	t.Helper()
	began, goOn, signatures = make(chan struct{}), make(chan struct{}), new(atomic.Int32)
	cert = remote(t, testpki.P256, func(ctx context.Context, _ crypto.SignerOpts) error {
		if signatures.Add(1)%2 == 1 {
			return nil
		}
		began <- struct{}{}
		select {
		case <-goOn:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return cert, began, goOn, signatures
}

// A deadline or Close ends Renegotiate while it waits for the client's key.
func TestRenegotiateThatWaitsForARemoteKeyIsEnded(t *testing.T) {
	client, server := renegotiable(t)
	server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
	cert, began, goOn, _ := slowKey(t)
	client.Certificates = []Certificate{cert}
	for name, c := range map[string]struct {
		end  func(c *Conn)
		want error
	}{
		"Close":    {func(c *Conn) { c.Close() }, net.ErrClosed},
		"deadline": {func(c *Conn) { c.SetDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := connected(t, client, server)
			done := make(chan error, 1)
			go func() { done <- echo(b) }()
			renegotiated := make(chan error, 1)
			go func() { renegotiated <- a.Renegotiate() }()
			<-began
			c.end(a)
			mustBe(t, "Renegotiate", <-renegotiated, c.want)
			if c.want == os.ErrDeadlineExceeded { // Write goes on with it
				a.SetDeadline(time.Time{})
				goOn <- struct{}{}
				if err := echoed(a, 1000); err != nil {
					t.Error(err)
				}
				a.Close()
			}
			<-done
		})
	}
}

// The server's key works elsewhere, and takes its time: Read waits for it.
func TestServerRenegotiatesWithARemoteKey(t *testing.T) {
	client, server := renegotiable(t)
	cert, began, goOn, signatures := slowKey(t)
	server.Certificates = []Certificate{cert}
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprintf("closed meanwhile %v", closed), func(t *testing.T) {
			signatures.Store(0)
			c, s := connected(t, client, server)
			done := make(chan error, 1)
			go func() { done <- echo(s) }()
			renegotiated := make(chan error, 1)
			go func() { renegotiated <- c.Renegotiate() }()
			<-began
			if closed {
				s.Close()
				if err := <-done; !errors.Is(err, net.ErrClosed) {
					t.Errorf("the server's Read: %v, want net.ErrClosed", err)
				}
				if err := <-renegotiated; err == nil {
					t.Error("the client has renegotiated with nobody")
				}
				return
			}
			goOn <- struct{}{}
			if err := <-renegotiated; err != nil {
				t.Fatal(err)
			}
			if err := echoed(c, 100_000); err != nil {
				t.Fatal(err)
			}
			if n := signatures.Load(); n != 2 {
				t.Errorf("%d signatures, want 2", n)
			}
			c.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

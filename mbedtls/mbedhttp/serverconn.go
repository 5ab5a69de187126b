package mbedhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// serverConn runs its handshake when net/http first reads from it, which is in the goroutine that serves it. It must not
// have a method ConnectionState as crypto/tls has: net/http would ask it too early.
type serverConn struct {
	*mbedtls.Conn
	server *Server

	once sync.Once
	err  error                // of the handshake
	tls  *tls.ConnectionState // set by the handshake
}

func (c *serverConn) Read(p []byte) (int, error) {
	c.once.Do(c.handshake)
	if c.err != nil {
		return 0, c.err
	}
	return c.Conn.Read(p)
}

func (c *serverConn) handshake() {
	ctx := context.Background()
	if d := c.server.handshakeTimeout(); d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	if c.err = c.HandshakeContext(ctx); c.err == nil {
		st := c.ConnectionState()
		c.tls, c.err = tlsState(st), checkSuite(c.Conn, st)
	}
	switch {
	case c.err == nil && c.server.closing.Load():
		c.err = http.ErrServerClosed
	case c.err != nil && !(c.server.closing.Load() && errors.Is(c.err, net.ErrClosed)):
		c.server.logf("mbedhttp: handshake with %s: %v", c.RemoteAddr(), c.err)
	}
}

// connKey is where the context of a request has its *serverConn.
type connKey struct{}

// Conn is the connection that a [Server] got the request from; nil for any other request. A handler must neither read
// from it, nor write to it or close it: with HTTP/2, other requests share it.
func Conn(r *http.Request) *mbedtls.Conn {
	if c, ok := r.Context().Value(connKey{}).(*serverConn); ok {
		return c.Conn
	}
	return nil
}

// ConnState is what the handshake of [Conn] settled; the zero value for a request that has none.
func ConnState(r *http.Request) mbedtls.ConnectionState {
	if c := Conn(r); c != nil {
		return c.ConnectionState()
	}
	return mbedtls.ConnectionState{}
}

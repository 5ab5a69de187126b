//lint:file-ignore SA1019 net/http's own client of HTTP/2 is for *tls.Conn; this one takes what has a ConnectionState

package mbedhttp

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"golang.org/x/net/http2"
)

// pool keeps connections, and makes requests over them.
type pool interface {
	http.RoundTripper
	CloseIdleConnections()
}

// dialFunc is what makes connections for a pool.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// newHTTP2Pool makes one for HTTP/2, with the timeouts and limits of settings. It makes one connection for all who want
// one at once.
func newHTTP2Pool(settings *http.Transport, dial dialFunc) (pool, error) {
	t, err := http2.ConfigureTransports(settings)
	if err != nil {
		return nil, err
	}
	t.ConnPool = nil // its own, which dials
	t.DialTLSContext = func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
		return dial(ctx, network, addr)
	}
	return t, nil
}

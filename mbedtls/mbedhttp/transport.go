package mbedhttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Transport makes requests over TLS, by HTTP/2 or HTTP/1.1 as ALPN settles. It is an [http.RoundTripper] for URLs of
// https; those of http are requested without TLS. Its zero value trusts the system's roots. Its methods may be called
// by several goroutines; it must not be copied or changed once it was used. Like an [http.Transport] it keeps
// connections: make one and use it again, and call CloseIdleConnections in the end.
//
// That a server speaks HTTP/1.1 only is remembered until CloseIdleConnections.
type Transport struct {
	// HTTP has the dialer, the proxy, timeouts and limits; nil is [http.DefaultTransport]. Its Protocols are what
	// a Config without NextProtos offers; nil is HTTP/1.1 and HTTP/2. TLSClientConfig, TLSNextProto, DialTLSContext and
	// OnProxyConnectResponse are not heeded. A proxy for https must be of the scheme http, with CONNECT; Proxy is then asked
	// with a request that has nothing but a URL with a port. Transport uses clones.
	HTTP *http.Transport

	// Config is for the connections; nil is the zero Config. Without a ServerName, the URL's host is taken. Transport uses
	// clones.
	Config *mbedtls.Config

	once sync.Once
	err  error
	// Each has a pool of connections. What is made for HTTP/2 offers both versions, and goes to the other pool if the
	// server chooses HTTP/1.1.
	http1            *http.Transport
	http2            pool // nil if it is not offered
	config1, config2 *mbedtls.Config
	proxy            func(*http.Request) (*url.URL, error)

	mu    sync.Mutex
	old   map[string]bool        // hosts that speak HTTP/1.1 only
	spare map[string]*clientConn // by address: HTTP/1.1, on their way to the other pool
}

// http1Error says that the server at addr chose HTTP/1.1, and that its connection waits in Transport.spare.
type http1Error struct{ addr string }

func (e *http1Error) Error() string {
	return "mbedhttp: the server at " + e.addr + " speaks HTTP/1.1 only"
}

// clientConn is a connection after its handshake. Its ConnectionState is what HTTP/2's client looks for.
type clientConn struct {
	*mbedtls.Conn
	state *tls.ConnectionState
}

func (c *clientConn) ConnectionState() tls.ConnectionState { return *c.state }

func (t *Transport) setUp() {
	settings := t.HTTP
	if settings == nil {
		settings, _ = http.DefaultTransport.(*http.Transport)
	}
	if settings == nil { // somebody has put something else there
		settings = new(http.Transport)
	}
	t.config2 = withDefaults(t.Config, offered(settings.Protocols))
	t.config1 = t.config2.Clone()
	t.config1.NextProtos = slices.DeleteFunc(slices.Clone(t.config2.NextProtos), isHTTP2)
	t.old, t.spare = map[string]bool{}, map[string]*clientConn{}
	t.proxy = settings.Proxy
	t.http1 = settings.Clone()
	t.http1.Proxy = t.plainProxy
	t.http1.DialTLSContext = t.dialHTTP1
	t.http1.Protocols = new(http.Protocols)
	t.http1.Protocols.SetHTTP1(true)
	if slices.ContainsFunc(t.config2.NextProtos, isHTTP2) {
		settings = settings.Clone()
		settings.Proxy = nil
		t.http2, t.err = newHTTP2Pool(settings, t.dialHTTP2)
	}
}

func isHTTP2(proto string) bool { return proto == protoHTTP2 }

// plainProxy is for requests without TLS. With it, there must be none: net/http would do that by crypto/tls.
func (t *Transport) plainProxy(r *http.Request) (*url.URL, error) {
	if t.proxy == nil || r.URL.Scheme == "https" {
		return nil, nil
	}
	return t.proxy(r)
}

// RoundTrip makes one request, as [http.RoundTripper] asks for. Errors of the handshake are package mbedtls's.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.once.Do(t.setUp)
	if t.err != nil {
		closeBody(r)
		return nil, t.err
	}
	var used *clientConn
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { used, _ = info.Conn.(*clientConn) },
	})
	res, err := t.roundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	res.Request = r
	if used != nil {
		res.TLS = used.state
	}
	return res, nil
}

func (t *Transport) roundTrip(r *http.Request) (*http.Response, error) {
	// An Upgrade, as to WebSocket, is HTTP/1.1's.
	if r.URL == nil || r.URL.Scheme != "https" || t.http2 == nil || r.Header.Get("Upgrade") != "" || t.isOld(r.URL.Host) {
		return t.http1.RoundTrip(r)
	}
	first, body := hold(r)
	res, err := t.http2.RoundTrip(first)
	var other *http1Error
	if !errors.As(err, &other) {
		body.release(err)
		return res, err
	}
	t.mu.Lock()
	t.old[r.URL.Host] = true
	t.mu.Unlock()
	defer t.discard(other.addr)
	return t.http1.RoundTrip(r)
}

// CloseIdleConnections closes the connections that no request uses, and forgets which servers speak HTTP/1.1 only.
func (t *Transport) CloseIdleConnections() {
	t.once.Do(t.setUp)
	t.http1.CloseIdleConnections()
	if t.http2 != nil {
		t.http2.CloseIdleConnections()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.old)
}

func (t *Transport) isOld(host string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.old[host]
}

// dialHTTP1 is for the pool of HTTP/1.1.
func (t *Transport) dialHTTP1(ctx context.Context, network, addr string) (net.Conn, error) {
	if c := t.takeSpare(addr); c != nil {
		return c, nil
	}
	c, err := t.dial(ctx, network, addr, t.config1)
	if err != nil {
		return nil, err // not a nil *clientConn
	}
	return c, nil
}

// dialHTTP2 is for the pool of HTTP/2.
func (t *Transport) dialHTTP2(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := t.dial(ctx, network, addr, t.config2)
	if err != nil {
		return nil, err
	}
	if isHTTP2(c.state.NegotiatedProtocol) {
		return c, nil
	}
	t.discard(addr)
	t.mu.Lock()
	t.spare[addr] = c
	t.mu.Unlock()
	return nil, &http1Error{addr}
}

func (t *Transport) takeSpare(addr string) *clientConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.spare[addr]
	delete(t.spare, addr)
	return c
}

// discard closes a spare connection that nobody took: another was idle by then, or the request was given up.
func (t *Transport) discard(addr string) {
	if c := t.takeSpare(addr); c != nil {
		c.Close()
	}
}

// dial makes a connection, and runs its handshake.
func (t *Transport) dial(ctx context.Context, network, addr string, config *mbedtls.Config) (*clientConn, error) {
	below, err := t.dialBelow(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if d := t.http1.TLSHandshakeTimeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, d, fmt.Errorf("mbedhttp: no handshake in %v: %w", d, context.DeadlineExceeded))
		defer cancel()
	}
	dialer := &mbedtls.Dialer{Config: config, NetDial: func(context.Context, string, string) (net.Conn, error) {
		return below, nil
	}}
	nc, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := nc.(*mbedtls.Conn)
	st := c.ConnectionState()
	if err := checkSuite(c, st); err != nil {
		c.Close()
		return nil, err
	}
	return &clientConn{c, tlsState(st)}, nil
}

package mbedhttp

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Server serves HTTP over TLS. Its zero value needs a certificate: from a Config, or from the files of ServeTLS. It must
// not be copied or changed once it serves. Its methods may be called by several goroutines.
type Server struct {
	// HTTP is the server of net/http that serves, with its handler, timeouts, limits and hooks; nil is a zero one. The
	// first call of a method changes three of its fields: Handler and ConnContext, to ones that call what was there, and
	// Protocols. What Protocols said of HTTP1 and HTTP2 is what a Config without NextProtos offers; nil is both.
	// TLSConfig and TLSNextProto are not heeded. ConnContext gets the connection as a *[mbedtls.Conn].
	//
	// The handshake of a connection takes place in its own goroutine. It may take as long as the least of ReadHeaderTimeout,
	// ReadTimeout and WriteTimeout that is set. If none is, it may take forever: set one.
	HTTP *http.Server

	// Config is for the connections; nil is the zero Config. Server uses a clone.
	Config *mbedtls.Config

	once       sync.Once
	nextProtos []string // for a Config that has none
	closing    atomic.Bool
}

// ListenAndServeTLS listens on a TCP address, ":https" if that is "", and serves as [Server.ServeTLS] does.
func ListenAndServeTLS(addr, certFile, keyFile string, handler http.Handler) error {
	return (&Server{HTTP: &http.Server{Addr: addr, Handler: handler}}).ListenAndServeTLS(certFile, keyFile)
}

// Serve serves connections of l, such as TCP's, over TLS; see [Server.Serve].
func Serve(l net.Listener, handler http.Handler, config *mbedtls.Config) error {
	return (&Server{HTTP: &http.Server{Handler: handler}, Config: config}).Serve(l)
}

// ListenAndServeTLS listens on the TCP address HTTP.Addr, ":https" if that is "", and serves as [Server.ServeTLS] does.
func (s *Server) ListenAndServeTLS(certFile, keyFile string) error {
	s.once.Do(s.setUp)
	addr := s.HTTP.Addr
	if addr == "" {
		addr = ":https"
	}
	if s.closing.Load() {
		return http.ErrServerClosed
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return s.ServeTLS(l, certFile, keyFile)
}

// ServeTLS is [Server.Serve] with a certificate, and the chain behind it, from files in PEM or DER. If both names are
// "", it comes from the Config.
func (s *Server) ServeTLS(l net.Listener, certFile, keyFile string) error {
	config := s.Config
	if certFile != "" || keyFile != "" {
		cert, err := mbedtls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return errors.Join(err, l.Close())
		}
		if config == nil {
			config = new(mbedtls.Config)
		}
		config = config.Clone()
		config.Certificates = []mbedtls.Certificate{cert}
	}
	return s.serve(l, config)
}

// Serve accepts connections of l, such as TCP's, and serves requests over TLS. It closes l, and returns why it ended:
// [http.ErrServerClosed] after Shutdown or Close, and at once a [mbedtls.ConfigError] for a Config that cannot be used.
func (s *Server) Serve(l net.Listener) error { return s.serve(l, s.Config) }

func (s *Server) serve(l net.Listener, config *mbedtls.Config) error {
	s.once.Do(s.setUp)
	config = withDefaults(config, s.nextProtos)
	if err := config.Validate(true); err != nil {
		return errors.Join(err, l.Close())
	}
	return s.HTTP.Serve(&listener{l, s, config})
}

// Shutdown stops listening, lets requests that are under way end, and closes their connections: with HTTP/2, after
// GOAWAY and the last stream. A connection that it finds in its handshake is not served. It returns when all are closed, or
// with ctx's error when that is done; then call Close. It does not wait for connections that a handler has taken over; see
// [http.Server.Shutdown].
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.setUp)
	s.closing.Store(true)
	return s.HTTP.Shutdown(ctx)
}

// Close stops listening, and closes all connections but those that a handler has taken over.
func (s *Server) Close() error {
	s.once.Do(s.setUp)
	s.closing.Store(true)
	return s.HTTP.Close()
}

// setUp lets net/http take what is not a *tls.Conn: it looks for HTTP/2 where it would look for it without TLS, at the
// beginning of what comes from the client, and ServeHTTP has the last word.
func (s *Server) setUp() {
	if s.HTTP == nil {
		s.HTTP = new(http.Server)
	}
	h := s.HTTP
	h.Handler = &handler{s, h.Handler}
	connContext := h.ConnContext
	h.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		c, ok := nc.(*serverConn)
		if !ok { // of a Serve that is not ours
			return ctx
		}
		if connContext != nil {
			ctx = connContext(ctx, c.Conn)
		}
		return context.WithValue(ctx, connKey{}, c)
	}
	s.nextProtos = offered(h.Protocols)
	next := s.nextProtos
	if s.Config != nil && s.Config.NextProtos != nil {
		next = s.Config.NextProtos
	}
	h.Protocols = new(http.Protocols)
	h.Protocols.SetUnencryptedHTTP2(slices.Contains(next, protoHTTP2))
	// Who does not know ALPN speaks HTTP/1.1.
	h.Protocols.SetHTTP1(slices.Contains(next, protoHTTP1) || !h.Protocols.UnencryptedHTTP2())
}

// handshakeTimeout is that of net/http; 0 is none.
func (s *Server) handshakeTimeout() (least time.Duration) {
	for _, d := range []time.Duration{s.HTTP.ReadHeaderTimeout, s.HTTP.ReadTimeout, s.HTTP.WriteTimeout} {
		if d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

func (s *Server) logf(format string, args ...any) {
	if l := s.HTTP.ErrorLog; l != nil {
		l.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}

// listener accepts connections and leaves their handshakes to their goroutines.
type listener struct {
	net.Listener
	server *Server
	config *mbedtls.Config
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &serverConn{Conn: mbedtls.Server(c, l.config), server: l.server}, nil
}

// handler completes requests, and then lets the user's handler have them.
type handler struct {
	server *Server
	next   http.Handler
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connKey{}).(*serverConn)
	if !ok { // somebody serves with Server.HTTP itself
		http.Error(w, "this server is for connections of package mbedhttp", http.StatusInternalServerError)
		return
	}
	r.TLS = c.tls
	if (r.ProtoMajor == 2) != (c.tls.NegotiatedProtocol == protoHTTP2) { // RFC 9113, section 3.3
		w.Header().Set("Connection", "close")
		http.Error(w, "ALPN has settled another version of HTTP", http.StatusHTTPVersionNotSupported)
		return
	}
	if r.ProtoMajor == 2 && h.server.closing.Load() {
		w.Header().Set("Connection", "close") // GOAWAY, on a connection that came too late for Shutdown's
	}
	next := h.next
	if next == nil {
		next = http.DefaultServeMux
	}
	next.ServeHTTP(w, r)
}

// Package pion makes peers of pion/dtls, in this process, over UDP sockets of 127.0.0.1.
package pion

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v5/deadline"
)

// Options say how a peer talks DTLS 1.2.
type Options struct {
	// Certificate is what the peer shows, if any.
	Certificate *tls.Certificate

	// Roots are trusted: a client checks the server against them, a server demands a certificate of theirs. nil asks for
	// nothing.
	Roots *x509.CertPool

	// ServerName is what a client asks for and checks; "" is localhost.
	ServerName string

	// PSK, when set, replaces certificates: it is the key of Identity on a client, and of everyone on a server.
	// It comes with TLS_PSK_WITH_AES_128_CCM_8 unless More has other suites.
	Identity string
	PSK      []byte

	// ConnectionID offers, or accepts, connection IDs, and makes this side's: dtls.RandomCIDGenerator(n), or
	// dtls.OnlySendCIDGenerator() for an empty one. All IDs of a server must be equally long. A server routes
	// datagrams by them, and follows a client to a new address.
	ConnectionID func() []byte

	// SRTP are the profiles to negotiate (RFC 5764).
	SRTP []dtls.SRTPProtectionProfile

	// MTU limits the datagrams of handshakes; 0 is pion's choice.
	MTU int

	// More are further options of pion's, for either side, and Server those for servers alone.
	More   []dtls.Option
	Server []dtls.ServerOption
}

func (o Options) shared() (list []dtls.Option) {
	if o.Certificate != nil {
		list = append(list, dtls.WithCertificates(*o.Certificate))
	}
	if o.PSK != nil {
		list = append(list, dtls.WithPSK(func([]byte) ([]byte, error) { return o.PSK, nil }),
			dtls.WithCipherSuites(dtls.TLS_PSK_WITH_AES_128_CCM_8), dtls.WithPSKIdentityHint([]byte(o.Identity)))
	}
	if o.ConnectionID != nil {
		list = append(list, dtls.WithConnectionIDGenerator(o.ConnectionID))
	}
	if o.SRTP != nil {
		list = append(list, dtls.WithSRTPProtectionProfiles(o.SRTP...))
	}
	if o.MTU > 0 {
		list = append(list, dtls.WithMTU(o.MTU))
	}
	return append(list, o.More...)
}

func (o Options) client() (list []dtls.ClientOption) {
	name := o.ServerName
	if name == "" {
		name = "localhost"
	}
	all := []dtls.Option{dtls.WithServerName(name)}
	if o.Roots != nil {
		all = append(all, dtls.WithRootCAs(o.Roots))
	} else {
		all = append(all, dtls.WithInsecureSkipVerify(true))
	}
	for _, option := range append(all, o.shared()...) {
		list = append(list, option)
	}
	return list
}

func (o Options) server() (list []dtls.ServerOption) {
	if o.Roots != nil {
		list = append(list, dtls.WithClientAuth(dtls.RequireAndVerifyClientCert), dtls.WithClientCAs(o.Roots))
	}
	for _, option := range o.shared() {
		list = append(list, option)
	}
	return append(list, o.Server...)
}

// Conn is a connection after its handshake. One Write is one datagram, and so is one Read; io.EOF follows close_notify.
//
// It is always ahead of its reader: when data and close_notify are there at once, pion's own Read may lose the data.
type Conn struct {
	*dtls.Conn
	records  chan []byte
	ended    error // of records
	deadline *deadline.Deadline
	closed   chan struct{}
	close    func() error
}

// backlog is how many datagrams wait for a reader.
const backlog = 64

func newConn(conn *dtls.Conn) *Conn {
	c := &Conn{Conn: conn, records: make(chan []byte, backlog), deadline: deadline.New(), closed: make(chan struct{})}
	c.close = sync.OnceValue(func() error {
		close(c.closed)
		return conn.Close()
	})
	go func() {
		defer close(c.records)
		for buffer := make([]byte, 1<<16); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				c.ended = err
				return
			}
			select {
			case c.records <- slices.Clone(buffer[:n]):
			case <-c.closed:
				c.ended = net.ErrClosed
				return
			}
		}
	}()
	return c
}

// Read returns one datagram. What does not fit is lost.
func (c *Conn) Read(b []byte) (int, error) {
	select {
	case record, ok := <-c.records:
		if !ok {
			return 0, c.ended
		}
		return copy(b, record), nil
	case <-c.deadline.Done():
		return 0, os.ErrDeadlineExceeded
	}
}

// SetReadDeadline bounds Read.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.deadline.Set(t)
	return nil
}

// SetDeadline bounds Read and Write.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// Close sends close_notify. It may be called more than once.
func (c *Conn) Close() error { return c.close() }

// CloseWrite closes all of it: pion does not close one half.
func (c *Conn) CloseWrite() error { return c.Close() }

// Dial connects a client.
func Dial(ctx context.Context, addr string, o Options) (*Conn, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	conn, err := dtls.DialWithOptions("udp", to, o.client()...)
	if err != nil {
		return nil, err
	}
	return handshake(ctx, conn)
}

// Listener is a server. Close leaves its connections alone.
type Listener struct{ net.Listener }

// Listen opens a server.
func Listen(o Options) (*Listener, error) {
	l, err := dtls.ListenWithOptions("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, o.server()...)
	if err != nil {
		return nil, err
	}
	return &Listener{l}, nil
}

// Handshake accepts a connection. The listener is closed when ctx ends before there is one.
func (l *Listener) Handshake(ctx context.Context) (*Conn, error) {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	conn, err := l.Accept()
	stop()
	if err != nil {
		return nil, err
	}
	return handshake(ctx, conn.(*dtls.Conn))
}

func handshake(ctx context.Context, conn *dtls.Conn) (*Conn, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return newConn(conn), nil
}

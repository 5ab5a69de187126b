package mbedtls

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Conn is a TLS or DTLS connection. It is a [net.Conn]: its methods may be called by several goroutines, a Read that
// waits keeps no Write from going on, and Close ends both.
//
// With DTLS, each Write sends one record, which is at most ConnectionState.MaxOutPayload bytes long and may get lost, or
// arrive out of order. Each Read returns data of one record: if p is too short for it, the next Read returns the rest,
// and Buffered tells how much that is. What the peer sends again after a handshake is answered in Read.
type Conn struct {
	core
	conn  net.Conn
	input inputReader // of TLS

	handshakeMu  sync.Mutex
	handshakeErr error // final

	closed  atomic.Bool
	closing atomic.Pointer[cbridge.SSL] // ssl, for Close

	writeMu  sync.Mutex // one Write at a time
	writeErr error      // of writeMu; final

	in    gate       // one goroutine reads from conn
	outMu sync.Mutex // one goroutine writes to conn

	deadlines     readDeadlines
	writeDeadline atomic.Pointer[time.Time]
	wake          bell // see park
}

// Client makes a connection of conn, whose other end is a server. The handshake takes place at the first Read or Write,
// or when it is asked for. config must have a ServerName, or opt out of checking it.
//
// If conn is a *[net.TCPConn] or a *[net.UnixConn], and nothing around one, a Read that waits holds no memory for what
// will come, but asks the runtime when it is there. What has a Read of its own is read by that, and a Read that waits holds
// 64 KiB for it.
func Client(conn net.Conn, config *Config) *Conn { return newConn(conn, config, false, cbridge.Stream) }

// Server makes a connection of conn, whose other end is a client. config must have a certificate, or what takes its
// place.
func Server(conn net.Conn, config *Config) *Conn { return newConn(conn, config, true, cbridge.Stream) }

func newConn(conn net.Conn, config *Config, server bool, transport cbridge.Transport) *Conn {
	c := &Conn{conn: conn, in: make(gate, 1), deadlines: readDeadlines{conn: conn}}
	c.core.init(c, config, server, transport)
	if !c.isDTLS() {
		c.input = inputReaderOf(conn)
		return c
	}
	c.datagrams = receiverOf(conn)
	feed := c.feed
	c.takeDatagram = func() error { return c.datagrams.receive(feed) }
	return c
}

// NetConn is the connection underneath. What is read from or written to it breaks this one.
func (c *Conn) NetConn() net.Conn { return c.conn }

func (c *Conn) netConn() net.Conn { return c.conn }

// LocalAddr is the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.conn.LocalAddr() }

// RemoteAddr is the address of the other end.
func (c *Conn) RemoteAddr() net.Addr { return c.conn.RemoteAddr() }

// SetDeadline bounds Read, Write and Handshake; the zero time is no bound. A deadline that passed does no harm: set a
// later one and go on.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline bounds Read, and waiting for the peer in Handshake. It and SetWriteDeadline bound waiting for a private
// key that works elsewhere.
func (c *Conn) SetReadDeadline(t time.Time) error {
	defer c.rouse()
	return c.deadlines.set(t)
}

// SetWriteDeadline bounds Write, and sending in Handshake. What a Write that timed out has encrypted by then counts as
// written, and is sent before anything else by the next one.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	defer c.rouse()
	c.writeDeadline.Store(&t)
	return c.conn.SetWriteDeadline(t)
}

// begin keeps the C context alive for one call; the context's Release ends that.
func (c *Conn) begin(ctx context.Context) (*cbridge.SSL, error) {
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	if err := c.ssl.Retain(); err != nil {
		return nil, err
	}
	return c.ssl, nil
}

// beginWrite is begin for a call that writes: there is one at a time, and none after a final error. It takes writeMu;
// endWrite ends both.
func (c *Conn) beginWrite() (*cbridge.SSL, error) {
	ssl, err := c.begin(context.Background())
	if err != nil {
		return nil, err
	}
	c.writeMu.Lock()
	if err := c.writeErr; err != nil {
		if err == errShutdown && c.closed.Load() { // it is Close that has shut down
			err = net.ErrClosed
		}
		c.endWrite(ssl)
		return nil, err
	}
	return ssl, nil
}

func (c *Conn) endWrite(ssl *cbridge.SSL) {
	c.writeMu.Unlock()
	ssl.Release()
}

// Read reads application data. The peer's orderly end is [io.EOF]; an end without close_notify is
// [io.ErrUnexpectedEOF], since data may have been cut off. TLS 1.3 session tickets pass unseen. With DTLS, an error of the
// socket, such as "connection refused", is not final.
func (c *Conn) Read(p []byte) (int, error) {
	ssl, err := c.begin(context.Background())
	if err != nil {
		return 0, err
	}
	defer ssl.Release()
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, answered, tickets, err := c.readOnce(p)
		if tickets {
			c.cacheSessions()
		}
		var flushErr error
		if answered || err == ErrSSLWantWrite {
			flushErr = c.flush(err == ErrSSLWantWrite)
		}
		switch err {
		case nil: // if the answer could not be sent, that is Write's to report
			c.meter.data(n, 0)
			return n, nil
		case ErrSSLWantRead:
			if err := c.fillForRead(); err != nil {
				return 0, err
			}
		case ErrSSLWantWrite: // the peer wants answers, and takes none
			if flushErr != nil {
				return 0, flushErr
			}
		case ErrSSLAsyncInProgress: // a renegotiation
			if err := c.park(context.Background()); err != nil {
				return 0, err
			}
		default:
			c.forget(ssl, err)
			return 0, err
		}
	}
}

// readOnce reads what is in the context, and tells whether that left an answer to the peer in the ring, such as an alert,
// and whether there were tickets.
func (c *Conn) readOnce(p []byte) (n int, answered, tickets bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.takeEarly(p); n > 0 {
		return n, false, false, nil
	}
	if c.readErr != nil {
		return 0, false, false, c.readErr
	}
	if n := c.readAside(p); n > 0 {
		return n, false, false, nil
	}
	before := c.ssl.OutputLen()
	n, err = c.readRecords(p)
	for final(err) && codeOf(err) == ErrSSLReceivedNewSessionTicket {
		tickets = true
		c.noteSession()
		if err = nil; n == 0 {
			n, err = c.readRecords(p)
		}
	}
	if err = c.renegotiated(err); n > 0 {
		err = nil // the next call's
	}
	return n, c.ssl.OutputLen() > before, tickets, err
}

// readRecords reads as many records as are there; one, if somebody counts them. With mu held.
func (c *core) readRecords(p []byte) (int, error) {
	if c.config.unjudged() {
		return c.ssl.Read(p)
	}
	if c.renegotiationState == nil && c.ssl.Drained() { // else Write may have read, too
		return 0, ErrSSLWantRead
	}
	return c.ssl.ReadRecords(p)
}

// final tells errors from requests to be called again.
func final(err error) bool {
	switch err {
	case nil, ErrSSLWantRead, ErrSSLWantWrite, ErrSSLAsyncInProgress, ErrSSLCryptoInProgress:
		return false
	}
	return true
}

// Write encrypts and sends p. After a timeout, n bytes of p are on their way, or will be sent before anything else by
// the next Write. Any other error is final, and leaves unknown what arrived. With DTLS, p is one record: longer than
// ConnectionState.MaxOutPayload, it is a [PayloadError], which like an error of the socket is not final.
func (c *Conn) Write(p []byte) (n int, err error) {
	ssl, err := c.beginWrite()
	if err != nil {
		return 0, err
	}
	defer c.endWrite(ssl)
	if err := c.checkPayload(len(p)); err != nil {
		return 0, err
	}
	for n < len(p) {
		// What is encrypted counts as written, so that nothing may be after the deadline.
		if t := c.writeDeadline.Load(); t != nil && !t.IsZero() && !time.Now().Before(*t) {
			return n, os.ErrDeadlineExceeded
		}
		m, err := c.writeRecords(p[n:])
		n += m
		c.meter.data(0, m)
		switch err {
		case nil:
		case ErrSSLWantWrite: // the ring is full
			if err := c.send(); err != nil {
				return n, err
			}
		case ErrSSLWantRead: // a renegotiation
			if err := c.send(); err != nil {
				return n, err
			}
			if err := c.fillForHandshake(); err != nil {
				return n, err
			}
		case ErrSSLAsyncInProgress:
			if err := c.send(); err != nil {
				return n, err
			}
			if err := c.park(context.Background()); err != nil {
				return n, err
			}
		case errAsideFull: // data of the peer comes before its answer
			if err := c.awaitRead(); err != nil {
				return n, err
			}
		default:
			_ = c.flush(true) // an alert
			return n, err
		}
	}
	return n, c.send()
}

// writeRecords encrypts as much as the ring has room for.
func (c *Conn) writeRecords(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.broken(); err != nil {
		return 0, err
	}
	n, err := c.ssl.WriteRecords(p)
	return n, unfinished(c.renegotiated(err))
}

// broken is why the context must not be used any more. With mu held.
func (c *core) broken() error {
	if c.readErr == io.EOF {
		return nil
	}
	return c.readErr
}

// makeRoom makes sure that the library has nothing else to send, and that a record can be written whole. With mu held.
func (c *core) makeRoom() error {
	if err := c.broken(); err != nil {
		return err
	}
	if err := c.ssl.FlushOutput(); err != nil {
		return err
	}
	if c.ssl.OutputSpace() < cbridge.MaxRecord {
		return ErrSSLWantWrite
	}
	return nil
}

// send sends the output, and makes an error of a stream underneath final that is no timeout. With writeMu held.
func (c *Conn) send() error {
	err := c.flush(true)
	if err != nil && !isTimeout(err) && !c.isDTLS() {
		c.writeErr = err
	}
	return err
}

// CloseWrite sends close_notify: the peer reads io.EOF, and may go on writing. The handshake must be complete.
func (c *Conn) CloseWrite() error {
	if !c.handshakeDone.Load() {
		return errEarlyShutdown
	}
	ssl, err := c.begin(context.Background())
	if err != nil {
		return err
	}
	defer ssl.Release()
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	return c.sendCloseNotify()
}

// sendCloseNotify ends the writing side. With writeMu held.
func (c *Conn) sendCloseNotify() error {
	if c.writeErr == nil {
		for {
			err := c.queue((*cbridge.SSL).CloseNotify)
			if err == nil {
				c.meter.alert(true, AlertWarning, AlertCloseNotify)
				break
			}
			if err != ErrSSLWantWrite {
				return err
			}
			if err := c.send(); err != nil {
				return err
			}
		}
		c.writeErr = errShutdown
	}
	if c.writeErr != errShutdown {
		return c.writeErr
	}
	return c.flush(true)
}

// queue makes a library call that emits one record, if there is room for it.
func (c *Conn) queue(emit func(*cbridge.SSL) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.makeRoom(); err != nil {
		return err
	}
	return emit(c.ssl)
}

// closeTimeout bounds how long Close tries to tell the peer.
const closeTimeout = 5 * time.Second

// idle waits until no call is in C. It gives up in time, for a closure that calls Close from in there.
func (c *Conn) idle() bool {
	for start := time.Now(); !c.mu.TryLock(); time.Sleep(50 * time.Microsecond) {
		if time.Since(start) > closeTimeout {
			return false
		}
	}
	c.mu.Unlock()
	return true
}

// Close sends close_notify, unless a Write is under way, and closes the connection underneath. Calls that wait return
// [net.ErrClosed], and so does a second Close.
func (c *Conn) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	defer c.meter.closed(&c.core)
	c.rouse()
	if c.handshakeDone.Load() && c.writeMu.TryLock() {
		if c.idle() && c.ssl.Retain() == nil {
			if c.conn.SetWriteDeadline(time.Now().Add(closeTimeout)) == nil {
				_ = c.sendCloseNotify() // the peer may be gone
			}
			c.ssl.Release()
		}
		c.writeMu.Unlock()
	}
	err := c.conn.Close()
	if ssl := c.closing.Load(); ssl != nil {
		ssl.Close()
	}
	return err
}

var _ net.Conn = (*Conn)(nil)

package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// memBuffer is what a direction of a connection in memory holds at most.
const memBuffer = 128 << 10

// lane is one direction of a connection in memory.
type lane struct {
	mu      sync.Mutex
	changed sync.Cond
	buf     [memBuffer]byte
	r, w    int // r to w is unread; both begin anew when that is nothing
	closed  bool
}

func newLane() *lane {
	l := new(lane)
	l.changed.L = &l.mu
	return l
}

func (l *lane) read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.r == l.w {
		if l.closed {
			return 0, io.EOF
		}
		l.changed.Wait()
	}
	n := copy(p, l.buf[l.r:l.w])
	if l.r += n; l.r == l.w {
		l.r, l.w = 0, 0
		l.changed.Signal()
	}
	return n, nil
}

func (l *lane) write(p []byte) (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n < len(p) {
		if l.closed {
			return n, net.ErrClosed
		}
		m := copy(l.buf[l.w:], p[n:])
		if m == 0 {
			l.changed.Wait()
			continue
		}
		n, l.w = n+m, l.w+m
		l.changed.Signal()
	}
	return n, nil
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.changed.Broadcast()
}

// memConn is one end of a connection in memory that costs no allocation, unlike net.Pipe also buffered. It has no deadlines.
type memConn struct{ in, out *lane }

// memPair is a connection that begins anew once both ends are closed.
type memPair [2]memConn

func newMemPair() *memPair {
	a, b := newLane(), newLane()
	return &memPair{{a, b}, {b, a}}
}

func (p *memPair) reset() {
	for _, c := range p {
		c.in.mu.Lock()
		c.in.r, c.in.w, c.in.closed = 0, 0, false
		c.in.mu.Unlock()
	}
}

func (c *memConn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *memConn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends both directions, but what was written can be read.
func (c *memConn) Close() error {
	c.in.close()
	c.out.close()
	return nil
}

func (c *memConn) LocalAddr() net.Addr              { return memAddr{} }
func (c *memConn) RemoteAddr() net.Addr             { return memAddr{} }
func (c *memConn) SetDeadline(time.Time) error      { return nil }
func (c *memConn) SetReadDeadline(time.Time) error  { return nil }
func (c *memConn) SetWriteDeadline(time.Time) error { return nil }

type memAddr struct{}

func (memAddr) Network() string { return "memory" }
func (memAddr) String() string  { return "memory" }

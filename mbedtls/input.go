package mbedtls

import (
	"io"
	"net"
	"os"
	"syscall"
)

// inputReader reads once from below a stream's connection to its input ring. 0 bytes without an error mean that there is
// no room. It is used by one goroutine at a time, the one that has c.in.
type inputReader interface {
	read(c *Conn) (int, error)
}

// inputReaderOf chooses one that holds no memory while it waits, if conn has such a way. Only for the sockets of package
// net themselves is it certain that nobody wants to see what is read.
func inputReaderOf(conn net.Conn) inputReader {
	var raw syscall.RawConn
	var err error
	switch c := conn.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	}
	if raw == nil || err != nil {
		return anyReader{}
	}
	return &socketReader{raw: raw}
}

// anyReader keeps the ring's memory while it waits.
type anyReader struct{}

func (anyReader) read(c *Conn) (int, error) {
	buf, err := c.inputSpace()
	if err != nil || len(buf) == 0 {
		return 0, err
	}
	n, err := c.conn.Read(buf)
	c.commit(n)
	return n, err
}

// socketReader waits until there is something to read, and only then borrows memory for it.
type socketReader struct {
	raw syscall.RawConn
	try func(fd uintptr) bool // made once, so that read does not allocate
	n   int
	err error
}

func (r *socketReader) read(c *Conn) (int, error) {
	if r.try == nil {
		r.try = func(fd uintptr) bool { return r.once(c, fd) }
	}
	r.n, r.err = 0, nil
	err := r.raw.Read(r.try)
	if err == nil {
		return r.n, r.err
	}
	if e, ok := err.(*net.OpError); ok { // as conn.Read would tell
		e.Op, e.Source, e.Addr = "read", c.conn.LocalAddr(), c.conn.RemoteAddr()
	}
	return 0, err
}

// once is false if there is nothing to read yet.
func (r *socketReader) once(c *Conn, fd uintptr) bool {
	c.mu.Lock()
	seg, full := c.ssl.HoldInput()
	c.mu.Unlock()
	if full {
		return true
	}
	n, err := c.ssl.ReadInput(seg, fd)
	c.commit(n)
	if err == syscall.EAGAIN {
		return false
	}
	r.n = n
	switch {
	case err != nil:
		r.err = readError(c.conn, err)
	case n == 0:
		r.err = io.EOF
	}
	return true
}

// readError is what conn.Read makes of an error of the system.
func readError(conn net.Conn, err error) error {
	local := conn.LocalAddr()
	return &net.OpError{Op: "read", Net: local.Network(), Source: local, Addr: conn.RemoteAddr(), Err: os.NewSyscallError("read", err)}
}

// inputSpace is empty if the ring is full.
func (c *Conn) inputSpace() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ssl.InputSpace()
}

func (c *Conn) commit(n int) {
	c.meter.wire(n, 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ssl.Commit(n)
}

package mbedtls

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// fill waits for bytes from the connection underneath and puts them in the input ring. The caller has the context
// retained. Whoever comes while another goroutine reads, waits for that one's bytes.
func (c *Conn) fill() error { return c.fillUnless(func() bool { return false }, nil) }

// fillUnless is fill, unless there is no need for input any more. unneeded is called with mu held; over ends the wait
// for another goroutine that reads.
func (c *Conn) fillUnless(unneeded func() bool, over <-chan struct{}) error {
	select {
	case c.in <- struct{}{}:
		defer func() { <-c.in }()
	case <-over:
		return nil
	}
	buf, err := c.inputSpace(unneeded)
	if err != nil || buf == nil {
		return err
	}
	n, err := c.deadlines.read(buf, c.config.ReadTimeout)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ssl.Commit(n)
	switch {
	case n > 0:
		return nil // an error will come back
	case errors.Is(err, io.EOF):
		c.ssl.InputEOF()
		return nil // the library knows whether that is an orderly end
	case c.closed.Load():
		return net.ErrClosed
	}
	return err
}

// gate is a mutex that one can stop waiting for.
type gate chan struct{}

// inputSpace is nil if there is input already, or none is needed.
func (c *Conn) inputSpace(unneeded func() bool) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ssl.InputLen() > 0 || unneeded() {
		return nil, nil
	}
	return c.ssl.InputSpace()
}

// flush sends what the output ring holds. If wait is false and another goroutine is sending, it leaves that to it. The
// caller has the context retained.
func (c *Conn) flush(wait bool) error {
	for {
		if wait {
			c.outMu.Lock()
		} else if !c.outMu.TryLock() {
			return nil
		}
		err := c.drain()
		c.outMu.Unlock()
		// Output that came after drain's last look, from a goroutine that then found outMu taken, is ours.
		if err != nil || c.outputLen() == 0 {
			return err
		}
		wait = false
	}
}

// drain sends until the output ring is empty. With outMu held.
func (c *Conn) drain() error {
	for {
		c.mu.Lock()
		buf := c.ssl.Output()
		c.mu.Unlock()
		if len(buf) == 0 {
			return nil
		}
		n, err := c.conn.Write(buf)
		c.mu.Lock()
		c.ssl.Discard(n)
		c.mu.Unlock()
		if err != nil {
			if c.closed.Load() && !isTimeout(err) {
				return net.ErrClosed
			}
			return err
		}
	}
}

func (c *Conn) outputLen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ssl.OutputLen()
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// readDeadlines joins the deadline that the user sets with the bound on each single wait.
type readDeadlines struct {
	conn net.Conn
	mu   sync.Mutex
	user time.Time // zero: none
	wait time.Time // of the read that is under way; zero: none
}

func (d *readDeadlines) set(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.user = t
	return d.apply()
}

// apply sets the earlier one. With mu held.
func (d *readDeadlines) apply() error {
	t := d.user
	if !d.wait.IsZero() && (t.IsZero() || d.wait.Before(t)) {
		t = d.wait
	}
	return d.conn.SetReadDeadline(t)
}

// read reads once, for at most timeout if that is not 0.
func (d *readDeadlines) read(p []byte, timeout time.Duration) (int, error) {
	if timeout == 0 {
		return d.conn.Read(p)
	}
	if err := d.setWait(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	n, err := d.conn.Read(p)
	d.mu.Lock()
	ours := !d.wait.IsZero() && (d.user.IsZero() || d.wait.Before(d.user))
	d.mu.Unlock()
	if e := d.setWait(time.Time{}); err == nil && n == 0 {
		err = e
	}
	if ours && isTimeout(err) {
		err = &Error{Code: ErrSSLTimeout, Op: "mbedtls_ssl_read", Cause: os.ErrDeadlineExceeded}
	}
	return n, err
}

func (d *readDeadlines) setWait(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wait = t
	return d.apply()
}

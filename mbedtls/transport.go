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
	if !c.in.enter(over) {
		return nil
	}
	defer c.in.leave()
	if c.isDTLS() {
		return c.receive(unneeded)
	}
	if c.hasInput(unneeded) {
		return nil
	}
	n, err := c.readInput()
	if n > 0 || err == nil {
		return nil // an error will come back
	}
	return c.inputEnds(err)
}

// hasInput tells whether there is no need to wait for any.
func (c *Conn) hasInput(unneeded func() bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ssl.InputLen() > 0 || unneeded()
}

// readInput waits for as long as the Config allows.
func (c *Conn) readInput() (n int, err error) {
	if c.config.ReadTimeout == 0 {
		return c.input.read(c) // with a short stack
	}
	err = c.deadlines.read(c.config.ReadTimeout, func() (err error) {
		n, err = c.input.read(c)
		return err
	})
	return n, err
}

// inputEnds says what an error of the connection underneath means to who needs input.
func (c *Conn) inputEnds(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ssl.InputEOF()
		return nil // the library knows whether that is an orderly end
	case c.closed.Load():
		return net.ErrClosed
	}
	return err
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
	for buf := c.nextOutput(0, false); len(buf) > 0; {
		n, err := c.conn.Write(buf)
		c.meter.wire(0, n)
		sent := !c.isDTLS() || !isTimeout(err) // a datagram that could not be sent is lost
		buf = c.nextOutput(n, sent)
		if err != nil && c.isDTLS() && c.retransmits(err) {
			continue
		}
		if err != nil {
			if c.closed.Load() && !isTimeout(err) {
				return net.ErrClosed
			}
			return err
		}
	}
	return nil
}

// nextOutput is what to send next, after n bytes of what it returned last are dealt with, if any are.
func (c *Conn) nextOutput(n int, sent bool) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if sent {
		c.ssl.Discard(n)
	}
	return c.ssl.Output()
}

func (c *Conn) outputLen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ssl.OutputLen()
}

func isTimeout(err error) bool {
	if err == nil {
		return false
	}
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// readDeadlines joins the deadline that the user sets with the bound on each single wait, and with DTLS's timer.
type readDeadlines struct {
	conn        net.Conn
	mu          sync.Mutex
	user        time.Time // zero: none
	wait        time.Time // of the read that is under way; zero: none
	timer       time.Time // of DTLS; zero: none
	interrupted bool
	moves       uint32 // of timer: who waits for one that another call has moved must not take it for the user's
}

// errTimer says that the timer has passed: the library wants to be called.
var errTimer = errors.New("mbedtls: time to retransmit")

func (d *readDeadlines) set(t time.Time) error { return d.put(&d.user, t) }

// put changes one of the three.
func (d *readDeadlines) put(which *time.Time, t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	*which = t
	if which == &d.timer {
		d.moves++
	}
	return d.apply()
}

// interrupt makes reads return at once, with errTimer, or ends that.
func (d *readDeadlines) interrupt(on bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.interrupted = on
	return d.apply()
}

// apply sets the earliest one. With mu held.
func (d *readDeadlines) apply() error { return d.conn.SetReadDeadline(d.earliest()) }

func (d *readDeadlines) earliest() (t time.Time) {
	if d.interrupted {
		return time.Unix(1, 0)
	}
	for _, other := range []time.Time{d.user, d.wait, d.timer} {
		if t.IsZero() || !other.IsZero() && other.Before(t) {
			t = other
		}
	}
	return t
}

// read calls a function that reads once, for at most timeout if that is not 0. It may fail with errTimer.
func (d *readDeadlines) read(timeout time.Duration, f func() error) error {
	if timeout != 0 {
		if err := d.put(&d.wait, time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	d.mu.Lock()
	moves := d.moves
	d.mu.Unlock()
	err := f()
	if !isTimeout(err) && timeout == 0 {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	first := d.earliest()
	ours, timer := !d.wait.IsZero() && first.Equal(d.wait), !d.timer.IsZero() && first.Equal(d.timer)
	if timeout != 0 {
		d.wait = time.Time{}
		if e := d.apply(); err == nil {
			err = e
		}
	}
	switch {
	case !isTimeout(err):
	case timer || d.interrupted || d.moves != moves:
		return errTimer
	case ours:
		return &Error{Code: ErrSSLTimeout, Op: "mbedtls_ssl_read", Cause: os.ErrDeadlineExceeded}
	}
	return err
}

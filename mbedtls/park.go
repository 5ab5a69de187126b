package mbedtls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

// park waits until the private key of a handshake has done its work, or there is no use in that any more. It holds neither a
// lock nor an OS thread. The caller has the context retained.
func (c *Conn) park(ctx context.Context) error {
	parked.Add(1)
	defer parked.Add(-1)
	c.mu.Lock()
	done := c.ssl.AsyncDone()
	c.mu.Unlock()
	if done == nil { // nobody knows when: the closures are asked again
		runtime.Gosched()
		return nil
	}
	var dead <-chan error
	if !c.isDTLS() { // nobody hangs up
		w, err := c.watch()
		if err != nil {
			return err
		}
		defer w.stop()
		dead = w.dead
	}
	var err error
	for {
		rung := c.wake.next()
		if c.closed.Load() {
			return net.ErrClosed
		}
		expired, stop := c.untilDeadline()
		select {
		case <-done:
		case <-ctx.Done():
			err = ctx.Err()
		case err = <-dead:
		case <-expired:
			err = os.ErrDeadlineExceeded
		case <-rung: // closed, or with another deadline
			stop()
			continue
		}
		stop()
		return err
	}
}

// untilDeadline is told when the earlier of the two deadlines passes.
func (c *Conn) untilDeadline() (expired <-chan time.Time, stop func()) {
	t := c.deadlines.get()
	if w := c.writeDeadline.Load(); w != nil && !w.IsZero() && (t.IsZero() || w.Before(t)) {
		t = *w
	}
	if t.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}

// rouse makes calls that are parked look around.
func (c *Conn) rouse() { c.wake.ring() }

// bell wakes all who wait for its next ring.
type bell struct {
	mu   sync.Mutex
	rung chan struct{} // nil: nobody waits
}

func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// watcher reads ahead for a parked handshake, since the peer may hang up meanwhile.
type watcher struct {
	c                *Conn
	dead             chan error // receives why the connection is of no use any more
	reading, stopped bool       // of c.deadlines.mu
}

// watch starts a watcher, which keeps in until it is stopped, the connection ends, or the ring is full.
func (c *Conn) watch() (*watcher, error) {
	if err := c.ssl.Retain(); err != nil {
		return nil, err
	}
	w := &watcher{c: c, dead: make(chan error, 1)}
	go w.run()
	return w, nil
}

// stop ends a read that is under way through its deadline. It does not wait for that: what is read goes to the ring, and
// whoever wants to read next waits for in.
func (w *watcher) stop() {
	d := &w.c.deadlines
	d.mu.Lock()
	defer d.mu.Unlock()
	w.stopped = true
	if w.reading {
		d.wait = time.Unix(1, 0)
		_ = d.apply()
	}
}

func (w *watcher) run() {
	c := w.c
	defer c.ssl.Release()
	c.in.enter(nil)
	defer c.in.leave()
	for w.begin() {
		n, err := c.input.read(c)
		w.end()
		switch {
		case isTimeout(err):
			return
		case errors.Is(err, io.EOF):
			c.mu.Lock()
			c.ssl.InputEOF()
			c.mu.Unlock()
			if !c.server { // a server may have said all that it has to say
				return
			}
			err = &Error{Code: ErrSSLConnEOF, Op: "mbedtls_ssl_handshake",
				Cause: fmt.Errorf("the peer closed the connection: %w", io.ErrUnexpectedEOF)}
		case err == nil && n > 0:
			continue
		case err == nil: // the ring is full
			return
		}
		if c.closed.Load() {
			err = net.ErrClosed
		}
		w.dead <- err
		return
	}
}

// begin is false if nobody waits any more.
func (w *watcher) begin() bool {
	d := &w.c.deadlines
	d.mu.Lock()
	defer d.mu.Unlock()
	w.reading = !w.stopped
	return w.reading
}

func (w *watcher) end() {
	d := &w.c.deadlines
	d.mu.Lock()
	defer d.mu.Unlock()
	w.reading = false
	if w.stopped {
		d.wait = time.Time{}
		_ = d.apply()
	}
}

// get is the user's deadline.
func (d *readDeadlines) get() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.user
}

// abandon ends the work of a private key that a failed handshake leaves behind.
func (c *Conn) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ssl != nil {
		c.ssl.CancelAsync()
	}
}

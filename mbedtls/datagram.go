package mbedtls

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// receiver takes one datagram at a time from below a connection. take gets the datagram for the duration of its call.
type receiver interface {
	receive(take func(datagram []byte) error) error
}

// datagramState is what only a connection of DTLS has.
type datagramState struct {
	datagrams    receiver      // of a Conn
	takeDatagram func() error  // from there to the library
	delay        cbridge.Delay // of mu: the timer
	mtu          int           // of mu
	hellos       helloGuard    // of mu
}

// datagramBuffers are as long as what the library reads of a datagram at most.
var datagramBuffers = sync.Pool{New: func() any { b := make([]byte, cbridge.MaxDatagram); return &b }}

// receiverOf chooses one that holds no buffer while it waits, if conn has such a way.
func receiverOf(conn net.Conn) receiver {
	switch c := conn.(type) {
	case *peer:
		return c
	case *net.UDPConn:
		if raw, err := c.SyscallConn(); err == nil {
			return newUDPReceiver(raw)
		}
	}
	return connReceiver{conn}
}

type connReceiver struct{ net.Conn }

func (r connReceiver) receive(take func([]byte) error) error {
	buf := datagramBuffers.Get().(*[]byte)
	defer datagramBuffers.Put(buf)
	n, err := r.Read(*buf)
	if err != nil && n == 0 {
		return err
	}
	return take((*buf)[:n])
}

// udpReceiver waits for its socket without a buffer, as thousands of idle connections do. It is used by one goroutine at
// a time.
type udpReceiver struct {
	raw   syscall.RawConn
	ready func(fd uintptr) bool // made once, so that receive does not allocate
	buf   *[]byte
	n     int
	err   error
}

func newUDPReceiver(raw syscall.RawConn) *udpReceiver {
	r := &udpReceiver{raw: raw}
	r.ready = func(fd uintptr) bool {
		r.buf = datagramBuffers.Get().(*[]byte)
		for {
			if r.n, r.err = syscall.Read(int(fd), *r.buf); r.err != syscall.EINTR {
				break
			}
		}
		if r.err == syscall.EAGAIN {
			datagramBuffers.Put(r.buf)
			return false
		}
		return true
	}
	return r
}

func (r *udpReceiver) receive(take func([]byte) error) error {
	if err := r.raw.Read(r.ready); err != nil {
		return err
	}
	defer datagramBuffers.Put(r.buf)
	if r.err != nil {
		return &net.OpError{Op: "read", Net: "udp", Err: r.err}
	}
	return take((*r.buf)[:r.n])
}

// receive waits for a datagram, unless there is input or no need for it, and gives it to the library; or until DTLS's
// timer passes, which the library then looks at. With in held.
func (c *Conn) receive(unneeded func() bool) error {
	if c.hasInput(func() bool { return unneeded() || c.readErr != nil }) {
		return nil
	}
	timeout := c.config.ReadTimeout
	if !c.handshakeDone.Load() {
		timeout = c.helloTimeout()
	}
	err := c.deadlines.read(timeout, c.takeDatagram)
	if err == nil || err == errTimer {
		return nil
	}
	return c.inputEnds(err)
}

// helloTimeout bounds how long a listener's connection waits for the rest of its ClientHello, for which the library has no
// timer; 0 is no bound.
func (c *Conn) helloTimeout() time.Duration {
	if c.peer == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.helloProgress() != helloAwaited {
		return 0
	}
	_, longest := c.config.handshakeTimeouts()
	return max(1, time.Until(c.peer.began.Add(longest)))
}

// feed gives the library a datagram.
func (c *core) feed(datagram []byte) error {
	c.meter.wire(len(datagram), 0)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server && !c.config.unjudged() {
		datagram = c.hellos.admit(datagram, c.helloProgress())
	}
	if len(datagram) == 0 {
		return nil
	}
	return c.ssl.Feed(datagram)
}

// retransmits tells whether a datagram that was not sent is one that the library sends again: then it may be lost. What
// is too long for the path, it sends in smaller pieces.
func (c *Conn) retransmits(err error) bool {
	if !errors.Is(err, syscall.EMSGSIZE) && !errors.Is(err, syscall.ENOBUFS) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ssl.HandshakeOver()
}

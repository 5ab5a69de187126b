package mbedtls

import (
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// HandshakeState is a step of a handshake (mbedtls_ssl_states). Its numbers are the library's own, and may differ from
// one release to the next.
type HandshakeState int

// String is the library's name without its prefix, such as CLIENT_HELLO.
func (s HandshakeState) String() string {
	if name := cbridge.StateName(int(s)); name != "" {
		return strings.TrimPrefix(name, "MBEDTLS_SSL_")
	}
	return fmt.Sprintf("HandshakeState(%d)", int(s))
}

// trace tells Config.Trace of a state that has not been told yet. With mu held.
func (c *core) trace() {
	if c.config.Trace == nil {
		return
	}
	if state := HandshakeState(c.ssl.State()); !c.traced || state != c.tracedState {
		c.traced, c.tracedState = true, state
		c.shell.reached(state)
	}
}

func (c *Conn) reached(state HandshakeState) { c.config.Trace(c, state) }

// BytesAvailable is how many bytes Read can give without waiting, of the record that it has begun
// (mbedtls_ssl_get_bytes_avail).
func (c *Conn) BytesAvailable() int {
	if !c.handshakeDone.Load() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.earlyData) + c.asideFirst() + c.ssl.BytesAvail()
}

// Pending reports whether bytes of the peer have come that no call has looked at yet. They need not be data: Read may
// still wait (mbedtls_ssl_check_pending, and what lies between the connection underneath and the library).
func (c *Conn) Pending() bool {
	if !c.handshakeDone.Load() || c.ssl.Retain() != nil {
		return false
	}
	defer c.ssl.Release()
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.earlyData) > 0 || c.asideFirst() > 0 || c.ssl.InputLen() > 0 || c.ssl.Pending()
}

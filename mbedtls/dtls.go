package mbedtls

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ClientDTLS makes a DTLS connection of conn, whose other end is a server: a connected UDP socket, for example, or what
// [ConnectPacketConn] makes. One Read of conn must return one datagram, and one Write send one. The rest is as with
// [Client].
func ClientDTLS(conn net.Conn, config *Config) *Conn {
	return newConn(conn, config, false, cbridge.Datagram)
}

// ServerDTLS makes a DTLS connection of conn, whose other end is the one client that this server has; see [ListenDTLS] for
// more. An invalid datagram in place of the ClientHello fails the handshake, and a client that connects anew from the
// same address ends the connection with ErrSSLClientReconnect: then ServerDTLS may be called again. The rest is as with
// [ClientDTLS] and [Server].
func ServerDTLS(conn net.Conn, config *Config) *Conn {
	return newConn(conn, config, true, cbridge.Datagram)
}

// DialDTLS connects to a server over UDP, with the host of addr as the ServerName if config has none, and runs the
// handshake. network is "udp", "udp4" or "udp6". [Dial] and [Dialer] do the same for these networks.
func DialDTLS(network, addr string, config *Config) (*Conn, error) {
	return DialDTLSContext(context.Background(), network, addr, config)
}

// DialDTLSContext is DialDTLS that ctx can end.
func DialDTLSContext(ctx context.Context, network, addr string, config *Config) (*Conn, error) {
	if !isDatagram(network) {
		return nil, net.UnknownNetworkError(network)
	}
	return DialContext(ctx, network, addr, config)
}

// isDatagram tells whether a network has datagrams, so that DTLS is what fits.
func isDatagram(network string) bool {
	switch network {
	case "udp", "udp4", "udp6", "unixgram":
		return true
	}
	return false
}

// ConnectPacketConn is a connection to one peer over pc: it sends to that address, and ignores what comes from any other.
// Closing it closes pc.
func ConnectPacketConn(pc net.PacketConn, peer net.Addr) net.Conn {
	return &connectedPacketConn{PacketConn: pc, peer: peer, name: peer.String()}
}

type connectedPacketConn struct {
	net.PacketConn
	peer net.Addr
	name string
}

func (c *connectedPacketConn) Read(p []byte) (int, error) {
	for {
		n, from, err := c.ReadFrom(p)
		if err != nil || from != nil && from.String() == c.name {
			return n, err
		}
	}
}

func (c *connectedPacketConn) Write(p []byte) (int, error) { return c.WriteTo(p, c.peer) }
func (c *connectedPacketConn) RemoteAddr() net.Addr        { return c.peer }

// PayloadError says that a Write was given more than fits into one record of DTLS. It matches syscall.EMSGSIZE, which is
// what a socket says in that case.
type PayloadError struct {
	Len int // of what was to be written, in bytes
	Max int // what is possible now; see ConnectionState.MaxOutPayload and Conn.SetMTU
}

// Error tells both numbers.
func (e *PayloadError) Error() string {
	return fmt.Sprintf("mbedtls: a payload of %d bytes is above the maximum of a record, %d bytes", e.Len, e.Max)
}

// Is reports whether target is syscall.EMSGSIZE.
func (e *PayloadError) Is(target error) bool { return target == syscall.EMSGSIZE }

// checkPayload reports what does not fit into one record. With writeMu held.
func (c *core) checkPayload(n int) error {
	if !c.isDTLS() || c.config.unjudged() {
		return nil
	}
	if limit := c.MaxPayload(); n > limit {
		return &PayloadError{n, limit}
	}
	return nil
}

// MaxPayload is how much a record of DTLS can hold now, in bytes: what a Write takes at most. It is 0 before the handshake
// is complete, and after Close (mbedtls_ssl_get_max_out_record_payload).
func (c *core) MaxPayload() int {
	if !c.handshakeDone.Load() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.ssl.MaxOutPayload())
}

// Buffered is how many bytes of the last record wait for the next Read, because p was too short for all of it.
func (c *Conn) Buffered() int {
	if !c.handshakeDone.Load() {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.asideFirst(); n > 0 {
		return n
	}
	return c.ssl.BytesAvail()
}

// SetMTU bounds the datagrams that are sent from now on, in bytes without the headers of UDP and IP; 0 is no bound. It
// may be called at any time, and overrides Config.DTLS.MTU (mbedtls_ssl_set_mtu).
func (c *core) SetMTU(mtu int) error {
	if !c.isDTLS() {
		return fmt.Errorf("mbedtls: SetMTU: %d: is for DTLS alone", mtu)
	}
	if mtu != 0 {
		if err := checkMTU(mtu); err != nil {
			return fmt.Errorf("mbedtls: SetMTU: %d: %w", mtu, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mtu = mtu
	if c.ssl == nil {
		return nil
	}
	return c.ssl.SetMTU(mtu)
}

// setUpDTLS gives a new context what DTLS needs. With mu not held.
func (c *core) setUpDTLS(ssl *cbridge.SSL) error {
	err := ssl.SetTimer(cbridge.Timer{Set: c.setTimer, Get: c.delay.Get})
	if err != nil {
		return err
	}
	o := &c.config.DTLS
	if o.DisablePacking {
		err = ssl.SetDatagramPacking(false)
	}
	if err == nil && o.ConnectionID != nil && !c.resumesSaved {
		var own []byte
		if own, err = c.newConnectionID(); err == nil {
			err = ssl.SetCID(true, own)
		}
	}
	if err != nil {
		return err
	}
	id, err := c.transportID()
	if err != nil {
		return err
	}
	return c.prepareDTLS(ssl, id)
}

// adopt makes ssl the connection's context, with the MTU that was asked for meanwhile.
func (c *core) adopt(ssl *cbridge.SSL) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isDTLS() && c.mtu != 0 {
		if err := ssl.SetMTU(c.mtu); err != nil {
			return err
		}
	}
	c.ssl = ssl
	return nil
}

// transportID is what a server's cookies are bound to; nil if it sends none. With mu not held, since it asks the user.
func (c *core) transportID() ([]byte, error) {
	o := &c.config.DTLS
	if !c.server || o.InsecureDisableCookies {
		return nil, nil
	}
	addr := c.shell.RemoteAddr()
	id := o.transportID(addr)
	if len(id) == 0 {
		return nil, badDTLS("ClientTransportID", addr, "gives nothing to bind cookies to")
	}
	return id, nil
}

// prepareDTLS gives a context what the library forgets when it starts over.
func (c *core) prepareDTLS(ssl *cbridge.SSL, transportID []byte) error {
	if transportID != nil {
		if err := ssl.SetClientTransportID(transportID); err != nil {
			return err
		}
	}
	if o := &c.config.DTLS; !c.server && len(o.SRTPMKI) > 0 {
		return ssl.SetSRTPMKI(o.SRTPMKI)
	}
	return nil
}

// setTimer runs inside of the library, with mu held.
func (c *core) setTimer(intermediate, final time.Duration) {
	c.delay.Set(intermediate, final)
	c.shell.timerSet(c.delay.Deadline())
}

func (c *Conn) timerSet(at time.Time) {
	// If that fails, the connection is closed, and so the next read fails too.
	_ = c.deadlines.put(&c.deadlines.timer, at)
}

// startOver makes a server's context ready for the ClientHello that answers a HelloVerifyRequest.
func (c *core) startOver() error {
	id, err := c.transportID()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hellos.numbers = nil
	if err := c.ssl.SessionReset(); err != nil {
		return err
	}
	if err := c.prepareDTLS(c.ssl, id); err != nil {
		return err
	}
	if err := c.setCredentials(c.ssl); err != nil {
		return err
	}
	return c.config.hookContext(c.ssl)
}

// readDTLS adds to st what DTLS alone settles. With mu held.
func (c *core) readDTLS(st *ConnectionState) {
	st.Version = VersionDTLS12
	st.OwnConnectionID, st.PeerConnectionID = c.connectionIDs()
	profile, mki := c.ssl.SRTP()
	st.SRTPProfile, st.SRTPMKI = SRTPProfile(profile), mki
}

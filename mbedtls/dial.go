package mbedtls

import (
	"context"
	"net"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Dialer makes client connections: of DTLS over the networks "udp", "udp4", "udp6" and "unixgram", else of TLS.
type Dialer struct {
	// NetDialer makes the connection underneath; nil is a zero [net.Dialer].
	NetDialer *net.Dialer

	// NetDial makes the connection underneath in place of NetDialer, whose limits still apply: through a proxy, say. nil is
	// NetDialer's DialContext.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Config is for the connections; nil is the zero Config. Without a ServerName, the host of the address is taken.
	Config *Config
}

// Dial is DialContext without a context.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialContext connects and runs the handshake. The connection is a *[Conn]. ctx, and the NetDialer's own limits, bound
// all of it; once it is done, ctx has no effect.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.dial(ctx, network, addr)
	if err != nil {
		return nil, err // not a nil *Conn
	}
	return c, nil
}

func (d *Dialer) dial(ctx context.Context, network, addr string) (*Conn, error) {
	dialer := d.NetDialer
	if dialer == nil {
		dialer = new(net.Dialer)
	}
	if dialer.Timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, dialer.Timeout)
		defer cancel()
	}
	if !dialer.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, dialer.Deadline)
		defer cancel()
	}
	netDial := d.NetDial
	if netDial == nil {
		netDial = dialer.DialContext
	}
	raw, err := netDial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	transport := cbridge.Stream
	if isDatagram(network) {
		transport = cbridge.Datagram
	}
	conn := newConn(raw, d.Config, false, transport)
	if d.NetDial != nil {
		conn.dialed = addr
	}
	if conn.serverName == "" {
		if conn.serverName, _, err = net.SplitHostPort(addr); err != nil {
			raw.Close()
			return nil, err
		}
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// Dial connects to a server, with the host of addr as the ServerName if config has none, and runs the handshake.
func Dial(network, addr string, config *Config) (*Conn, error) {
	return DialContext(context.Background(), network, addr, config)
}

// DialContext is Dial that ctx can end.
func DialContext(ctx context.Context, network, addr string, config *Config) (*Conn, error) {
	return (&Dialer{Config: config}).dial(ctx, network, addr)
}

// DialWithDialer is Dial with a dialer of the caller's.
func DialWithDialer(dialer *net.Dialer, network, addr string, config *Config) (*Conn, error) {
	return (&Dialer{NetDialer: dialer, Config: config}).dial(context.Background(), network, addr)
}

package mbedtls

import (
	"net"
	"net/netip"
)

// endpoint is the address of a datagram's sender: of UDP without an allocation, or any other. An IPv4 address is one also
// on a socket for both families, which prints it as such.
type endpoint struct {
	udp   netip.AddrPort
	other net.Addr
}

// endpointKey tells endpoints apart.
type endpointKey struct {
	udp  netip.AddrPort
	name string
}

func (e endpoint) key() endpointKey {
	if e.other != nil {
		return endpointKey{name: e.other.String()}
	}
	return endpointKey{udp: e.udp}
}

func (e endpoint) netAddr() net.Addr {
	if e.other != nil {
		return e.other
	}
	return net.UDPAddrFromAddrPort(e.udp)
}

func endpointOf(addr net.Addr) endpoint {
	if udp, ok := addr.(*net.UDPAddr); ok {
		return udpEndpoint(udp.AddrPort())
	}
	return endpoint{other: addr}
}

func udpEndpoint(addr netip.AddrPort) endpoint {
	return endpoint{udp: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())}
}

// socket is what a listener reads from and its connections write to.
type socket interface {
	read(buf []byte) (n int, from endpoint, err error)
	write(datagram []byte, to endpoint) error
	net.PacketConn
}

func newSocket(pc net.PacketConn) socket {
	if udp, ok := pc.(*net.UDPConn); ok {
		return udpSocket{udp}
	}
	return packetSocket{pc}
}

type udpSocket struct{ *net.UDPConn }

func (s udpSocket) read(buf []byte) (int, endpoint, error) {
	n, from, err := s.ReadFromUDPAddrPort(buf)
	return n, udpEndpoint(from), err
}

func (s udpSocket) write(datagram []byte, to endpoint) error {
	_, err := s.WriteToUDPAddrPort(datagram, to.udp)
	return err
}

type packetSocket struct{ net.PacketConn }

func (s packetSocket) read(buf []byte) (int, endpoint, error) {
	n, from, err := s.ReadFrom(buf)
	if err != nil {
		return 0, endpoint{}, err
	}
	return n, endpointOf(from), nil
}

func (s packetSocket) write(datagram []byte, to endpoint) error {
	_, err := s.WriteTo(datagram, to.netAddr())
	return err
}

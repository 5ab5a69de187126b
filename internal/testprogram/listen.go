package testprogram

import (
	"bytes"
	"context"
	"net"
	"sync"
	"syscall"
	"time"
)

// Listener accepts one client after another.
type Listener struct {
	program *Program
	stream  net.Listener   // of TLS
	packets net.PacketConn // of DTLS

	mu      sync.Mutex
	waiting []datagram // from others than the client that is served
	client  net.Conn   // of TLS: the newest
	closed  bool
}

type datagram struct {
	from net.Addr
	data []byte
}

// maxWaiting bounds the datagrams that wait for the end of a connection.
const maxWaiting = 64

// Listen listens where the options say.
func (p *Program) Listen() (*Listener, error) {
	l := &Listener{program: p}
	addr := net.JoinHostPort(p.ServerAddr, p.ServerPort)
	config := net.ListenConfig{Control: reuseAddr} // also for UDP, as upstream's programs have it
	var err error
	if p.DTLS {
		l.packets, err = config.ListenPacket(context.Background(), "udp", addr)
	} else {
		l.stream, err = config.Listen(context.Background(), "tcp", addr)
	}
	return l, err
}

func reuseAddr(_, _ string, raw syscall.RawConn) (err error) {
	e := raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) })
	if e != nil {
		return e
	}
	return err
}

// Accept waits for a client: with DTLS, for a datagram, which is the first that the Socket reads.
func (l *Listener) Accept() (*Socket, error) {
	if l.stream != nil {
		return l.acceptStream()
	}
	first, err := l.next()
	if err != nil {
		return nil, err
	}
	s := l.program.NewSocket(&udpClient{l, first.from})
	s.replay = first.data
	return s, nil
}

func (l *Listener) acceptStream() (*Socket, error) {
	conn, err := l.stream.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	l.client = conn
	return l.program.NewSocket(conn), nil
}

// Close makes Accept fail, and the newest client's connection.
func (l *Listener) Close() error {
	if l.packets != nil {
		return l.packets.Close()
	}
	err := l.stream.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.client != nil {
		l.client.Close()
	}
	return err
}

// Addr is where it listens.
func (l *Listener) Addr() net.Addr {
	if l.packets != nil {
		return l.packets.LocalAddr()
	}
	return l.stream.Addr()
}

func (l *Listener) next() (datagram, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 {
		first := l.waiting[0]
		l.waiting = l.waiting[1:]
		return first, nil
	}
	buf := make([]byte, 1<<16)
	n, from, err := l.packets.ReadFrom(buf)
	return datagram{from, buf[:n]}, err
}

// udpClient is the listener's socket as one client's.
type udpClient struct {
	*Listener
	peer net.Addr
}

func (c *udpClient) Read(b []byte) (int, error) {
	for {
		n, from, err := c.packets.ReadFrom(b)
		if err != nil || from.String() == c.peer.String() {
			return n, err
		}
		c.mu.Lock()
		if len(c.waiting) < maxWaiting {
			c.waiting = append(c.waiting, datagram{from, bytes.Clone(b[:n])})
		}
		c.mu.Unlock()
	}
}

func (c *udpClient) Write(b []byte) (int, error) { return c.packets.WriteTo(b, c.peer) }

// Close leaves the socket to the next client.
func (c *udpClient) Close() error { return c.SetDeadline(time.Time{}) }

func (c *udpClient) LocalAddr() net.Addr                { return c.packets.LocalAddr() }
func (c *udpClient) RemoteAddr() net.Addr               { return c.peer }
func (c *udpClient) SetDeadline(t time.Time) error      { return c.packets.SetDeadline(t) }
func (c *udpClient) SetReadDeadline(t time.Time) error  { return c.packets.SetReadDeadline(t) }
func (c *udpClient) SetWriteDeadline(t time.Time) error { return c.packets.SetWriteDeadline(t) }

package mbedtls

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// A ClientHello that was late, and waited while the handshake ended, is not for the library: that would take it for a new
// client's.
func TestDTLSConnectionSurvivesItsOwnLateClientHello(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		meet func(t *testing.T, client, server *Config, late func(tap *recorder)) (c, s *Conn)
	}{
		{"listener", func(t *testing.T, client, server *Config, late func(*recorder)) (c, s *Conn) {
			l := listenDTLS(t, new(DTLSListenConfig), server)
			tap := &recorder{Conn: dialed(t, l.Addr())}
			server.VerifyConnection = func(ConnectionState) error {
				late(tap)
				until(t, func() bool { return l.queued() == 1 })
				return nil
			}
			c = ClientDTLS(tap, client)
			ended := make(chan error, 1)
			go func() { ended <- c.Handshake() }()
			s, err := accept(l)
			if err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			return c, s
		}},
		{"socket", func(t *testing.T, client, server *Config, late func(*recorder)) (c, s *Conn) {
			a, b := udpPair(t)
			tap := &recorder{Conn: a}
			server.VerifyConnection = func(ConnectionState) error { late(tap); return nil }
			c, s = ClientDTLS(tap, client), ServerDTLS(b, server)
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("client: %v\nserver: %v", cErr, sErr)
			}
			return c, s
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := configs(t)
			c, s := test.meet(t, client, server, func(tap *recorder) {
				if _, err := tap.Conn.Write(tap.datagrams()[1]); err != nil {
					t.Error(err)
				}
			})
			defer s.Close()
			defer c.Close()
			mustExchange(t, c, s, "ping")
			mustExchange(t, s, c, "pong")
		})
	}
}

// What looks like a ClientHello anybody can send, and a network may be late with one.
func TestDTLSConnectionSurvivesBadClientHellos(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = 300 // the ClientHello has two fragments
	plain := func(epoch, typ byte, body []byte) []byte {
		return append([]byte{typ, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 0, 9, 0, byte(len(body))}, body...)
	}
	short := plain(0, recordHandshake, []byte{handshakeClientHello, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0})
	a, b := udpPair(t)
	tap := &recorder{Conn: a}
	c, s := ClientDTLS(tap, client), ServerDTLS(b, server)
	defer s.Close()
	defer c.Close()
	if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
		t.Fatalf("client: %v\nserver: %v", cErr, sErr)
	}
	mustExchange(t, c, s, "ping")
	sent := tap.datagrams()
	for name, datagram := range map[string][]byte{
		"short":                 short,
		"short, behind another": append(plain(5, 23, []byte("junk")), short...),
		"fragment":              sent[1],
		"whole":                 plain(0, recordHandshake, append([]byte{handshakeClientHello}, make([]byte, 100)...)),
		"late, behind another":  append(plain(5, 23, []byte("junk")), sent[2]...),
	} {
		if _, err := a.Write(datagram); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
		mustRead(t, s, name)
	}
}

// A network that sends all twice does so with the fragments of a ClientHello.
func TestDTLSClientHelloMayComeTwiceInFragments(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = 300
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c := ClientDTLS(&doubling{dialed(t, l.Addr())}, client)
	defer c.Close()
	ended := make(chan error, 1)
	go func() { ended <- c.Handshake() }()
	s, err := accept(l)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c, s, "ping")
}

// doubling sends each datagram twice.
type doubling struct{ net.Conn }

func (c *doubling) Write(p []byte) (int, error) {
	if n, err := c.Conn.Write(p); err != nil {
		return n, err
	}
	return c.Conn.Write(p)
}

// queued is how many datagrams wait for the connections.
func (l *DTLSListener) queued() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.byAddr {
		p.mu.Lock()
		n += len(p.queue)
		p.mu.Unlock()
	}
	return n
}

func dialed(t testing.TB, addr net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// udpPair is two sockets that send to each other.
func udpPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	var sockets [2]net.PacketConn
	for i := range sockets {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
		sockets[i] = pc
	}
	return ConnectPacketConn(sockets[0], sockets[1].LocalAddr()), ConnectPacketConn(sockets[1], sockets[0].LocalAddr())
}

// A client that brings its cookie, and never the rest of its ClientHello, is given up.
func TestDTLSHalfAClientHelloIsGivenUp(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = cbridge.MinMTU()
	server.DTLS.HandshakeTimeoutMin, server.DTLS.HandshakeTimeoutMax = 50*time.Millisecond, 50*time.Millisecond
	l := listenDTLS(t, new(DTLSListenConfig), server)
	raw, err := net.Dial("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := ClientDTLS(&stopAfter{Conn: raw, left: 4, stop: cancel}, client) // three pieces without the cookie, one with it
	defer c.Close()
	if err := c.HandshakeContext(ctx); err != context.Canceled {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.(*Conn).Handshake(); !errors.Is(err, ErrSSLTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Handshake: %v", err)
	}
}

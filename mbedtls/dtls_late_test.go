package mbedtls

import (
	"net"
	"testing"
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

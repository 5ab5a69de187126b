package mbedtls

import (
	"errors"
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
		meet func(t *testing.T, client, server *Config, late func(link *tap)) (c, s *Conn)
	}{
		{"listener", func(t *testing.T, client, server *Config, late func(*tap)) (c, s *Conn) {
			l := listenDTLS(t, new(DTLSListenConfig), server)
			link := &tap{Conn: socketTo(t, l.Addr())}
			server.VerifyConnection = func(ConnectionState) error {
				late(link)
				until(t, func() bool { return queueLength(l) == 1 })
				return nil
			}
			return connectedOver(t, l, link, client)
		}},
		{"socket", func(t *testing.T, client, server *Config, late func(*tap)) (c, s *Conn) {
			a, b := socketPair(t)
			link := &tap{Conn: a}
			server.VerifyConnection = func(ConnectionState) error { late(link); return nil }
			c, s = ClientDTLS(link, client), ServerDTLS(b, server)
			mustHandshake(t, c, s)
			return c, s
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := configs(t)
			c, s := test.meet(t, client, server, func(link *tap) {
				if _, err := link.Conn.Write(link.datagrams()[1]); err != nil {
					t.Error(err)
				}
			})
			defer s.Close()
			defer c.Close()
			mustConverse(t, c, s)
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
	a, b := socketPair(t)
	link := &tap{Conn: a}
	c, s := ClientDTLS(link, client), ServerDTLS(b, server)
	defer s.Close()
	defer c.Close()
	mustHandshake(t, c, s)
	mustExchange(t, c, s, "ping")
	sent := link.datagrams()
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
		mustWrite(t, c, name)
		mustRead(t, s, name)
	}
}

// A network that sends all twice does so with the fragments of a ClientHello.
func TestDTLSClientHelloMayComeTwiceInFragments(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = 300
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c, s := connectedOver(t, l, &tap{Conn: socketTo(t, l.Addr()), carry: duplicated}, client)
	mustExchange(t, c, s, "ping")
}

// A client that brings its cookie, and never the rest of its ClientHello, is given up.
func TestDTLSHalfAClientHelloIsGivenUp(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = cbridge.MinMTU()
	server.DTLS.HandshakeTimeoutMin, server.DTLS.HandshakeTimeoutMax = 50*time.Millisecond, 50*time.Millisecond
	l := listenDTLS(t, new(DTLSListenConfig), server)
	abandoned(t, socketTo(t, l.Addr()), client, 4) // three pieces without the cookie, one with it
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.(*Conn).Handshake(); !errors.Is(err, ErrSSLTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Handshake: %v", err)
	}
}

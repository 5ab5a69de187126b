package peers_test

import (
	"crypto/tls"
	"net"
	"runtime"
	"testing"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
)

// datagramFixture is a fixture for DTLS, with the far side in pion's options.
func datagramFixture(t *testing.T) (fixture, pion.Options) {
	f := newFixture(t, tls.VersionTLS12)
	f.options.Datagram, f.options.Linger = true, true
	f.options.Size = 1 << 16
	return f, pion.Options{Certificate: &f.config.Certificates[0], Roots: f.config.RootCAs}
}

// dial connects a client of pion's with a peer at addr.
func (f fixture) dial(t *testing.T, peer *peers.Peer, addr string, o pion.Options) *pion.Conn {
	t.Helper()
	conn, err := pion.Dial(f.ctx, addr, o)
	if err != nil {
		t.Fatal(err, peer.Report())
	}
	return conn
}

// link is a bad one, to a peer.
func link(t *testing.T, peer *peers.Peer, o badlink.Options) *badlink.Proxy {
	t.Helper()
	l, err := badlink.Start(peer.Addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// variants are the sizes that datagrams come in.
var variants = []struct {
	name string
	set  func(*peers.Options)
}{
	{"default", func(*peers.Options) {}},
	{"payload 100, MTU 300", func(o *peers.Options) { o.Payload, o.MTU, o.Size = 100, 300, 1000 }},
}

func TestDatagramServersExchangeWithPion(t *testing.T) {
	for _, program := range peers.Programs {
		for _, variant := range variants {
			t.Run(program.ServerProgram+"/"+variant.name, func(t *testing.T) {
				t.Parallel()
				f, options := datagramFixture(t)
				variant.set(&f.options)
				peer := f.server(t, program)
				exchange(t, peer, f.dial(t, peer, peer.Addr, options))
			})
		}
	}
}

func TestDatagramClientsExchangeWithPion(t *testing.T) {
	for _, program := range peers.Programs {
		for _, variant := range variants {
			t.Run(program.ClientProgram+"/"+variant.name, func(t *testing.T) {
				t.Parallel()
				f, options := datagramFixture(t)
				variant.set(&f.options)
				l, err := pion.Listen(options)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				peer := f.client(t, program, l.Addr())
				conn, err := l.Handshake(f.ctx)
				if err != nil {
					t.Fatal(err, peer.Report())
				}
				exchange(t, peer, conn)
				if err := peer.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

var _ peers.Conn = (*pion.Conn)(nil)

// Two servers of UDP on one port would take each other's datagrams, and the system lets them.
func TestPortOfADatagramServerIsNotFoundFree(t *testing.T) {
	f, _ := datagramFixture(t)
	peer := f.server(t, peers.MbedTLS)
	if l, err := net.Listen("tcp", peer.Addr); err == nil {
		l.Close()
		t.Errorf("%s is free for TCP, by which it is found", peer.Addr)
	}
	peer.Stop()
	for ctx := f.ctx; ; runtime.Gosched() {
		l, err := net.Listen("tcp", peer.Addr)
		if err == nil {
			l.Close()
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

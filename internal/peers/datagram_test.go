package peers_test

import (
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"

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
				peer, err := program.Server(f.ctx, f.options)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(peer.Stop)
				conn, err := pion.Dial(f.ctx, peer.Addr, options)
				if err != nil {
					t.Fatal(err, peer.Report())
				}
				exchangeDatagrams(t, peer, conn)
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
				peer, err := program.Client(f.ctx, l.Addr().String(), f.options)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(peer.Stop)
				conn, err := l.Handshake(f.ctx)
				if err != nil {
					t.Fatal(err, peer.Report())
				}
				exchangeDatagrams(t, peer, conn)
				if err := peer.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func exchangeDatagrams(t *testing.T, peer *peers.Peer, conn *pion.Conn) {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	transfer, err := peer.Exchange(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes each way, %.1f MB/s", transfer.Bytes, transfer.MBPerSecond())
	err = peer.HangUp(conn)
	if errors.Is(err, peers.ErrStays) {
		return
	}
	if err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the peer hung up, Read returns %v, want EOF\n%s", err, peer.Report())
	}
}

var _ peers.Conn = (*pion.Conn)(nil)

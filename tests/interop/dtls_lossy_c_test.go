package interop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// foreignCount is how many handshakes there are with each of Mbed TLS's own programs.
const foreignCount = 60

// One ssl_server2 has many clients of ours, one after the other.
func TestDTLSClientsReachForeignServersInBadWeather(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	client := w.datagrams()
	server := w.lossyServer()
	for i := range foreignCount {
		v := visit{server: server.Addr, config: client, options: weatherForForeignServers(i), foreign: true}
		if _, err := w.come(v); err != nil {
			t.Fatal(i, server.Explain(err))
		}
	}
}

// weatherForForeignServers loses ClientHellos, but none is late: after the handshake, ssl_server2 takes it for a client that
// connects anew.
func weatherForForeignServers(seed int) badlink.Options {
	o := badWeather(uint64(seed))
	o.Filter = func(dir badlink.Direction, n int, d []byte) badlink.Verdict {
		const typeAt, clientHello = 13, 1
		switch {
		case dir == badlink.ToClient || badlink.Encrypted(d) || len(d) <= typeAt || d[typeAt] != clientHello:
			return badlink.Undecided
		case (seed+3*n)%10 == 0:
			return badlink.Drop
		}
		return badlink.Pass
	}
	return o
}

// Links stay bad while the programs ask, and while they hang up.
func TestDTLSForeignClientsReachServersInBadWeather(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	e := w.echo(w.datagrams(testpki.Leaf{}))
	var all errgroup.Group
	all.SetLimit(8)
	for i := range foreignCount {
		all.Go(func() error {
			link, err := badlink.Start(e.addr(), badWeather(uint64(i)))
			if err != nil {
				return err
			}
			defer link.Close()
			return w.lossyClient(link.Addr().String())
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	e.Stop()
	if err := e.handshakeErrors(); err != nil {
		t.Error(err)
	}
	if n := e.completed.Load(); n != foreignCount {
		t.Errorf("%d handshakes are complete, of %d", n, foreignCount)
	}
}

// Mbed TLS's own proxy gives all clients the same address, so that a server of ours sees one that connects anew each time.
func TestDTLSWorksThroughUDPProxy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args  []string
		count int
		mtu   int
	}{
		{args: []string{"drop=10", "duplicate=10", "delay=10"}, count: 50},
		{args: []string{"delay_ccs=1"}, count: 3},
		{args: []string{"bad_ad=1"}, count: 3},
		{args: []string{"pack=20"}, count: 3},
		{args: []string{"mtu=520"}, count: 3},
		{args: []string{"mtu=300"}, mtu: 300, count: 3},
		{args: []string{"delay_srv=ServerHello", "delay_srv=ServerKeyExchange", "delay_cli=ClientKeyExchange", "protect_hvr=1"}, count: 3},
	} {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			t.Parallel()
			mtu := fmt.Sprintf("mtu=%d", test.mtu)
			t.Run("our client, our server", func(t *testing.T) {
				t.Parallel()
				w := newLossyWorld(t)
				e := w.echo(withMTU(w.datagrams(testpki.Leaf{}), test.mtu))
				proxy := w.proxy(e.addr(), test.args)
				client := withMTU(w.datagrams(), test.mtu)
				for i := range test.count {
					if _, err := w.come(visit{server: proxy.Addr, config: client}); err != nil {
						t.Fatal(i, proxy.Explain(err), e.Stats())
					}
				}
				t.Logf("%+v", e.Stats())
			})
			t.Run("our client, ssl_server2", func(t *testing.T) {
				t.Parallel()
				w := newLossyWorld(t)
				server := w.lossyServer(mtu)
				args := slices.DeleteFunc(slices.Clone(test.args), copiesLate)
				proxy := w.proxy(server.Addr, args)
				client := withMTU(w.datagrams(), test.mtu)
				for i := range test.count {
					if _, err := w.come(visit{server: proxy.Addr, config: client, foreign: true}); err != nil {
						t.Fatal(i, proxy.Explain(err), server.Report())
					}
				}
			})
			t.Run("ssl_client2, our server", func(t *testing.T) {
				t.Parallel()
				w := newLossyWorld(t)
				e := w.echo(withMTU(w.datagrams(testpki.Leaf{}), test.mtu))
				proxy := w.proxy(e.addr(), test.args)
				for i := range test.count {
					if err := w.lossyClient(proxy.Addr, mtu); err != nil {
						t.Fatal(i, proxy.Explain(err), e.Stats())
					}
				}
			})
		})
	}
}

// copiesLate tells of the options by which a copy of a ClientHello may come after the handshake, which ends ssl_server2's
// connection.
func copiesLate(arg string) bool {
	return strings.HasPrefix(arg, "duplicate=") || strings.HasPrefix(arg, "delay=")
}

func withMTU(c *mbedtls.Config, mtu int) *mbedtls.Config {
	c.DTLS.MTU = mtu
	return c
}

// proxy is Mbed TLS's own bad link.
func (w *world) proxy(server string, args []string) *peers.Peer {
	w.t.Helper()
	p, err := peers.UDPProxy(w.ctx, server, append([]string{"seed=1"}, args...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(p.Stop)
	return p
}

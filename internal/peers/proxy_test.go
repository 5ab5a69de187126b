package peers_test

import (
	"runtime"
	"testing"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
)

// TestBadLinksLetHandshakesThrough runs programs of others against each other, over links that lose what each must repair.
func TestBadLinksLetHandshakesThrough(t *testing.T) {
	kth := func(k int, v badlink.Verdict) badlink.Options {
		return badlink.Options{Filter: func(_ badlink.Direction, n int, _ []byte) badlink.Verdict {
			if n == k {
				return v
			}
			return badlink.Undecided
		}}
	}
	for name, options := range map[string]badlink.Options{
		"first dropped":    kth(1, badlink.Drop),
		"third dropped":    kth(3, badlink.Drop),
		"all duplicated":   {Duplicate: 1},
		"split":            {Split: true},
		"split, reordered": {Split: true, Reorder: 0.3, Seed: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, far := datagramFixture(t)
			f.options.Size = 2000
			server := f.server(t, peers.MbedTLS)
			link := link(t, server, options)
			conn, err := pion.Dial(f.ctx, link.Addr().String(), far)
			if err != nil {
				t.Fatal(err, server.Report(), link.Counters(badlink.ToServer), link.Counters(badlink.ToClient))
			}
			link.SetOptions(badlink.Options{})
			exchange(t, server, conn)
		})
	}
}

func TestServersPassOverCorruptedData(t *testing.T) {
	for _, program := range peers.Programs {
		t.Run(program.ServerProgram, func(t *testing.T) {
			t.Parallel()
			f, far := datagramFixture(t)
			f.options.Size = 2000
			server := f.server(t, program)
			link := link(t, server, badlink.Options{})
			conn := f.dial(t, server, link.Addr().String(), far)
			link.SetOptions(badlink.Options{Corrupt: 1})
			if _, err := conn.Write([]byte("never to be seen\n")); err != nil {
				t.Fatal(err)
			}
			for link.Counters(badlink.ToServer).Corrupted == 0 {
				runtime.Gosched()
			}
			link.SetOptions(badlink.Options{})
			exchange(t, server, conn)
		})
	}
}

func TestUDPProxyStandsBetween(t *testing.T) {
	for _, program := range peers.Programs {
		for _, arg := range []string{"duplicate=2", "delay_ccs=1", "delay_srv=Certificate", "pack=20"} {
			t.Run(program.ServerProgram+"/"+arg, func(t *testing.T) {
				t.Parallel()
				f, far := datagramFixture(t)
				f.options.Size = 2000
				server := f.server(t, program)
				proxy, err := peers.UDPProxy(f.ctx, server.Addr, "seed=1", arg)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(proxy.Stop)
				conn, err := pion.Dial(f.ctx, proxy.Addr, far)
				if err != nil {
					t.Fatal(err, server.Report(), proxy.Report())
				}
				exchange(t, server, conn)
			})
		}
	}
}

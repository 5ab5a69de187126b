package interop_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// fault is what happens to one datagram.
type fault struct {
	dir     badlink.Direction
	k       int // counts from 1
	verdict badlink.Verdict
}

func (f fault) String() string {
	return fmt.Sprintf("%v, datagram %d: %s", f.dir, f.k, map[badlink.Verdict]string{
		badlink.Drop: "lost", badlink.Duplicate: "twice", badlink.Hold: "late",
	}[f.verdict])
}

func (f fault) options() badlink.Options {
	return badlink.Options{Filter: func(dir badlink.Direction, n int, _ []byte) badlink.Verdict {
		if dir == f.dir && n == f.k {
			return f.verdict
		}
		return badlink.Pass
	}}
}

// copiesClientHello tells whether a server gets a ClientHello twice, or late, from the link, or from a client that answers
// with it once more. ssl_server2 takes a copy that comes late for another client: it ends the connection, and may then wait for
// one that is not there.
func (f fault) copiesClientHello() bool {
	if f.dir == badlink.ToServer {
		return f.k <= 2 && f.verdict != badlink.Drop
	}
	return f.k <= 2 && f.verdict == badlink.Duplicate
}

// eachFault are all single faults of so many datagrams each way.
func eachFault(up, down int) (faults []fault) {
	for _, end := range []struct {
		dir badlink.Direction
		n   int
	}{{badlink.ToServer, up}, {badlink.ToClient, down}} {
		for k := 1; k <= end.n; k++ {
			for _, v := range []badlink.Verdict{badlink.Drop, badlink.Duplicate, badlink.Hold} {
				faults = append(faults, fault{end.dir, k, v})
			}
		}
	}
	return faults
}

// Whatever happens to one datagram of a handshake, that completes, and data follows.
func TestDTLSHandshakesSurviveEachFault(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name            string
		resume, foreign bool
		packed          bool
		together        int
	}{
		{name: "full, packed", packed: true, together: 32},
		{name: "full", together: 32},
		{name: "resumed", resume: true, together: 32},
		{name: "full, ssl_server2", foreign: true, together: 1},
		{name: "resumed, ssl_server2", foreign: true, resume: true, together: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newLossyWorld(t)
			client := w.datagrams()
			client.DTLS.DisablePacking = !test.packed
			v := visit{config: client, foreign: test.foreign}
			if test.foreign {
				v.server = w.lossyServer().Addr
			} else {
				server := w.datagrams(testpki.Leaf{})
				server.DTLS.DisablePacking = !test.packed
				withTicketKeys(t, server)
				v.server = w.echo(server).addr()
			}
			if test.resume {
				v.session = w.session(v.server, client)
			}
			clean, err := w.come(v)
			if err != nil {
				t.Fatal(err)
			}
			faults := eachFault(clean.up-1, clean.down-1) // without the request and its answer
			if test.foreign {
				faults = slices.DeleteFunc(faults, fault.copiesClientHello)
			}
			server, session := v.server, v.session // of a foreign server, one fault after the other
			var all errgroup.Group
			all.SetLimit(test.together)
			for _, f := range faults {
				all.Go(func() error {
					v := v
					v.options = f.options()
					if test.foreign {
						v.server, v.session = server, session
					}
					a, err := w.come(v)
					if test.foreign && err != nil && a.down == 0 { // whatever is lost, a server that hears anything answers
						t.Logf("%v: ssl_server2 hears nobody any more, and another takes its place: %v", f, err)
						server = w.lossyServer().Addr
						if v.server = server; test.resume {
							session = w.session(server, client)
							v.session = session
						}
						_, err = w.come(v)
					}
					if err != nil {
						return fmt.Errorf("%v: %w", f, err)
					}
					return nil
				})
			}
			if err := all.Wait(); err != nil {
				t.Error(err)
			}
			t.Logf("%d faults", len(faults))
		})
	}
}

// A client of Mbed TLS connects twice, the second time with its session, whatever happens to one datagram.
func TestDTLSServerSurvivesEachFaultOfForeignClients(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	server := w.datagrams(testpki.Leaf{})
	server.DTLS.DisablePacking = true
	withTicketKeys(t, server)
	e := w.echo(server)
	run := func(o badlink.Options) (up, down int, err error) {
		link, err := badlink.Start(e.addr(), o)
		if err != nil {
			return 0, 0, err
		}
		defer link.Close()
		err = w.lossyClient(link.Addr().String(), "reconnect=1", "dgram_packing=0")
		return link.Counters(badlink.ToServer).Received, link.Counters(badlink.ToClient).Received, err
	}
	up, down, err := run(badlink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := e.resumed.Load(); n != 1 {
		t.Fatalf("%d connections were resumed", n)
	}
	var all errgroup.Group
	all.SetLimit(8)
	faults := eachFault(up, down)
	for _, f := range faults {
		all.Go(func() error {
			if _, _, err := run(f.options()); err != nil {
				return fmt.Errorf("%v: %w", f, err)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	if err := e.handshakeErrors(); err != nil {
		t.Error(err)
	}
	t.Logf("%d faults, %d connections resumed", len(faults), e.resumed.Load())
}

// Links that change all datagrams alike.
func TestDTLSHandshakesSurviveOddLinks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		options badlink.Options
		mtu     int  // of all ends
		ours    bool // too much for ssl_server2: the library minds copies of ClientHellos
		check   func(a attempt) bool
	}{
		{"split", badlink.Options{Split: true}, 0, false, nil},
		{"split, reordered", badlink.Options{Split: true, Reorder: 0.3, Seed: 3}, 0, true, nil},
		{"merged", badlink.Options{Merge: 5 * time.Millisecond}, 300, false, nil},
		{"all twice", badlink.Options{Duplicate: 1}, 0, false, nil},
		{"all twice, in fragments", badlink.Options{Duplicate: 1}, 300, true, nil},
		{"MTU that is known", badlink.Options{MTU: 300}, 300, false, nil},
		{"MTU that nobody knows", badlink.Options{MTU: 520}, 0, false, nil},
		{"slower than a retransmission timeout", badlink.Options{Delay: 2 * impatience}, 0, false,
			func(a attempt) bool { return a.took > 4*impatience && a.datagrams > 6 }},
		{"jitter", badlink.Options{Jitter: 2 * impatience, Seed: 1}, 0, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newLossyWorld(t)
			client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
			client.DTLS.MTU, server.DTLS.MTU = test.mtu, test.mtu
			ours := w.echo(server)
			mtu := fmt.Sprintf("mtu=%d", test.mtu)
			servers := map[string]visit{"ours": {server: ours.addr()}}
			if !test.ours {
				servers["ssl_server2"] = visit{server: w.lossyServer(mtu).Addr, foreign: true}
			}
			for name, v := range servers {
				v.config, v.options = client, test.options
				a, err := w.come(v)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if test.check != nil && !test.check(a) {
					t.Errorf("%s: %+v", name, a)
				}
			}
			link := w.link(ours.addr(), test.options)
			if err := w.lossyClient(link.Addr().String(), mtu); err != nil {
				t.Error(err)
			}
			if err := ours.handshakeErrors(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Plaintext is not protected: a handshake with a wrong bit may fail, but it ends, and what completes is sound.
func TestDTLSCorruptedHandshakesEnd(t *testing.T) {
	t.Parallel()
	const count = 100
	w := newLossyWorld(t)
	client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
	for _, c := range []*mbedtls.Config{client, server} {
		c.DTLS.HandshakeTimeoutMax = 4 * impatience
		c.DTLS.DisablePacking = true
	}
	e := w.echo(server)
	var errs [count]error
	var all errgroup.Group
	all.SetLimit(32)
	for i := range errs {
		all.Go(func() error {
			_, errs[i] = w.come(visit{server: e.addr(), config: client, options: badlink.Options{Corrupt: 0.1, Seed: uint64(i)}})
			return nil
		})
	}
	_ = all.Wait() // has none
	failed := 0
	for i, err := range errs {
		var ours *mbedtls.Error
		if err == nil {
			continue
		}
		failed++
		if !errors.As(err, &ours) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if failed == 0 || failed == count {
		t.Errorf("%d of %d handshakes failed", failed, count)
	}
	t.Logf("%d of %d handshakes failed", failed, count)
}

// lossyServer is Mbed TLS's own server, for one client after the other, that does not wait long.
func (w *world) lossyServer(args ...string) *peers.Peer {
	w.t.Helper()
	o := w.options(testpki.Leaf{})
	o.Datagram, o.Size, o.Payload = true, 1, 200
	o.Args = append([]string{"hs_timeout=50-3200", "tickets=1"}, args...)
	return w.server(peers.MbedTLS, o)
}

// lossyClient runs Mbed TLS's own client, which asks until it gets an answer.
func (w *world) lossyClient(addr string, args ...string) error {
	o := peers.Options{CA: w.caFile, Datagram: true, Size: 1, Payload: 100}
	o.Args = append([]string{"hs_timeout=50-6400", "read_timeout=100", "max_resend=50"}, args...)
	p, err := peers.MbedTLS.Client(w.ctx, addr, o)
	if err != nil {
		return err
	}
	defer p.Stop()
	return p.Wait()
}

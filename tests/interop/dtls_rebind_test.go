package interop_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// A NAT that forgets its clients again and again, in bad weather, costs them no more than the weather does.
func TestDTLSConnectionIDsOutliveRebindingInBadWeather(t *testing.T) {
	t.Parallel()
	const clients, rebinds = 50, 6
	w := newLossyWorld(t)
	client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
	client.DTLS.ConnectionID = &mbedtls.ConnectionID{}
	server.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 8}
	e := w.echo(server)
	link := w.link(e.addr(), badWeather(1))
	var conns [clients]*mbedtls.Conn
	var all errgroup.Group
	for i := range conns {
		all.Go(func() (err error) {
			raw, err := net.Dial("udp", link.Addr().String())
			if err != nil {
				return err
			}
			conns[i] = mbedtls.ClientDTLS(raw, client)
			return conns[i].HandshakeContext(w.ctx)
		})
	}
	err := all.Wait()
	for _, c := range conns {
		if c != nil {
			defer c.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	for round := range rebinds {
		// Some clients are waiting for an answer when the NAT forgets them; each asks once more after that.
		var answers atomic.Int64
		half, forgotten := make(chan struct{}), make(chan struct{})
		var all errgroup.Group
		for i, c := range conns {
			all.Go(func() error {
				for j, last := 0, false; !last; j++ {
					select {
					case <-forgotten:
						last = true
					default:
					}
					n, err := ask(c, fmt.Sprintf("client %d, round %d, request %d", i, round, j))
					if err != nil {
						return fmt.Errorf("client %d, round %d: %w", i, round, err)
					}
					sent.Add(int64(n))
					if answers.Add(1) == clients/2 {
						close(half)
					}
				}
				return nil
			})
		}
		<-half
		if err := link.Rebind(); err != nil {
			t.Fatal(err)
		}
		close(forgotten)
		if err := all.Wait(); err != nil {
			t.Fatal(err, link.Counters(badlink.ToServer), e.Stats())
		}
	}
	st := e.Stats()
	if st.AddressChanges < clients*rebinds || st.Accepted != clients || st.Reconnects != 0 {
		t.Errorf("%+v", st)
	}
	t.Logf("%d requests sent; %+v", sent.Load(), st)
}

// Foreign clients with connection IDs do as well.
func TestDTLSConnectionIDsOfForeignClientsOutliveRebinding(t *testing.T) {
	t.Parallel()
	const rebinds = 5
	w := newLossyWorld(t)
	server := w.datagrams(testpki.Leaf{})
	server.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
	l := w.listenDTLS(server)
	link := w.link(l.addr(), badWeather(2))
	ended := make(chan error, 1)
	go func() {
		ended <- w.lossyClient(link.Addr().String(), "cid=1", "cid_val=beef", fmt.Sprintf("exchanges=%d", 2*rebinds+2)) // some follow the last rebinding
	}()
	conn := l.accept()
	for rebound := uint64(0); ; {
		request, err := next(conn)
		if err != nil {
			break // close_notify, or the program has ended without our hearing it
		}
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
		if rebound < rebinds && l.stats().AddressChanges == rebound { // else none of its records came since the last time
			if err := link.Rebind(); err != nil {
				t.Fatal(err)
			}
			rebound++
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if st := l.stats(); st.AddressChanges < rebinds {
		t.Errorf("%+v", st)
	}
}

package mbedtls

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"
)

// 100,000 ClientHellos from as many addresses leave nothing behind, and disturb nobody.
func TestDTLSListenerSurvivesAFlood(t *testing.T) {
	if !alone(t) {
		return
	}
	const live, spoofed = 100, 100_000
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	stop := echoDTLS(l)
	defer stop()
	var conns [live]*Conn
	var dials errgroup.Group
	for i := range conns {
		dials.Go(func() (err error) {
			conns[i], err = DialDTLS("udp", l.Addr().String(), client)
			return err
		})
	}
	if err := dials.Wait(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	hello := firstFlight(t, client)
	for _, c := range conns {
		if _, err := ask(c, "before"); err != nil {
			t.Fatal(err)
		}
	}
	before, goBefore := cbridge.Allocations(), liveHeap()

	over := make(chan struct{})
	var asked, again [live]int
	var clients errgroup.Group
	for i, c := range conns {
		clients.Go(func() error {
			for {
				sent, err := ask(c, fmt.Sprint("request ", i, asked[i]))
				if err != nil {
					return err
				}
				asked[i]++
				again[i] += sent - 1
				select {
				case <-over:
					return nil
				default:
				}
			}
		})
	}
	began := time.Now()
	flood(t, l.Addr(), hello, spoofed)
	took := time.Since(began)
	close(over)
	if err := clients.Wait(); err != nil {
		t.Error(err)
	}
	st, after, goAfter := l.Stats(), cbridge.Allocations(), liveHeap()
	if st.Conns != live || st.Accepted != live || st.HalfOpen != 0 {
		t.Errorf("%+v", st)
	}
	if blocks := after.LiveBlocks - before.LiveBlocks; blocks > live { // a datagram that just passes
		t.Errorf("%d more blocks in the C heap", blocks)
	}
	if grown := goAfter - goBefore; grown > 4<<20 {
		t.Errorf("the Go heap has grown by %d bytes", grown)
	}
	total, lost := 0, 0
	for i := range conns {
		total += asked[i]
		lost += again[i]
	}
	t.Logf("%d ClientHellos in %v, %d answered; meanwhile %d exchanges, %d datagrams sent again; heap %+d bytes, C heap %+d bytes",
		spoofed, took.Round(time.Millisecond), st.HelloVerifies-live, total, lost, goAfter-goBefore, after.LiveBytes-before.LiveBytes)
}

// flood sends a datagram to addr, from n addresses of 127.0.0.0/8.
func flood(t testing.TB, addr net.Addr, datagram []byte, n int) {
	t.Helper()
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	p := ipv4.NewPacketConn(pc)
	for i := range n {
		from := net.IPv4(127, byte(1+i>>16), byte(i>>8), byte(i))
		if _, err := p.WriteTo(datagram, &ipv4.ControlMessage{Src: from}, addr); err != nil {
			t.Fatal(err)
		}
	}
}

// liveHeap is how many bytes of the Go heap are in use.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

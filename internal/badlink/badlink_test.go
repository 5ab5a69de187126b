package badlink_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/emulator"
)

// patience bounds every wait.
var patience = emulator.Patience(10 * time.Second)

// wire is a link between two sockets.
type wire struct {
	*badlink.Proxy
	t      *testing.T
	server *net.UDPConn
	client *net.UDPConn
}

func newWire(t *testing.T, o badlink.Options) *wire {
	t.Helper()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	p, err := badlink.Start(server.LocalAddr().String(), o)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{p, t, server, nil}
	w.client = w.dial()
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *wire) dial() *net.UDPConn {
	w.t.Helper()
	c, err := net.DialUDP("udp4", nil, w.Addr().(*net.UDPAddr))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

func (w *wire) send(datagrams ...string) {
	w.t.Helper()
	for _, d := range datagrams {
		if _, err := w.client.Write([]byte(d)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// arrived reads one datagram from the client at the server.
func (w *wire) arrived() (string, netip.AddrPort) {
	w.t.Helper()
	buffer := make([]byte, 1<<16)
	if err := w.server.SetReadDeadline(time.Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	n, from, err := w.server.ReadFromUDPAddrPort(buffer)
	if err != nil {
		w.t.Fatal(err, w.Counters(badlink.ToServer))
	}
	return string(buffer[:n]), from
}

// wantArrivals expects these datagrams at the server, and nothing after them.
func (w *wire) wantArrivals(want ...string) {
	w.t.Helper()
	var got []string
	for range want {
		d, _ := w.arrived()
		got = append(got, d)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("arrivals (-want +got):\n%s", diff)
	}
	w.SetOptions(badlink.Options{})
	w.send("fence")
	if d, _ := w.arrived(); d != "fence" {
		w.t.Errorf("%q arrived as well", d)
	}
}

// until waits for counters of what goes to the server.
func (w *wire) until(ok func(badlink.Counters) bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !ok(w.Counters(badlink.ToServer)); runtime.Gosched() {
		if time.Now().After(deadline) {
			w.t.Fatalf("still %+v", w.Counters(badlink.ToServer))
		}
	}
}

func record(typ byte, body string) string {
	return string([]byte{typ, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(body) >> 8), byte(len(body))}) + body
}

func kth(k int, v badlink.Verdict) func(badlink.Direction, int, []byte) badlink.Verdict {
	return func(dir badlink.Direction, n int, _ []byte) badlink.Verdict {
		if dir == badlink.ToServer && n == k {
			return v
		}
		return badlink.Undecided
	}
}

func TestDatagramsTakeTheFateTheyAreGiven(t *testing.T) {
	hello, finished, cid := record(22, "hello"), record(20, "x"), record(25, "secret")
	for _, test := range []struct {
		name       string
		options    badlink.Options
		sent, want []string
		counters   badlink.Counters
	}{
		{"as they are", badlink.Options{}, []string{"1", "", "3"}, []string{"1", "", "3"}, badlink.Counters{Received: 3, Passed: 3}},
		{"the second dropped", badlink.Options{Filter: kth(2, badlink.Drop)}, []string{"1", "2", "3"}, []string{"1", "3"},
			badlink.Counters{Received: 3, Passed: 2, Dropped: 1}},
		{"the second twice", badlink.Options{Filter: kth(2, badlink.Duplicate)}, []string{"1", "2", "3"}, []string{"1", "2", "2", "3"},
			badlink.Counters{Received: 3, Passed: 4, Duplicated: 1}},
		{"the first behind the second", badlink.Options{Filter: kth(1, badlink.Hold)}, []string{"1", "2", "3"}, []string{"2", "1", "3"},
			badlink.Counters{Received: 3, Passed: 3, Reordered: 1}},
		{"the last held for a while", badlink.Options{Filter: kth(2, badlink.Hold)}, []string{"1", "2"}, []string{"1", "2"},
			badlink.Counters{Received: 2, Passed: 2, Reordered: 1}},
		{"every one twice", badlink.Options{Duplicate: 1}, []string{"1", "2"}, []string{"1", "1", "2", "2"},
			badlink.Counters{Received: 2, Passed: 4, Duplicated: 2}},
		{"pairs swapped", badlink.Options{Reorder: 1}, []string{"1", "2", "3", "4"}, []string{"2", "1", "4", "3"},
			badlink.Counters{Received: 4, Passed: 4, Reordered: 2}},
		{"large ones dropped", badlink.Options{MTU: 3}, []string{"four", "two", "4444"}, []string{"two"},
			badlink.Counters{Received: 3, Passed: 1, TooLarge: 2}},
		{"a filter overrules", badlink.Options{Drop: 1, Filter: kth(2, badlink.Pass)}, []string{"1", "2", "3"}, []string{"2"},
			badlink.Counters{Received: 3, Passed: 1, Dropped: 2}},
		{"late, in order", badlink.Options{Delay: time.Millisecond}, []string{"1", "2", "3"}, []string{"1", "2", "3"},
			badlink.Counters{Received: 3, Passed: 3, Delayed: 3}},
		{"split", badlink.Options{Split: true}, []string{hello + finished + "rest", "no record"},
			[]string{hello, finished, "rest", "no record"}, badlink.Counters{Received: 2, Passed: 4}},
		{"split before a connection ID", badlink.Options{Split: true}, []string{hello + cid + hello}, []string{hello, cid + hello},
			badlink.Counters{Received: 1, Passed: 2}},
		{"the second record dropped", badlink.Options{Split: true, Filter: kth(2, badlink.Drop)}, []string{hello + finished + hello},
			[]string{hello, hello}, badlink.Counters{Received: 1, Passed: 2, Dropped: 1}},
		{"merged", badlink.Options{Merge: 20 * time.Millisecond, MTU: 4}, []string{"12", "34", "567", "8", "9"},
			[]string{"1234", "5678", "9"}, badlink.Counters{Received: 5, Passed: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, test.options)
			w.send(test.sent...)
			w.until(func(c badlink.Counters) bool { return c.Passed == len(test.want) && c.Received == len(test.sent) })
			if diff := cmp.Diff(test.counters, w.Counters(badlink.ToServer)); diff != "" {
				t.Errorf("counters (-want +got):\n%s", diff)
			}
			w.wantArrivals(test.want...)
		})
	}
}

func TestCorruptionFlipsOneBit(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{Corrupt: 1, Seed: 7})
	w.send("abcdefgh")
	got, _ := w.arrived()
	var bits int
	for i := range got {
		for x := got[i] ^ "abcdefgh"[i]; x != 0; x &= x - 1 {
			bits++
		}
	}
	if len(got) != 8 || bits != 1 {
		t.Errorf("%q differs in %d bits", got, bits)
	}
}

// survivors are the datagrams that pass, of 64.
func survivors(t *testing.T, seed uint64) (passed []string) {
	w := newWire(t, badlink.Options{Seed: seed, Drop: 0.5})
	for n := range 64 {
		w.send(fmt.Sprint(n))
	}
	w.until(func(c badlink.Counters) bool { return c.Received == 64 })
	for range w.Counters(badlink.ToServer).Passed {
		d, _ := w.arrived()
		passed = append(passed, d)
	}
	return passed
}

func TestTheSeedDecides(t *testing.T) {
	t.Parallel()
	first, again, other := survivors(t, 1), survivors(t, 1), survivors(t, 2)
	if !slices.Equal(first, again) {
		t.Errorf("one seed, two fates: %v and %v", first, again)
	}
	if slices.Equal(first, other) || len(first) < 16 || len(first) > 48 {
		t.Errorf("half of 64 are %v with one seed, and %v with another", first, other)
	}
}

func TestEachClientHasItsOwnWay(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{})
	other := w.dial()
	for i, c := range []*net.UDPConn{w.client, other, w.client} {
		if _, err := fmt.Fprint(c, i); err != nil {
			t.Fatal(err)
		}
		got, from := w.arrived()
		if got != fmt.Sprint(i) || !slices.Contains(w.Sources(), from) {
			t.Errorf("%q from %v, which is none of %v", got, from, w.Sources())
		}
		if _, err := w.server.WriteToUDPAddrPort([]byte("re: "+got), from); err != nil {
			t.Fatal(err)
		}
		wantRead(t, c, "re: "+got)
	}
	if n := len(w.Sources()); n != 2 {
		t.Errorf("%d sources", n)
	}
}

func wantRead(t *testing.T, c *net.UDPConn, want string) {
	t.Helper()
	buffer := make([]byte, 100)
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(buffer); err != nil || string(buffer[:n]) != want {
		t.Errorf("read %q, %v, want %q", buffer[:n], err, want)
	}
}

func TestRebindMovesTheClient(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{})
	w.send("before")
	_, before := w.arrived()
	if err := w.Rebind(); err != nil {
		t.Fatal(err)
	}
	w.send("after")
	got, after := w.arrived()
	if got != "after" || before == after {
		t.Errorf("%q came from %v, and before from %v", got, after, before)
	}
	// What goes to the old address is lost.
	for _, to := range []netip.AddrPort{before, after} {
		if _, err := w.server.WriteToUDPAddrPort([]byte("to "+to.String()), to); err != nil {
			t.Fatal(err)
		}
	}
	wantRead(t, w.client, "to "+after.String())
}

func TestPauseKeepsWhatResumeSends(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{})
	w.Pause()
	w.send("1", "2", "3")
	w.until(func(c badlink.Counters) bool { return c.Received == 3 })
	if c := w.Counters(badlink.ToServer); c.Passed != 0 {
		t.Errorf("%+v while paused", c)
	}
	w.Resume()
	w.wantArrivals("1", "2", "3")
}

func TestFilterSeesBothDirections(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	w := newWire(t, badlink.Options{Filter: func(dir badlink.Direction, n int, d []byte) badlink.Verdict {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf("%d %s: %s", n, dir, d))
		copy(d, bytes.ToUpper(d))
		return badlink.Undecided
	}})
	w.send("ping")
	got, from := w.arrived()
	if _, err := w.server.WriteToUDPAddrPort([]byte("pong"), from); err != nil {
		t.Fatal(err)
	}
	wantRead(t, w.client, "PONG")
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"1 to server: ping", "1 to client: pong"}, seen); diff != "" || got != "PING" {
		t.Errorf("%q, and the filter saw (-want +got):\n%s", got, diff)
	}
}

func TestServerMayBeAway(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{})
	w.send("1")
	_, _ = w.arrived()
	addr := w.server.LocalAddr().(*net.UDPAddr)
	if err := w.server.Close(); err != nil {
		t.Fatal(err)
	}
	w.send("2", "3")
	w.until(func(c badlink.Counters) bool { return c.Received == 3 })
	var err error
	if w.server, err = net.ListenUDP("udp4", addr); err != nil {
		t.Skip("somebody else took the port: ", err)
	}
	t.Cleanup(func() { w.server.Close() })
	w.send("4")
	w.wantArrivals("4")
}

func TestCloseEndsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWire(t, badlink.Options{Delay: time.Hour, Filter: kth(2, badlink.Hold)})
	w.send("1", "2")
	w.until(func(c badlink.Counters) bool { return c.Delayed == 2 })
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.Pause()
	w.Resume()
	w.SetOptions(badlink.Options{})
	if err := w.Close(); err != nil {
		t.Error("the second Close:", err)
	}
	if err := w.Rebind(); err != net.ErrClosed {
		t.Errorf("Rebind of a closed link returns %v", err)
	}
	if err := w.server.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.server.ReadFromUDPAddrPort(make([]byte, 1)); !os.IsTimeout(err) {
		t.Errorf("something arrived, or %v", err)
	}
}

func TestEncryptedRecordsAreKnownByEpochAndType(t *testing.T) {
	epoch1 := []byte(record(23, "data"))
	epoch1[4] = 1
	for _, test := range []struct {
		datagram string
		want     bool
	}{
		{record(22, "hello"), false}, {record(25, "secret"), true}, {string(epoch1), true}, {"", false},
	} {
		if got := badlink.Encrypted([]byte(test.datagram)); got != test.want {
			t.Errorf("%x: %v", test.datagram, got)
		}
	}
}

func TestStartNeedsAnAddress(t *testing.T) {
	if p, err := badlink.Start("127.0.0.1", badlink.Options{}); err == nil {
		p.Close()
		t.Error("a link to no port")
	}
}

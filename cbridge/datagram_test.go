package cbridge

import (
	"errors"
	"net"
	"testing"
	"time"
)

// newDatagramSSL is one end of a connection over datagrams, for what needs no handshake.
func newDatagramSSL(t *testing.T, end Endpoint) *SSL {
	t.Helper()
	c, err := NewConfig(end, Datagram, PresetDefault)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s, err := NewSSL(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestDatagramsKeepTheirBoundaries(t *testing.T) {
	s := newDatagramSSL(t, Client) // a server takes garbage in place of a ClientHello for an error
	if err := s.SetNoHostname(); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 1200, 1} {
		if err := s.Feed(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.InputLen(); got != 1202 {
		t.Errorf("%d bytes wait, want 1202", got)
	}
	if err := s.Handshake(); err != ErrSSLWantRead { // all three are no records
		t.Errorf("Handshake: %v", err)
	}
	if got := s.InputLen(); got != 0 {
		t.Errorf("%d bytes wait after the library has seen them, want 0", got)
	}
	s.Discard(1) // of nothing
}

func TestFeedRefusesWhatIsNoDatagram(t *testing.T) {
	s := newDatagramSSL(t, Client)
	if err := s.Feed(nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("an empty datagram: %v", err)
	}
	for range 4 {
		if err := s.Feed(make([]byte, 1<<14)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Feed([]byte{0}); err != ErrSSLWantWrite {
		t.Errorf("a full queue: %v", err)
	}
	if err := newPair(t, nil).client.Feed([]byte{0}); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("a stream: %v", err)
	}
	s.Close()
	if err := s.Feed([]byte{0}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// The library would take a piece of a header behind the last record for a fault of its own, for good.
func TestTailOfADatagramIsIgnored(t *testing.T) {
	for _, cid := range []int{-1, 0, 4} {
		for tail := range 14 {
			add := func(datagram []byte) []byte { return append(datagram, "no record, but some bytes"[:tail]...) }
			p := withCIDs(t, cid, cid, false)
			for !p.client.HandshakeOver() || !p.server.HandshakeOver() {
				for _, way := range [][2]*SSL{{p.client, p.server}, {p.server, p.client}} {
					if err := way[0].Handshake(); err != nil && err != ErrSSLWantRead {
						t.Fatalf("cid %d, tail %d: %v", cid, tail, err)
					}
					for _, d := range datagrams(way[0]) {
						if err := way[1].Feed(add(d)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
			for range 2 { // the second is a replay of the first
				data := record(t, p.client, "data")
				if s, err := got(t, p.server, add(data)); s != "data" || err != nil {
					t.Fatalf("cid %d, tail %d: %q, %v", cid, tail, s, err)
				}
				if s, err := got(t, p.server, add(data)); err != ErrSSLWantRead {
					t.Fatalf("cid %d, tail %d, again: %q, %v", cid, tail, s, err)
				}
			}
		}
	}
}

// A ClientHello goes out again after 1, 2, 4, … seconds, unless an answer comes.
func TestTimerDrivesRetransmission(t *testing.T) {
	s := newDatagramSSL(t, Client)
	if err := s.SetNoHostname(); err != nil {
		t.Fatal(err)
	}
	var set []time.Duration
	passed := 0
	err := s.SetTimer(Timer{
		Set: func(intermediate, final time.Duration) {
			if intermediate != final/4 {
				t.Errorf("the intermediate delay of %v is %v", final, intermediate)
			}
			set = append(set, final)
		},
		Get: func() int { return passed },
	})
	if err != nil {
		t.Fatal(err)
	}
	var first string
	for flight := range 3 {
		if err := s.Handshake(); err != ErrSSLWantRead {
			t.Fatal(err)
		}
		got := string(s.Output())
		if flight == 0 {
			first = got
		} else if got[13:] != first[13:] { // the record's number differs
			t.Errorf("flight %d differs from the first", flight)
		}
		s.Discard(len(got))
		passed = 2
	}
	want := []time.Duration{time.Second, time.Second, 0, 2 * time.Second, 0, 4 * time.Second}
	if len(set) != len(want) {
		t.Fatalf("the timer was set to %v, want %v", set, want)
	}
	for i := range want {
		if set[i] != want[i] {
			t.Fatalf("the timer was set to %v, want %v", set, want)
		}
	}
}

func TestTimerPanicReachesTheCaller(t *testing.T) {
	s := newDatagramSSL(t, Client)
	if err := s.SetTimer(Timer{Set: func(_, _ time.Duration) { panic("set") }}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != "set" {
			t.Errorf("recovered %v", v)
		}
		if err := s.Handshake(); err != ErrPoisoned {
			t.Errorf("after a panic: %v", err)
		}
	}()
	_ = s.Handshake()
}

func TestDelayPassesInTwoSteps(t *testing.T) {
	var d Delay
	if !d.Deadline().IsZero() {
		t.Error("a new Delay has a deadline")
	}
	d.Set(0, time.Hour)
	if got := d.Get(); got != 1 {
		t.Errorf("Get = %d, want 1", got)
	}
	if left := time.Until(d.Deadline()); left < time.Minute || left > time.Hour {
		t.Errorf("the deadline is in %v", left)
	}
	d.Set(time.Hour, time.Hour)
	if got := d.Get(); got != 0 {
		t.Errorf("Get = %d, want 0", got)
	}
	d.Set(0, time.Nanosecond)
	for d.Get() != 2 { // a nanosecond is over soon
	}
	d.Set(0, 0)
	if !d.Deadline().IsZero() {
		t.Error("a stopped Delay has a deadline")
	}
}

func TestTakeInputTakesDatagramsInOrder(t *testing.T) {
	s := newDatagramSSL(t, Client)
	for _, d := range []string{"one", "two"} {
		if err := s.Feed([]byte(d)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"one", "two", ""} {
		if got := s.TakeInput(); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := s.InputLen(); got != 0 {
		t.Errorf("%d bytes wait, want 0", got)
	}
}

package cbridge

import (
	"errors"
	"math"
	"net"
	"testing"
	"time"
)

// datagramPair is a pair over datagrams, with cookies off.
func datagramPair(t testing.TB, sets ...options) pair {
	t.Helper()
	if !Feature("MBEDTLS_SSL_PROTO_DTLS") {
		t.Skip("no DTLS")
	}
	crt, key := identity(t)
	return newPairOver(t, Datagram, crt, key, func(client, server *Config) {

		if err := errors.Join(client.SetVersions(TLS12, TLS12), server.SetVersions(TLS12, TLS12), server.SetNoCookies()); err != nil {
			t.Fatal(err)
		}
		for _, set := range sets {
			set(client, server)
		}
	})
}

// connected is a datagramPair after its handshake.
func connected(t testing.TB, sets ...options) pair {
	t.Helper()
	p := datagramPair(t, sets...)
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	return p
}

// datagrams takes what an end has written.
func datagrams(s *SSL) (all [][]byte) {
	for out := s.Output(); len(out) > 0; out = s.Output() {
		all = append(all, append([]byte(nil), out...))
		s.Discard(len(out))
	}
	return all
}

// record writes data as one record, and takes it off the wire.
func record(t testing.TB, s *SSL, data string) []byte {
	t.Helper()
	if _, err := s.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	all := datagrams(s)
	if len(all) != 1 {
		t.Fatalf("%d datagrams, want 1", len(all))
	}
	return all[0]
}

// got feeds a datagram, and reads what it holds.
func got(t testing.TB, s *SSL, datagram []byte) (string, error) {
	t.Helper()
	if err := s.Feed(datagram); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000)
	n, err := s.Read(buf)
	return string(buf[:n]), err
}

func TestAntiReplay(t *testing.T) {
	for _, on := range []bool{true, false} {
		p := connected(t, func(_, server *Config) {
			if err := server.SetAntiReplay(on); err != nil {
				t.Fatal(err)
			}
		})
		data := record(t, p.client, "x")
		if s, err := got(t, p.server, data); s != "x" || err != nil {
			t.Errorf("%q, %v", s, err)
		}
		want, wantErr := "x", error(nil)
		if on {
			want, wantErr = "", ErrSSLWantRead
		}
		if s, err := got(t, p.server, data); s != want || err != wantErr {
			t.Errorf("anti-replay %t: the same again: %q, %v; want %q, %v", on, s, err, want, wantErr)
		}
	}
}

func TestBadMACLimit(t *testing.T) {
	p := connected(t, func(_, server *Config) {
		if err := server.SetBadMACLimit(3); err != nil {
			t.Fatal(err)
		}
	})
	for i, want := range []error{ErrSSLWantRead, ErrSSLWantRead, ErrSSLInvalidMAC} {
		data := record(t, p.client, "x")
		data[len(data)-1] ^= 1
		if _, err := got(t, p.server, data); !errors.Is(err, want) {
			t.Errorf("record %d: %v, want %v", i, err, want)
		}
	}
}

func TestHandshakeTimeoutChecksItsRange(t *testing.T) {
	c := newDatagramSSL(t, Client).conf
	for _, d := range [][2]time.Duration{
		{0, time.Second},
		{time.Millisecond - 1, time.Second},
		{-time.Second, time.Second},
		{2 * time.Second, time.Second},
		{time.Second, (math.MaxUint32 + 1) * time.Millisecond},
	} {
		if err := c.SetHandshakeTimeout(d[0], d[1]); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%v: %v, want ErrSSLBadInputData", d, err)
		}
	}
	if err := c.SetHandshakeTimeout(time.Millisecond, math.MaxUint32*time.Millisecond); err != nil {
		t.Error(err)
	}
}

// The library gives up after the longest delay.
func TestHandshakeTimeoutBoundsTheRetransmissions(t *testing.T) {
	s := newDatagramSSL(t, Client)
	if err := errors.Join(s.conf.SetHandshakeTimeout(20*time.Millisecond, 50*time.Millisecond), s.SetNoHostname()); err != nil {
		t.Fatal(err)
	}
	var set []time.Duration
	passed := 0
	if err := s.SetTimer(Timer{
		Set: func(_, final time.Duration) {
			if final > 0 {
				set = append(set, final)
			}
		},
		Get: func() int { return passed },
	}); err != nil {
		t.Fatal(err)
	}
	err := s.Handshake()
	for passed = 2; err == ErrSSLWantRead; err = s.Handshake() {
	}
	if !errors.Is(err, ErrSSLTimeout) {
		t.Errorf("Handshake: %v, want ErrSSLTimeout", err)
	}
	for _, d := range set {
		if d < 20*time.Millisecond || d > 50*time.Millisecond {
			t.Errorf("delays %v, want none out of bounds", set)
		}
	}
}

func TestMTUBoundsDatagrams(t *testing.T) {
	for _, mtu := range []int{MinMTU(), 300, 1200, math.MaxUint16} {
		for _, packing := range []bool{true, false} {
			p := datagramPair(t)
			for _, s := range []*SSL{p.client, p.server} {
				if err := errors.Join(s.SetMTU(mtu), s.SetDatagramPacking(packing)); err != nil {
					t.Fatal(err)
				}
			}
			longest, records, count := 0, 0, 0
			forward := func(from, to *SSL) {
				for _, d := range datagrams(from) {
					longest, count = max(longest, len(d)), count+1
					for rest := d; len(rest) > 13; rest = rest[13+(int(rest[11])<<8|int(rest[12])):] {
						records++
					}
					if err := to.Feed(d); err != nil {
						t.Fatal(err)
					}
				}
			}
			for i := 0; !p.client.HandshakeOver() || !p.server.HandshakeOver(); i++ {
				for _, err := range []error{p.client.Handshake(), p.server.Handshake()} {
					if err != nil && err != ErrSSLWantRead {
						t.Fatalf("mtu %d: %v", mtu, err)
					}
				}
				forward(p.client, p.server)
				forward(p.server, p.client)
				if i > 1000 {
					t.Fatalf("mtu %d: no progress", mtu)
				}
			}
			if longest > mtu {
				t.Errorf("mtu %d: a datagram of %d bytes", mtu, longest)
			}
			if packed := records > count; packed != packing && mtu > 1000 {
				t.Errorf("mtu %d: %d records in %d datagrams, packing %t", mtu, records, count, packing)
			}
			n, err := p.client.Write(make([]byte, 100))
			if err != nil || n < 1 {
				t.Errorf("mtu %d: Write: %d, %v", mtu, n, err)
			}
			if d := datagrams(p.client); len(d) != 1 || len(d[0]) > mtu {
				t.Errorf("mtu %d: %d datagrams of data", mtu, len(d))
			}
		}
	}
}

// With a smaller one, the library would not return from the handshake.
func TestMTUIsGuarded(t *testing.T) {
	s := newDatagramSSL(t, Client)
	for _, mtu := range []int{-1, 1, 13, 25, MinMTU() - 1, math.MaxUint16 + 1, math.MaxUint16 + 1200} {
		if err := s.SetMTU(mtu); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("SetMTU(%d): %v, want ErrSSLBadInputData", mtu, err)
		}
	}
	if err := s.SetMTU(0); err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.conf.SetUnguarded(), s.SetMTU(MinMTU()-1)); err != nil {
		t.Error(err)
	}
	if err := s.SetMTU(math.MaxUint16 + 1); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("unguarded, SetMTU above the maximum: %v, want ErrSSLBadInputData", err)
	}
}

func TestMaxBufferingIsTheBuilds(t *testing.T) {
	if MaxBuffering < 1024 || MaxBuffering > 1<<20 {
		t.Errorf("MaxBuffering is %d", MaxBuffering)
	}
}

// afterClose checks setters of a family on what is closed.
func afterClose(t *testing.T, end Endpoint, calls func(s *SSL, c *Config) []error) {
	t.Helper()
	s := newDatagramSSL(t, end)
	s.Close()
	s.conf.Close()
	for i, err := range calls(s, s.conf) {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("call %d after Close: %v, want net.ErrClosed", i, err)
		}
	}
}

func TestDTLSSettersAfterClose(t *testing.T) {
	afterClose(t, Client, func(s *SSL, c *Config) []error {
		return []error{c.SetAntiReplay(false), c.SetBadMACLimit(1), c.SetHandshakeTimeout(time.Second, time.Second),
			s.SetDatagramPacking(false), s.SetMTU(1200)}
	})
}

package cbridge

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// withCIDs has the ends use connection IDs of those lengths; -1 is none.
func withCIDs(t testing.TB, client, server int, failUnexpected bool) pair {
	t.Helper()
	if !Feature(optionCID) {
		t.Skip("no connection IDs")
	}
	p := datagramPair(t, func(c, s *Config) {
		err := errors.Join(c.SetCID(max(0, client), failUnexpected), s.SetCID(max(0, server), failUnexpected))
		if err != nil {
			t.Fatal(err)
		}
	})
	for s, n := range map[*SSL]int{p.client: client, p.server: server} {
		if n >= 0 {
			if err := s.SetCID(true, cidOfLen(n)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func cidOfLen(n int) []byte {
	if n <= 0 {
		return nil // also for C
	}
	return bytes.Repeat([]byte{0xC0 + byte(n)}, n)
}

const cidRecord = 25 // tls12_cid, of RFC 9146

func TestConnectionIDs(t *testing.T) {
	for _, c := range []struct{ client, server int }{
		{-1, -1}, {-1, 4}, {4, -1}, {0, 0}, {0, 4}, {4, 0}, {4, 8}, {MaxOwnCIDLen, MaxOwnCIDLen},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			p := withCIDs(t, c.client, c.server, false)
			if cid, on := p.client.PeerCID(); on || len(cid) > 0 {
				t.Errorf("PeerCID before the handshake: %x, %t", cid, on)
			}
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			negotiated := c.client >= 0 && c.server >= 0 && c.client+c.server > 0
			for _, end := range []struct {
				s         *SSL
				own, peer int
			}{{p.client, c.client, c.server}, {p.server, c.server, c.client}} {
				cid, on := end.s.OwnCID()
				if want := end.own > 0; on != want || !bytes.Equal(cid, cidOfLen(end.own)) {
					t.Errorf("OwnCID: %x, %t; want %t", cid, on, want)
				}
				cid, on = end.s.PeerCID()
				if on != negotiated || negotiated && !bytes.Equal(cid, cidOfLen(end.peer)) || !negotiated && len(cid) > 0 {
					t.Errorf("PeerCID: %x, %t; want %d bytes, %t", cid, on, end.peer, negotiated)
				}
			}
			for _, dir := range []struct {
				from, to *SSL
				n        int
			}{{p.client, p.server, c.server}, {p.server, p.client, c.client}} {
				data := record(t, dir.from, "data")
				has := data[0] == cidRecord && bytes.HasPrefix(data[11:], cidOfLen(dir.n))
				if want := negotiated && dir.n > 0; has != want && !LegacyCID {
					t.Errorf("the record begins with %x, want the connection ID: %t", data[:20], want)
				}
				if s, err := got(t, dir.to, data); s != "data" || err != nil {
					t.Errorf("%q, %v", s, err)
				}
			}
		})
	}
}

func TestUnexpectedConnectionID(t *testing.T) {
	for _, fail := range []bool{false, true} {
		p := withCIDs(t, 0, 4, fail)
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		data := record(t, p.client, "data")
		data[11] ^= 1
		want := map[bool]Code{false: ErrSSLWantRead, true: ErrSSLUnexpectedCID}[fail]
		if _, err := got(t, p.server, data); !errors.Is(err, want) {
			t.Errorf("fail %t: %v, want %v", fail, err, want)
		}
	}
}

func TestConnectionIDsAreChecked(t *testing.T) {
	p := withCIDs(t, 4, 4, false)
	for _, n := range []int{-1, MaxOwnCIDLen + 1, 1 << 20} {
		if err := p.client.conf.SetCID(n, false); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("Config.SetCID(%d): %v, want ErrSSLBadInputData", n, err)
		}
	}
	for _, n := range []int{0, 3, 5, 300} {
		if err := p.client.SetCID(true, make([]byte, n)); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("SetCID of %d bytes: %v, want ErrSSLBadInputData", n, err)
		}
	}
	if cid, on := p.client.OwnCID(); !on || !bytes.Equal(cid, cidOfLen(4)) {
		t.Errorf("OwnCID after SetCID failed: %x, %t", cid, on)
	}
	if err := p.client.SetCID(false, nil); err != nil {
		t.Fatal(err)
	}
	if cid, on := p.client.OwnCID(); on || len(cid) > 0 {
		t.Errorf("OwnCID after it was turned off: %x, %t", cid, on)
	}
	if err := p.server.SetCID(false, nil); err != nil {
		t.Fatal(err)
	}
	if err := p.server.SetCID(true, nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("none of what the Config says: %v, want ErrSSLBadInputData", err)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if _, on := p.server.PeerCID(); on {
		t.Error("SetCID turned connection IDs on, though it failed")
	}
	stream := newPair(t, nil)
	if err := stream.client.SetCID(true, nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("SetCID of a stream: %v, want ErrSSLBadInputData", err)
	}
	if _, on := stream.client.OwnCID(); on {
		t.Error("a stream has a connection ID")
	}
	if err := stream.handshake(t); err != nil {
		t.Fatal(err)
	}
	if _, on := stream.client.PeerCID(); on {
		t.Error("a stream has a peer's connection ID")
	}
}

func TestConnectionIDsAfterClose(t *testing.T) {
	p := withCIDs(t, 4, 4, false)
	p.client.Close()
	if cid, on := p.client.OwnCID(); on || len(cid) > 0 {
		t.Errorf("OwnCID after Close: %x, %t", cid, on)
	}
	if cid, on := p.client.PeerCID(); on || len(cid) > 0 {
		t.Errorf("PeerCID after Close: %x, %t", cid, on)
	}
	afterClose(t, Client, func(s *SSL, c *Config) []error { return []error{c.SetCID(1, true), s.SetCID(true, nil)} })
}

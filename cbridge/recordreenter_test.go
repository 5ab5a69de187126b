package cbridge

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A receive closure may look at a datagram before it hands it to the library, with the connection whose call it is in.
func TestCheckRecordInsideARecvClosure(t *testing.T) {
	p := datagramPair(t)
	// look gives all that is found out of a datagram, and its error in words.
	type look struct {
		Newer bool
		Err   string
	}
	var looks, again []look
	var queue [][]byte
	check := func(datagram []byte) (l look) {
		newer, err := p.server.CheckRecord(bytes.Clone(datagram))
		if l.Newer = newer; err != nil {
			l.Err = err.Error()
		}
		return l
	}
	timer := new(Delay)
	err := errors.Join(p.server.SetTimer(Timer{timer.Set, timer.Get}), p.server.SetBIO(BIO{
		Send: func(b []byte) (int, error) {
			return len(b), p.client.Feed(b)
		},
		Recv: func(b []byte) (int, error) {
			if len(queue) == 0 {
				return 0, ErrSSLWantRead
			}
			d := queue[0]
			queue = queue[1:]
			looks, again = append(looks, check(d)), append(again, check(d))
			return copy(b, d), nil
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	for over := false; !over; {
		clientErr := p.client.Handshake()
		queue = append(queue, datagrams(p.client)...)
		serverErr := p.server.Handshake()
		over = clientErr == nil && serverErr == nil
		for _, err := range []error{clientErr, serverErr} {
			if err != nil && err != ErrSSLWantRead {
				t.Fatal(err)
			}
		}
	}
	handshake := len(looks)
	if handshake < 2 {
		t.Errorf("%d datagrams of a handshake were looked at", handshake)
	}
	good := record(t, p.client, "data")
	altered := bytes.Clone(good)
	altered[len(altered)-1] ^= 1
	queue = [][]byte{altered, good, good}
	buf := make([]byte, 10)
	if n, err := p.server.Read(buf); string(buf[:n]) != "data" || err != nil {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if n, err := p.server.Read(buf); n != 0 || err != ErrSSLWantRead {
		t.Errorf("a replay: %q, %v", buf[:n], err)
	}
	if diff := cmp.Diff(looks, again); diff != "" {
		t.Errorf("the second look differs (-first +second):\n%s", diff)
	}
	want := []look{
		{false, newError("mbedtls_ssl_check_record", int(ErrSSLInvalidMAC), nil).Error()},
		{true, ""},
		{false, newError("mbedtls_ssl_check_record", int(ErrSSLUnexpectedRecord), nil).Error()},
	}
	if diff := cmp.Diff(want, looks[handshake:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What goes wrong in the inner call is the closure's to judge: the outer one goes on with what the closure says. An error
// that the closure fails with is the outer call's whole, also behind an inner call.
func TestErrorsBehindAnInnerCall(t *testing.T) {
	p := connected(t)
	want := errors.New("the closure's own")
	give := record(t, p.client, "data")
	results := []error{nil, want}
	for _, result := range results {
		err := p.server.SetBIO(BIO{Send: sendAll, Recv: func(b []byte) (int, error) {
			if _, err := p.server.CheckRecord([]byte("no record")); !errors.Is(err, ErrSSLInvalidRecord) {
				t.Errorf("inside: %v", err)
			}
			if result != nil {
				return 0, result
			}
			return copy(b, give), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 10)
		n, err := p.server.Read(buf)
		if !errors.Is(err, result) || result == nil && string(buf[:n]) != "data" {
			t.Errorf("%q, %v; want %v", buf[:n], err, result)
		}
	}
}

package cbridge

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// number sets the sequence number of a record, and the epoch.
func number(record []byte, epoch, n byte) []byte {
	record = bytes.Clone(record)
	copy(record[3:11], []byte{0, epoch, 0, 0, 0, 0, 0, n})
	return record
}

func TestCheckRecord(t *testing.T) {
	for _, cid := range []int{-1, 4} {
		p := withCIDs(t, cid, cid, false)
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		send(t, p.client, p.server, []byte("data"))
		old := record(t, p.client, "old")
		for range 70 { // more than the window
			record(t, p.client, "lost")
		}
		late, newest, next := record(t, p.client, "late"), record(t, p.client, "newest"), record(t, p.client, "next")
		if s, err := got(t, p.server, newest); s != "newest" || err != nil {
			t.Fatalf("%q, %v", s, err)
		}
		altered := bytes.Clone(next)
		altered[len(altered)-1] ^= 1
		otherCID := bytes.Clone(next)
		otherCID[11] ^= 1
		for _, c := range []struct {
			name      string
			datagram  []byte
			wantNewer bool
			want      error
		}{
			{"the next", next, true, nil},
			{"two", append(bytes.Clone(next), late...), true, nil},
			{"one and garbage", append(bytes.Clone(next), 1, 2, 3), true, nil},
			{"a late one", late, false, nil},
			{"a late one before the next", append(bytes.Clone(late), next...), false, nil},
			{"one again", newest, false, ErrSSLUnexpectedRecord},
			{"one too old", old, false, ErrSSLUnexpectedRecord},
			{"altered", altered, false, ErrSSLInvalidMAC},
			{"another number", number(next, 1, 200), false, ErrSSLInvalidMAC},
			{"epoch 0", number(next, 0, 200), false, ErrSSLUnexpectedRecord},
			{"the next epoch", number(next, 2, 200), false, ErrSSLUnexpectedRecord},
			{"cut", next[:len(next)-1], false, ErrSSLInvalidRecord},
			{"a header", next[:13], false, ErrSSLInvalidRecord},
			{"nothing", nil, false, ErrSSLInvalidRecord},
			{"another type", append([]byte{99}, next[1:]...), false, ErrSSLInvalidRecord},
			{"another connection ID", otherCID, false, map[bool]error{true: ErrSSLUnexpectedRecord, false: ErrSSLInvalidRecord}[cid > 0]},
		} {
			before := bytes.Clone(c.datagram)
			for range 2 { // it changes nothing
				newer, err := p.server.CheckRecord(c.datagram)
				if newer != c.wantNewer || !errors.Is(err, c.want) {
					t.Errorf("cid %d, %s: %t, %v; want %t, %v", cid, c.name, newer, err, c.wantNewer, c.want)
				}
			}
			if !bytes.Equal(before, c.datagram) {
				t.Errorf("%s: the datagram was changed", c.name)
			}
		}
		for _, c := range []struct {
			datagram []byte
			want     string
		}{{next, "next"}, {late, "late"}} {
			if s, err := got(t, p.server, c.datagram); s != c.want || err != nil {
				t.Errorf("%q, %v; want %q", s, err, c.want)
			}
		}
		if newer, err := p.server.CheckRecord(next); newer || !errors.Is(err, ErrSSLUnexpectedRecord) {
			t.Errorf("after it was read: %t, %v", newer, err)
		}
	}
}

// Data that is not all read yet stays as it is.
func TestCheckRecordBesideUnreadData(t *testing.T) {
	p := connected(t)
	if err := p.server.Feed(record(t, p.client, "first")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2)
	if n, err := p.server.Read(buf); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	second := record(t, p.client, "second")
	if newer, err := p.server.CheckRecord(second); !newer || err != nil {
		t.Errorf("%t, %v", newer, err)
	}
	if n, err := p.server.Read(make([]byte, 10)); n != 3 || err != nil {
		t.Errorf("the rest: %d, %v", n, err)
	}
	if s, err := got(t, p.server, second); s != "second" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
}

func TestCheckRecordWithoutAntiReplay(t *testing.T) {
	p := connected(t, func(_, server *Config) {
		if err := server.SetAntiReplay(false); err != nil {
			t.Fatal(err)
		}
	})
	if newer, err := p.server.CheckRecord(record(t, p.client, "x")); newer || err != nil {
		t.Errorf("%t, %v; want false, nil", newer, err)
	}
}

func TestCheckRecordBeforeTheHandshake(t *testing.T) {
	p := datagramPair(t)
	if err := p.client.Handshake(); err != ErrSSLWantRead {
		t.Fatal(err)
	}
	hello := datagrams(p.client)[0]
	if newer, err := p.server.CheckRecord(hello); newer || err != nil {
		t.Errorf("a ClientHello: %t, %v; want false, nil", newer, err)
	}
	if newer, err := p.server.CheckRecord(number(hello, 1, 9)); newer || !errors.Is(err, ErrSSLUnexpectedRecord) {
		t.Errorf("epoch 1: %t, %v; want ErrSSLUnexpectedRecord", newer, err)
	}
	if err := p.server.Feed(hello); err != nil {
		t.Fatal(err)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	stream := newPair(t, nil)
	if _, err := stream.client.CheckRecord(hello); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("a stream: %v, want ErrSSLFeatureUnavailable", err)
	}
	afterClose(t, Client, func(s *SSL, _ *Config) []error { _, err := s.CheckRecord(hello); return []error{err} })
}

// Whatever comes, it is an error or not, and the connection goes on.
func TestCheckRecordOnHostileDatagrams(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, suite := range []int{
		0xC02B, // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
		0xC0AE, // …_AES_128_CCM_8
		0xC023, // …_AES_128_CBC_SHA256
	} {
		for _, etm := range []bool{true, false} {
			p := connected(t, func(client, _ *Config) {
				if err := errors.Join(client.SetCiphersuites([]int{suite}), client.SetEncryptThenMAC(etm)); err != nil {
					t.Fatal(err)
				}
			})
			good := record(t, p.client, "some data to be altered")
			for range 2000 {
				d := bytes.Clone(good)
				for range 1 + random.IntN(3) {
					d[random.IntN(len(d))] = byte(random.IntN(256))
				}
				if random.IntN(2) == 0 {
					d = d[:random.IntN(len(d)+1)]
					if len(d) > 13 {
						d[11], d[12] = 0, byte(len(d)-13)
					}
				}
				if newer, err := p.server.CheckRecord(d); newer && !bytes.Equal(d[:len(good)], good) || newer && err != nil {
					t.Errorf("%x is newer (%v)", d, err)
				}
			}
			if newer, err := p.server.CheckRecord(append([]byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0, 0xff, 0xff}, make([]byte, 0xffff)...)); newer || err == nil {
				t.Errorf("the longest record: %t, %v", newer, err)
			}
			if s, err := got(t, p.server, good); s != "some data to be altered" || err != nil {
				t.Errorf("%q, %v", s, err)
			}
		}
	}
}

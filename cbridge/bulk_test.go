package cbridge

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bulkPair has done the handshake, and read its tickets.
func bulkPair(t *testing.T, version int) pair {
	t.Helper()
	p := newPair(t, func(client, server *Config) {
		if err := errors.Join(client.SetVersions(version, version), server.SetVersions(version, version)); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("x"))
	send(t, p.server, p.client, []byte("x"))
	return p
}

func noRing(t *testing.T, when string, ends ...*SSL) {
	t.Helper()
	for _, s := range ends {
		if s.c.in.p != nil || s.c.out.p != nil {
			t.Errorf("%s: a ring has memory: %d bytes of input, %d of output", when, s.InputLen(), s.OutputLen())
		}
	}
}

// One call encrypts as many records as there is room for, and one reads as many as are there; the rings have memory only
// while there is something in them.
func TestRecordsInOneCall(t *testing.T) {
	for name, version := range map[string]int{"TLS 1.2": TLS12, "TLS 1.3": TLS13} {
		t.Run(name, func(t *testing.T) {
			p := bulkPair(t, version)
			noRing(t, "after the handshake", p.client, p.server)

			data := bytes.Repeat([]byte("0123456789abcdef"), 40_000/16)
			n, err := p.client.WriteRecords(data)
			if n != len(data) || err != nil {
				t.Fatalf("WriteRecords: %d of %d bytes, %v", n, len(data), err)
			}
			carry(t, p.client, p.server)
			noRing(t, "after all was sent", p.client)
			got := make([]byte, 2*len(data))
			n, err = p.server.ReadRecords(got)
			if err != nil || !bytes.Equal(got[:n], data) {
				t.Fatalf("ReadRecords: %d of %d bytes, %v", n, len(data), err)
			}
			noRing(t, "after all was read", p.server)
			if n, err := p.server.ReadRecords(got); n != 0 || err != ErrSSLWantRead {
				t.Errorf("without input: %d, %v", n, err)
			}
			if _, err := p.server.InputSpace(); err != nil {
				t.Fatal(err)
			}
			p.server.Commit(0) // nothing has come
			noRing(t, "after waiting", p.server)
		})
	}
}

// What does not fit is said, and comes later.
func TestWriteRecordsFillsTheRing(t *testing.T) {
	p := bulkPair(t, TLS12)
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i >> 8)
	}
	var got []byte
	buf := make([]byte, 1<<16)
	for sent := 0; len(got) < len(data); {
		n, err := p.client.WriteRecords(data[sent:])
		if sent += n; sent < len(data) && (n == 0 || err != ErrSSLWantWrite) {
			t.Fatalf("after %d bytes: %d, %v", sent, n, err)
		}
		carry(t, p.client, p.server)
		for {
			n, err := p.server.ReadRecords(buf)
			got = append(got, buf[:n]...)
			if err != nil && err != ErrSSLWantRead {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	}
	if !bytes.Equal(got, data) {
		t.Error("what was read differs from what was written")
	}
}

// An error that comes behind data comes along with it, and is not lost.
func TestReadRecordsBeforeAnError(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(t *testing.T, p pair)
		want Code
	}{
		"close_notify": {func(t *testing.T, p pair) {
			if err := p.client.CloseNotify(); err != nil {
				t.Fatal(err)
			}
		}, ErrSSLPeerCloseNotify},
		"bad record": {func(t *testing.T, p pair) {
			if _, err := p.client.Write([]byte("bad")); err != nil {
				t.Fatal(err)
			}
			out := p.client.Output()
			out[len(out)-1] ^= 1
		}, ErrSSLInvalidMAC},
	} {
		t.Run(name, func(t *testing.T) {
			p := bulkPair(t, TLS12)
			for _, word := range []string{"one ", "two "} {
				if _, err := p.client.Write([]byte(word)); err != nil {
					t.Fatal(err)
				}
			}
			test.end(t, p)
			carry(t, p.client, p.server)
			got := make([]byte, 100)
			n, err := p.server.ReadRecords(got)
			if string(got[:n]) != "one two " || !errors.Is(err, test.want) {
				t.Errorf("%q, %v; want both words, and %v", got[:n], err, test.want)
			}
		})
	}
}

// No more records are read than fit, and of the last one the rest stays.
func TestReadRecordsIntoLittle(t *testing.T) {
	p := bulkPair(t, TLS13)
	for _, word := range []string{"abc", "def", "ghi"} {
		if _, err := p.client.Write([]byte(word)); err != nil {
			t.Fatal(err)
		}
	}
	carry(t, p.client, p.server)
	var got []string
	for buf := make([]byte, 4); ; {
		n, err := p.server.ReadRecords(buf)
		if err == ErrSSLWantRead {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(buf[:n]))
	}
	if diff := cmp.Diff([]string{"abcd", "efgh", "i"}, got); diff != "" {
		t.Error(diff)
	}
}

// Over closures that take nothing, a record waits in the library: to write again is to send that, and not another one.
func TestWriteRecordsOverClosures(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, both(t, version))
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			var output []byte
			busy := true
			err := p.server.SetBIO(BIO{Send: func(b []byte) (int, error) {
				if busy = !busy; !busy {
					return 0, ErrSSLWantWrite
				}
				output = append(output, b...)
				return len(b), nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			data := randomBytes(20_000)
			for n, calls := 0, 0; n < len(data) && calls < 10; calls++ {
				m, err := p.server.WriteRecords(data[n:])
				if err != nil && err != ErrSSLWantWrite {
					t.Fatal(err)
				}
				n += m
			}
			in, err := p.client.InputSpace()
			if err != nil {
				t.Fatal(err)
			}
			p.client.Commit(copy(in, output))
			got := make([]byte, 3*len(data))
			if n, err := p.client.ReadRecords(got); err != nil || !bytes.Equal(got[:n], data) {
				t.Errorf("the client reads %d bytes of %d, or others, or %v", n, len(data), err)
			}
		})
	}
}

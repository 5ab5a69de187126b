package mbedtls

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestDTLSDuplicatesAreReadOnce(t *testing.T) {
	t.Parallel()
	for _, antiReplay := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			server.DTLS.InsecureDisableAntiReplay = !antiReplay
			c, s, cl, sl := linked(t, client, server)
			cl.setCarrier(duplicated)
			sl.setCarrier(duplicated)
			mustHandshake(t, c, s)
			records(t, s) // what is left of the handshake
			mustWrite(t, c, "a", "b", "c")
			cl.setCarrier(through)
			for _, d := range cl.datagrams() { // the whole connection once more, but for what begins another
				if r, _ := parseRecord(d.data, 0); r.contentType != recordHandshake || d.data[recordHeaderLen] != handshakeClientHello {
					sl.put(d.data)
				}
			}
			mustWrite(t, c, "d")
			want := []string{"a", "b", "c", "d"}
			if !antiReplay {
				want = []string{"a", "a", "b", "b", "c", "c", "a", "b", "c", "d"}
			}
			if diff := cmp.Diff(want, records(t, s)); diff != "" {
				t.Errorf("anti-replay: %t (-want +got):\n%s", antiReplay, diff)
			}
			mustWrite(t, s, "e")
			if diff := cmp.Diff([]string{"e"}, records(t, c)); diff != "" {
				t.Errorf("the client's data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDTLSBadMACLimitBreaksAConnection(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 3} {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			server.DTLS.BadMACLimit = limit
			c, s, cl, _ := connectedLink(t, client, server)
			results := reading(s)
			for i := 1; i <= 100; i++ {
				cl.setCarrier(corrupted)
				mustWrite(t, c, "false")
				synctest.Wait()
				if i == limit {
					for range 2 { // it is final
						if r, ok := <-results; ok && !errors.Is(r.err, ErrSSLInvalidMAC) {
							t.Errorf("limit %d: %+v", limit, r)
						}
						if _, err := s.Write([]byte("x")); !errors.Is(err, ErrSSLInvalidMAC) {
							t.Errorf("limit %d: Write: %v", limit, err)
						}
					}
					return
				}
				cl.setCarrier(through)
				if err := exchangeWith(c, results, "true"); err != nil {
					t.Fatalf("limit %d, record %d: %v", limit, i, err)
				}
			}
			s.Close()
		})
	}
}

// In place of a Finished, the library takes no record that is not authentic for a forged one: the keys may differ.
func TestDTLSCorruptedFinishedIsFinal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		c, s, _, sl := linked(t, client, server)
		sl.setCarrier(func(n int, d []byte) ([][]byte, error) {
			if n == 2 { // after HelloVerifyRequest and ServerHello…
				return corrupted(n, d)
			}
			return through(n, d)
		})
		done := inBackground(c)
		if err := s.Handshake(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, ErrSSLInvalidMAC) {
			t.Errorf("the client's Handshake: %v", err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, AlertBadRecordMAC) {
			t.Errorf("the server's Read: %v", err)
		}
	})
}

func TestDTLSPackingSavesDatagrams(t *testing.T) {
	t.Parallel()
	for disabled, want := range map[bool][]int{false: {1, 1, 1, 1, 1, 1}, true: {1, 1, 1, 4, 3, 2}} {
		client, server := configs(t)
		client.DTLS.DisablePacking, server.DTLS.DisablePacking = disabled, disabled
		order := make(chan string, 100)
		c, s, cl, sl := linked(t, client, server)
		for name, link := range map[string]*linkEnd{"client": cl, "server": sl} {
			link.setCarrier(func(n int, d []byte) ([][]byte, error) { order <- name; return through(n, d) })
		}
		mustHandshake(t, c, s)
		var got []int
		last := ""
		for len(order) > 0 {
			if name := <-order; name != last {
				got, last = append(got, 0), name
			}
			got[len(got)-1]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("packing disabled: %t; datagrams by flight (-want +got):\n%s", disabled, diff)
		}
	}
}

// longest is the length of the longest datagram sent after some time.
func longest(e *linkEnd, after time.Duration) (n int) {
	for _, d := range e.datagrams() {
		if d.at > after || after == 0 {
			n = max(n, len(d.data))
		}
	}
	return n
}

// rsaChain is a chain that is longer than a narrow path's datagrams.
func rsaChain(t testing.TB) Certificate {
	t.Helper()
	setUp(t)
	chain, err := FromTLSCertificate(authority.Intermediate(testpki.RSA2048, "One").Issue(testpki.Leaf{Algorithm: testpki.RSA2048}))
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// mutual are configs of two ends that both have chain.
func mutual(t testing.TB, chain Certificate) (client, server *Config) {
	t.Helper()
	client, server = configs(t)
	client.Certificates, server.Certificates = []Certificate{chain}, []Certificate{chain}
	server.ClientAuth, server.ClientCAs = RequireAndVerifyClientCert, roots()
	return client, server
}

func TestDTLSMTUBoundsTheHandshake(t *testing.T) {
	t.Parallel()
	chain := rsaChain(t)
	for _, mtu := range []int{cbridge.MinMTU(), 300, 1200, maxMTU} {
		client, server := mutual(t, chain)
		client.DTLS.MTU, server.DTLS.MTU = mtu, mtu
		c, s, cl, sl := connectedLink(t, client, server)
		for _, link := range []*linkEnd{cl, sl} {
			if n := longest(link, 0); n > mtu || n < min(mtu, 1500)-100 {
				t.Errorf("MTU %d: the %s's longest datagram has %d bytes", mtu, link.addr, n)
			}
		}
		mustWrite(t, c, strings.Repeat("x", c.MaxPayload()))
		if n := longest(cl, 0); n > mtu {
			t.Errorf("MTU %d: a datagram of data with %d bytes", mtu, n)
		}
		buf := make([]byte, cbridge.MaxRecord)
		if n, err := s.Read(buf); n != c.MaxPayload() || err != nil {
			t.Errorf("MTU %d: %d, %v", mtu, n, err)
		}
		c.Close()
		s.Close()
	}
}

// A path that has no room for 600 bytes, whether it says so or not, is found out by the library: from the second
// retransmission on, it sends 508 bytes at most.
func TestDTLSNarrowPathIsFoundOut(t *testing.T) {
	t.Parallel()
	chain := rsaChain(t)
	for name, tooLong := range map[string]error{"silent": nil, "EMSGSIZE": &net.OpError{Op: "write", Err: syscall.EMSGSIZE}} {
		bubble(t, func(t *testing.T) {
			client, server := mutual(t, chain)
			c, s, cl, sl := linked(t, client, server)
			for _, link := range []*linkEnd{cl, sl} {
				link.setCarrier(func(n int, d []byte) ([][]byte, error) {
					if len(d) > 600 {
						return nil, tooLong
					}
					return through(n, d)
				})
			}
			start := time.Now()
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("%s: client: %v\nserver: %v", name, cErr, sErr)
			}
			if took := time.Since(start); took < 3*time.Second || took > 10*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
			if longest(sl, 0) <= 600 || longest(sl, 3*time.Second) > 508 {
				t.Errorf("%s: datagrams of %d bytes, and then of %d", name, longest(sl, 0), longest(sl, 3*time.Second))
			}
			if n, err := c.Write(make([]byte, 1000)); !errors.Is(err, tooLong) {
				t.Errorf("%s: Write: %d, %v", name, n, err)
			}
			mustConverse(t, c, s)
		})
	}
}

func TestDTLSMaxFragmentLengthBoundsRecords(t *testing.T) {
	t.Parallel()
	chain := rsaChain(t)
	for _, limit := range []int{512, 4096} {
		client, server := mutual(t, chain)
		client.MaxFragmentLength = limit
		c, s, cl, sl := connectedLink(t, client, server)
		for _, end := range []*Conn{c, s} {
			if got := end.MaxPayload(); got != limit {
				t.Errorf("limit %d: MaxPayload is %d", limit, got)
			}
			var tooLong *PayloadError
			if _, err := end.Write(make([]byte, limit+1)); !errors.As(err, &tooLong) {
				t.Errorf("limit %d: Write: %v", limit, err)
			}
		}
		mustExchange(t, c, s, strings.Repeat("x", limit))
		mustExchange(t, s, c, strings.Repeat("y", limit))
		for _, link := range []*linkEnd{cl, sl} {
			for _, d := range link.datagrams() {
				for rest := d.data; len(rest) > recordHeaderLen; {
					n := int(rest[11])<<8 + int(rest[12])
					if n > limit+64 {
						t.Errorf("limit %d: the %s sent a record of %d bytes", limit, link.addr, n)
					}
					rest = rest[recordHeaderLen+n:]
				}
			}
		}
	}
}

const handshakeServerHello, handshakeServerHelloDone = 2, 14

// A flight whose first message comes last needs no retransmission, unless it is more than the library keeps meanwhile.
func TestDTLSMessagesOutOfOrderArePutInOrder(t *testing.T) {
	t.Parallel()
	setUp(t)
	chain, hints := server15K(t), NewCertPool()
	for i := range 160 {
		hints.AddCert(testpki.NewCA(testpki.P256, fmt.Sprintf("%064d", i)).Cert)
	}
	for _, long := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			if long {
				client, server = mutual(t, chain)
				server.ClientCAHints = hints
			}
			server.DTLS.MTU, server.DTLS.DisablePacking = 1200, true
			c, s, _, sl := linked(t, client, server)
			var first []byte
			sl.setCarrier(func(n int, d []byte) ([][]byte, error) {
				switch d[recordHeaderLen] {
				case handshakeServerHello:
					if first == nil {
						first = d
						return nil, nil
					}
				case handshakeServerHelloDone:
					return [][]byte{d, first}, nil
				}
				return through(n, d)
			})
			start := time.Now()
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("long: %t; client: %v\nserver: %v", long, cErr, sErr)
			}
			if took := time.Since(start); (took > 0) != long {
				t.Errorf("long: %t; it took %v", long, took)
			}
			mustExchange(t, c, s, "x")
		})
	}
}

// server15K is a chain that nearly fills a message.
func server15K(t testing.TB) Certificate {
	t.Helper()
	c := authority.Issue(testpki.Leaf{})
	for size := len(c.Certificate[0]); size < 15000; size += len(authority.Cert.Raw) {
		c.Certificate = append(c.Certificate, authority.Cert.Raw)
	}
	cert, err := FromTLSCertificate(c)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// The peer has gone, and its close_notify is lost.
func TestDTLSPeerThatVanishesIsSilence(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		c, s, cl, sl := connectedLink(t, client, server)
		cl.setCarrier(dropAll)
		sl.setCarrier(dropAll)
		start := time.Now()
		if err := c.Close(); err != nil || time.Since(start) != 0 {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
		if err := s.SetReadDeadline(start.Add(1000 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, s, "to nobody")
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 1000*time.Hour {
			t.Errorf("Read: %v after %v", err, time.Since(start))
		}
		if err := s.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		results := reading(s)
		synctest.Wait()
		if err := s.Close(); err != nil || time.Since(start) != 1000*time.Hour {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
		if r := <-results; !errors.Is(r.err, net.ErrClosed) {
			t.Errorf("Read after Close: %v", r.err)
		}
	})
}

// piped are both ends of a connection over a pipe, after the handshake, and the client's end of the pipe.
func piped(t testing.TB, client, server *Config) (c, s *Conn, pipe net.Conn) {
	t.Helper()
	a, b := net.Pipe()
	c, s = ClientDTLS(a, client), ServerDTLS(b, server)
	t.Cleanup(func() { c.Close(); s.Close() })
	mustHandshake(t, c, s)
	return c, s, a
}

// A peer of a link that ends says so by EOF, which is no orderly end.
func TestDTLSEndOfTheTransportIsUnexpected(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	_, s, a := piped(t, client, server)
	a.Close()
	for range 2 {
		if _, err := s.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF {
			t.Errorf("Read: %v", err)
		}
	}
}

func TestSetMTUWhileTheHandshakeBegins(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	for range 20 {
		c := ClientDTLS(socketTo(t, l.Addr()), client)
		done := inBackground(c)
		for mtu := 600; c.MaxPayload() == 0 && mtu < 1000; mtu++ {
			if err := c.SetMTU(mtu); err != nil {
				t.Fatal(err)
			}
		}
		s, err := accept(l)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		s.Close()
		c.Close()
	}
}

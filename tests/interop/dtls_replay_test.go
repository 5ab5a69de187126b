package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// wiretap keeps the datagrams that pass a client's socket, and can hold those to the server back.
type wiretap struct {
	net.Conn
	mu         sync.Mutex
	hold       bool
	sent, read [][]byte
}

func (c *wiretap) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.sent = append(c.sent, bytes.Clone(p))
	hold := c.hold
	c.mu.Unlock()
	if hold {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c *wiretap) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read = append(c.read, bytes.Clone(p[:n]))
	return n, err
}

// holdBack keeps what is written from now on, or ends that and returns it.
func (c *wiretap) holdBack(on bool) (held [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if on {
		c.sent = nil
	}
	c.hold = on
	return c.sent
}

// window is how many records anti-replay remembers: RFC 6347, section 4.1.2.6.
const window = 64

// Records that are late are delivered while they are in the window, and none twice, unless that is what the Config asks for.
func TestDTLSReplays(t *testing.T) {
	t.Parallel()
	const records, newest = 100, 90 // the newest comes first
	number := func(i int) string { return fmt.Sprintf("record %d", i) }
	for _, test := range []struct {
		name    string
		disable bool
	}{{"anti-replay", false}, {"without", true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
			for _, c := range []*mbedtls.Config{client, server} {
				c.DTLS.InsecureDisableAntiReplay = test.disable
			}
			l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", server)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			raw, err := net.Dial("udp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			link := &wiretap{Conn: raw}
			c, s := w.meet(l, link, client)
			said(t, c, s, "hello")
			said(t, s, c, "hello")

			link.holdBack(true)
			for i := range records {
				if _, err := c.Write([]byte(number(i))); err != nil {
					t.Fatal(err)
				}
			}
			held := link.holdBack(false)
			var want, got []string
			deliver := func(i int, expected bool) {
				t.Helper()
				if _, err := raw.Write(held[i]); err != nil {
					t.Fatal(err)
				}
				if expected {
					want = append(want, number(i))
					got = append(got, next(t, s))
				}
			}
			for _, i := range []int{newest, newest - window + 1, newest - window, newest - window - 1, newest + 1, newest - 1} {
				deliver(i, test.disable || i > newest-window)
			}
			for _, i := range []int{newest - 1, newest, 0} { // again
				deliver(i, test.disable)
			}
			want = append(want, "the end")
			if _, err := c.Write([]byte("the end")); err != nil {
				t.Fatal(err)
			}
			got = append(got, next(t, s))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the server reads (-want +got):\n%s", diff)
			}

			// And to the client: its own last datagram from the server, twice more.
			said(t, s, c, "to be repeated")
			last := link.read[len(link.read)-1]
			for range 2 {
				if _, err := s.NetConn().Write(last); err != nil {
					t.Fatal(err)
				}
				if test.disable {
					heard(t, c, "to be repeated")
				}
			}
			said(t, s, c, "the end")
		})
	}
}

// next is what a Read of one record gives.
func next(t *testing.T, c net.Conn) string {
	t.Helper()
	buf := make([]byte, 2048)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// A foreign client's request, on a link that sends all twice.
func TestDTLSDuplicatesOfForeignClients(t *testing.T) {
	t.Parallel()
	for _, disable := range []bool{false, true} {
		t.Run(fmt.Sprintf("InsecureDisableAntiReplay %v", disable), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			server := w.datagrams(testpki.Leaf{})
			server.DTLS.InsecureDisableAntiReplay = disable
			l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", server)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			link := w.link(l.Addr().String(), badlink.Options{Filter: func(dir badlink.Direction, _ int, d []byte) badlink.Verdict {
				if dir == badlink.ToServer && badlink.Encrypted(d) {
					return badlink.Duplicate
				}
				return badlink.Pass
			}})
			ended := make(chan error, 1)
			go func() { ended <- w.lossyClient(link.Addr().String(), "read_timeout=0") }()
			accepted, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			conn := accepted.(*mbedtls.Conn)
			w.bound(conn)
			request := next(t, conn)
			if disable && next(t, conn) != request {
				t.Error("the second record is another one")
			}
			if _, err := conn.Write([]byte(request)); err != nil {
				t.Fatal(err)
			}
			// With anti-replay, close_notify is all that is left.
			if n, err := conn.Read(make([]byte, 2048)); err == nil {
				t.Errorf("%d bytes more", n)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// Records that are not authentic are passed over, up to a limit if there is one.
func TestDTLSCorruptedRecords(t *testing.T) {
	t.Parallel()
	const limit = 3
	for _, test := range []struct {
		name  string
		limit int
	}{{"no limit", 0}, {"BadMACLimit", limit}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			client, server := w.datagrams(), w.datagrams(testpki.Leaf{})
			client.DTLS.BadMACLimit, server.DTLS.BadMACLimit = test.limit, test.limit
			l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", server)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			link := w.link(l.Addr().String(), badlink.Options{})
			raw, err := net.Dial("udp", link.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c, s := w.meet(l, raw, client)
			spoil := func(on bool) {
				link.SetOptions(badlink.Options{Filter: func(_ badlink.Direction, _ int, d []byte) badlink.Verdict {
					if on {
						d[len(d)-1] ^= 1
					}
					return badlink.Pass
				}})
			}
			for _, end := range []struct {
				from, to *mbedtls.Conn
				dir      badlink.Direction
			}{{c, s, badlink.ToServer}, {s, c, badlink.ToClient}} {
				passed := link.Counters(end.dir).Passed
				spoil(true)
				for range limit - 1 {
					if _, err := end.from.Write([]byte("never to be seen")); err != nil {
						t.Fatal(err)
					}
				}
				until(t, func() bool { return link.Counters(end.dir).Passed == passed+limit-1 })
				spoil(false)
				said(t, end.from, end.to, "and yet it goes on")
			}
			if test.limit == 0 {
				return
			}
			spoil(true)
			if _, err := c.Write([]byte("the last straw")); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Read(make([]byte, 100)); !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
				t.Errorf("Read at the limit: %v", err)
			}
		})
	}
}

// until waits for what another goroutine is about to do.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(testTimeout); !done(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

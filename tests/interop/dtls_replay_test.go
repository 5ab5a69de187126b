package interop_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// window is how many records anti-replay remembers: RFC 6347, section 4.1.2.6.
const window = 64

// Records that are late are delivered while they are in the window, and none twice, unless that is what the Config asks for.
func TestDTLSReplaysAreReadOnce(t *testing.T) {
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
			l := w.listenDTLS(server)
			passing := new(tap)
			raw := w.socketTo(w.link(l.addr(), badlink.Options{Filter: passing.filter}).Addr())
			c, s := w.connectedOver(l, raw, client)
			mustConverse(t, c, s, "hello")

			passing.holds(true)
			before := len(passing.datagrams(badlink.ToServer))
			for i := range records {
				mustWrite(t, c, number(i))
			}
			w.until(func() bool { return len(passing.datagrams(badlink.ToServer)) == before+records })
			held := passing.datagrams(badlink.ToServer)[before:]
			passing.holds(false)
			var want, got []string
			deliver := func(i int, expected bool) {
				t.Helper()
				if _, err := raw.Write(held[i]); err != nil {
					t.Fatal(err)
				}
				if expected {
					want = append(want, number(i))
					got = append(got, mustNext(t, s))
				}
			}
			for _, i := range []int{newest, newest - window + 1, newest - window, newest - window - 1, newest + 1, newest - 1} {
				deliver(i, test.disable || i > newest-window)
			}
			for _, i := range []int{newest - 1, newest, 0} { // again
				deliver(i, test.disable)
			}
			want = append(want, "the end")
			mustWrite(t, c, "the end")
			got = append(got, mustNext(t, s))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the server reads (-want +got):\n%s", diff)
			}

			// And to the client: its own last datagram from the server, twice more.
			mustPass(t, s, c, "to be repeated")
			last := passing.last(badlink.ToClient)
			for range 2 {
				if _, err := s.NetConn().Write(last); err != nil {
					t.Fatal(err)
				}
				if test.disable {
					mustRead(t, c, "to be repeated")
				}
			}
			mustPass(t, s, c, "the end")
		})
	}
}

// A foreign client's request, on a link that sends all twice.
func TestDTLSDuplicatesOfForeignClientsAreReadOnce(t *testing.T) {
	t.Parallel()
	for _, disable := range []bool{false, true} {
		t.Run(fmt.Sprintf("InsecureDisableAntiReplay %v", disable), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			server := w.datagrams(testpki.Leaf{})
			server.DTLS.InsecureDisableAntiReplay = disable
			l := w.listenDTLS(server)
			link := w.link(l.addr(), badlink.Options{Filter: func(dir badlink.Direction, _ int, d []byte) badlink.Verdict {
				if dir == badlink.ToServer && badlink.Encrypted(d) {
					return badlink.Duplicate
				}
				return badlink.Pass
			}})
			ended := make(chan error, 1)
			go func() { ended <- w.lossyClient(link.Addr().String(), "read_timeout=0") }()
			conn := l.accept()
			request := mustNext(t, conn)
			if disable && mustNext(t, conn) != request {
				t.Error("the second record is another one")
			}
			mustWrite(t, conn, request)
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
func TestDTLSCorruptedRecordsArePassedOver(t *testing.T) {
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
			l := w.listenDTLS(server)
			link := w.link(l.addr(), badlink.Options{})
			c, s := w.connectedOver(l, w.socketTo(link.Addr()), client)
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
					mustWrite(t, end.from, "never to be seen")
				}
				w.until(func() bool { return link.Counters(end.dir).Passed == passed+limit-1 })
				spoil(false)
				mustPass(t, end.from, end.to, "and yet it goes on")
			}
			if test.limit == 0 {
				return
			}
			spoil(true)
			mustWrite(t, c, "the last straw")
			if _, err := s.Read(make([]byte, 100)); !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
				t.Errorf("Read at the limit: %v", err)
			}
		})
	}
}

package mbedtls

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func seconds(s ...float64) (d []time.Duration) {
	for _, s := range s {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

// sendings are when a flight is sent, and when the handshake fails, if nothing is ever answered.
var sendings = map[string]struct {
	min, max time.Duration
	at       []time.Duration
	fails    time.Duration
}{
	"defaults":      {0, 0, seconds(0, 1, 3, 7, 15, 31, 63), 123 * time.Second},
	"min alone":     {30 * time.Second, 0, seconds(0, 30), 90 * time.Second},
	"min above max": {2 * time.Minute, 0, seconds(0), 2 * time.Minute},
	"max alone":     {0, 4 * time.Second, seconds(0, 1, 3), 7 * time.Second},
	"no doubling":   {3 * time.Second, 3 * time.Second, seconds(0), 3 * time.Second},
	"cut short":     {200 * time.Millisecond, 500 * time.Millisecond, seconds(0, .2, .6), 1100 * time.Millisecond},
	"a millisecond": {time.Millisecond, time.Millisecond, seconds(0), time.Millisecond},
	"an hour":       {time.Hour, 3 * time.Hour, seconds(0, 3600, 3*3600), 6 * time.Hour},
}

// checkFlights compares what an end has sent to silence.
func checkFlights(t *testing.T, e *linkEnd, want []time.Duration) {
	t.Helper()
	at, flights := e.flights()
	if diff := cmp.Diff(want, at); diff != "" {
		t.Fatalf("sent at (-want +got):\n%s", diff)
	}
	first := withoutNumbers(flights[0])
	for i := range flights {
		if diff := cmp.Diff(first, withoutNumbers(flights[i])); diff != "" {
			t.Errorf("flight %d differs from the first (-first +other):\n%s", i, diff)
		}
		for j := range flights[:i] {
			if bytes.Equal(flights[i][0], flights[j][0]) {
				t.Errorf("flights %d and %d have the same record numbers", i, j)
			}
		}
	}
}

func TestDTLSClientRetransmitsToSilence(t *testing.T) {
	t.Parallel()
	for name, test := range sendings {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				client, server := configs(t)
				client.DTLS.HandshakeTimeoutMin, client.DTLS.HandshakeTimeoutMax = test.min, test.max
				client.ReadTimeout = time.Microsecond // is not the handshake's
				c, _, link, _ := linked(t, client, server)
				link.setCarrier(dropAll)
				start := time.Now()
				err := c.Handshake()
				if !errors.Is(err, ErrSSLTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Handshake: %v", err)
				}
				if took := time.Since(start); took != test.fails {
					t.Errorf("it failed after %v, want %v", took, test.fails)
				}
				checkFlights(t, link, test.at)
				// Each flight is one wait, and moves the deadline once or twice.
				n := int64(len(test.at))
				if reads, deadlines := link.reads.Load(), link.deadlines.Load(); reads > n+1 || deadlines > 4*n {
					t.Errorf("%d flights, %d calls of Read, %d of SetReadDeadline", n, reads, deadlines)
				}
				if again := c.Handshake(); !errors.Is(again, ErrSSLTimeout) || time.Since(start) != test.fails {
					t.Errorf("Handshake again: %v after %v", again, time.Since(start))
				}
			})
		})
	}
}

func TestDTLSServerRetransmitsToSilence(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		server.DTLS.InsecureDisableCookies = true
		server.DTLS.MTU = 400 // else the third flight is cut into smaller pieces than the others
		c, s, _, link := linked(t, client, server)
		link.setCarrier(dropAll)
		done := inBackground(s)
		if err := c.SetDeadline(time.Now().Add(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if err := c.Handshake(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("the client's Handshake: %v", err)
		}
		start := time.Now().Add(-time.Millisecond)
		if err := <-done; !errors.Is(err, ErrSSLTimeout) || time.Since(start) != sendings["defaults"].fails {
			t.Errorf("the server's Handshake: %v after %v", err, time.Since(start))
		}
		checkFlights(t, link, sendings["defaults"].at)
		if _, flights := link.flights(); len(flights[0]) < 2 {
			t.Errorf("the flight has %d datagrams of %d bytes, want some", len(flights[0]), server.DTLS.MTU)
		}
	})
}

// After each lost datagram, the handshake goes on a second later.
func TestDTLSHandshakeSurvivesTheLossOfEachDatagram(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"client", "server"} {
		for lost := range 20 {
			ended := false
			bubble(t, func(t *testing.T) {
				client, server := configs(t)
				client.DTLS.DisablePacking, server.DTLS.DisablePacking = true, true
				c, s, cl, sl := linked(t, client, server)
				link := map[string]*linkEnd{"client": cl, "server": sl}[end]
				gone := false
				link.setCarrier(func(i int, d []byte) ([][]byte, error) {
					if i == lost {
						gone = true
						return nil, nil
					}
					return through(i, d)
				})
				start := time.Now()
				serverDone := inBackground(s)
				served := make(chan readResult, 1)
				go func() { // the client's Finished may come again
					if err := <-serverDone; err != nil {
						served <- readResult{"", err}
						return
					}
					served <- <-reading(s)
				}()
				if err := c.Handshake(); err != nil {
					t.Fatalf("%s's datagram %d: %v", end, lost, err)
				}
				link.setCarrier(through)
				mustWrite(t, c, "ping")
				if r := <-served; r != (readResult{"ping", nil}) {
					t.Fatalf("%s's datagram %d: the server's result is %+v", end, lost, r)
				}
				if took := time.Since(start); took != 0 && took != time.Second {
					t.Errorf("%s's datagram %d: it took %v", end, lost, took)
				}
				ended = !gone
				c.Close()
				s.Close()
			})
			if ended {
				if lost < 4 {
					t.Errorf("the %s sent only %d datagrams", end, lost)
				}
				break
			}
		}
	}
}

// The server's last flight is lost some times: it is sent again when the client's Finished comes again, in Read.
func TestDTLSLastFlightIsSentAgain(t *testing.T) {
	t.Parallel()
	for _, losses := range []int{1, 3} {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			c, s, _, sl := connectedLink(t, client, server)
			_, flights := sl.flights()
			last := len(sl.datagrams()) - 1 // ChangeCipherSpec and Finished share a datagram
			c.Close()
			s.Close()

			c, s, _, sl = linked(t, client, server)
			sl.setCarrier(func(i int, d []byte) ([][]byte, error) {
				if i >= last && i < last+losses {
					return nil, nil
				}
				return through(i, d)
			})
			start := time.Now()
			clientDone := inBackground(c)
			if err := s.Handshake(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("the server's handshake took %v", took)
			}
			results := reading(s)
			if err := <-clientDone; err != nil {
				t.Fatal(err)
			}
			want := []time.Duration{1: time.Second, 3: 7 * time.Second}[losses]
			if took := time.Since(start); took != want {
				t.Errorf("the client's handshake took %v, want %v", took, want)
			}
			at, again := sl.flights()
			if n := len(again); n != len(flights)+losses || at[n-1] != want {
				t.Errorf("flights at %v", at)
			}
			if err := exchangeWith(c, results, "after"); err != nil {
				t.Error(err)
			}
			c.Close()
			s.Close()
			for range results {
			}
		})
	}
}

// In an abbreviated handshake, the client's flight is the last.
func TestDTLSClientSendsItsLastFlightAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		client.ClientSessionCache, server.TicketKeys = NewLRUClientSessionCache(1), ticketKeys(t)
		c, s, _, _ := connectedLink(t, client, server)
		c.Close()
		s.Close()

		c, s, cl, sl := linked(t, client, server)
		cl.setCarrier(func(i int, d []byte) ([][]byte, error) {
			if i >= 2 && i < 4 { // 0 and 1 are ClientHellos
				return nil, nil
			}
			return through(i, d)
		})
		serverDone := inBackground(s)
		start := time.Now()
		if err := c.Handshake(); err != nil || time.Since(start) != 0 || !c.ConnectionState().DidResume {
			t.Fatalf("the client's handshake: %v after %v; resumed: %t", err, time.Since(start), c.ConnectionState().DidResume)
		}
		results := reading(c)
		if err := <-serverDone; err != nil || time.Since(start) != 3*time.Second {
			t.Errorf("the server's handshake: %v after %v, want 3s", err, time.Since(start))
		}
		if err := exchangeWith(s, results, "after"); err != nil {
			t.Error(err)
		}
		at, _ := sl.flights()
		if diff := cmp.Diff(seconds(0, 1, 3), at); diff != "" {
			t.Errorf("the server's flights (-want +got):\n%s", diff)
		}
		c.Close()
		for range results {
		}
	})
}

func TestDTLSIdleConnectionIsLeftAlone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		c, s, cl, sl := connectedLink(t, client, server)
		fromClient, fromServer := reading(s), reading(c)
		synctest.Wait()
		touched := func() [6]int64 {
			return [6]int64{cl.reads.Load(), cl.deadlines.Load(), int64(len(cl.datagrams())),
				sl.reads.Load(), sl.deadlines.Load(), int64(len(sl.datagrams()))}
		}
		before := touched()
		time.Sleep(24 * time.Hour) // of the bubble
		if after := touched(); after != before {
			t.Errorf("a day changed the counts of calls from %v to %v", before, after)
		}
		if err := errors.Join(exchangeWith(c, fromClient, "ping"), exchangeWith(s, fromServer, "pong")); err != nil {
			t.Error(err)
		}
		c.Close()
		s.Close()
		for range fromClient {
		}
		for range fromServer {
		}
	})
}

// A renegotiation's lost datagrams are sent again, whoever waits for the peer: Renegotiate, or a Read that came before.
func TestDTLSRenegotiationRetransmits(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{true, false} {
		for lost := range 2 {
			bubble(t, func(t *testing.T) {
				client, server := renegotiable(t)
				c, s, cl, sl := connectedLink(t, client, server)
				served := reading(s)
				got := (<-chan readResult)(make(chan readResult))
				if reads {
					got = reading(c)
					synctest.Wait()
				}
				[]*linkEnd{cl, sl}[lost].setCarrier(loseFirst(1))
				before, start := keys(t, c), time.Now()
				if err := c.Renegotiate(); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took != time.Second {
					t.Errorf("it took %v, want 1s", took)
				}
				if err := exchangeWith(c, served, "after"); err != nil {
					t.Error(err)
				}
				if bytes.Equal(before, keys(t, c)) || !bytes.Equal(keys(t, s), keys(t, c)) {
					t.Error("the keys did not change, or differ")
				}
				if reads {
					if err := exchangeWith(s, got, "back"); err != nil {
						t.Error(err)
					}
				}
				c.Close()
				s.Close()
				for range served {
				}
			})
		}
	}
}

// A renegotiation that is never answered fails by the schedule of a handshake, also in Read.
func TestDTLSRenegotiationFailsAgainstSilence(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := renegotiable(t)
		c, _, cl, _ := connectedLink(t, client, server)
		got := reading(c)
		synctest.Wait()
		cl.setCarrier(dropAll)
		start := time.Now()
		if err := c.Renegotiate(); !errors.Is(err, ErrSSLTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Renegotiate: %v", err)
		}
		if r := <-got; !errors.Is(r.err, ErrSSLTimeout) || time.Since(start) != sendings["defaults"].fails {
			t.Errorf("Read: %v after %v", r.err, time.Since(start))
		}
	})
}

// A Write goes out at once while a Read waits, and neither disturbs the other's deadline.
func TestDTLSWriteDoesNotWaitForRead(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		client, server := configs(t)
		c, s, _, _ := connectedLink(t, client, server)
		start := time.Now()
		if err := c.SetReadDeadline(start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		got, served := reading(c), reading(s)
		for i := range 3 {
			time.Sleep(time.Minute)
			if err := exchangeWith(c, served, "ping"); err != nil || time.Since(start) != time.Duration(i+1)*time.Minute {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
		if r := <-got; !errors.Is(r.err, os.ErrDeadlineExceeded) || errors.Is(r.err, ErrSSLTimeout) || time.Since(start) != time.Hour {
			t.Errorf("Read: %v after %v", r.err, time.Since(start))
		}
		s.Close()
		for range served {
		}
	})
}

// That the library stops its timer as it passes is no timeout of the user's.
func TestDTLSTimerThatIsMovedIsNoTimeout(t *testing.T) {
	t.Parallel()
	link, _ := newLink(t)
	for name, move := range map[string]time.Time{"stopped": {}, "later": time.Now().Add(time.Hour)} {
		d := readDeadlines{conn: link}
		err := d.read(0, func() error { return errors.Join(os.ErrDeadlineExceeded, d.put(&d.timer, move)) })
		if err != errTimer {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := readDeadlines{conn: link}
	if err := d.read(0, func() error { return os.ErrDeadlineExceeded }); err != os.ErrDeadlineExceeded {
		t.Errorf("a timeout of the connection's own: %v", err)
	}
}

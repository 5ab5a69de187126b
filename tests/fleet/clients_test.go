package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// tally is what clients have seen in one phase of the test.
type tally struct {
	handshakes, resumed int
	took                []time.Duration // of the handshakes over TCP, without the connection's
	records             int             // of DTLS that were answered
	retries             int             // of DTLS that were not, at first
	lost                int             // connections of DTLS that had to begin anew
	failures            []error         // of TLS connections
}

// resumedPercent is the resumption rate.
func (t tally) resumedPercent() float64 {
	return 100 * float64(t.resumed) / float64(max(1, t.handshakes))
}

// p90 is how long nine of ten handshakes took at most.
func (t tally) p90() time.Duration {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[len(t.took)*9/10]
}

// load is clients that do not rest.
type load struct {
	b       *balancer
	ctx     context.Context
	running sync.WaitGroup

	mu    sync.Mutex
	tally tally
	good  []time.Time // by client: when its last attempt that went well had begun
}

// How many clients there are, and how often each does something.
const (
	tlsClients  = 4 // of each version
	dtlsClients = 12
	pause       = 20 * time.Millisecond
)

// How long a client of DTLS waits for an answer before it asks again, and how often it asks before it begins anew.
const (
	answerWait = 250 * time.Millisecond
	maxAsks    = 20
)

// newLoad starts clients, and waits until each of them works.
func newLoad(w *world, b *balancer) *load {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l := &load{b: b, ctx: ctx}
	w.t.Cleanup(func() { stop(); l.running.Wait() })
	client := func(config *mbedtls.Config, run func(*mbedtls.Config, int)) {
		config.ClientSessionCache = mbedtls.NewLRUClientSessionCache(0)
		i := len(l.good)
		l.good = append(l.good, time.Time{})
		l.running.Go(func() { run(config, i) })
	}
	l.mu.Lock()
	for range tlsClients {
		client(w.client(mbedtls.VersionTLS12), l.runTLS)
		client(w.client(mbedtls.VersionTLS13), l.runTLS)
	}
	for range dtlsClients {
		client(w.client(0), l.runDTLS)
	}
	l.mu.Unlock()
	l.allGood(w.t, time.Now())
	l.take()
	return l
}

// take begins a new phase, and returns what was in the last one.
func (l *load) take() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tally
	l.tally = tally{}
	return t
}

// note adds to the phase, and notes that an attempt went well if began is not zero.
func (l *load) note(i int, began time.Time, add func(*tally)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return // the test is over
	}
	add(&l.tally)
	if !began.IsZero() {
		l.good[i] = began
	}
}

// allGood waits until each client has done something that began after since and went well. It returns how long after
// since that was.
func (l *load) allGood(t *testing.T, since time.Time) time.Duration {
	t.Helper()
	until(t, "every client works", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return !slices.ContainsFunc(l.good, func(at time.Time) bool { return !at.After(since) })
	})
	return time.Since(since)
}

// rest waits, and tells whether the test goes on.
func (l *load) rest() bool {
	select {
	case <-l.ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

// runTLS makes one connection after the other.
func (l *load) runTLS(config *mbedtls.Config, i int) {
	for l.rest() {
		began := time.Now()
		took, resumed, err := l.visit(config)
		if err != nil {
			l.note(i, time.Time{}, func(t *tally) { t.failures = append(t.failures, err) })
			continue
		}
		l.note(i, began, func(t *tally) {
			t.count(resumed)
			t.took = append(t.took, took)
		})
	}
}

func (t *tally) count(resumed bool) {
	t.handshakes++
	if resumed {
		t.resumed++
	}
}

func (l *load) visit(config *mbedtls.Config) (took time.Duration, resumed bool, err error) {
	ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", l.b.tcp.Addr().String())
	if err != nil {
		return 0, false, err
	}
	c := mbedtls.Client(raw, config)
	defer c.Close()
	began := time.Now()
	if err := c.HandshakeContext(ctx); err != nil {
		return 0, false, fmt.Errorf("handshake: %w", err)
	}
	took = time.Since(began)
	_, err = c.Write([]byte("ping"))
	if err == nil {
		_, err = c.Read(make([]byte, 100)) // and the ticket
	}
	return took, c.ConnectionState().DidResume, err
}

// runDTLS keeps one connection, as long as it is answered.
func (l *load) runDTLS(config *mbedtls.Config, i int) {
	for l.rest() {
		ctx, cancel := context.WithTimeout(l.ctx, 10*time.Second)
		c, err := mbedtls.DialDTLSContext(ctx, "udp", l.b.udp.LocalAddr().String(), config)
		cancel()
		if err != nil {
			l.note(i, time.Time{}, func(t *tally) { t.failures = append(t.failures, fmt.Errorf("DTLS: %w", err)) })
			continue
		}
		l.note(i, time.Time{}, func(t *tally) { t.count(c.ConnectionState().DidResume) })
		l.converse(c, i)
		c.Close()
	}
}

// converse asks until there is no answer, or the test is over.
func (l *load) converse(c *mbedtls.Conn, i int) {
	for number := 0; l.rest(); number++ {
		began := time.Now()
		retries, err := ask(c, number)
		if err != nil {
			l.note(i, time.Time{}, func(t *tally) { t.lost++ })
			return
		}
		l.note(i, began, func(t *tally) {
			t.records++
			t.retries += retries
		})
	}
}

// ask sends a record until it is answered.
func ask(c *mbedtls.Conn, number int) (retries int, err error) {
	buf := make([]byte, 100)
	for ; retries < maxAsks; retries++ {
		if _, err := fmt.Fprint(c, number); err != nil {
			return retries, err
		}
		if err := c.SetReadDeadline(time.Now().Add(answerWait)); err != nil {
			return retries, err
		}
		for {
			n, err := c.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return retries, err
			}
			var name string
			var answered int
			if _, err := fmt.Sscan(string(buf[:n]), &name, &answered); err != nil {
				return retries, err
			}
			if answered == number {
				return retries, nil
			}
		}
	}
	return retries, io.ErrNoProgress
}

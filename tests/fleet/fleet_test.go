package fleet_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// phases is the table that the test logs.
type phases struct {
	t    *testing.T
	l    *load
	span time.Duration
	rows strings.Builder
}

// end ends a phase under that name.
func (p *phases) end(name string, recovery time.Duration, moved uint64) tally {
	p.t.Helper()
	t := p.l.take()
	fmt.Fprintf(&p.rows, "%-26s %6d %8.1f%% %9.1f %7d %7d %8d %6d %6d %9.2f\n", name, t.handshakes, t.resumedPercent(),
		float64(t.p90().Microseconds())/1000, len(t.failures), t.records, t.retries, t.lost, moved, recovery.Seconds())
	for _, err := range t.failures[:min(3, len(t.failures))] {
		p.t.Logf("%s: %v", name, err)
	}
	return t
}

// steady is a phase in which nothing is wrong: all that can be resumed is, and nothing is lost.
func (p *phases) steady(name string) tally {
	p.t.Helper()
	<-time.After(p.span)
	t := p.end(name, 0, 0)
	if len(t.failures) > 0 || t.lost > 0 || t.handshakes == 0 || t.resumed < t.handshakes {
		p.t.Errorf("%s: of %d handshakes, %d were resumed, and %d failed; %d connections were lost",
			name, t.handshakes, t.resumed, len(t.failures), t.lost)
	}
	return t
}

// A fleet under load goes on through whatever happens to its processes, and to Redis.
func TestFleetUnderLoad(t *testing.T) {
	w := newWorld(t)
	one, two, three := w.start(), w.start(), w.start()
	agreed(t, "", one, two, three)
	b := newBalancer(t, one, two, three)
	p := &phases{t: t, l: newLoad(w, b), span: 4 * time.Second}
	if testing.Short() {
		p.span = time.Second
	}
	defer func() {
		t.Logf("\n%-26s %6s %9s %9s %7s %7s %8s %6s %6s %9s\n%s", "phase", "hands.", "resumed", "p90 ms", "failed", "records", "retries",
			"lost", "moved", "recovery", p.rows.String())
	}()
	p.steady("steady")

	key := agreed(t, "", one, two, three)
	three.tell("rotate")
	key = agreed(t, key, one, two, three)
	p.steady("rotated under load")

	// The writer is killed.
	victim := writer(t, one, two, three)
	rest := slices.DeleteFunc([]*server{one, two, three}, func(s *server) bool { return s == victim })
	had := victim.report().DTLS.Conns
	killed := time.Now()
	victim.kill()
	b.use(rest...) // at once: how long the balancer takes to notice is not what is measured
	recovery := p.l.allGood(t, killed)
	if st := p.end(fmt.Sprintf("kill -9, had %d", had), recovery, 0); st.lost > had {
		t.Errorf("%d connections were lost, and the dead process had %d", st.lost, had)
	}
	p.steady("two left")
	writer(t, rest...)
	rest[0].tell("rotate")
	key = agreed(t, key, rest...)
	p.steady("rotated by the next writer")

	// Another takes its place, and resumes what the others began.
	sessions := w.sessions(rest[0])
	fresh := w.start()
	agreed(t, "", append(rest, fresh)...)
	w.resumes(fresh, sessions, true)
	b.use(append(rest, fresh)...)
	p.steady("restarted")

	// A server ends in an orderly way, and hands its connections over.
	leaver, rest := rest[0], []*server{rest[1], fresh}
	had = leaver.report().DTLS.Conns
	left := time.Now()
	leaver.drain()
	b.use(rest...)
	leaver.ended()
	recovery = p.l.allGood(t, left)
	moved := uint64(0)
	for _, s := range rest {
		moved += s.report().Fleet.Listener.Taken
	}
	if st := p.end(fmt.Sprintf("shutdown, had %d", had), recovery, moved); st.lost > 0 || moved == 0 {
		t.Errorf("%d connections were lost, and %d were moved, of %d", st.lost, moved, had)
	}
	p.steady("two left")

	// A key is revoked.
	sessions = w.sessions(rest[0])
	rest[1].tell("revoke " + key)
	agreed(t, key, rest...)
	for _, s := range rest {
		w.resumes(s, sessions, false)
	}
	p.l.allGood(t, time.Now())
	p.end("revoked", 0, 0)
	w.resumes(rest[1], w.sessions(rest[0]), true)
	p.steady("with the next key")

	w.redis.Kill()
	if st := p.steady("Redis killed"); st.p90() > fleetTimeout/2 {
		t.Errorf("nine of ten handshakes took up to %v without Redis", st.p90())
	}
	w.redis.Restart()
	agreed(t, "", rest...)
	until(t, "the processes have put back what Redis has lost", func() bool {
		errors := rest[0].report().Fleet.RedisErrors
		return writer(t, rest...) != nil && rest[0].report().Fleet.RedisErrors == errors
	})
	p.steady("Redis is back, and empty")
	w.resumes(w.start(), w.sessions(rest[0]), true)
	for _, s := range rest {
		s.quit()
	}
}

// sessions are one of each version of TLS, from that server.
func (w *world) sessions(from *server) (all []*mbedtls.Session) {
	w.t.Helper()
	for _, version := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
		s, _ := w.visit(from, w.client(version), nil)
		all = append(all, s)
	}
	return all
}

// resumes expects a server to resume the sessions, or not to.
func (w *world) resumes(at *server, sessions []*mbedtls.Session, want bool) {
	w.t.Helper()
	for _, s := range sessions {
		if _, got := w.visit(at, w.client(s.Version()), s); got != want {
			w.t.Errorf("%s, %s: resumed %t, want %t", at.name, mbedtls.VersionName(s.Version()), got, want)
		}
	}
}

// visit connects with one server.
func (w *world) visit(at *server, config *mbedtls.Config, s *mbedtls.Session) (next *mbedtls.Session, resumed bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", at.tcp)
	if err != nil {
		w.t.Fatal(at.Explain(err))
	}
	c := mbedtls.Client(raw, config)
	defer c.Close()
	if s != nil {
		err = c.SetSession(s)
	}
	if err == nil {
		err = c.HandshakeContext(ctx)
	}
	if err == nil {
		_, err = c.Write([]byte("ping"))
	}
	if err == nil {
		_, err = c.Read(make([]byte, 100))
	}
	if err == nil {
		next, err = c.Session()
	}
	if err != nil {
		w.t.Fatal(at.Explain(err))
	}
	return next, c.ConnectionState().DidResume
}

// A writer that stands still is replaced; when it goes on, it is one of the others.
func TestWriterThatStoppedIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.options.Poll = time.Second // who is late by less than three times as long stays the writer
	servers := []*server{w.start(), w.start()}
	key := agreed(t, "", servers...)
	stopped := writer(t, servers...)
	published := stopped.report().Fleet.KeysPublished
	other := servers[0]
	if other == stopped {
		other = servers[1]
	}
	stopped.signal(syscall.SIGSTOP)
	until(t, "the other is elected", func() bool { return other.report().Fleet.Writer })
	other.tell("rotate")
	next := agreed(t, key, other)
	stopped.signal(syscall.SIGCONT)
	until(t, "it has the new key", func() bool { return stopped.report().current() == next })
	if writer(t, servers...) != other {
		t.Error("the one that was stopped is the writer again")
	}
	if st := stopped.report().Fleet; st.KeysPublished != published {
		t.Errorf("it has published %d keys, and %d before", st.KeysPublished, published)
	}
	for _, s := range servers {
		s.quit()
	}
}

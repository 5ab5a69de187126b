package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// node is a process with a listener, which answers each record with its name.
type node struct {
	*Listener
	f       *Fleet
	name    string
	serving sync.WaitGroup
	conns   chan *mbedtls.Conn // as Accept returned them
}

func (w *world) node(name string) *node {
	w.t.Helper()
	n := &node{f: w.join(), name: name, conns: make(chan *mbedtls.Conn, 100)}
	var err error
	if n.Listener, err = n.f.ListenDTLS(nil, "udp", "127.0.0.1:0", &w.server); err != nil {
		w.t.Fatal(err)
	}
	n.serving.Go(func() {
		for {
			c, err := n.Accept()
			if err != nil {
				return
			}
			n.conns <- c.(*mbedtls.Conn)
			n.serving.Go(func() { n.serve(c) })
		}
	})
	w.t.Cleanup(func() {
		n.Close()
		for _, c := range n.inner.Conns() {
			c.Close()
		}
		n.serving.Wait()
	})
	return n
}

func (n *node) serve(c net.Conn) {
	defer c.Close()
	buf := make([]byte, 2000)
	for {
		k, err := c.Read(buf)
		if err != nil {
			return
		}
		fmt.Fprintf(c, "%s %s", n.name, buf[:k])
	}
}

// device is a client whose records go where to says, and that takes answers from anywhere, as behind a balancer.
type device struct {
	*mbedtls.Conn
	socket *roaming
	sent   int
}

// roaming is a socket that is not connected.
type roaming struct {
	net.PacketConn
	to atomic.Pointer[net.UDPAddr]
}

func (r *roaming) Read(b []byte) (int, error) {
	n, _, err := r.ReadFrom(b)
	return n, err
}

func (r *roaming) Write(b []byte) (int, error) { return r.WriteTo(b, r.to.Load()) }
func (r *roaming) RemoteAddr() net.Addr        { return r.to.Load() }
func (r *roaming) goTo(n *node)                { r.to.Store(n.Addr().(*net.UDPAddr)) }

// device connects with a node.
func (w *world) device(n *node) *device {
	w.t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	d := &device{socket: &roaming{PacketConn: pc}}
	d.socket.goTo(n)
	d.Conn = mbedtls.ClientDTLS(d.socket, w.client)
	w.t.Cleanup(func() { d.Close() })
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := d.HandshakeContext(ctx); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// ask sends a record to a node, and returns the name of the one that answers. A record may get lost on its way.
func (d *device) ask(t *testing.T, n *node) string {
	t.Helper()
	d.socket.goTo(n)
	name, err := d.tryAsk(10)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// answerWait is so long that no answer is late: who asks twice may bring a parked connection to another node.
const answerWait = 2 * time.Second

// tryAsk is ask with so many attempts.
func (d *device) tryAsk(attempts int) (string, error) {
	buf := make([]byte, 2000)
	d.sent++
	question := fmt.Sprint(d.sent)
	for range attempts {
		if _, err := d.Write([]byte(question)); err != nil {
			return "", err
		}
		for {
			d.SetReadDeadline(time.Now().Add(answerWait))
			k, err := d.Read(buf)
			if errors.Is(err, mbedtls.ErrSSLTimeout) || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
				break
			}
			if err != nil {
				return "", err
			}
			var name, echoed string
			if _, err := fmt.Sscan(string(buf[:k]), &name, &echoed); err != nil {
				return "", err
			}
			if echoed == question {
				return name, nil
			}
		}
	}
	return "", errors.New("no answer")
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func mustWrite(t *testing.T, d *device, what string) {
	t.Helper()
	if _, err := d.Write([]byte(what)); err != nil {
		t.Fatal(err)
	}
}

func mustAnswer(t *testing.T, d *device, asked, want *node) {
	t.Helper()
	if got := d.ask(t, asked); got != want.name {
		t.Errorf("asked %s: %s answers, want %s", asked.name, got, want.name)
	}
}

func TestRecordReachesItsConnectionThroughAnyProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three := w.node("one"), w.node("two"), w.node("three")
	d := w.device(two)
	for _, asked := range []*node{two, one, three, one, two} {
		mustAnswer(t, d, asked, two)
	}
	// The record may be answered before it is counted.
	until(t, "the three records are counted", func() bool { return two.f.Stats().Listener.Received >= 3 })
	if st := two.f.Stats().Listener; st.Forwarded != 0 {
		t.Errorf("%+v", st)
	}
	if c := <-two.conns; c.RemoteAddr().String() != d.socket.LocalAddr().String() {
		t.Errorf("the client is at %v, want %v", c.RemoteAddr(), d.socket.LocalAddr())
	}
	if st := one.Stats(); st.ForeignIDs < 2 || st.Conns != 0 {
		t.Errorf("%+v", st)
	}
}

// The ClientHello with the cookie goes to another process than the first one.
func TestCookieOfOneProcessIsGoodForAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node("one"), w.node("two")
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	first := &firstTo{roaming: &roaming{PacketConn: pc}, then: two}
	first.goTo(one)
	patient := w.client.Clone() // if it sent the first ClientHello again, two would get it
	defer patient.Close()
	patient.DTLS.HandshakeTimeoutMin = 20 * time.Second
	c := mbedtls.ClientDTLS(first, patient)
	defer c.Close()
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if st := one.Stats(); st.HelloVerifies != 1 || st.Accepted != 0 {
		t.Errorf("%+v", st)
	}
	if st := two.Stats(); st.HelloVerifies != 0 || st.Accepted != 1 {
		t.Errorf("%+v", st)
	}
}

// firstTo sends its first datagram to one node, and all others to another.
type firstTo struct {
	*roaming
	then *node
}

func (f *firstTo) Write(b []byte) (int, error) {
	defer f.goTo(f.then)
	return f.roaming.Write(b)
}

func TestParkedConnectionGoesOnWithItsNextRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three := w.node("one"), w.node("two"), w.node("three")
	d := w.device(one)
	mustAnswer(t, d, one, one)
	for range 2 {
		c := <-one.conns
		if err := one.Park(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, mbedtls.ErrSaved) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the parked one's Read: %v", err)
		}
		mustAnswer(t, d, two, one) // where it began
	}

	// Where it began is no more.
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the others have noticed", func() bool { return len(*two.nodes.Load()) == 1 && len(*three.nodes.Load()) == 1 })
	mustAnswer(t, d, three, three)
	mustAnswer(t, d, two, three)
	if err := three.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, d, two, two)
	for _, c := range []struct {
		n    *node
		want ListenerStats
	}{{one, ListenerStats{Parked: 3, Taken: 2}}, {two, ListenerStats{Taken: 1}}, {three, ListenerStats{Parked: 1, Taken: 1}}} {
		st := c.n.f.Stats().Listener
		if got := (ListenerStats{Parked: st.Parked, Taken: st.Taken, Lost: st.Lost}); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.n.name, got, c.want)
		}
	}
}

// A connection that has moved is where it was when Redis was last asked.
func TestMovedConnectionIsFoundWithoutRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two, three := w.node("one"), w.node("two"), w.node("three")
	d := w.device(one)
	mustAnswer(t, d, one, one)
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the others have noticed", func() bool { return len(*two.nodes.Load()) == 1 && len(*three.nodes.Load()) == 1 })
	mustAnswer(t, d, three, three)
	mustAnswer(t, d, two, three)
	w.redis.Kill()
	id := string((<-three.conns).OwnConnectionID())
	until(t, "it is time to ask again", func() bool {
		p, ok := two.known.Get(id)
		return ok && time.Now().After(p.until)
	})
	mustAnswer(t, d, two, three)
}

// Of all processes that get a record for a parked connection at once, one takes it, and all records arrive.
func TestParkedConnectionIsTakenByOneProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nodes := []*node{w.node("one"), w.node("two"), w.node("three")}
	d := w.device(nodes[0])
	mustAnswer(t, d, nodes[0], nodes[0])
	at := nodes[0]
	for range 10 {
		if err := at.Park(t.Context(), <-at.conns); err != nil {
			t.Fatal(err)
		}
		for i := range 9 {
			d.socket.goTo(nodes[i%len(nodes)])
			mustWrite(t, d, "all at once")
		}
		name := d.ask(t, nodes[1])
		for _, n := range nodes {
			if n.name == name {
				at = n
			}
		}
		conns := 0
		for _, n := range nodes {
			conns += n.Stats().Conns
		}
		if conns != 1 {
			t.Fatalf("there are %d connections", conns)
		}
	}
}

func TestShutdownLosesNoConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node("one"), w.node("two")
	var devices []*device
	for range 20 {
		d := w.device(one)
		mustAnswer(t, d, one, one)
		devices = append(devices, d)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := one.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	until(t, "the other has noticed", func() bool { return len(*two.nodes.Load()) == 0 })
	for _, d := range devices {
		mustAnswer(t, d, two, two)
	}
	if st := one.f.Stats().Listener; st.Parked != 20 || st.Lost != 0 {
		t.Errorf("%+v", st)
	}
	if st := two.f.Stats().Listener; st.Taken != 20 {
		t.Errorf("%+v", st)
	}
}

// Nor does it lose those that records un-park while it goes on.
func TestShutdownLosesNoConnectionThatComesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.node("first")
	var devices []*device
	for range 6 {
		d := w.device(first)
		mustAnswer(t, d, first, first)
		devices = append(devices, d)
	}
	shutdown := func(n *node) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := n.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if st := n.f.Stats().Listener; st.Lost != 0 {
			t.Errorf("%s: %+v", n.name, st)
		}
	}
	shutdown(first)
	for i := range 10 {
		leaves, stays := w.node(fmt.Sprint("leaves-", i)), w.node(fmt.Sprint("stays-", i))
		for _, d := range devices {
			d.socket.goTo(leaves)
			mustWrite(t, d, "knock")
		}
		if i%2 == 0 {
			until(t, "the first is taken", func() bool { return leaves.f.Stats().Listener.Taken > 0 })
		}
		shutdown(leaves)
		for _, d := range devices {
			mustAnswer(t, d, stays, stays)
		}
		shutdown(stays)
	}
}

// Shutdown does not wait for an Accept that nobody calls.
func TestShutdownDoesNotWaitForAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node("one"), w.node("two")
	d := w.device(one)
	mustAnswer(t, d, one, one)
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := w.join().ListenDTLS(nil, "udp", "127.0.0.1:0", &w.server)
	if err != nil {
		t.Fatal(err)
	}
	for range maxAccepted {
		c, other := net.Pipe()
		defer other.Close()
		l.accepted <- c
	}
	d.socket.to.Store(l.Addr().(*net.UDPAddr))
	mustWrite(t, d, "knock")
	until(t, "it is taken", func() bool { return l.f.Stats().Listener.Taken == 1 })
	if err := l.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, d, two, two)
}

// A connection is not parked where nobody would find it.
func TestParkWithoutRedisLeavesTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.node("one")
	d := w.device(one)
	mustAnswer(t, d, one, one)
	w.redis.Kill()
	if err := one.Park(t.Context(), <-one.conns); err == nil {
		t.Error("it is parked")
	}
	mustAnswer(t, d, one, one)
	if st := one.f.Stats().Listener; st.Lost != 0 || st.Parked != 0 {
		t.Errorf("%+v", st)
	}
}

func TestParkRefusesWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.node("one")
	w.device(one)
	c := <-one.conns
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := one.Park(t.Context(), c); !errors.Is(err, mbedtls.ErrSSLBadInputData) {
		t.Errorf("before the client has said anything: %v", err)
	}
	anonymous := w.client.Clone()
	defer anonymous.Close()
	anonymous.DTLS.ConnectionID = nil
	a, err := mbedtls.DialDTLS("udp", one.Addr().String(), anonymous)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := one.Park(t.Context(), <-one.conns); err == nil {
		t.Error("a connection without an ID is parked")
	}
}

// losesAnswer lets Redis run a script, and then loses the answer, once.
type losesAnswer struct {
	hash string
	done atomic.Bool
}

func (l *losesAnswer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *losesAnswer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l *losesAnswer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if args := cmd.Args(); err == nil && len(args) > 1 && args[1] == l.hash && l.done.CompareAndSwap(false, true) {
			err = io.ErrUnexpectedEOF
			cmd.SetErr(err)
		}
		return err
	}
}

// Redis gives a connection out, and the answer is lost: whoever asked gets it again.
func TestTakenConnectionSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.node("one"), w.node("two")
	d := w.device(one)
	mustAnswer(t, d, one, one)
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "the other has noticed", func() bool { return len(*two.nodes.Load()) == 0 })
	rdb := two.f.rdb.(*redis.Client)
	if err := take.Load(t.Context(), rdb).Err(); err != nil {
		t.Fatal(err)
	}
	lost := &losesAnswer{hash: take.Hash()}
	rdb.AddHook(lost)
	mustAnswer(t, d, two, two)
	if st := two.f.Stats().Listener; !lost.done.Load() || st.Taken != 1 {
		t.Errorf("%+v; an answer was lost: %t", st, lost.done.Load())
	}
}

// The steps of a connection through Redis: no step that comes late, or twice, gives it to two.
func TestParkedConnectionIsNeverUsedTwice(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	one, two := w.node("one"), w.node("two")
	id := string(one.f.secrets.newID(one.node))
	parks := func(n *node, token string, want bool) {
		t.Helper()
		if got, err := n.parkState(ctx, id, token, []byte("state of "+token)); err != nil || got != want {
			t.Errorf("%s parks %s: %t, %v; want %t", n.name, token, got, err, want)
		}
	}
	takesAs := func(n *node, token, want string) {
		t.Helper()
		answer, err := n.takeState(ctx, id, token)
		if err != nil || answer[0] != want {
			t.Errorf("%s takes %q, %v; want %q", n.name, answer, err, want)
		}
	}
	takes := func(n *node, want string) {
		t.Helper()
		takesAs(n, rand.Text(), want)
	}
	takesBack := func(n *node, token string, want bool) {
		t.Helper()
		if got := n.takeBack(id, token); got != want {
			t.Errorf("%s takes %s back: %t, want %t", n.name, token, got, want)
		}
	}
	takes(two, "")
	parks(one, "A", true)
	parks(one, "A", true) // the answer was lost
	parks(two, "B", false)
	takes(two, "state of A")
	takes(two, "")
	takes(one, "")
	parks(one, "A", false) // late
	takesBack(one, "A", false)
	parks(two, "B", true)
	takesBack(two, "B", true)
	parks(two, "B", false) // it goes on there
	takesBack(two, "C", true)
	parks(two, "C", false) // late
	parks(two, "D", true)
	takesAs(one, "taking", "state of D")
	parks(two, "D", false)
	takesAs(one, "taking", "state of D") // the answer was lost
	takes(one, "")
	takes(two, "")
	if err := hold.Run(ctx, one.f.rdb, []string{one.f.connKey(id)}, one.Listener.node, one.heldFor()).Err(); err != nil {
		t.Error(err)
	}
	takesAs(one, "taking", "") // it goes on there

	// A server that was restarted from what it had on disk.
	parks(one, "E", true)
	rdb := w.redis.Client()
	dump, err := rdb.Dump(ctx, one.f.connKey(id)).Result()
	if err != nil {
		t.Fatal(err)
	}
	takes(two, "state of E")
	w.redis.Kill()
	w.redis.Restart()
	if err := rdb.Restore(ctx, one.f.connKey(id), 0, dump).Err(); err != nil {
		t.Fatal(err)
	}
	takes(one, "")
}

// What strangers send costs Redis nothing.
func TestForgedConnectionIDsAreNotLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.node("one")
	c, err := net.Dial("udp", one.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	record := func(id []byte) []byte {
		header := append([]byte{25, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1}, id...)
		return append(header, 0, 3, 'a', 'b', 'c')
	}
	send := func(to net.Conn, data []byte) {
		if _, err := to.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	forged := one.f.secrets.newID("nobody")
	send(c, record(forged)) // a good one, of a process that is gone
	until(t, "it leads nowhere", func() bool { return one.f.Stats().Listener.DroppedNowhere == 1 })
	forged[3]++
	send(c, record(forged))
	until(t, "the forged one is dropped", func() bool { return one.f.Stats().Listener.DroppedForged == 1 })
	forward, err := net.Dial("udp", one.forward.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer forward.Close()
	send(forward, []byte("not sealed"))
	send(forward, testSecrets(t, 8).seal(forwardLabel, make([]byte, 100)))
	send(forward, one.f.secrets.seal(forwardLabel, []byte{1}))
	until(t, "all three are dropped", func() bool { return one.f.Stats().Listener.DroppedForged == 4 })
}

func TestListenerIsClosedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, err := w.join().ListenDTLS(nil, "udp", "127.0.0.1:0", &w.server)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the second Close: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
}

func TestListenerThatCannotBeIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.join(func(o *Options) { o.ForwardAddr = "192.0.2.1:0" }) // no address of this host
	if _, err := f.ListenDTLS(nil, "udp", "127.0.0.1:0", &w.server); err == nil {
		t.Error("no error for ForwardAddr")
	}
	if _, err := w.join().ListenDTLS(nil, "udp", "127.0.0.1:0", nil); err == nil {
		t.Error("no error for a Config without credentials")
	}
}

package mbedtls

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// peer is the net.Conn below a listener's connection. What comes for it waits in a queue.
type peer struct {
	l      *DTLSListener
	conn   *Conn
	random [32]byte // of the ClientHello that it began with
	began  time.Time

	addr          atomic.Pointer[endpoint]
	readDeadline  *deadline // on its own: the runtime may keep a timer that was stopped
	writeDeadline atomic.Pointer[time.Time]

	mu    sync.Mutex
	queue datagramQueue
	taken bool          // a datagram is on its way from the queue to the library
	err   error         // why it has ended
	done  chan struct{} // closed when it has
	ready chan struct{} // has an element if the queue may have one

	// Of l.mu.
	cid      string // this end's connection ID; "" if it has none
	halfOpen bool
	counted  bool // among the listener's connections
}

func newPeer(l *DTLSListener, from endpoint, random [32]byte) *peer {
	p := &peer{l: l, random: random, began: time.Now(), halfOpen: true, readDeadline: new(deadline), done: make(chan struct{}), ready: make(chan struct{}, 1)}
	p.addr.Store(&from)
	p.conn = newConn(p, l.config, true, cbridge.Datagram)
	p.conn.peer = p
	return p
}

// established tells whether the handshake is complete.
func (p *peer) established() bool { return p.conn.handshakeDone.Load() }

// hasConnectionID tells whether datagrams find an established connection by its ID.
func (p *peer) hasConnectionID() bool {
	st := p.conn.state.Load()
	return st != nil && len(st.OwnConnectionID) > 0
}

// maxStrangerBytes bounds what waits for a connection whose handshake is not complete: a peer that nobody knows must not
// fill the memory. It is enough for a flight, which is sent again anyway.
const maxStrangerBytes = 1 << 16

// deliver queues a datagram, or as much of it as the library reads. With l.delivery held, unless nobody else knows p.
func (p *peer) deliver(datagram []byte, from endpoint) {
	datagram = datagram[:min(len(datagram), cbridge.MaxDatagram)]
	p.mu.Lock()
	ended, alone := p.err != nil, p.queue.len == 0 && !p.taken
	full := p.queue.len >= p.l.limits.MaxQueued || !p.established() && p.queue.bytes+len(datagram) > maxStrangerBytes
	p.mu.Unlock()
	if ended {
		return
	}
	if full {
		p.l.stats.full.Add(1)
		return
	}
	q := newQueued(datagram, from)
	// Whoever reads looks at the address, too; but a server may only write.
	if alone && p.elsewhere(from) {
		q.checked = p.checkAddress(q, false)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	p.queue.push(q)
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

// receive waits for a datagram.
func (p *peer) receive(take func(datagram []byte) error) error {
	for {
		q, err := p.next()
		if err != nil {
			return err
		}
		if q != nil {
			return p.pass(q, take)
		}
		select {
		case <-p.ready:
		case <-p.done:
		case <-p.readDeadline.passed():
		}
	}
}

// pass gives the library a datagram of the queue.
func (p *peer) pass(q *queued, take func(datagram []byte) error) error {
	defer func() {
		q.free()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.taken = false
	}()
	if !q.checked && p.elsewhere(q.from) {
		p.checkAddress(q, true)
	}
	return take(q.datagram)
}

// next takes what is queued, if anything is, the connection lives, and the deadline has not passed.
func (p *peer) next() (*queued, error) {
	select {
	case <-p.readDeadline.passed():
		return nil, os.ErrDeadlineExceeded
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	q := p.queue.pop()
	p.taken = q != nil
	return q, nil
}

// elsewhere tells whether a datagram came from where the peer of an established connection has not been yet.
func (p *peer) elsewhere(from endpoint) bool {
	return p.established() && from.key() != p.addr.Load().key()
}

// checkAddress adopts the address that a datagram came from, if its first record proves that the peer is there now: it is
// authentic, and newer than all others (RFC 9146 section 6). It tells whether it could find out, for which it waits until
// nobody is in the library, or does not. No lock is held, so that AcceptAddressChange may do what it wants.
func (p *peer) checkAddress(q *queued, wait bool) (checked bool) {
	newer, checked := p.isNewer(q.datagram, wait)
	if newer {
		if accept := p.l.limits.AcceptAddressChange; accept == nil || accept(p.conn, q.from.netAddr()) {
			p.move(q.from)
		}
	}
	return checked
}

// isNewer looks at the first record of a datagram that is the next for the library. It is not known while the library has
// not seen all that came before: of what it does not know, it takes a copy for new.
func (p *peer) isNewer(datagram []byte, wait bool) (newer, known bool) {
	if wait {
		p.conn.mu.Lock()
	} else if !p.conn.mu.TryLock() {
		return false, false
	}
	defer p.conn.mu.Unlock()
	ssl := p.conn.ssl
	if ssl.Retain() != nil {
		return false, true
	}
	defer ssl.Release()
	if ssl.InputLen() > 0 || ssl.CheckPending() {
		return false, false
	}
	newer, err := ssl.CheckRecord(datagram)
	return newer && err == nil, true
}

// move changes the peer's address. It takes no other connection's place, which the peer's own ID has no need of.
func (p *peer) move(to endpoint) {
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	if !p.counted {
		return
	}
	old := p.addr.Swap(&to).key()
	if p.l.byAddr[old] == p {
		delete(p.l.byAddr, old)
	}
	if p.l.byAddr[to.key()] == nil {
		p.l.byAddr[to.key()] = p
	}
	p.l.stats.addressChanges.Add(1)
}

// connectionIDAttempts bounds how often a listener asks for an ID that is not in use.
const connectionIDAttempts = 8

var errConnectionIDTaken = errors.New("mbedtls: Config.DTLS.ConnectionID: all that were generated are in use")

// newConnectionID is one that no other connection of the listener has.
func (p *peer) newConnectionID(id *ConnectionID) ([]byte, error) {
	for range connectionIDAttempts {
		own, err := id.generate()
		if err != nil {
			return nil, err
		}
		if p.claim(string(own)) {
			return own, nil
		}
	}
	return nil, errConnectionIDTaken
}

// claim makes cid the peer's, if it is nobody else's.
func (p *peer) claim(cid string) bool {
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	if !p.counted {
		return true // and the connection is closed
	}
	if p.l.byCID[cid] != nil {
		return false
	}
	p.cid = cid
	p.l.byCID[cid] = p
	return true
}

// settled notes that the handshake is over, one way or the other. Connections of no listener have a nil peer.
func (p *peer) settled(err error) {
	if p == nil {
		return
	}
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	p.notHalfOpen()
	if st := p.conn.state.Load(); err == nil && p.cid != "" && len(st.OwnConnectionID) == 0 {
		delete(p.l.byCID, p.cid) // the client uses none
		p.cid = ""
		if key := p.addr.Load().key(); p.counted && p.l.byAddr[key] == nil { // it moved to where another was
			p.l.byAddr[key] = p
		}
	}
}

// notHalfOpen makes room for another half-open connection. With l.mu held.
func (p *peer) notHalfOpen() {
	if p.halfOpen && p.counted {
		p.l.halfOpen--
	}
	p.halfOpen = false
}

// end makes all calls fail with err, and drops what is queued.
func (p *peer) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return
	}
	p.err, p.queue = err, datagramQueue{}
	close(p.done)
	p.readDeadline.set(time.Time{})
	p.conn.rouse()
}

// Close takes the connection from its listener, and with the last one, the socket.
func (p *peer) Close() error {
	p.end(net.ErrClosed)
	if p.leave() {
		return p.l.socket.Close()
	}
	return nil
}

// handOver takes the connection from its listener, and returns what was queued for it. The last one of a closed listener
// stops the reader before it looks: what comes later stays in the socket.
func (p *peer) handOver() (pending []savedDatagram) {
	p.l.mu.Lock()
	last := p.counted && p.l.closed && p.l.conns == 1 && !p.l.handOver
	p.l.handOver = p.l.handOver || last
	p.l.mu.Unlock()
	if last && p.l.socket.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-p.l.stopped
	}
	p.mu.Lock()
	for q := p.queue.head; q != nil; q = q.next {
		pending = append(pending, savedDatagram{From: q.from.netAddr().String(), Datagram: q.datagram})
	}
	p.mu.Unlock()
	p.end(ErrSaved)
	if p.leave() {
		p.l.socket.Close()
	}
	return pending
}

// leave takes the connection out of the listener, and reports whether that needs the socket no more.
func (p *peer) leave() bool {
	l := p.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if !p.counted {
		return false
	}
	p.notHalfOpen()
	p.counted = false
	l.conns--
	if key := p.addr.Load().key(); l.byAddr[key] == p {
		delete(l.byAddr, key)
	}
	if p.cid != "" {
		delete(l.byCID, p.cid)
	}
	return l.closed && l.conns == 0
}

// Read is receive for [Conn.NetConn]'s sake: what it takes, the connection misses.
func (p *peer) Read(b []byte) (n int, err error) {
	err = p.receive(func(datagram []byte) error {
		n = copy(b, datagram)
		return nil
	})
	return n, err
}

// Write sends a datagram to where the peer is now. A socket for datagrams does not make wait, so that the deadline is
// looked at once.
func (p *peer) Write(b []byte) (int, error) {
	if t := p.writeDeadline.Load(); t != nil && !t.IsZero() && !time.Now().Before(*t) {
		return 0, os.ErrDeadlineExceeded
	}
	p.mu.Lock()
	err := p.err
	p.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if err := p.l.socket.write(b, *p.addr.Load()); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (p *peer) LocalAddr() net.Addr  { return p.l.socket.LocalAddr() }
func (p *peer) RemoteAddr() net.Addr { return p.addr.Load().netAddr() }

func (p *peer) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

func (p *peer) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.readDeadline.set(t)
	}
	return p.err
}

func (p *peer) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writeDeadline.Store(&t)
	return p.err
}

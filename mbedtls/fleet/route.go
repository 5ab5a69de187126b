package fleet

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"time"
)

// record is a datagram for a connection that was not here when it came.
type record struct {
	id       string // of the connection
	datagram []byte
	from     netip.AddrPort
	hops     byte // how many processes have sent it on
}

// place is where a connection is that has moved, or that there is none.
type place struct {
	addr   netip.AddrPort // zero: nowhere
	until  time.Time
	taking string // the token of a locate that had no answer
}

// maxHops is enough for a record that follows a connection to where its ID says, and from there to where it has moved,
// while that is moving again.
const maxHops = 3

// For how long a place is not asked for again. A connection that was nowhere may be parked by now.
const (
	placeGood    = time.Second
	nowhereGood  = 100 * time.Millisecond
	forwardLabel = "record"
)

// unknown is the inner listener's UnknownConnectionID. It does not wait for anybody.
func (l *Listener) unknown(id, datagram []byte, from net.Addr) {
	udp, ok := from.(*net.UDPAddr)
	if !ok || !l.f.secrets.isID(id) {
		l.f.stats.forged.Add(1)
		return
	}
	l.route(record{id: string(id), datagram: datagram, from: udp.AddrPort()})
}

// route finds the way of a record that no connection here has the ID of, or leaves that to somebody who asks Redis. The
// datagram is the caller's.
func (l *Listener) route(r record) {
	if l.ctx.Err() != nil {
		return
	}
	if p, ok := l.known.Get(r.id); ok && time.Now().Before(p.until) {
		l.sendOn(r, p.addr)
		return
	}
	// A connection is where it began, unless it has moved; and that node knows whereto.
	if addr, ok := (*l.nodes.Load())[nodeOf(r.id)]; ok && r.hops == 0 {
		l.sendOn(r, addr)
		return
	}
	r.datagram = append([]byte(nil), r.datagram...)
	select {
	case l.lookups <- r:
	default:
		l.f.stats.full.Add(1)
	}
}

// sendOn sends a record to another process.
func (l *Listener) sendOn(r record, to netip.AddrPort) {
	if !to.IsValid() || r.hops >= maxHops {
		l.f.stats.nowhere.Add(1)
		return
	}
	r.hops++
	if _, err := l.forward.WriteToUDPAddrPort(l.f.secrets.seal(forwardLabel, r.marshal()), to); err != nil {
		l.f.stats.nowhere.Add(1)
		return
	}
	l.f.stats.forwarded.Add(1)
}

// marshal is how a record travels: hops, the length of the address, the address, the ID, the datagram.
func (r record) marshal() []byte {
	addr, _ := r.from.MarshalBinary() // never fails
	data := make([]byte, 0, 2+len(addr)+idLen+len(r.datagram))
	data = append(data, r.hops, byte(len(addr)))
	data = append(data, addr...)
	data = append(data, r.id...)
	return append(data, r.datagram...)
}

var errBadRecord = errors.New("fleet: not a record of another process")

func unmarshalRecord(data []byte) (r record, err error) {
	if len(data) < 2 || len(data) < 2+int(data[1])+idLen {
		return r, errBadRecord
	}
	addr, rest := data[2:2+int(data[1])], data[2+int(data[1]):]
	r.hops, r.id, r.datagram = data[0], string(rest[:idLen]), rest[idLen:]
	return r, r.from.UnmarshalBinary(addr)
}

// receive takes records from other processes.
func (l *Listener) receive() {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := l.forward.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // such as that an earlier one did not arrive
		}
		var r record
		data, err := l.f.secrets.open(forwardLabel, buf[:n])
		if err == nil {
			r, err = unmarshalRecord(data)
		}
		if err != nil {
			l.f.stats.forged.Add(1)
			continue
		}
		if !l.give(r) {
			l.route(r)
		}
	}
}

// give gives a record to its connection, if that is here.
func (l *Listener) give(r record) bool {
	given := l.inner.Inject(r.datagram, net.UDPAddrFromAddrPort(r.from))
	if given && r.hops > 0 {
		l.f.stats.received.Add(1)
	}
	return given
}

// lookUp asks Redis where connections are.
func (l *Listener) lookUp() {
	for {
		select {
		case <-l.ctx.Done():
			return
		case r := <-l.lookups:
			l.find(r)
		}
	}
}

// find brings a record to its connection: one that was parked goes on here.
func (l *Listener) find(r record) {
	lock := l.stripe(r.id) // a connection that is being parked here, or taken, is where it belongs after that
	lock.Lock()
	defer lock.Unlock()
	if l.give(r) {
		return
	}
	if l.serving.Err() != nil {
		for _, addr := range *l.nodes.Load() {
			l.sendOn(r, addr) // which takes it
			return
		}
		l.f.stats.nowhere.Add(1)
		return
	}
	last, known := l.known.Get(r.id)
	// Somebody has just asked; or nobody can, and it may still be where it was.
	if known && (time.Now().Before(last.until) || last.addr.IsValid() && l.f.down.Load()) {
		l.sendOn(r, last.addr)
		return
	}
	token := cmp.Or(last.taking, rand.Text())
	p, here, err := l.locate(r.id, token)
	if err != nil {
		p = place{last.addr, time.Now().Add(placeGood), token}
	}
	l.known.Add(r.id, p) // also if it is here: the token is used
	if here && l.give(r) {
		return
	}
	l.sendOn(r, p.addr)
}

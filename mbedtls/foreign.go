package mbedtls

import "net"

// keepForeign queues a datagram for UnknownConnectionID, if there is room. It is the reader's alone, so the room stays.
func (l *DTLSListener) keepForeign(datagram []byte, from endpoint) {
	if len(l.foreign) == cap(l.foreign) {
		l.stats.foreignFull.Add(1)
		return
	}
	l.stats.foreign.Add(1) // before UnknownConnectionID can see it
	l.foreign <- newQueued(datagram, from)
}

// passForeign calls UnknownConnectionID until the reader has ended.
func (l *DTLSListener) passForeign() {
	for q := range l.foreign {
		record, _ := parseRecord(q.datagram, l.cidLen)
		l.limits.UnknownConnectionID(record.cid, q.datagram, q.from.netAddr())
		q.free()
	}
}

// Inject gives a datagram to the connection whose ID its first record has, as if the listener's socket had received it from
// that address, and reports whether there is such a connection. datagram is copied. What the connection answers goes out
// from this listener's socket. It may be called by several goroutines, and after Close, but not by AcceptAddressChange.
func (l *DTLSListener) Inject(datagram []byte, from net.Addr) bool {
	record, ok := parseRecord(datagram, l.cidLen)
	if !ok || record.cid == nil {
		return false
	}
	l.mu.Lock()
	p := l.byCID[string(record.cid)]
	l.mu.Unlock()
	if p == nil {
		return false
	}
	l.delivery.Lock()
	defer l.delivery.Unlock()
	l.stats.injected.Add(1)
	p.deliver(datagram, endpointOf(from))
	return true
}

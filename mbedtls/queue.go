package mbedtls

import "sync"

// queued is a datagram that waits. It comes from newQueued, and goes back by free.
type queued struct {
	next     *queued
	datagram []byte
	from     endpoint
	checked  bool       // whether the peer's address follows it
	pool     *sync.Pool // nil: none
}

// queuedPools keep queued datagrams by the size of their memory, so that one that passes through a connection does not
// allocate.
var queuedPools = []struct {
	size int
	pool sync.Pool
}{{size: 256}, {size: 2048}}

// newQueued copies a datagram.
func newQueued(datagram []byte, from endpoint) *queued {
	for i := range queuedPools {
		class := &queuedPools[i]
		if len(datagram) > class.size {
			continue
		}
		q, ok := class.pool.Get().(*queued)
		if !ok {
			q = &queued{datagram: make([]byte, class.size), pool: &class.pool}
		}
		q.datagram = append(q.datagram[:0], datagram...)
		q.from = from
		return q
	}
	return &queued{datagram: append([]byte(nil), datagram...), from: from}
}

// size is how much memory the datagram takes.
func (q *queued) size() int { return cap(q.datagram) }

// free is for whoever has taken it from the queue, and has no use for the datagram any more.
func (q *queued) free() {
	if q.pool != nil {
		q.next, q.from, q.checked = nil, endpoint{}, false
		q.pool.Put(q)
	}
}

// datagramQueue is what waits for one connection. It keeps no memory when it is empty.
type datagramQueue struct {
	head, tail *queued
	len, bytes int
}

func (d *datagramQueue) push(q *queued) {
	if d.head == nil {
		d.head = q
	} else {
		d.tail.next = q
	}
	d.tail = q
	d.len++
	d.bytes += q.size()
}

// pop is nil if there is nothing.
func (d *datagramQueue) pop() *queued {
	q := d.head
	if q == nil {
		return nil
	}
	if d.head = q.next; d.head == nil {
		d.tail = nil
	}
	d.len--
	d.bytes -= q.size()
	q.next = nil
	return q
}

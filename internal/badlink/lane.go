package badlink

import "encoding/binary"

// All of these run with the proxy's lock held.

func (p *Proxy) arrive(a arrival) {
	if p.closed {
		return
	}
	p.ends[a.dir].Received++
	if p.paused {
		p.waiting = append(p.waiting, a)
		return
	}
	p.receive(a)
}

func (p *Proxy) receive(a arrival) {
	datagrams := [][]byte{a.datagram}
	if p.options.Split {
		datagrams = records(a.datagram)
	}
	for _, d := range datagrams {
		p.judge(a.flow, a.dir, d)
	}
}

func (p *Proxy) judge(f *flow, dir Direction, d []byte) {
	end := &p.ends[dir]
	end.n++
	verdict := Undecided
	if p.options.Filter != nil {
		verdict = p.options.Filter(dir, end.n, d)
	}
	fate := p.options.decide(end.random, verdict)
	switch {
	case fate.drop:
		end.Dropped++
		return
	case p.options.MTU > 0 && len(d) > p.options.MTU:
		end.TooLarge++
		return
	}
	if fate.corrupt && len(d) > 0 {
		end.Corrupted++
		bit := fate.bit % uint64(8*len(d))
		d[bit/8] ^= 1 << (bit % 8)
	}
	copies := 1
	if fate.duplicate {
		end.Duplicated++
		copies = 2
	}
	if fate.delay > 0 {
		end.Delayed++
	}
	for range copies {
		if fate.delay > 0 {
			p.after(fate.delay, func() { p.order(f, dir, d, fate.reorder) })
		} else {
			p.order(f, dir, d, fate.reorder)
		}
	}
}

// order sends a datagram and the one that was held back for it, or holds it back. At most one is.
func (p *Proxy) order(f *flow, dir Direction, d []byte, hold bool) {
	lane := &f.lanes[dir]
	if hold && lane.held == nil {
		p.ends[dir].Reordered++
		lane.held = d
		lane.holds++
		this := lane.holds
		p.after(holdFor, func() {
			if lane.holds == this {
				p.release(f, dir)
			}
		})
		return
	}
	p.merge(f, dir, d)
	p.release(f, dir)
}

func (p *Proxy) release(f *flow, dir Direction) {
	if lane := &f.lanes[dir]; lane.held != nil {
		d := lane.held
		lane.held = nil
		p.merge(f, dir, d)
	}
}

// mergedSize is how much is merged without an MTU.
const mergedSize = 1400

func (p *Proxy) merge(f *flow, dir Direction, d []byte) {
	lane := &f.lanes[dir]
	if p.options.Merge == 0 && lane.merged == nil {
		p.send(f, dir, d)
		return
	}
	limit := p.options.MTU
	if limit == 0 {
		limit = mergedSize
	}
	if lane.merged != nil && len(lane.merged)+len(d) > limit {
		p.flush(f, dir)
	}
	if lane.merged == nil {
		p.after(p.options.Merge, func() { p.flush(f, dir) })
	}
	lane.merged = append(lane.merged, d...)
}

func (p *Proxy) flush(f *flow, dir Direction) {
	if lane := &f.lanes[dir]; lane.merged != nil {
		d := lane.merged
		lane.merged = nil
		p.send(f, dir, d)
	}
}

// send cannot tell anybody that a datagram did not leave: as with any link, it is lost.
func (p *Proxy) send(f *flow, dir Direction, d []byte) {
	p.ends[dir].Passed++
	if dir == ToServer {
		_, _ = f.up.Write(d)
	} else {
		_, _ = p.listener.WriteToUDPAddrPort(d, f.client)
	}
}

// Where a DTLS 1.2 record says how long it is (RFC 6347, section 4.1), and the content type of those that have a connection
// ID before that (RFC 9146, section 4).
const (
	recordHeader = 13
	typeCID      = 25
)

// Encrypted tells whether a datagram begins with an encrypted record.
func Encrypted(datagram []byte) bool {
	return len(datagram) >= recordHeader && (datagram[0] == typeCID || datagram[3]|datagram[4] != 0)
}

// records splits a datagram. What is no whole record stays with the last one.
func records(d []byte) (split [][]byte) {
	for len(d) >= recordHeader && d[0] != typeCID {
		n := recordHeader + int(binary.BigEndian.Uint16(d[recordHeader-2:]))
		if n >= len(d) {
			break
		}
		split = append(split, d[:n:n])
		d = d[n:]
	}
	return append(split, d)
}

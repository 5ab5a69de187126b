package badlink

import (
	"slices"
	"sort"
	"time"
)

// holdFor is how long a datagram that is to be reordered waits for the next one.
const holdFor = 50 * time.Millisecond

// event is something to do later.
type event struct {
	due time.Time
	do  func()
}

// after runs do with the lock held, unless Close comes first. The lock is held here, too. What is due at the same time runs
// in the order of the calls.
func (p *Proxy) after(d time.Duration, do func()) {
	e := event{time.Now().Add(d), do}
	at := sort.Search(len(p.events), func(i int) bool { return p.events[i].due.After(e.due) })
	p.events = slices.Insert(p.events, at, e)
	if at == 0 {
		select {
		case p.wake <- struct{}{}:
		default: // it wakes up anyway
		}
	}
}

// schedule runs events until Close.
func (p *Proxy) schedule() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-p.wake:
		case <-timer.C:
		}
		if next, ok := p.runDue(); ok {
			timer.Reset(next)
		}
	}
}

// runDue runs what is due, and says when the next event is.
func (p *Proxy) runDue() (next time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.events) > 0 && !p.closed {
		e := p.events[0]
		if wait := time.Until(e.due); wait > 0 {
			return wait, true
		}
		p.events = p.events[1:]
		e.do()
	}
	return 0, false
}

package mbedtls

import (
	"sync"
	"time"
)

// deadline is a time that may change while somebody waits for it.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	c     chan struct{} // closed once the time has passed; nil before anybody asks
}

// passed is closed once the time has passed, also if that changes meanwhile.
func (d *deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c == nil {
		d.c = make(chan struct{})
	}
	return d.c
}

// set changes the time; the zero time never passes.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.c:
		d.c = nil
	default:
	}
	if t.IsZero() {
		return
	}
	if d.c == nil {
		d.c = make(chan struct{})
	}
	left := time.Until(t)
	if left <= 0 {
		close(d.c)
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.timer == timer { // else it was too late to stop it
			d.timer = nil
			close(d.c)
		}
	})
	d.timer = timer
}

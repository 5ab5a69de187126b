package mbedtls

import (
	"slices"
	"sync"
)

// gate is a mutex that one can stop waiting for. Who came first is first.
type gate struct {
	mu    sync.Mutex
	held  bool
	queue []chan struct{} // of who waits; each is closed when it is its turn
}

// enter locks the gate, unless giveUp, which may be nil, is closed before that.
func (g *gate) enter(giveUp <-chan struct{}) bool {
	g.mu.Lock()
	if !g.held {
		g.held = true
		g.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	g.queue = append(g.queue, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-giveUp:
	}
	g.mu.Lock()
	i := slices.Index(g.queue, turn)
	if i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // it was our turn already
		g.leave()
	}
	return false
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.held, g.queue = false, nil
		return
	}
	close(g.queue[0])
	g.queue = g.queue[1:]
}

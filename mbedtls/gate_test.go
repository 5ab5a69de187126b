package mbedtls

import (
	"slices"
	"sync"
	"testing"
)

func (g *gate) taken() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}

func (g *gate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

// Those who wait get in one after the other, in the order in which they came; who has given up does not.
func TestGate(t *testing.T) {
	var g gate
	g.enter(nil)
	var order []int // of whoever is inside
	var all sync.WaitGroup
	giveUp, given := make(chan struct{}), make(chan bool)
	for i := range 10 {
		if i == 5 {
			go func() { given <- g.enter(giveUp) }()
			until(t, func() bool { return g.waiting() == 6 })
			close(giveUp)
			if <-given {
				t.Error("got in while the gate was held")
			}
		}
		all.Go(func() {
			g.enter(nil)
			order = append(order, i)
			g.leave()
		})
		until(t, func() bool { return g.waiting() == i+1 })
	}
	g.leave()
	all.Wait()
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(order, want) || g.taken() {
		t.Errorf("the order is %v, and the gate is held at the end: %v", order, g.taken())
	}
}

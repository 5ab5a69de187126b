package cbridge

import (
	"sync"
	"testing"
)

// What connections draw at once, from generators of their own, is never the same.
func TestRandomShardsDiffer(t *testing.T) {
	const goroutines, draws = 8, 2000
	var all sync.WaitGroup
	drawn := make([][][16]byte, goroutines)
	for i := range drawn {
		drawn[i] = make([][16]byte, draws)
		all.Go(func() {
			for j := range drawn[i] {
				if err := drawRandom(drawn[i][j][:]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	seen := map[[16]byte]bool{}
	for _, some := range drawn {
		for _, r := range some {
			if seen[r] {
				t.Fatalf("%x twice", r)
			}
			seen[r] = true
		}
	}
}

// BenchmarkRandom is what a handshake draws at once, by as many goroutines as there are processors: from one generator with
// its lock, and as connections do.
func BenchmarkRandom(b *testing.B) {
	if err := initialize(); err != nil {
		b.Fatal(err)
	}
	for _, source := range []struct {
		name string
		draw func(p []byte) error
	}{
		{"one", func(p []byte) error { _, err := processDrbg.Read(p); return err }},
		{"shards", drawRandom},
	} {
		b.Run(source.name, func(b *testing.B) {
			b.SetBytes(32)
			b.RunParallel(func(pb *testing.PB) {
				p := make([]byte, 32)
				for pb.Next() {
					if err := source.draw(p); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

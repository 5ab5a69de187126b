package cbridge

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"
)

// Buffers that live only while needed against the library's own, by turns, in short rounds of which the fastest counts:
// what else a machine does is not in that. Above 1, the library's own are slower.
func BenchmarkBuffers(b *testing.B) {
	modes := []BufferMode{BuffersStatic, BuffersLent}
	own := func(mode BufferMode) options {
		return func(client, server *Config) {
			if err := errors.Join(client.SetBufferMode(mode), server.SetBufferMode(mode)); err != nil {
				b.Fatal(err)
			}
		}
	}
	compare := func(b *testing.B, f [2]func()) {
		best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		for b.Loop() {
			for i, f := range f {
				start := time.Now()
				f()
				best[i] = min(best[i], time.Since(start))
			}
		}
		b.ReportMetric(float64(best[0])/float64(best[1]), "static/dynamic")
		b.ReportMetric(float64(best[1].Nanoseconds()), "ns/round")
	}
	for _, size := range []int{16, 128, 1024, 4096, 16384} {
		b.Run(fmt.Sprintf("records of %d", size), func(b *testing.B) {
			var f [2]func()
			for i, mode := range modes {
				p := newPair(b, own(mode))
				if err := p.handshake(b); err != nil {
					b.Fatal(err)
				}
				data, buf := make([]byte, size), make([]byte, size)
				f[i] = func() {
					for range max(2, 200*128/size/10) {
						exchange(b, p, data, buf)
					}
				}
			}
			compare(b, f)
		})
	}
	b.Run("handshakes", func(b *testing.B) {
		crt, key := identity(b)
		var f [2]func()
		for i, mode := range modes {
			f[i] = func() {
				p := newPairOf(b, crt, key, own(mode))
				if err := p.handshake(b); err != nil {
					b.Fatal(err)
				}
				p.client.Close()
				p.server.Close()
			}
		}
		compare(b, f)
	})
}

// exchange writes data at one end, as one record or two, and reads it at the other.
func exchange(b *testing.B, p pair, data, buf []byte) {
	sent, err := p.client.Write(data)
	if err != nil {
		b.Fatal(err)
	}
	for sent > 0 {
		carry(b, p.client, p.server)
		n, err := p.server.Read(buf)
		if err != nil && err != ErrSSLWantRead {
			b.Fatal(err)
		}
		sent -= n
	}
}

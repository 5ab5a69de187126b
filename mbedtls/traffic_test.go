package mbedtls

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Traffic leaves nothing to the garbage collector, on neither end.
func TestTrafficDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool forgets on purpose under the race detector")
	}
	withoutPSAKeys(t)
	for name, connect := range map[string]func(t testing.TB) (c, s *Conn){
		"TLS 1.2":  tlsEnds(VersionTLS12),
		"TLS 1.3":  tlsEnds(VersionTLS13),
		"DTLS 1.2": dtlsEnds,
		"Metrics":  meteredEnds,
	} {
		t.Run(name, func(t *testing.T) {
			c, s := connect(t)
			for _, size := range []int{1, 200, 1200} {
				out, in := make([]byte, size), make([]byte, size)
				exchange := func() {
					for _, pair := range [][2]*Conn{{c, s}, {s, c}} {
						if _, err := pair[0].Write(out); err != nil {
							t.Fatal(err)
						}
						if _, err := io.ReadFull(pair[1], in); err != nil {
							t.Fatal(err)
						}
					}
				}
				exchange() // TLS 1.3's tickets
				if n := testing.AllocsPerRun(200, exchange); n != 0 {
					t.Errorf("%v allocations for %d bytes there and back", n, size)
				}
			}
		})
	}
}

// withoutPSAKeys turns acceleration off in builds where PSA sets an AEAD's key anew for each record, and Go computes it
// anew.
func withoutPSAKeys(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		return
	}
	on := cbridge.Acceleration()
	if err := SetAcceleration(false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cbridge.SetAcceleration(on) })
}

// BenchmarkWrite is one Write to a peer that reads it: what a record costs beside its encryption shows in short ones, what
// a call and a system call save in long ones. cgo/op counts the calls into C of both ends.
func BenchmarkWrite(b *testing.B) {
	for name, connect := range map[string]func(t testing.TB) (c, s *Conn){
		"TLS 1.3":  tlsEnds(VersionTLS13),
		"DTLS 1.2": dtlsEnds,
	} {
		for _, size := range []int{128, 1 << 10, 16 << 10, 64 << 10} {
			if name == "DTLS 1.2" && size > 1<<10 {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				c, s := connect(b)
				var reader sync.WaitGroup
				defer reader.Wait()
				defer s.Close()
				reader.Go(func() { _, _ = io.Copy(io.Discard, struct{ io.Reader }{s}) })
				p := make([]byte, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				calls, n := runtime.NumCgoCall(), 0
				for b.Loop() {
					if _, err := c.Write(p); err != nil {
						b.Fatal(err)
					}
					n++
				}
				b.ReportMetric(float64(runtime.NumCgoCall()-calls)/float64(n), "cgo/op")
			})
		}
	}
}

func tlsEnds(version uint16) func(t testing.TB) (c, s *Conn) {
	return func(t testing.TB) (c, s *Conn) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		return connected(t, client, server)
	}
}

func meteredEnds(t testing.TB) (c, s *Conn) {
	client, server := configs(t)
	metered(client, server)
	return connected(t, client, server)
}

func dtlsEnds(t testing.TB) (c, s *Conn) {
	config := pskConfig()
	t.Cleanup(func() { config.Close() })
	return connectedDTLS(t, config, config)
}

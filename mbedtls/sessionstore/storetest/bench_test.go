package storetest

import (
	"path/filepath"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/redistest"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/redis"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/sqlite"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

var benchmarkSecret = sessionstore.Secret{Key: []byte("0123456789abcdef0123456789abcdef")}

// BenchmarkResumedHandshake makes connections one after the other, whose ends share a store: the client of each finds its
// session by the server, and saves the one it has afterwards; a server of TLS 1.2 finds its own by the id. With none, each
// handshake is a full one.
func BenchmarkResumedHandshake(b *testing.B) {
	for _, store := range []struct {
		name string
		open func(*testing.B) (mbedtls.SessionStore, error)
	}{
		{"none", func(*testing.B) (mbedtls.SessionStore, error) { return sessionstore.None{}, nil }},
		{"memory", func(*testing.B) (mbedtls.SessionStore, error) { return sessionstore.NewMemory(sessionstore.Options{}) }},
		{"sqlite", func(b *testing.B) (mbedtls.SessionStore, error) {
			s, err := sqlite.Open(background, sqlite.Options{Path: filepath.Join(b.TempDir(), "sessions.db"), Secret: benchmarkSecret})
			b.Cleanup(func() { s.Close() })
			return s, err
		}},
		{"redis", func(b *testing.B) (mbedtls.SessionStore, error) {
			return redis.Open(background, redis.Options{Client: redistest.Start(b).Client(), Secret: benchmarkSecret})
		}},
	} {
		for _, version := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
			b.Run(store.name+"/"+mbedtls.VersionName(version), func(b *testing.B) {
				s, err := store.open(b)
				if err != nil {
					b.Fatal(err)
				}
				w := newWorld(b)
				l := w.listen()
				client, server := w.client(s, version), w.server(s, version)
				if version == mbedtls.VersionTLS13 && s.Lifetime() > 0 {
					w.withTickets(server)
				}
				w.visit(l, client, ours(server))
				resumed := 0
				for b.Loop() {
					if did, _ := w.visit(l, client, ours(server)); did {
						resumed++
					}
				}
				if want := s.Lifetime() > 0; (resumed > 0) != want || want && resumed < b.N*99/100 {
					b.Errorf("%d of %d connections were resumed", resumed, b.N)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "handshakes/s")
			})
		}
	}
}

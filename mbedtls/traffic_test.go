package mbedtls

import (
	"io"
	"testing"
)

// Traffic leaves nothing to the garbage collector, on neither end.
func TestTrafficDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool forgets on purpose under the race detector")
	}
	for name, connect := range map[string]func(t *testing.T) (c, s *Conn){
		"TLS 1.2":  tlsEnds(VersionTLS12),
		"TLS 1.3":  tlsEnds(VersionTLS13),
		"DTLS 1.2": dtlsEnds,
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

func tlsEnds(version uint16) func(t *testing.T) (c, s *Conn) {
	return func(t *testing.T) (c, s *Conn) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		return connected(t, client, server)
	}
}

func dtlsEnds(t *testing.T) (c, s *Conn) {
	config := pskConfig()
	t.Cleanup(func() { config.Close() })
	return connectedDTLS(t, config, config)
}

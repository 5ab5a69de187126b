package transcript

import (
	"slices"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func all() []*session {
	return []*session{{
		name:   "first",
		client: &endpoint{versions: [2]uint16{0x303, 0x303}, ca: "test-ca2.crt", name: "localhost"},
		server: &endpoint{versions: [2]uint16{0x303, 0x303}, certs: []pair{{"server5.crt", "server5.key"}}},
		connections: []connection{{
			client: "handshake; write 100; read 200; close; eof",
			server: "handshake; read 100; write 200; eof; close",
		}},
	}, {
		name:   "tls13",
		client: &endpoint{ca: "test-ca2.crt", name: "localhost"},
		server: &endpoint{certs: []pair{{"server5.crt", "server5.key"}}},
		connections: []connection{{
			client: "handshake; write 100; read 200; close; eof",
			server: "handshake; read 100; write 200; eof; close",
		}},
	}, {
		name: "dtls", datagram: true,
		client: &endpoint{ca: "test-ca2.crt", name: "localhost"},
		server: &endpoint{certs: []pair{{"server5.crt", "server5.key"}}},
		connections: []connection{{
			client: "handshake; write 100; read 200; close; eof",
			server: "handshake; read 100; write 200; eof; close",
		}},
	}}
}

func TestSameBytesAsC(t *testing.T) {
	sessions := all()
	want := driven(t, sessions)
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			got := play(t, s)
			if !slices.Equal(got, want[s.name]) {
				for i := range got {
					t.Log("go", got[i][:min(200, len(got[i]))])
				}
				for _, l := range want[s.name] {
					t.Log("c ", l[:min(200, len(l))])
				}
				t.Error("differs")
			}
		})
	}
}

package mbedtls

import (
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

func TestBufferModes(t *testing.T) {
	for _, mode := range []BufferMode{BufferDynamic, BufferStatic} {
		t.Run(mode.String(), func(t *testing.T) {
			versions(t, func(t *testing.T, version uint16) {
				client, server := configs(t)
				client.MinVersion, client.MaxVersion = version, version
				client.BufferMode, server.BufferMode = mode, mode
				c, s := connected(t, client, server)
				exchange(t, c, s, 100_000)
				for _, end := range []*Conn{c, s} {
					in, out := end.ssl.BufferSizes()
					if idle := in == 0 && out == 0; idle != (mode == BufferDynamic) {
						t.Errorf("buffers of %d and %d bytes", in, out)
					}
				}
			})
		})
	}
}

func TestBufferFields(t *testing.T) {
	for field, change := range map[string]func(*Config){
		"BufferMode":        func(c *Config) { c.BufferMode = 7 },
		"FreeHandshakeData": func(c *Config) { c.FreeHandshakeData, c.AllowRenegotiation = true, true },
	} {
		client, _ := configs(t)
		change(client)
		var wrong *ConfigError
		if err := client.Validate(false); !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%v, want an error of %s", err, field)
		}
	}
}

// A Config for one connection has no more certificates after its handshake, and goes on; a second connection fails.
func TestFreeHandshakeData(t *testing.T) {
	if !alone(t) { // what other tests have left is freed at any time
		return
	}
	versions(t, func(t *testing.T, version uint16) {
		sizes := map[bool]int64{}
		live := func() int64 {
			cbridge.Trim()
			return cbridge.Allocations().LiveBytes
		}
		for _, frees := range []bool{false, true} {
			client, server := configs(t)
			client.MinVersion, client.MaxVersion = version, version
			client.RootCAs = client.RootCAs.clone()
			client.RootCAs.parsed = nil // by another Config
			client.FreeHandshakeData = frees
			before := live()
			c, s := connected(t, client, server)
			exchange(t, c, s, 50_000)
			sizes[frees] = live() - before
			if !frees {
				continue
			}
			second, _ := ends(t, client, server)
			mustBe(t, "a second connection", second.Handshake(), ErrConfigUsed)
			if c.ConnectionState().PeerCertificates == nil {
				t.Error("the server's certificates are gone")
			}
			exchange(t, c, s, 1000)
		}
		if sizes[true] >= sizes[false] {
			t.Errorf("%d bytes with what the handshake needed, %d without", sizes[false], sizes[true])
		}
	})
}

// Buffers that are kept at hand for the next connection are nobody's, whenever they came back: the collector may find a
// connection after everything else was given back.
func TestKeptBuffersAreNotHeld(t *testing.T) {
	if !alone(t) {
		return
	}
	client, server := configs(t)
	visit := func(t *testing.T) {
		c, s := connected(t, client, server)
		exchange(t, c, s, 50_000)
	}
	t.Run("first", visit) // what is made once for the process
	// Not bytes: numbers that a key keeps may grow.
	held := func() [2]int64 {
		if err := cbridge.Held(); err == nil {
			t.Error("nothing is held, not even by the configurations")
		}
		return [2]int64{int64(cbridge.LiveHandles()), cbridge.Allocations().LiveBlocks}
	}
	before := held()
	t.Run("second", visit)
	if after := held(); after != before {
		t.Errorf("%d handles and blocks, before the connections %d", after, before)
	}
}

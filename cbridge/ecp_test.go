package cbridge

import (
	"errors"
	"testing"
)

func TestECPMaxOpsSplitsTheHandshake(t *testing.T) {
	if !Feature("MBEDTLS_ECP_RESTARTABLE") {
		var e *NotBuiltError
		if err := SetECPMaxOps(1); !errors.As(err, &e) || e.Option != "MBEDTLS_ECP_RESTARTABLE" {
			t.Errorf("SetECPMaxOps: %v, want a NotBuiltError of MBEDTLS_ECP_RESTARTABLE", err)
		}
		return
	}
	defer SetECPMaxOps(0)
	counts := map[uint32]int{}
	for _, n := range []uint32{0, 1000, 1} {
		if err := SetECPMaxOps(n); err != nil {
			t.Fatal(err)
		}
		p := newPair(t, func(client, server *Config) {
			if err := client.SetVersions(TLS12, TLS12); err != nil {
				t.Fatal(err)
			}
		})
		if err := SetECPMaxOps(n); err != ErrConnectionsExist {
			t.Errorf("SetECPMaxOps beside a connection: %v, want ErrConnectionsExist", err)
		}
		for {
			err := p.handshake(t)
			if err == nil {
				break
			}
			if err != ErrSSLCryptoInProgress {
				t.Fatal(err)
			}
			counts[n]++
		}
		send(t, p.client, p.server, []byte("hello"))
		p.client.Close()
		p.server.Close()
	}
	t.Logf("how often the handshake yields, by the bound: %v", counts)
	if counts[0] != 0 || counts[1000] == 0 || counts[1] <= counts[1000] {
		t.Errorf("how often the handshake yields, by the bound: %v", counts)
	}
}

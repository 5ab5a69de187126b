// Package fleet_test runs a fleet of real processes, on a real Redis server, behind a balancer that knows nothing of TLS.
package fleet_test

import (
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

// The servers' processes run it, too: those that end by themselves must have given back all.
func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

package drbg

import (
	"os"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(withoutGetrandom); mode != "" {
		os.Exit(runWithoutGetrandom(mode))
	}
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

package rsa

import (
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

package pion_test

import (
	"testing"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	nothing := func() {}
	leakcheck.Main(m, nothing, nothing, func() error { return nil })
}

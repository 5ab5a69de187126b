package samples_test

import (
	"testing"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() {}, func() {}, func() error { return nil })
}

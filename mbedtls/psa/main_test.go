package psa_test

import (
	"errors"
	"os"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// child names what a copy of the test does that another test started; see restart_test.go.
const child = "GOMBEDTLS_PSA_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(child); name != "" {
		os.Exit(children[name]())
	}
	leakcheck.Main(m, cbridge.CountAllocations, func() {
		if err := psa.SetStorage(""); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			panic(err)
		}
		cbridge.Shutdown()
	}, cbridge.Held)
}

const root = "../.."

func must[V any](t testing.TB) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// is fails the test unless err is target.
func is(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

// key is made for a test.
func key(t testing.TB, a psa.Attributes) *psa.Key {
	t.Helper()
	k := must[*psa.Key](t)(psa.Generate(a))
	t.Cleanup(func() { k.Close() })
	return k
}

// imported is made of bytes, for a test.
func imported(t testing.TB, a psa.Attributes, data []byte) *psa.Key {
	t.Helper()
	k := must[*psa.Key](t)(psa.Import(a, data))
	t.Cleanup(func() { k.Close() })
	return k
}

// stored has the storage in a folder of the test's. Such tests do not run beside others.
func stored(t *testing.T) (dir string) {
	t.Helper()
	if !cbridge.Feature("MBEDTLS_PSA_ITS_FILE_C") {
		t.Skip("no storage")
	}
	dir = t.TempDir()
	check(t, psa.SetStorage(dir))
	t.Cleanup(func() { check(t, psa.SetStorage("")) })
	return dir
}

func needs(t testing.TB, options ...string) {
	t.Helper()
	for _, option := range options {
		if !cbridge.Feature(option) {
			t.Skip("no " + option)
		}
	}
}

package upstream

import (
	"errors"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// What the suites of PSA Crypto share.

// statusOf is the status of an error; an error that has none fails the case.
func statusOf(t *suites.T, what string, err error) psa.Status {
	if err == nil {
		return 0
	}
	var s psa.Status
	if !errors.As(err, &s) {
		t.Fatalf("%s: %v (%[2]T), which has no status", what, err)
	}
	return s
}

func status(t *suites.T, what string, err error, want psa.Status) {
	if got := statusOf(t, what, err); got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

func ok(t *suites.T, what string, err error) { status(t, what, err, 0) }

func truth(t *suites.T, what string, is bool) {
	if !is {
		t.Fatalf("%s: not so", what)
	}
}

// must returns v, of a call that must not fail.
func must[V any](t *suites.T, what string) func(V, error) V {
	return func(v V, err error) V {
		ok(t, what, err)
		return v
	}
}

// imported is a key for one case.
func imported(t *suites.T, a cbridge.PSAAttributes, data []byte) *cbridge.PSAKey {
	k, err := cbridge.ImportPSAKey(a, data)
	ok(t, "psa_import_key", err)
	return k
}

func importedKey(t *suites.T, a psa.Attributes, data []byte) *psa.Key {
	k, err := psa.Import(a, data)
	ok(t, "psa_import_key", err)
	return k
}

// storing has the storage in a folder of the case's while f runs.
func storing(t *suites.T, f func()) {
	ok(t, "SetStorage", psa.SetStorage(t.TempDir()))
	defer func() {
		_ = psa.SetStorage("")
	}()
	f()
}

// restart is a new start of PSA Crypto, to which the keys in memory are lost.
func restart(t *suites.T) {
	if err := cbridge.SetEntropy(nil); err != nil {
		t.Fatalf("restart: %v", err)
	}
}

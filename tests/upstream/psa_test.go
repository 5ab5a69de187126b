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

// both is a key for one case, as package psa has it and as the bridge has it.
func both(t *suites.T, a psa.Attributes, data []byte) (*psa.Key, *cbridge.PSAKey) {
	k := importedKey(t, a, data)
	return k, bridged(t, k)
}

func bridged(t *suites.T, k *psa.Key) *cbridge.PSAKey {
	return must[*cbridge.PSAKey](t, "psa_open_key")(cbridge.OpenPSAKey(k.ID()))
}

// using runs f with a key of the case's.
func using(t *suites.T, usage psa.KeyUsage, alg psa.Algorithm, typ psa.KeyType, data []byte, f func(k *cbridge.PSAKey)) {
	k, c := both(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}, data)
	defer k.Close()
	defer c.Close()
	f(c)
}

func bits(t *suites.T, k *cbridge.PSAKey) int {
	return must[cbridge.PSAAttributes](t, "psa_get_key_attributes")(k.Attributes()).Bits
}

// pieces are data in parts of a size; with empty, there is nothing in every other one.
func pieces(data []byte, size int, empty bool) (parts [][]byte) {
	for len(data) > 0 {
		if empty && len(parts)%2 == 1 {
			parts = append(parts, nil)
			continue
		}
		n := min(size, len(data))
		parts = append(parts, data[:n])
		data = data[n:]
	}
	return parts
}

// gone checks that nothing can be done with a key that was destroyed.
func gone(t *suites.T, k *cbridge.PSAKey) {
	a, err := k.Attributes()
	status(t, "psa_get_key_attributes", err, psa.ErrInvalidHandle)
	t.Equal("attributes", a, cbridge.PSAAttributes{})
	_, err = k.Export(make([]byte, 1))
	status(t, "psa_export_key", err, psa.ErrInvalidHandle)
	_, err = k.ExportPublic(make([]byte, 1))
	status(t, "psa_export_public_key", err, psa.ErrInvalidHandle)
}

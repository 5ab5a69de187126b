package psa_test

import (
	"bytes"
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

var aes = psa.Attributes{Type: psa.TypeAES, Bits: 128, Algorithm: psa.CTR, Usage: psa.UsageEncrypt | psa.UsageDecrypt | psa.UsageExport}

func TestVolatileKeysLeaveTheStore(t *testing.T) {
	needs(t, "MBEDTLS_PSA_CRYPTO_STORAGE_C") // as psa_open_key does
	k := must[*psa.Key](t)(psa.Generate(aes))
	id := k.ID()
	other := must[*psa.Key](t)(psa.Open(id)) // another handle on it
	check(t, other.Close())
	if _, err := k.Attributes(); err != nil {
		t.Errorf("closing another handle destroys the key: %v", err)
	}
	other = must[*psa.Key](t)(psa.Open(id))
	check(t, k.Close())
	check(t, k.Close())
	_, err := k.Attributes()
	is(t, "after Close", err, net.ErrClosed)
	_, err = k.Export()
	is(t, "after Close", err, net.ErrClosed)
	is(t, "after Close", k.Destroy(), net.ErrClosed)
	_, err = other.Attributes()
	is(t, "of a key that is gone", err, psa.ErrInvalidHandle)
	_, err = psa.Open(id)
	is(t, "Open of a key that is gone", err, psa.ErrDoesNotExist)
}

// TestCollectedKeysLeaveTheStore also has the collector close what was forgotten.
func TestCollectedKeysLeaveTheStore(t *testing.T) {
	needs(t, "MBEDTLS_PSA_CRYPTO_STORAGE_C")
	id := func() psa.KeyID { return must[*psa.Key](t)(psa.Generate(aes)).ID() }()
	for range 100 {
		runtime.GC()
		if k, err := psa.Open(id); err != nil {
			is(t, "Open", err, psa.ErrDoesNotExist)
			return
		} else if a, err := k.Attributes(); err == nil && a.Type != psa.TypeAES {
			return // another test's key has the number
		}
	}
	t.Error("the key is still there")
}

func TestKeysAreLostInARestart(t *testing.T) {
	k := must[*psa.Key](t)(psa.Generate(aes))
	check(t, cbridge.SetEntropy(nil))
	other := key(t, aes) // may have the same number
	_, err := k.Attributes()
	is(t, "of a lost key", err, psa.ErrInvalidHandle)
	check(t, k.Close())
	if _, err := other.Attributes(); err != nil {
		t.Errorf("closing a lost key destroys another: %v", err)
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, k := range []*psa.Key{nil, {}} {
		_, err := k.Attributes()
		is(t, "Attributes", err, psa.ErrInvalidHandle)
		_, err = k.Export()
		is(t, "Export", err, psa.ErrInvalidHandle)
		_, err = k.SignHash(psa.ECDSAAny, nil)
		is(t, "SignHash", err, psa.ErrInvalidHandle)
		_, err = k.NewAEADEncrypter(psa.GCM)
		is(t, "NewAEADEncrypter", err, psa.ErrInvalidHandle)
		_, err = k.PrivateKey()
		is(t, "PrivateKey", err, psa.ErrInvalidHandle)
		is(t, "Destroy", k.Destroy(), psa.ErrInvalidHandle)
		if k.Public() != nil || k.ID() != 0 || k.Close() != nil {
			t.Error("no key has something")
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func() (*psa.Key, error)
		want psa.Status
	}{
		"negative bits": {func() (*psa.Key, error) { return psa.Generate(psa.Attributes{Type: psa.TypeAES, Bits: -1}) }, psa.ErrNotSupported},
		"bits":          {func() (*psa.Key, error) { return psa.Generate(psa.Attributes{Type: psa.TypeAES, Bits: 100}) }, psa.ErrInvalidArgument},
		"too many bits": {func() (*psa.Key, error) { return psa.Generate(psa.Attributes{Type: psa.TypeRawData, Bits: 1 << 30}) }, psa.ErrNotSupported},
		"no type":       {func() (*psa.Key, error) { return psa.Generate(psa.Attributes{}) }, psa.ErrNotSupported},
		"no bytes":      {func() (*psa.Key, error) { return psa.Import(aes, nil) }, psa.ErrInvalidArgument},
		"size":          {func() (*psa.Key, error) { return psa.Import(aes, make([]byte, 17)) }, psa.ErrInvalidArgument},
	} {
		k, err := c.make()
		if k != nil {
			t.Errorf("%s: a key", name)
		}
		if c.want == psa.ErrNotSupported && errors.Is(err, psa.ErrInvalidArgument) {
			continue // either is right of what cannot be
		}
		is(t, name, err, c.want)
	}
	k := key(t, aes)
	for name, err := range map[string]error{
		"another algorithm": func() error { _, err := k.CipherEncrypt(psa.CBCPKCS7, nil); return err }(),
		"no algorithm":      func() error { _, err := k.CipherEncrypt(0, nil); return err }(),
		"another use":       func() error { _, err := k.MAC(psa.CMAC, nil); return err }(),
		"no copies":         func() error { _, err := k.Copy(aes); return err }(),
		"no AEAD":           func() error { _, err := k.NewAEAD(psa.CTR); return err }(),
	} {
		var s psa.Status
		if !errors.As(err, &s) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestErrorsNameFunctionAndStatus(t *testing.T) {
	t.Parallel()
	_, err := psa.Open(12345)
	var e *psa.Error
	if !errors.As(err, &e) || e.Op != "psa_open_key" || e.Status != psa.ErrDoesNotExist {
		if !errors.Is(err, psa.ErrNotSupported) { // a build without storage
			t.Fatalf("%#v", err)
		}
		return
	}
	for _, want := range []string{"psa_open_key", "PSA_ERROR_DOES_NOT_EXIST", "-140"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q has no %q", err, want)
		}
	}
	if got := psa.Status(-7).Name(); got != "psa_status_t(-7)" {
		t.Error(got)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	a := aes
	a.Usage |= psa.UsageCopy
	k := key(t, a)
	a.Usage = psa.UsageEncrypt | psa.UsageExport
	copied := must[*psa.Key](t)(k.Copy(a))
	defer copied.Close()
	got := must[psa.Attributes](t)(copied.Attributes())
	if got.Usage != a.Usage || got.Bits != 128 {
		t.Errorf("%+v", got)
	}
	if !bytes.Equal(must[[]byte](t)(k.Export()), must[[]byte](t)(copied.Export())) {
		t.Error("the copy is another key")
	}
}

// TestConcurrentKeys makes, uses, opens and destroys keys in goroutines, and closes one while it is used.
func TestConcurrentKeys(t *testing.T) {
	needs(t, "MBEDTLS_CIPHER_MODE_CTR")
	t.Parallel()
	shared := must[*psa.Key](t)(psa.Generate(aes))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				k, err := psa.Generate(aes)
				if err != nil {
					t.Error(err)
					return
				}
				sealed, err := k.CipherEncrypt(psa.CTR, []byte("text"))
				if err != nil {
					t.Error(err)
				}
				if plain, err := k.CipherDecrypt(psa.CTR, sealed); err != nil || string(plain) != "text" {
					t.Errorf("%q, %v", plain, err)
				}
				if err := k.Destroy(); err != nil {
					t.Error(err)
				}
				if _, err := shared.Export(); err != nil && !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
			}
			shared.Close()
		})
	}
	all.Wait()
}

func TestOperationsAreClosed(t *testing.T) {
	t.Parallel()
	h := must[*psa.Hash](t)(psa.NewHash(psa.SHA256))
	check(t, h.Close())
	check(t, h.Close())
	_, err := h.Write([]byte("x"))
	is(t, "Write", err, net.ErrClosed)
	_, err = h.Finish()
	is(t, "Finish", err, net.ErrClosed)
	_, err = h.Clone()
	is(t, "Clone", err, net.ErrClosed)
	h = must[*psa.Hash](t)(psa.NewHash(psa.SHA256))
	defer h.Close()
	_, err = h.Finish()
	check(t, err)
	_, err = h.Finish()
	is(t, "Finish twice", err, psa.ErrBadState)
	_, err = psa.NewHash(psa.CTR)
	is(t, "of what is no hash", err, psa.ErrInvalidArgument)
}

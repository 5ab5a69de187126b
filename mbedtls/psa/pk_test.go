package psa_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func TestKeysOfTheLibraryAndOfTheStore(t *testing.T) {
	t.Parallel()
	needs(t, "MBEDTLS_ECDSA_C")
	std := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	library := must[*pk.PrivateKey](t)(pk.NewPrivateKey(std))
	defer library.Close()
	a := must[psa.Attributes](t)(psa.AttributesOf(library, psa.UsageSignHash))
	if a.Type != psa.ECCKeyPair(psa.SECPR1) || a.Bits != 256 || !a.Algorithm.IsECDSA() || a.Usage&psa.UsageSignHash == 0 {
		t.Errorf("%+v", a)
	}
	_, err := psa.AttributesOf(library, psa.UsageCopy)
	if err == nil {
		t.Error("attributes of a use that is none")
	}
	a.Usage |= psa.UsageExport
	k := must[*psa.Key](t)(psa.ImportKey(a, library))
	defer k.Close()
	if !std.PublicKey.Equal(k.Public()) {
		t.Error("another key")
	}
	back := must[*pk.PrivateKey](t)(k.CopyPrivateKey())
	defer back.Close()
	public := must[*pk.PublicKey](t)(k.CopyPublicKey())
	defer public.Close()
	check(t, public.CheckPair(back))
	a.Type, a.Usage = psa.ECCPublicKey(psa.SECPR1), psa.UsageVerifyHash
	half := must[*psa.Key](t)(psa.ImportKey(a, library))
	defer half.Close()
	if _, err := half.CopyPrivateKey(); err == nil {
		t.Error("a private key of a public one")
	}
	a = must[psa.Attributes](t)(psa.AttributesOf(public, psa.UsageVerifyHash))
	again := must[*psa.Key](t)(psa.ImportKey(a, public))
	defer again.Close()
	if !std.PublicKey.Equal(again.Public()) {
		t.Error("another public key")
	}
}

// TestOpaqueKeyKeepsItsKey closes the key in the store before what stands for it.
func TestOpaqueKeyKeepsItsKey(t *testing.T) {
	k := ecKey(t, 256, psa.ECDSA(psa.AnyHash))
	public := k.Public().(*ecdsa.PublicKey)
	opaque, err := k.PrivateKey()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("no opaque keys")
	}
	check(t, err)
	id := k.ID()
	check(t, k.Close())
	sig := must[[]byte](t)(opaque.Sign(nil, digest[:], crypto.SHA256))
	if !ecdsa.VerifyASN1(public, digest[:], sig) {
		t.Errorf("%x", sig)
	}
	check(t, opaque.Close())
	_, err = psa.Open(id)
	is(t, "after both are closed", err, psa.ErrDoesNotExist)
}

// TestOpaqueKeyLeavesThePersistentKey closes all that there is of a persistent key.
func TestOpaqueKeyLeavesThePersistentKey(t *testing.T) {
	needs(t, "MBEDTLS_ECDSA_C")
	stored(t)
	k := must[*psa.Key](t)(psa.Generate(psa.Attributes{
		Type: psa.ECCKeyPair(psa.SECPR1), Bits: 256, Algorithm: psa.ECDSA(psa.AnyHash), Usage: psa.UsageSignHash, ID: 9,
	}))
	if opaque, err := k.PrivateKey(); err == nil {
		must[[]byte](t)(opaque.Sign(nil, digest[:], crypto.SHA256))
		check(t, opaque.Close())
	} else {
		is(t, "PrivateKey", err, errors.ErrUnsupported)
	}
	check(t, k.Close())
	check(t, must[*psa.Key](t)(psa.Open(9)).Destroy())
}

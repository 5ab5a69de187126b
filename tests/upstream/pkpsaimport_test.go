package upstream

import (
	"crypto"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

// Keys that go into PSA's store, and come out of it.

// usageAsImported is what a usage of a key of the library's implies when that gets attributes.
func usageAsImported(usage psa.KeyUsage) psa.KeyUsage {
	usage = psa.Attributes{Usage: usage}.Normalized().Usage
	for _, i := range []struct{ one, implies psa.KeyUsage }{
		{psa.UsageSignHash, psa.UsageVerifyHash},
		{psa.UsageSignMessage, psa.UsageVerifyMessage},
		{psa.UsageDecrypt, psa.UsageEncrypt},
	} {
		if usage&i.one != 0 {
			usage |= i.implies
		}
	}
	return usage | psa.UsageExport | psa.UsageCopy
}

func pkAttributes(t *suites.T, kind pk.Kind, fromPair int, usage psa.KeyUsage, toPair int, alg psa.Algorithm) {
	if alg == psa.ECDSA(psa.AnyHash) && cbridge.Feature("MBEDTLS_ECDSA_DETERMINISTIC") {
		alg = psa.DeterministicECDSA(psa.AnyHash)
	}
	key, typ := keyOf(t, kind, fromPair != 0)
	attributesAndImport(t, key, half(typ, toPair), usage, alg)
}

func pkAttributesV21(t *suites.T, md, fromPair int, usage psa.KeyUsage, toPair int, alg psa.Algorithm) {
	key, typ := keyOf(t, pk.RSA, fromPair != 0)
	c, err := key.Bridge().RSA() // a copy, of which the key is made again
	t.Code("mbedtls_pk_rsa", err, 0)
	r := rsa.FromBridge(c)
	t.Code("padding", r.SetPadding(rsa.PKCS1v21, cbridge.HashOf(md)), 0)
	if fromPair != 0 {
		key, err = pk.FromRSA(r)
	} else {
		key, err = pk.PublicFromRSA(r)
	}
	t.Code("key", err, 0)
	attributesAndImport(t, key, half(typ, toPair), usage, alg)
}

// half is the type of what a case makes of a key: the pair, or its public half.
func half(typ psa.KeyType, pair int) psa.KeyType {
	if pair == 0 {
		return typ.PublicKey()
	}
	return typ
}

func attributesAndImport(t *suites.T, key psa.LibraryKey, typ psa.KeyType, usage psa.KeyUsage, alg psa.Algorithm) {
	a, err := psa.AttributesOf(key, usage)
	t.Code("mbedtls_pk_get_psa_attributes", err, 0)
	want := psa.Attributes{Type: typ, Bits: key.Bridge().Bits(), Algorithm: alg, Usage: usageAsImported(usage)}
	t.Equal("attributes", a, want)
	k, err := psa.ImportKey(a, key)
	t.Code("mbedtls_pk_import_into_psa", err, 0)
	defer k.Close()
	consistent(t, k, key.Bridge(), nil)
}

func pkAttributesFail(t *suites.T, kind pk.Kind, fromPair int, usage psa.KeyUsage, code int) {
	key, _ := keyOf(t, kind, fromPair != 0)
	_, err := psa.AttributesOf(key, usage)
	t.Code("mbedtls_pk_get_psa_attributes", err, code)
}

func pkAttributesOpaque(t *suites.T, fromType psa.KeyType, bits int, fromUsage psa.KeyUsage, alg psa.Algorithm,
	usage psa.KeyUsage, code, toPair int, wantUsage psa.KeyUsage) {
	source := storedPredefined(t, psa.Attributes{
		Type: fromType, Bits: bits, Usage: fromUsage, Algorithm: alg, EnrollmentAlgorithm: 42,
	})
	defer source.Close()
	opaque := opaqueOf(t, source)
	defer opaque.Close()
	a, err := psa.AttributesOf(opaque, usage)
	t.Code("mbedtls_pk_get_psa_attributes", err, code)
	if code != 0 {
		return
	}
	t.Equal("attributes", a, psa.Attributes{Type: half(fromType, toPair), Bits: bits, Algorithm: alg, Usage: wantUsage})
	if toPair != 0 && fromUsage&(psa.UsageCopy|psa.UsageExport) == 0 {
		code = int(cbridge.ErrPKTypeMismatch)
	}
	k, err := psa.ImportKey(a, opaque)
	t.Code("mbedtls_pk_import_into_psa", err, code)
	if code == 0 {
		defer k.Close()
		consistent(t, k, opaque.Bridge(), source)
	}
}

func pkImportLifetime(t *suites.T, fromOpaque, fromPersistent, fromExportable, toPublic, toPersistent int) {
	storing(t, func() {
		var source *psa.Key
		var key *pk.PrivateKey
		group, family, bits := oneCurve(t)
		if fromOpaque != 0 {
			from := psa.Attributes{
				Type: psa.ECCKeyPair(family), Bits: bits, Algorithm: psa.ECDH,
				Usage: psa.UsageCopy | psa.UsageSignHash | psa.UsageVerifyHash,
			}
			if fromExportable != 0 {
				from.Usage ^= psa.UsageCopy | psa.UsageExport
			}
			if fromPersistent != 0 {
				from.ID = 1
			}
			source = storedPredefined(t, from)
			defer func() { ok(t, "psa_destroy_key", source.Destroy()) }()
			key = opaqueOf(t, source)
		} else {
			key = predefinedKey(t, pk.ECKey, group, 0, 0)
		}
		defer key.Close()
		usage := psa.UsageSignHash
		if toPublic != 0 {
			usage = psa.UsageVerifyHash
		}
		a, err := psa.AttributesOf(key, usage)
		t.Code("mbedtls_pk_get_psa_attributes", err, 0)
		// In Go it is the caller who has the key persist, after the call.
		t.Equal("ID", a.ID, psa.KeyIDNull)
		t.Equal("lifetime", a.Lifetime, psa.LifetimeVolatile)
		lifetime := psa.LifetimeVolatile
		if toPersistent != 0 {
			a.ID, lifetime = 2, psa.LifetimePersistent
		}
		k, err := psa.ImportKey(a, key)
		t.Code("mbedtls_pk_import_into_psa", err, 0)
		defer func() { ok(t, "psa_destroy_key", k.Destroy()) }()
		consistent(t, k, key.Bridge(), source)
		got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
		t.Equal("lifetime", got.Lifetime, lifetime)
		if toPersistent != 0 {
			t.Equal("ID", got.ID, a.ID)
		}
	})
}

func pkImportFail(t *suites.T, kind pk.Kind, fromPair int, typ psa.KeyType, bits, code int) {
	key, _ := keyOf(t, kind, fromPair != 0)
	k, err := psa.ImportKey(psa.Attributes{Type: typ, Bits: bits}, key)
	t.Code("mbedtls_pk_import_into_psa", err, code)
	truth(t, "no key", k == nil)
}

func pkImportOpaque(t *suites.T, fromType psa.KeyType, fromBits int, fromUsage psa.KeyUsage, fromAlg psa.Algorithm,
	toType psa.KeyType, toBits int, toUsage psa.KeyUsage, toAlg psa.Algorithm, code int) {
	source := storedPredefined(t, psa.Attributes{Type: fromType, Bits: fromBits, Usage: fromUsage, Algorithm: fromAlg})
	defer source.Close()
	opaque := opaqueOf(t, source)
	defer opaque.Close()
	to := psa.Attributes{Type: toType, Bits: toBits, Usage: toUsage, Algorithm: toAlg}
	k, err := psa.ImportKey(to, opaque)
	t.Code("mbedtls_pk_import_into_psa", err, code)
	if code != 0 {
		truth(t, "no key", k == nil)
		return
	}
	defer k.Close()
	got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	if toBits == 0 {
		to.Bits = got.Bits
	}
	to = to.Normalized()
	to.ID = k.ID() // which the library chose
	t.Equal("attributes", got, to)
	consistent(t, k, opaque.Bridge(), source)
}

func pkCopyFail(t *suites.T) {
	bad := int(cbridge.ErrPKBadInputData)
	lost := lostKey(t)
	_, err := lost.CopyToPK()
	t.Code("a key that is not there", err, bad)
	_, err = lost.CopyPublicToPK()
	t.Code("a key that is not there", err, bad)
	if cbridge.Feature("PSA_WANT_KEY_TYPE_DH_KEY_PAIR_GENERATE") {
		k := storedPredefined(t, psa.Attributes{Type: psa.DHKeyPair(psa.RFC7919), Bits: 2048, Usage: psa.UsageExport})
		defer k.Close()
		_, err = k.CopyPrivateKey()
		t.Code("Diffie-Hellman", err, bad)
		_, err = k.CopyPublicKey()
		t.Code("Diffie-Hellman", err, bad)
	}
	if cbridge.Feature("MBEDTLS_PK_HAVE_ECC_KEYS") && cbridge.Feature("PSA_WANT_ECC_SECP_R1_256") {
		k := storedPredefined(t, psa.Attributes{Type: psa.ECCKeyPair(psa.SECPR1), Bits: 256})
		defer k.Close()
		_, err = k.CopyPrivateKey()
		t.Code("not for export", err, int(cbridge.ErrPKTypeMismatch))
	}
}

// moved is a key anew, of the same policy, in the place of k.
func moved(t *suites.T, k *psa.Key) *psa.Key {
	a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	again := must[*psa.Key](t, "psa_copy_key")(k.Copy(psa.Attributes{Usage: a.Usage, Algorithm: a.Algorithm}))
	ok(t, "psa_destroy_key", k.Destroy())
	return again
}

// samePublic checks that keys have the same public half.
func samePublic(t *suites.T, got, want *cbridge.PK) {
	t.Equal("kind", got.Kind(), want.Kind())
	if pk.Kind(want.Kind()) == pk.RSA {
		padding, hash := paddingOf(t, want)
		gotPadding, gotHash := paddingOf(t, got)
		t.Equal("padding", gotPadding, padding)
		t.Equal("hash of the padding", gotHash, hash)
	} else {
		group, _, _, err := want.EC()
		t.Code("mbedtls_pk_ec", err, 0)
		gotGroup, _, _, err := got.EC()
		t.Code("mbedtls_pk_ec", err, 0)
		t.Equal("group", gotGroup, group)
	}
	t.Equal("public half", publicBytes(t, got), publicBytes(t, want))
}

func paddingOf(t *suites.T, c *cbridge.PK) (rsa.Padding, crypto.Hash) {
	r, err := c.RSA()
	t.Code("mbedtls_pk_rsa", err, 0)
	return rsa.FromBridge(r).Padding()
}

func pkCopy(t *suites.T, data []byte, typ psa.KeyType, alg psa.Algorithm) {
	a := psa.Attributes{
		Type: typ, Algorithm: alg, Usage: psa.UsageSignHash | psa.UsageVerifyHash | psa.UsageExport | psa.UsageCopy,
	}
	if typ == psa.TypeRSAKeyPair {
		a.Usage |= psa.UsageEncrypt | psa.UsageDecrypt
	}
	private := importedKey(t, a, data)
	a.Type, a.Usage = typ.PublicKey(), a.Usage&^psa.UsageExport
	public := importedKey(t, a, must[[]byte](t, "psa_export_public_key")(private.ExportPublic()))

	copied, err := private.CopyPrivateKey()
	t.Code("mbedtls_pk_copy_from_psa", err, 0)
	privateHalf, err := private.CopyPublicKey()
	t.Code("mbedtls_pk_copy_public_from_psa", err, 0)
	c := bridged(t, public)
	publicCopy, err := c.CopyToPK()
	t.Code("mbedtls_pk_copy_from_psa", err, 0)
	ok(t, "psa_close_key", c.Close())
	publicHalf, err := public.CopyPublicKey()
	t.Code("mbedtls_pk_copy_public_from_psa", err, 0)

	// What was copied is of its own.
	private, public = moved(t, private), moved(t, public)
	defer private.Close()
	defer public.Close()
	kind, padding := pk.RSA, rsa.PKCS1v15
	if typ.IsECC() {
		kind = pk.ECKey
	}
	if alg.IsRSAOAEP() || alg.IsRSAPSS() {
		padding = rsa.PKCS1v21
	}
	for _, c := range []*cbridge.PK{copied.Bridge(), publicCopy} {
		t.Equal("kind", pk.Kind(c.Kind()), kind)
		if kind == pk.RSA {
			got, _ := paddingOf(t, c)
			t.Equal("padding", got, padding)
		}
		consistent(t, private, c, nil)
		consistent(t, public, c, nil)
	}
	t.Code("pair", pk.PublicFromBridge(publicCopy).CheckPair(copied), 0)
	samePublic(t, privateHalf.Bridge(), publicCopy)
	samePublic(t, publicHalf.Bridge(), publicCopy)
}

func pkCopyPublic(t *suites.T, data []byte, typ psa.KeyType) {
	exportable := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageExport}, data)
	defer exportable.Close()
	kept := importedKey(t, psa.Attributes{Type: typ}, data)
	defer kept.Close()
	fromExportable, err := exportable.CopyPublicKey()
	t.Code("mbedtls_pk_copy_public_from_psa", err, 0)
	fromKept, err := kept.CopyPublicKey()
	t.Code("mbedtls_pk_copy_public_from_psa", err, 0)
	_, err = kept.CopyPrivateKey()
	t.Code("mbedtls_pk_copy_from_psa", err, int(cbridge.ErrPKTypeMismatch))
	ok(t, "psa_destroy_key", exportable.Destroy())
	ok(t, "psa_destroy_key", kept.Destroy())
	samePublic(t, fromKept.Bridge(), fromExportable.Bridge())
}

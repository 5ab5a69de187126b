package upstream

import (
	"bytes"
	"crypto"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

// The part of the suite of public keys that is about the key store of PSA.

func init() {
	register("pk", functions{
		"pk_psa_utils":                  pkOpaqueUtils,
		"pk_can_do_ext":                 pkCanDoExt,
		"pk_wrap_rsa_decrypt_test_vec":  pkOpaqueDecrypt,
		"pk_psa_sign":                   pkOpaqueSign,
		"pk_psa_wrap_sign_ext":          pkOpaqueSignExt,
		"pk_get_psa_attributes":         pkAttributes,
		"pk_rsa_v21_get_psa_attributes": pkAttributesV21,
		"pk_get_psa_attributes_fail":    pkAttributesFail,
		"pk_get_psa_attributes_opaque":  pkAttributesOpaque,
		"pk_import_into_psa_lifetime":   pkImportLifetime,
		"pk_import_into_psa_fail":       pkImportFail,
		"pk_import_into_psa_opaque":     pkImportOpaque,
		"pk_copy_from_psa_fail":         pkCopyFail,
		"pk_copy_from_psa_success":      pkCopy,
		"pk_copy_public_from_psa":       pkCopyPublic,
	}, unmapped{
		"pk_copy_from_psa_builtin_fail": "RSA of a driver's in the place of the library's own, which no build has",
	})
}

// storedPredefined is upstream's key of those attributes in the store, or for Diffie-Hellman, a new one.
func storedPredefined(t *suites.T, a psa.Attributes) *psa.Key {
	switch {
	case a.Type.IsRSA():
		return importedKey(t, a, predefined(t, fmt.Sprintf("test_rsa_%d_priv", a.Bits)))
	case a.Type.IsECC():
		group := cbridge.ECCGroupFromPSA(uint8(a.Type.ECCFamily()), a.Bits)
		return importedKey(t, a, predefined(t, "test_ec_"+predefinedCurves[group]+"_priv"))
	}
	return must[*psa.Key](t, "psa_generate_key")(psa.Generate(a))
}

// opaqueOf is what stands for a key in the store.
func opaqueOf(t *suites.T, k *psa.Key) *pk.PrivateKey {
	opaque, err := k.PrivateKey()
	t.Code("mbedtls_pk_setup_opaque", err, 0)
	t.Equal("kind", opaque.Kind(), pk.Opaque)
	return opaque
}

// madeOpaque moves a key into the store, for a usage. The case destroys it there.
func madeOpaque(t *suites.T, k *pk.PrivateKey, usage psa.KeyUsage) (*psa.Key, *pk.PrivateKey) {
	a, err := psa.AttributesOf(k, usage)
	t.Code("mbedtls_pk_get_psa_attributes", err, 0)
	stored, err := psa.ImportKey(a, k)
	t.Code("mbedtls_pk_import_into_psa", err, 0)
	ok(t, "mbedtls_pk_free", k.Close())
	return stored, opaqueOf(t, stored)
}

// lostKey is one that somebody else has destroyed.
func lostKey(t *suites.T) *cbridge.PSAKey {
	k, c := both(t, psa.Attributes{Type: psa.TypeRawData}, []byte{1})
	ok(t, "psa_destroy_key", k.Destroy())
	return c
}

// oneCurve is the curve of upstream's tests that need any, of mbedtls_ecp_group_id.
func oneCurve(t *suites.T) (group int, family psa.ECCFamily, bits int) {
	for _, c := range []struct {
		family psa.ECCFamily
		bits   int
	}{
		{psa.SECPR1, 192}, {psa.SECPR1, 256}, {psa.SECPK1, 192}, {psa.SECPK1, 256}, {psa.SECPR1, 224}, {psa.SECPR1, 384},
		{psa.SECPR1, 521}, {psa.BrainpoolPR1, 256}, {psa.BrainpoolPR1, 384}, {psa.BrainpoolPR1, 512},
		{psa.Montgomery, 255}, {psa.Montgomery, 448},
	} {
		if group := cbridge.ECCGroupFromPSA(uint8(c.family), c.bits); group != 0 {
			return group, c.family, c.bits
		}
	}
	t.Fatalf("the build has no curve")
	return
}

// keyOf is upstream's key of a kind, whole or its public half, and the type that PSA gives it.
func keyOf(t *suites.T, kind pk.Kind, pair bool) (key psa.LibraryKey, typ psa.KeyType) {
	if kind == pk.None {
		t.Skip("a key of no kind, which Go cannot make")
	}
	typ = psa.TypeRSAKeyPair
	if kind == pk.RSA {
		const bits = 1024
		if pair {
			return predefinedKey(t, kind, bits, rsa.PKCS1v15, 0), typ
		}
		r, err := rsa.ParsePKCS1PublicKey(predefined(t, fmt.Sprintf("test_rsa_%d_pub", bits)))
		t.Code("key", err, 0)
		public, err := pk.PublicFromRSA(r)
		t.Code("key", err, 0)
		return public, typ.PublicKey()
	}
	group, family, _ := oneCurve(t)
	typ = psa.ECCKeyPair(family)
	if pair {
		return predefinedKey(t, kind, group, 0, 0), typ
	}
	public, err := pk.NewECPublic(kind, group, predefined(t, "test_ec_"+predefinedCurves[group]+"_pub"))
	t.Code("key", err, 0)
	return public, typ.PublicKey()
}

// publicBytes are a key's public half as PSA exports it.
func publicBytes(t *suites.T, c *cbridge.PK) []byte {
	if pk.Kind(c.Kind()) != pk.RSA {
		_, _, point, err := c.EC()
		t.Code("mbedtls_ecp_write_public_key", err, 0)
		return point
	}
	r, err := c.RSA()
	t.Code("mbedtls_pk_rsa", err, 0)
	der, err := rsa.FromBridge(r).MarshalPKCS1PublicKey()
	t.Code("mbedtls_rsa_write_pubkey", err, 0)
	return der
}

// consistent checks that a key in the store is a key of the library. Of an opaque one, source is what it stands for.
func consistent(t *suites.T, k *psa.Key, c *cbridge.PK, source *psa.Key) {
	a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	truth(t, "an asymmetric key", a.Type.IsPublicKey() || a.Type.IsKeyPair())
	t.Equal("bits", a.Bits, c.Bits())
	got := must[[]byte](t, "psa_export_public_key")(k.ExportPublic())
	switch kind := pk.Kind(c.Kind()); kind {
	case pk.Opaque:
		of := must[psa.Attributes](t, "psa_get_key_attributes")(source.Attributes())
		t.Equal("type", a.Type.PublicKey(), of.Type.PublicKey())
		t.Equal("public half", got, must[[]byte](t, "psa_export_public_key")(source.ExportPublic()))
		return
	case pk.RSA:
		truth(t, "an RSA key", a.Type.IsRSA())
	case pk.ECKey, pk.ECKeyDH, pk.ECDSA:
		truth(t, "an EC key", a.Type.IsECC())
	default:
		t.Fatalf("kind %d", kind)
	}
	t.Equal("public half", got, publicBytes(t, c))
}

func pkOpaqueUtils(t *suites.T, rsaKey int) {
	isRSA := rsaKey != 0
	mismatch := int(cbridge.ErrPKTypeMismatch)
	_, err := lostKey(t).PK()
	t.Code("a key that is not there", err, int(cbridge.ErrPKBadInputData))
	a := psa.Attributes{Type: psa.TypeRSAKeyPair, Bits: 1024, Usage: psa.UsageSignHash, Algorithm: psa.RSAPKCS1v15SignRaw}
	empty := pk.RSA
	if !isRSA {
		a.Type, a.Bits, a.Algorithm, empty = psa.ECCKeyPair(psa.SECPR1), 256, psa.ECDSA(psa.SHA256), pk.ECKey
	}
	k := storedPredefined(t, a)
	defer k.Close()
	opaque := opaqueOf(t, k)
	defer opaque.Close()
	t.Equal("name", opaque.Type(), "Opaque")
	t.Equal("bits", opaque.Bits(), a.Bits)
	t.Equal("as an ECKey", opaque.CanDo(pk.ECKey), !isRSA)
	t.Equal("as ECDSA", opaque.CanDo(pk.ECDSA), !isRSA)
	t.Equal("as RSA", opaque.CanDo(pk.RSA), isRSA)
	if isRSA {
		t.Code("verify", opaque.Bridge().Verify(0, make([]byte, 1), make([]byte, 1)), mismatch)
	} else {
		_, err = opaque.Bridge().DecryptWith(nil, make([]byte, 1), 1)
		t.Code("decrypt", err, mismatch)
	}
	_, err = opaque.Bridge().Encrypt(nil, make([]byte, 1))
	t.Code("encrypt", err, mismatch)
	other := emptyPK(t, int(empty))
	defer other.Close()
	t.Code("pair", opaque.Bridge().CheckPair(other), mismatch)
	_, err = opaque.Debug()
	t.Code("debug", err, mismatch)
	ok(t, "mbedtls_pk_free", opaque.Close())
	_, err = k.Attributes()
	ok(t, "the key is still there", err)
	ok(t, "psa_destroy_key", k.Destroy())
}

func pkCanDoExt(t *suites.T, opaque, keyType int, usage psa.KeyUsage, alg, alg2 psa.Algorithm, curveOrBits int, check,
	checkUsage uint32, want int) {
	var key *pk.PrivateKey
	if opaque == 1 {
		k := storedPredefined(t, psa.Attributes{
			Type: psa.KeyType(keyType), Bits: curveOrBits, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2,
		})
		defer k.Close()
		key = opaqueOf(t, k)
	} else {
		key = predefinedKey(t, pk.Kind(keyType), curveOrBits, rsa.PKCS1v15, 0)
		t.Equal("kind", key.Kind(), pk.Kind(keyType))
	}
	defer key.Close()
	can, err := key.CanDoExt(check, checkUsage)
	t.Code("mbedtls_pk_can_do_ext", err, 0)
	t.Equal("can do", can, want != 0)
}

func pkOpaqueDecrypt(t *suites.T, sealed []byte, bits int, p, q, n, e string, padding rsa.Padding, want []byte, code int) {
	if padding != rsa.PKCS1v21 {
		padding = -1 // as it is
	}
	stored, opaque := madeOpaque(t, pk.FromBridge(privateRSA(t, padding, mdSHA1, bits, p, q, n, e)), psa.UsageDecrypt)
	defer stored.Close()
	defer opaque.Close()
	t.Equal("bits", opaque.Bits(), bits)
	got, err := opaque.Bridge().DecryptWith(&rndPseudo{}, sealed, 256)
	result(t, got, err, want, code)
	if code == 0 && len(want) > 0 {
		_, err := opaque.Bridge().DecryptWith(&rndPseudo{}, sealed, len(want)-1)
		t.Code("too little room", err, int(cbridge.ErrRSAOutputTooLarge))
	}
	ok(t, "psa_destroy_key", stored.Destroy())
}

func pkOpaqueSign(t *suites.T, typ psa.KeyType, bits int, padding rsa.Padding) {
	kind, curveOrBits := pk.RSA, bits
	if typ.IsECC() {
		kind, curveOrBits = pk.ECKey, cbridge.ECCGroupFromPSA(uint8(typ.ECCFamily()), bits)
	}
	legacy := predefinedKey(t, kind, curveOrBits, padding, 0)
	legacyDER, err := legacy.Bridge().WritePubKeyDER(0)
	t.Code("mbedtls_pk_write_pubkey_der", err, 0)
	stored, opaque := madeOpaque(t, legacy, psa.UsageSignHash)
	defer stored.Close()
	defer opaque.Close()
	a := must[psa.Attributes](t, "psa_get_key_attributes")(stored.Attributes())
	t.Equal("type", a.Type, typ)
	t.Equal("bits", a.Bits, bits)
	t.Equal("lifetime", a.Lifetime, psa.LifetimeVolatile)

	digest := bytes.Repeat([]byte{0x2a}, 32)
	sig, err := opaque.Sign(nil, digest, crypto.SHA256)
	t.Code("sign", err, 0)
	if typ.IsECC() {
		t.Code("verify", opaque.Bridge().Verify(crypto.SHA256, digest, sig), 0)
	}
	der, err := opaque.Bridge().WritePubKeyDER(0)
	t.Code("mbedtls_pk_write_pubkey_der", err, 0)
	t.Equal("public half", der, legacyDER)
	ok(t, "mbedtls_pk_free", opaque.Close())
	ok(t, "psa_destroy_key", stored.Destroy())

	public, err := pk.ParsePublicKey(legacyDER)
	t.Code("mbedtls_pk_parse_public_key", err, 0)
	if kind == pk.RSA {
		r, err := public.RSA()
		t.Code("mbedtls_pk_rsa", err, 0)
		t.Code("padding", r.SetPadding(padding, 0), 0)
		public, err = pk.PublicFromRSA(r)
		t.Code("key", err, 0)
	}
	t.Code("verify", public.Verify(digest, sig, crypto.SHA256), 0)
}

func pkOpaqueSignExt(t *suites.T, kind pk.Kind, bits, how, md int) {
	padding, pss := rsa.PKCS1v15, how == cbridge.PKRSASSAPSS
	if pss {
		padding = rsa.PKCS1v21
	}
	legacy := predefinedKey(t, kind, bits, padding, 0)
	der := publicBytes(t, legacy.Bridge())
	stored, key := madeOpaque(t, legacy, psa.UsageSignHash)
	defer stored.Close()
	defer key.Close()
	opaque, hash := key.Bridge(), cbridge.HashOf(md)
	digest := bytes.Repeat([]byte{0x2a}, hash.Size())
	if !pss && cbridge.Feature("MBEDTLS_PKCS1_V21") {
		_, err := opaque.SignExt(rndStd{}, cbridge.PKRSASSAPSS, hash, digest)
		t.Code("sign in another padding", err, int(cbridge.ErrRSABadInputData))
	}
	sig, err := opaque.SignExt(rndStd{}, how, hash, digest)
	t.Code("sign", err, 0)
	var options *cbridge.PSSOptions
	if pss {
		anySalt := &cbridge.PSSOptions{MGF1Hash: hash, SaltLength: cbridge.SaltLenAny}
		t.Code("verify", opaque.VerifyExt(how, anySalt, hash, digest, sig), int(cbridge.ErrPKFeatureUnavailable))
		options = &cbridge.PSSOptions{MGF1Hash: hash, SaltLength: hash.Size()}
	} else {
		t.Code("verify", opaque.VerifyExt(how, nil, hash, digest, sig), int(cbridge.ErrPKTypeMismatch))
	}
	ok(t, "mbedtls_pk_free", key.Close())
	ok(t, "psa_destroy_key", stored.Destroy())

	r, err := rsa.ParsePKCS1PublicKey(der)
	t.Code("mbedtls_rsa_parse_pubkey", err, 0)
	public, err := pk.PublicFromRSA(r)
	t.Code("key", err, 0)
	t.Code("verify", public.Bridge().VerifyExt(how, options, hash, digest, sig), 0)
}

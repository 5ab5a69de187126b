package upstream

import (
	mathbits "math/bits"

	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto_metadata", functions{
		"hash_algorithm": hashAlgorithm,
		"mac_algorithm":  macAlgorithm,
		"hmac_algorithm": func(t *suites.T, alg psa.Algorithm, length, block int) {
			hash := alg.HMACHash()
			truth(t, "IsHash", hash.IsHash())
			t.Equal("HMAC", psa.HMAC(hash), alg)
			t.Equal("HashBlockLength", alg.HashBlockLength(), block)
			const isHMAC = 1 << 1
			macAlgorithm(t, alg, isHMAC, length, psa.TypeHMAC, 8*length)
			for n := 1; n <= length; n++ {
				t.Equal("HMACHash", psa.TruncatedMAC(alg, n).HMACHash(), hash)
			}
		},
		"cipher_algorithm": func(t *suites.T, alg psa.Algorithm, flags uint32) { classify(t, alg, psa.Algorithm.IsCipher, flags) },
		"aead_algorithm":   aeadAlgorithm,
		"asymmetric_signature_algorithm": func(t *suites.T, alg psa.Algorithm, flags uint32) {
			classify(t, alg, psa.Algorithm.IsSign, flags)
		},
		"asymmetric_signature_wildcard": func(t *suites.T, alg psa.Algorithm, flags uint32) {
			const isSignHash, isHashAndSign = 1 << 17, 1 << 18
			classify(t, alg, psa.Algorithm.IsSign, flags|isWildcard|isSignHash|isHashAndSign)
		},
		"asymmetric_encryption_algorithm": func(t *suites.T, alg psa.Algorithm, flags uint32) {
			classify(t, alg, psa.Algorithm.IsAsymmetricEncryption, flags)
		},
		"key_derivation_algorithm": func(t *suites.T, alg psa.Algorithm, flags uint32) {
			classify(t, alg, psa.Algorithm.IsKeyDerivation, flags)
			for _, ka := range []psa.Algorithm{psa.ECDH, psa.FFDH} {
				both := psa.KeyAgreement(ka, alg)
				truth(t, "IsKeyAgreement", both.IsKeyAgreement())
				t.Equal("KDF", both.KDF(), alg)
				t.Equal("Agreement", both.Agreement(), ka)
			}
		},
		"key_agreement_algorithm": func(t *suites.T, alg psa.Algorithm, flags uint32, ka, kdf psa.Algorithm) {
			classify(t, alg, psa.Algorithm.IsKeyAgreement, flags)
			t.Equal("Agreement", alg.Agreement(), ka)
			t.Equal("KDF", alg.KDF(), kdf)
		},
		"pake_algorithm": func(t *suites.T, alg psa.Algorithm) { only(t, alg, psa.Algorithm.IsPAKE) },
		"key_type":       keyType,
		"block_cipher_key_type": func(t *suites.T, typ psa.KeyType, block int) {
			keyType(t, typ, keyTypeUnstructured)
			t.Equal("category", typ&0x7000, psa.KeyType(0x2000))
			t.Equal("BlockLength", typ.BlockLength(), block)
			t.Equal("a power of two", mathbits.OnesCount(uint(block)), 1)
		},
		"stream_cipher_key_type": func(t *suites.T, typ psa.KeyType) {
			keyType(t, typ, keyTypeUnstructured)
			t.Equal("category", typ&0x7000, psa.KeyType(0x2000))
			t.Equal("BlockLength", typ.BlockLength(), 1)
		},
		"ecc_key_family": func(t *suites.T, f psa.ECCFamily) {
			evenParity(t, uint32(f))
			keyType(t, psa.ECCPublicKey(f), keyTypeECC|keyTypePublicKey)
			keyType(t, psa.ECCKeyPair(f), keyTypeECC|keyTypeKeyPair)
			t.Equal("family", psa.ECCPublicKey(f).ECCFamily(), f)
			t.Equal("family", psa.ECCKeyPair(f).ECCFamily(), f)
		},
		"dh_key_family": func(t *suites.T, f psa.DHFamily) {
			evenParity(t, uint32(f))
			keyType(t, psa.DHPublicKey(f), keyTypeDH|keyTypePublicKey)
			keyType(t, psa.DHKeyPair(f), keyTypeDH|keyTypeKeyPair)
			t.Equal("family", psa.DHPublicKey(f).DHFamily(), f)
			t.Equal("family", psa.DHKeyPair(f).DHFamily(), f)
		},
		"lifetime": func(t *suites.T, l psa.Lifetime, flags int, p psa.Persistence, loc psa.Location) {
			t.Equal("IsVolatile", l.IsVolatile(), flags&1 != 0)
			t.Equal("IsReadOnly", l.IsReadOnly(), flags&2 != 0)
			t.Equal("Persistence", l.Persistence(), p)
			t.Equal("Location", l.Location(), loc)
			t.Equal("LifetimeOf", psa.LifetimeOf(p, loc), l)
		},
	}, nil)
}

// kinds are the categories of algorithms, each of which is in one.
var kinds = []func(psa.Algorithm) bool{
	psa.Algorithm.IsHash, psa.Algorithm.IsMAC, psa.Algorithm.IsCipher, psa.Algorithm.IsAEAD, psa.Algorithm.IsSign,
	psa.Algorithm.IsAsymmetricEncryption, psa.Algorithm.IsKeyAgreement, psa.Algorithm.IsKeyDerivation, psa.Algorithm.IsPAKE,
}

func only(t *suites.T, alg psa.Algorithm, kind func(psa.Algorithm) bool) {
	truth(t, "the algorithm is of its kind", kind(alg))
	n := 0
	for _, is := range kinds {
		if is(alg) {
			n++
		}
	}
	t.Equal("kinds", n, 1)
}

// classes are the predicates of algorithms, in the order of upstream's flags.
var classes = []func(psa.Algorithm) bool{
	psa.Algorithm.IsVendorDefined, psa.Algorithm.IsHMAC, psa.Algorithm.IsBlockCipherMAC, psa.Algorithm.IsStreamCipher,
	psa.Algorithm.IsRSAPKCS1v15Sign, psa.Algorithm.IsRSAPSS, psa.Algorithm.IsRSAPSSAnySalt, psa.Algorithm.IsRSAPSSStandardSalt,
	psa.Algorithm.IsDSA, ofFamily(psa.Algorithm.IsDSA, psa.Algorithm.IsDeterministicDSA),
	psa.Algorithm.IsDeterministicDSA, psa.Algorithm.IsRandomizedDSA,
	psa.Algorithm.IsECDSA, ofFamily(psa.Algorithm.IsECDSA, psa.Algorithm.IsDeterministicECDSA),
	psa.Algorithm.IsDeterministicECDSA, psa.Algorithm.IsRandomizedECDSA,
	psa.Algorithm.IsHashEdDSA, psa.Algorithm.IsSignHash, psa.Algorithm.IsHashAndSign, psa.Algorithm.IsRSAOAEP,
	psa.Algorithm.IsHKDF, psa.Algorithm.IsHKDFExtract, psa.Algorithm.IsHKDFExpand, psa.Algorithm.IsFFDH, psa.Algorithm.IsECDH,
	psa.Algorithm.IsWildcard, psa.Algorithm.IsRawKeyAgreement, psa.Algorithm.IsAEADOnBlockCipher, psa.Algorithm.IsTLS12PRF,
	psa.Algorithm.IsTLS12PSKToMS,
}

// ofFamily is for the flags of what is deterministic: upstream's macro without a family counts only in its own.
func ofFamily(family, deterministic func(psa.Algorithm) bool) func(psa.Algorithm) bool {
	return func(alg psa.Algorithm) bool { return family(alg) && deterministic(alg) }
}

func classify(t *suites.T, alg psa.Algorithm, kind func(psa.Algorithm) bool, flags uint32) {
	only(t, alg, kind)
	var got uint32
	for i, is := range classes {
		if is(alg) {
			got |= 1 << i
		}
	}
	t.Equal("classes", got, flags)
}

func hashAlgorithm(t *suites.T, alg psa.Algorithm, length int) {
	classify(t, alg, psa.Algorithm.IsHash, 0)
	t.Equal("of HMAC", psa.HMAC(alg).HMACHash(), alg)
	for _, sign := range []func(psa.Algorithm) psa.Algorithm{
		psa.RSAPKCS1v15Sign, psa.RSAPSS, psa.DSA, psa.DeterministicDSA, psa.ECDSA, psa.DeterministicECDSA,
	} {
		t.Equal("of a signature", sign(alg).SignHash(), alg)
	}
	t.Equal("of OAEP", psa.RSAOAEP(alg).OAEPHash(), alg)
	t.Equal("of HKDF", psa.HKDF(alg).HKDFHash(), alg)
	t.Equal("HashLength", alg.HashLength(), length)
	truth(t, "HashMaxSize", length <= psa.HashMaxSize)
}

const isWildcard = 1 << 25

func macAlgorithm(t *suites.T, alg psa.Algorithm, flags uint32, length int, typ psa.KeyType, keyBits int) {
	core := func(alg psa.Algorithm, flags uint32, length int) {
		classify(t, alg, psa.Algorithm.IsMAC, flags)
		t.Equal("MACLength", psa.MACLength(typ, keyBits, alg), length)
	}
	core(alg, flags, length)
	t.Equal("FullLengthMAC", alg.FullLengthMAC(), alg)
	truth(t, "MACMaxSize", length <= psa.MACMaxSize)
	for n := 1; n <= length; n++ {
		truncated, policy := psa.TruncatedMAC(alg, n), psa.AtLeastThisLengthMAC(alg, n)
		core(truncated, flags, n)
		core(policy, flags|isWildcard, n)
		for _, a := range []psa.Algorithm{truncated, policy, psa.AtLeastThisLengthMAC(truncated, n), psa.TruncatedMAC(policy, n)} {
			t.Equal("FullLengthMAC", a.FullLengthMAC(), alg)
			for _, m := range []int{1, length - 1, length} {
				t.Equal("truncated twice", psa.TruncatedMAC(a, m), psa.TruncatedMAC(alg, m))
				t.Equal("a policy of it", psa.AtLeastThisLengthMAC(a, m), psa.AtLeastThisLengthMAC(alg, m))
			}
		}
	}
}

func aeadAlgorithm(t *suites.T, alg psa.Algorithm, flags uint32, tag int, typ psa.KeyType, keyBits int) {
	core := func(alg psa.Algorithm, flags uint32, tag int) {
		classify(t, alg, psa.Algorithm.IsAEAD, flags)
		t.Equal("AEADTagLength", psa.AEADTagLength(typ, keyBits, alg), tag)
	}
	core(alg, flags, tag)
	for n := 1; n <= tag; n++ {
		shortened, policy := psa.AEADWithShortenedTag(alg, n), psa.AEADWithAtLeastThisLengthTag(alg, n)
		core(shortened, flags, n)
		core(policy, flags|isWildcard, n)
		for _, a := range []psa.Algorithm{
			shortened, policy, psa.AEADWithAtLeastThisLengthTag(shortened, n), psa.AEADWithShortenedTag(policy, n),
		} {
			t.Equal("DefaultLengthTag", a.DefaultLengthTag(), alg)
			for _, m := range []int{1, tag - 1, tag} {
				t.Equal("shortened twice", psa.AEADWithShortenedTag(a, m), psa.AEADWithShortenedTag(alg, m))
				t.Equal("a policy of it", psa.AEADWithAtLeastThisLengthTag(a, m), psa.AEADWithAtLeastThisLengthTag(alg, m))
			}
		}
	}
}

const (
	keyTypeUnstructured = 1 << 1
	keyTypePublicKey    = 1 << 2
	keyTypeKeyPair      = 1 << 3
	keyTypeECC          = 1 << 6
	keyTypeDH           = 1 << 7
)

func evenParity(t *suites.T, v uint32) { t.Equal("parity", mathbits.OnesCount32(v)%2, 0) }

func keyType(t *suites.T, typ psa.KeyType, flags int) {
	classifyKey(t, typ, flags)
	if flags&(keyTypePublicKey|keyTypeKeyPair) == 0 {
		return
	}
	public, pair := typ.PublicKey(), typ.KeyPair()
	classifyKey(t, public, flags&^keyTypeKeyPair|keyTypePublicKey)
	classifyKey(t, pair, flags&^keyTypePublicKey|keyTypeKeyPair)
	t.Equal("public of the pair", pair.PublicKey(), public)
	t.Equal("pair of the public", public.KeyPair(), pair)
}

func classifyKey(t *suites.T, typ psa.KeyType, flags int) {
	got := 0
	for i, is := range []func(psa.KeyType) bool{
		psa.KeyType.IsVendorDefined, psa.KeyType.IsUnstructured, psa.KeyType.IsPublicKey, psa.KeyType.IsKeyPair,
		psa.KeyType.IsRSA, psa.KeyType.IsDSA, psa.KeyType.IsECC, psa.KeyType.IsDH,
	} {
		if is(typ) {
			got |= 1 << i
		}
	}
	t.Equal("classes", got, flags)
	t.Equal("IsAsymmetric", typ.IsAsymmetric(), typ.IsPublicKey() || typ.IsKeyPair())
	t.Equal("IsECCKeyPair", typ.IsECCKeyPair(), typ.IsECC() && typ.IsKeyPair())
	t.Equal("IsECCPublicKey", typ.IsECCPublicKey(), typ.IsECC() && typ.IsPublicKey())
	t.Equal("IsDHKeyPair", typ.IsDHKeyPair(), typ.IsDH() && typ.IsKeyPair())
	t.Equal("IsDHPublicKey", typ.IsDHPublicKey(), typ.IsDH() && typ.IsPublicKey())
	evenParity(t, uint32(typ))
}

package psa

import (
	"crypto"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Algorithm is what is done with a key, and how (psa_algorithm_t).
type Algorithm uint32

// The algorithms that need nothing else.
const (
	AlgNone            Algorithm = 0x00000000 // PSA_ALG_NONE
	MD5                Algorithm = 0x02000003 // PSA_ALG_MD5
	RIPEMD160          Algorithm = 0x02000004 // PSA_ALG_RIPEMD160
	SHA1               Algorithm = 0x02000005 // PSA_ALG_SHA_1
	SHA224             Algorithm = 0x02000008 // PSA_ALG_SHA_224
	SHA256             Algorithm = 0x02000009 // PSA_ALG_SHA_256
	SHA384             Algorithm = 0x0200000a // PSA_ALG_SHA_384
	SHA512             Algorithm = 0x0200000b // PSA_ALG_SHA_512
	SHA512_224         Algorithm = 0x0200000c // PSA_ALG_SHA_512_224
	SHA512_256         Algorithm = 0x0200000d // PSA_ALG_SHA_512_256
	SHA3_224           Algorithm = 0x02000010 // PSA_ALG_SHA3_224
	SHA3_256           Algorithm = 0x02000011 // PSA_ALG_SHA3_256
	SHA3_384           Algorithm = 0x02000012 // PSA_ALG_SHA3_384
	SHA3_512           Algorithm = 0x02000013 // PSA_ALG_SHA3_512
	SHAKE256_512       Algorithm = 0x02000015 // PSA_ALG_SHAKE256_512
	AnyHash            Algorithm = 0x020000ff // PSA_ALG_ANY_HASH
	CBCMAC             Algorithm = 0x03c00100 // PSA_ALG_CBC_MAC
	CMAC               Algorithm = 0x03c00200 // PSA_ALG_CMAC
	StreamCipher       Algorithm = 0x04800100 // PSA_ALG_STREAM_CIPHER
	CTR                Algorithm = 0x04c01000 // PSA_ALG_CTR
	CFB                Algorithm = 0x04c01100 // PSA_ALG_CFB
	OFB                Algorithm = 0x04c01200 // PSA_ALG_OFB
	XTS                Algorithm = 0x0440ff00 // PSA_ALG_XTS
	ECBNoPadding       Algorithm = 0x04404400 // PSA_ALG_ECB_NO_PADDING
	CBCNoPadding       Algorithm = 0x04404000 // PSA_ALG_CBC_NO_PADDING
	CBCPKCS7           Algorithm = 0x04404100 // PSA_ALG_CBC_PKCS7
	CCMStarNoTag       Algorithm = 0x04c01300 // PSA_ALG_CCM_STAR_NO_TAG
	CCM                Algorithm = 0x05500100 // PSA_ALG_CCM
	GCM                Algorithm = 0x05500200 // PSA_ALG_GCM
	ChaCha20Poly1305   Algorithm = 0x05100500 // PSA_ALG_CHACHA20_POLY1305
	RSAPKCS1v15SignRaw Algorithm = 0x06000200 // PSA_ALG_RSA_PKCS1V15_SIGN_RAW
	ECDSAAny           Algorithm = 0x06000600 // PSA_ALG_ECDSA_ANY
	PureEdDSA          Algorithm = 0x06000800 // PSA_ALG_PURE_EDDSA
	Ed25519ph          Algorithm = 0x0600090b // PSA_ALG_ED25519PH
	Ed448ph            Algorithm = 0x06000915 // PSA_ALG_ED448PH
	RSAPKCS1v15Crypt   Algorithm = 0x07000200 // PSA_ALG_RSA_PKCS1V15_CRYPT
	TLS12ECJPAKEToPMS  Algorithm = 0x08000609 // PSA_ALG_TLS12_ECJPAKE_TO_PMS
	PBKDF2AESCMACPRF   Algorithm = 0x08800200 // PSA_ALG_PBKDF2_AES_CMAC_PRF_128
	FFDH               Algorithm = 0x09010000 // PSA_ALG_FFDH
	ECDH               Algorithm = 0x09020000 // PSA_ALG_ECDH
	JPAKE              Algorithm = 0x0a000100 // PSA_ALG_JPAKE
	AlgVendorFlag      Algorithm = 0x80000000 // PSA_ALG_VENDOR_FLAG
)

// HashOf is the algorithm of a hash of Go's; AlgNone if the library has it not (mbedtls_md_psa_alg_from_type).
func HashOf(h crypto.Hash) Algorithm { return Algorithm(cbridge.PSAHashOf(h)) }

// CanDoHash reports whether this build has the hash (psa_hash_setup).
func (a Algorithm) CanDoHash() bool {
	h, err := NewHash(a)
	if err != nil {
		return false
	}
	_ = h.Close() // which never fails
	return true
}

// Algorithms with a hash.

// HMAC is HMAC with a hash (PSA_ALG_HMAC).
func HMAC(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_HMAC", hash) }

// RSAPKCS1v15Sign is an RSA signature with the padding of PKCS #1 v1.5 (PSA_ALG_RSA_PKCS1V15_SIGN).
func RSAPKCS1v15Sign(hash Algorithm) Algorithm {
	return macro[Algorithm]("PSA_ALG_RSA_PKCS1V15_SIGN", hash)
}

// RSAPSS is an RSA signature with PSS padding: the salt is as long as the hash, or as fits under the key (PSA_ALG_RSA_PSS).
func RSAPSS(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_RSA_PSS", hash) }

// RSAPSSAnySalt is RSAPSS that takes signatures with a salt of any length (PSA_ALG_RSA_PSS_ANY_SALT).
func RSAPSSAnySalt(hash Algorithm) Algorithm {
	return macro[Algorithm]("PSA_ALG_RSA_PSS_ANY_SALT", hash)
}

// DSA is DSA, which the library does not have (PSA_ALG_DSA).
func DSA(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_DSA", hash) }

// DeterministicDSA is deterministic DSA, which the library does not have (PSA_ALG_DETERMINISTIC_DSA).
func DeterministicDSA(hash Algorithm) Algorithm {
	return macro[Algorithm]("PSA_ALG_DETERMINISTIC_DSA", hash)
}

// ECDSA is ECDSA with a random nonce (PSA_ALG_ECDSA).
func ECDSA(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_ECDSA", hash) }

// DeterministicECDSA is ECDSA as RFC 6979 has it (PSA_ALG_DETERMINISTIC_ECDSA).
func DeterministicECDSA(hash Algorithm) Algorithm {
	return macro[Algorithm]("PSA_ALG_DETERMINISTIC_ECDSA", hash)
}

// RSAOAEP is RSA encryption with OAEP padding (PSA_ALG_RSA_OAEP).
func RSAOAEP(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_RSA_OAEP", hash) }

// HKDF is HKDF, both steps (PSA_ALG_HKDF).
func HKDF(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_HKDF", hash) }

// HKDFExtract is the first step of HKDF (PSA_ALG_HKDF_EXTRACT).
func HKDFExtract(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_HKDF_EXTRACT", hash) }

// HKDFExpand is the second step of HKDF (PSA_ALG_HKDF_EXPAND).
func HKDFExpand(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_HKDF_EXPAND", hash) }

// TLS12PRF is the PRF of TLS 1.2 (PSA_ALG_TLS12_PRF).
func TLS12PRF(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_TLS12_PRF", hash) }

// TLS12PSKToMS makes the master secret of TLS 1.2 from a pre-shared key (PSA_ALG_TLS12_PSK_TO_MS).
func TLS12PSKToMS(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_TLS12_PSK_TO_MS", hash) }

// PBKDF2HMAC is PBKDF2 with HMAC (PSA_ALG_PBKDF2_HMAC).
func PBKDF2HMAC(hash Algorithm) Algorithm { return macro[Algorithm]("PSA_ALG_PBKDF2_HMAC", hash) }

// KeyAgreement is a key agreement whose secret goes to a derivation (PSA_ALG_KEY_AGREEMENT).
func KeyAgreement(agreement, kdf Algorithm) Algorithm {
	return macro2[Algorithm]("PSA_ALG_KEY_AGREEMENT", agreement, kdf)
}

// TruncatedMAC is a MAC of which the first bytes are used, in bytes (PSA_ALG_TRUNCATED_MAC).
func TruncatedMAC(mac Algorithm, length int) Algorithm {
	return macro2[Algorithm]("PSA_ALG_TRUNCATED_MAC", mac, length)
}

// AtLeastThisLengthMAC is for a policy: a MAC of that length or longer, in bytes (PSA_ALG_AT_LEAST_THIS_LENGTH_MAC).
func AtLeastThisLengthMAC(mac Algorithm, length int) Algorithm {
	return macro2[Algorithm]("PSA_ALG_AT_LEAST_THIS_LENGTH_MAC", mac, length)
}

// AEADWithShortenedTag is an AEAD with a tag of another length, in bytes (PSA_ALG_AEAD_WITH_SHORTENED_TAG).
func AEADWithShortenedTag(aead Algorithm, length int) Algorithm {
	return macro2[Algorithm]("PSA_ALG_AEAD_WITH_SHORTENED_TAG", aead, length)
}

// AEADWithAtLeastThisLengthTag is for a policy: an AEAD with a tag of that length or longer, in bytes (PSA_ALG_AEAD_WITH_AT_LEAST_THIS_LENGTH_TAG).
func AEADWithAtLeastThisLengthTag(aead Algorithm, length int) Algorithm {
	return macro2[Algorithm]("PSA_ALG_AEAD_WITH_AT_LEAST_THIS_LENGTH_TAG", aead, length)
}

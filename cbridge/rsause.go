package cbridge

// #include "rsa.h"
import "C"

import (
	"crypto"
	"io"
	"unsafe"
)

// RSAScheme is how a message is padded.
type RSAScheme int

// The schemes.
const (
	RSAOfContext RSAScheme = C.GM_RSA_CONTEXT     // as SetPadding chose
	RSAV15       RSAScheme = C.GM_RSA_V15         // PKCS #1 v1.5
	RSAV21       RSAScheme = C.GM_RSA_OAEP_OR_PSS // OAEP and PSS, for a context of RSAPKCSV21
)

// rsaNames are the C functions of the schemes, and the options behind them.
type rsaNames [3]struct{ op, option string }

var (
	rsaEncryptNames = rsaNames{{"mbedtls_rsa_pkcs1_encrypt", optionRSA}, {"mbedtls_rsa_rsaes_pkcs1_v15_encrypt", optionV15}, {"mbedtls_rsa_rsaes_oaep_encrypt", optionV21}}
	rsaDecryptNames = rsaNames{{"mbedtls_rsa_pkcs1_decrypt", optionRSA}, {"mbedtls_rsa_rsaes_pkcs1_v15_decrypt", optionV15}, {"mbedtls_rsa_rsaes_oaep_decrypt", optionV21}}
	rsaSignNames    = rsaNames{{"mbedtls_rsa_pkcs1_sign", optionRSA}, {"mbedtls_rsa_rsassa_pkcs1_v15_sign", optionV15}, {"mbedtls_rsa_rsassa_pss_sign", optionV21}}
	rsaVerifyNames  = rsaNames{{"mbedtls_rsa_pkcs1_verify", optionRSA}, {"mbedtls_rsa_rsassa_pkcs1_v15_verify", optionV15}, {"mbedtls_rsa_rsassa_pss_verify", optionV21}}
)

const (
	optionV15 = "MBEDTLS_PKCS1_V15"
	optionV21 = "MBEDTLS_PKCS1_V21"
)

// long is out for a result of C that is as long as the modulus.
func (r *RSA) long(out *[]byte) *C.uchar {
	*out = make([]byte, C.gm_rsa_len(r.c))
	return cbytes(*out)
}

// fits tells whether b is as long as the modulus, which is all that the library looks at.
func (r *RSA) fits(b []byte) bool { return len(b) > 0 && len(b) == int(C.gm_rsa_len(r.c)) }

// Public is the raw operation with the public key; in is as long as the modulus (mbedtls_rsa_public).
func (r *RSA) Public(in []byte) (out []byte, err error) {
	err = r.do("mbedtls_rsa_public", optionRSA, func() C.int {
		if !r.fits(in) {
			return C.int(ErrRSABadInputData)
		}
		return C.gm_rsa_public(r.c, cbytes(in), r.long(&out))
	})
	return given(out, err)
}

// Private is the raw operation with the private key, blinded with randomness of random (mbedtls_rsa_private).
func (r *RSA) Private(random io.Reader, in []byte) (out []byte, err error) {
	err = r.draw(random, "mbedtls_rsa_private", optionRSA, func(rng unsafe.Pointer) C.int {
		if !r.fits(in) {
			return C.int(ErrRSABadInputData)
		}
		return C.gm_rsa_private(r.c, cbytes(in), r.long(&out), rng)
	})
	return given(out, err)
}

// Encrypt pads and encrypts; label is for OAEP (mbedtls_rsa_pkcs1_encrypt, mbedtls_rsa_rsaes_pkcs1_v15_encrypt,
// mbedtls_rsa_rsaes_oaep_encrypt).
func (r *RSA) Encrypt(random io.Reader, scheme RSAScheme, label, in []byte) (out []byte, err error) {
	name := rsaEncryptNames[scheme]
	err = r.draw(random, name.op, name.option, func(rng unsafe.Pointer) C.int {
		return C.gm_rsa_encrypt(r.c, C.int(scheme), cbytes(label), C.size_t(len(label)), cbytes(in), C.size_t(len(in)), r.long(&out), rng)
	})
	return given(out, err)
}

// Decrypt undoes Encrypt, into out, and says how many bytes that are; they may be set also where it fails
// (mbedtls_rsa_pkcs1_decrypt, mbedtls_rsa_rsaes_pkcs1_v15_decrypt, mbedtls_rsa_rsaes_oaep_decrypt).
func (r *RSA) Decrypt(random io.Reader, scheme RSAScheme, label, in, out []byte) (int, error) {
	name := rsaDecryptNames[scheme]
	var n C.size_t
	err := r.draw(random, name.op, name.option, func(rng unsafe.Pointer) C.int {
		if !r.fits(in) {
			return C.int(ErrRSABadInputData)
		}
		return C.gm_rsa_decrypt(r.c, C.int(scheme), cbytes(label), C.size_t(len(label)), cbytes(in), cbytes(out), C.size_t(len(out)), &n, rng)
	})
	return int(n), err
}

// Sign signs a digest, with PSS in the padding of SignExt (mbedtls_rsa_pkcs1_sign, mbedtls_rsa_rsassa_pkcs1_v15_sign,
// mbedtls_rsa_rsassa_pss_sign).
func (r *RSA) Sign(random io.Reader, scheme RSAScheme, hash crypto.Hash, digest []byte) (sig []byte, err error) {
	name := rsaSignNames[scheme]
	err = r.draw(random, name.op, name.option, func(rng unsafe.Pointer) C.int {
		return C.gm_rsa_sign(r.c, C.int(scheme), anyMD(hash), cbytes(digest), C.size_t(len(digest)), r.long(&sig), rng)
	})
	return given(sig, err)
}

// SignPSSExt signs with a salt of that many bytes, or with SaltLenAny, as the library chooses: as long as the hash, or up to
// two bytes shorter where the key is too small for that (mbedtls_rsa_rsassa_pss_sign_ext).
func (r *RSA) SignPSSExt(random io.Reader, hash crypto.Hash, digest []byte, saltLen int) (sig []byte, err error) {
	err = r.draw(random, "mbedtls_rsa_rsassa_pss_sign_ext", optionV21, func(rng unsafe.Pointer) C.int {
		return C.gm_rsa_sign_pss_ext(r.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), saltOf(saltLen), r.long(&sig), rng)
	})
	return given(sig, err)
}

// Verify checks a signature, with PSS of any salt (mbedtls_rsa_pkcs1_verify, mbedtls_rsa_rsassa_pkcs1_v15_verify,
// mbedtls_rsa_rsassa_pss_verify).
func (r *RSA) Verify(scheme RSAScheme, hash crypto.Hash, digest, sig []byte) error {
	name := rsaVerifyNames[scheme]
	return r.do(name.op, name.option, func() C.int {
		if !r.fits(sig) {
			return C.int(ErrRSAVerifyFailed)
		}
		return C.gm_rsa_verify(r.c, C.int(scheme), anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig))
	})
}

// VerifyPSSExt checks a signature of PSS whose mask is of mgf1, and the length of whose salt is saltLen, or any with
// SaltLenAny (mbedtls_rsa_rsassa_pss_verify_ext).
func (r *RSA) VerifyPSSExt(hash crypto.Hash, digest []byte, mgf1 crypto.Hash, saltLen int, sig []byte) error {
	return r.do("mbedtls_rsa_rsassa_pss_verify_ext", optionV21, func() C.int {
		if !r.fits(sig) {
			return C.int(ErrRSAVerifyFailed)
		}
		return C.gm_rsa_verify_pss_ext(r.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), anyMD(mgf1), saltOf(saltLen), cbytes(sig))
	})
}

// saltOf keeps a length that C's int does not hold what it is: too long.
func saltOf(n int) C.int { return C.int(min(max(n, -2), 1<<30)) }

// given is a result, or none of a call that failed.
func given(out []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return out, nil
}

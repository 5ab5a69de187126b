package cbridge

// #include "pk.h"
import "C"

import (
	"crypto"
	"io"
	"runtime"
	"unsafe"
)

// What keys do. Keys of [NewSignerKey] only verify. The hash 0 is MBEDTLS_MD_NONE: with RSA in the padding of
// PKCS #1 v1.5, what is signed then are the bytes of digest themselves.

// Sign signs a digest that hash made: ECDSA, or RSA in the padding of PKCS #1 v1.5; an opaque key signs as its policy says
// (mbedtls_pk_sign).
func (k *PK) Sign(hash crypto.Hash, digest []byte) ([]byte, error) {
	if _, ok := mdOf(hash); !ok || len(digest) != hash.Size() {
		return nil, newError(opSign, int(ErrPKBadInputData), nil)
	}
	return k.SignWith(nil, hash, digest)
}

const opSign = "mbedtls_pk_sign"

// SignWith is Sign with randomness of the caller's, and with digests that the library takes although their length is not
// the hash's. RSA uses the padding of its context (mbedtls_pk_sign).
func (k *PK) SignWith(random io.Reader, hash crypto.Hash, digest []byte) ([]byte, error) {
	sig := make([]byte, C.MBEDTLS_PK_SIGNATURE_MAX_SIZE)
	return k.work(random, opSign, "", sig, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_sign(k.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig), n, rng)
	})
}

// SignExt signs as the kind says, which is PKRSASSAPSS, or another of those that the key can do. The salt of PSS is as long
// as the digest, or up to two bytes shorter where the key is too small for that (mbedtls_pk_sign_ext).
func (k *PK) SignExt(random io.Reader, kind int, hash crypto.Hash, digest []byte) ([]byte, error) {
	sig := make([]byte, C.MBEDTLS_PK_SIGNATURE_MAX_SIZE)
	return k.work(random, "mbedtls_pk_sign_ext", "", sig, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_sign_ext(C.int(kind), k.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig), n, rng)
	})
}

// SignECDSA is SignWith for an EC key, but not the build says whether it is deterministic (RFC 6979). hash matters only to
// deterministic signatures (mbedtls_ecdsa_sign, mbedtls_ecdsa_sign_det_ext).
func (k *PK) SignECDSA(random io.Reader, deterministic bool, hash crypto.Hash, digest []byte) ([]byte, error) {
	sig := make([]byte, C.MBEDTLS_PK_SIGNATURE_MAX_SIZE)
	op, option := "mbedtls_ecdsa_sign", "MBEDTLS_ECDSA_C"
	if deterministic {
		op, option = "mbedtls_ecdsa_sign_det_ext", "MBEDTLS_ECDSA_DETERMINISTIC"
	}
	return k.work(random, op, option, sig, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_sign_ecdsa(k.c, flag(deterministic), anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig), n, rng)
	})
}

// Verify checks a signature (mbedtls_pk_verify).
func (k *PK) Verify(hash crypto.Hash, digest, sig []byte) error {
	return k.during("mbedtls_pk_verify", "", func() C.int {
		return C.gm_pk_verify(k.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig), C.size_t(len(sig)))
	})
}

// SaltLenAny is any length of the salt (MBEDTLS_RSA_SALT_LEN_ANY).
const SaltLenAny = -1

// PSSOptions are what a signature of PKRSASSAPSS must have (mbedtls_pk_rsassa_pss_options).
type PSSOptions struct {
	MGF1Hash   crypto.Hash
	SaltLength int // bytes, or SaltLenAny
}

// VerifyExt checks a signature as the kind says. options are for PKRSASSAPSS, and nil for others. A build with
// MBEDTLS_USE_PSA_CRYPTO looks at SaltLength only if MGF1Hash is not hash (mbedtls_pk_verify_ext).
func (k *PK) VerifyExt(kind int, options *PSSOptions, hash crypto.Hash, digest, sig []byte) error {
	var o PSSOptions
	if options != nil {
		o = *options
	}
	return k.during("mbedtls_pk_verify_ext", "", func() C.int {
		return C.gm_pk_verify_ext(C.int(kind), flag(options != nil), anyMD(o.MGF1Hash), saltOf(o.SaltLength), k.c, anyMD(hash),
			cbytes(digest), C.size_t(len(digest)), cbytes(sig), C.size_t(len(sig)))
	})
}

// Decrypt undoes RSA in the padding of PKCS #1 v1.5; the plaintext has at most limit bytes (mbedtls_pk_decrypt).
func (k *PK) Decrypt(ciphertext []byte, limit int) ([]byte, error) {
	return k.DecryptWith(nil, ciphertext, limit)
}

// DecryptWith is Decrypt with randomness of the caller's, and in the padding of the key's context (mbedtls_pk_decrypt).
func (k *PK) DecryptWith(random io.Reader, ciphertext []byte, limit int) ([]byte, error) {
	out := make([]byte, max(limit, 0))
	return k.work(random, "mbedtls_pk_decrypt", "", out, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_decrypt(k.c, cbytes(ciphertext), C.size_t(len(ciphertext)), cbytes(out), C.size_t(len(out)), n, rng)
	})
}

// DecryptSession is DecryptWith for a plaintext that is as long as key, which becomes it; key stays as it is if the padding
// or the length is wrong, and nothing tells (mbedtls_pk_decrypt, RFC 3218 section 2.3.2).
func (k *PK) DecryptSession(random io.Reader, ciphertext, key []byte) error {
	if k.alt != nil {
		return k.alt.session(k.res, ciphertext, key)
	}
	_, err := k.work(random, "mbedtls_pk_decrypt", "", key, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_decrypt_session(k.c, cbytes(ciphertext), C.size_t(len(ciphertext)), cbytes(key), C.size_t(len(key)), rng)
	})
	return err
}

// Encrypt is RSA in the padding of the key's context, which is that of PKCS #1 v1.5 unless somebody set another
// (mbedtls_pk_encrypt).
func (k *PK) Encrypt(random io.Reader, plaintext []byte) ([]byte, error) {
	out := make([]byte, C.MBEDTLS_MPI_MAX_SIZE)
	return k.work(random, "mbedtls_pk_encrypt", "", out, func(n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_pk_encrypt(k.c, cbytes(plaintext), C.size_t(len(plaintext)), cbytes(out), C.size_t(len(out)), n, rng)
	})
}

// Matches reports whether this is the private key of a certificate in DER (mbedtls_pk_check_pair).
func (k *PK) Matches(certificate []byte) bool {
	crt, err := NewCrt()
	if err != nil {
		return false
	}
	defer crt.Close()
	if _, err := crt.Parse(certificate); err != nil {
		return false
	}
	return crt.CheckPair(k) == nil
}

// work has the key write to out, and say how much that is.
func (k *PK) work(random io.Reader, op, option string, out []byte, do func(n *C.size_t, rng unsafe.Pointer) C.int) (p []byte, err error) {
	err = during(func() error {
		p, err = k.workHeld(random, op, option, out, do)
		return err
	}, k.res)
	return p, err
}

// workHeld is work for callers that have a reference to the key.
func (k *PK) workHeld(random io.Reader, op, option string, out []byte, do func(n *C.size_t, rng unsafe.Pointer) C.int) ([]byte, error) {
	defer runtime.KeepAlive(k)
	if k.signer != nil {
		return nil, newError(op, int(ErrPKFeatureUnavailable), nil)
	}
	var n C.size_t
	err := k.guard(func() error {
		return drawing(random, op, option, func(rng unsafe.Pointer) C.int { return do(&n, rng) })
	})
	if err != nil {
		return nil, err
	}
	return out[:n:n], nil
}

func mdOf(hash crypto.Hash) (C.int, bool) {
	for md, h := range hashes {
		if h == hash {
			return md, true
		}
	}
	return 0, false
}

// mdUnknown is no mbedtls_md_type_t, as the library finds out.
const mdUnknown = 0xff

// anyMD is MBEDTLS_MD_NONE for no hash, and mdUnknown for one that the library does not know.
func anyMD(hash crypto.Hash) C.int {
	if hash == 0 {
		return C.MBEDTLS_MD_NONE
	}
	if md, ok := mdOf(hash); ok {
		return md
	}
	return mdUnknown
}

// HashOf is the hash of an mbedtls_md_type_t: 0 of MBEDTLS_MD_NONE, and one that no function takes of an unknown.
func HashOf(md int) crypto.Hash {
	if md == C.MBEDTLS_MD_NONE {
		return 0
	}
	if hash, ok := hashes[C.int(md)]; ok {
		return hash
	}
	return mdUnknown
}

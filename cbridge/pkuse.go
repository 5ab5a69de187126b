package cbridge

// #include "bridge.h"
import "C"

import "crypto"

// The work of a private key outside of a handshake, for closures of [AsyncPrivate]. Any number of goroutines may use a key
// at once. Keys of [NewSignerKey] do none of it.

// Sign signs a digest that hash made: ECDSA, or RSA in the padding of PKCS #1 v1.5; an opaque key signs as its policy says
// (mbedtls_pk_sign).
func (k *PK) Sign(hash crypto.Hash, digest []byte) ([]byte, error) {
	const op = "mbedtls_pk_sign"
	md, ok := mdOf(hash)
	if !ok || len(digest) != hash.Size() { // of no digest at all, the library would take it to be as long as the hash
		return nil, newError(op, int(ErrPKBadInputData), nil)
	}
	var sig [C.MBEDTLS_PK_SIGNATURE_MAX_SIZE]byte
	return k.work(op, sig[:], func(n *C.size_t) C.int {
		return C.gm_pk_sign(k.c, md, cbytes(digest), C.size_t(len(digest)), cbytes(sig[:]), n, processDrbg.c)
	})
}

// Decrypt undoes RSA in the padding of PKCS #1 v1.5; the plaintext has at most limit bytes (mbedtls_pk_decrypt).
func (k *PK) Decrypt(ciphertext []byte, limit int) ([]byte, error) {
	out := make([]byte, max(limit, 0))
	return k.work("mbedtls_pk_decrypt", out, func(n *C.size_t) C.int {
		return C.gm_pk_decrypt(k.c, cbytes(ciphertext), C.size_t(len(ciphertext)), cbytes(out), C.size_t(len(out)), n, processDrbg.c)
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
func (k *PK) work(op string, out []byte, do func(n *C.size_t) C.int) ([]byte, error) {
	if err := k.res.acquire(); err != nil {
		return nil, err
	}
	defer k.res.release()
	if k.signer != nil {
		return nil, newError(op, int(ErrPKFeatureUnavailable), nil)
	}
	var n C.size_t
	if ret := do(&n); ret != 0 {
		return nil, newError(op, int(ret), nil)
	}
	return out[:n], nil
}

func mdOf(hash crypto.Hash) (C.int, bool) {
	for md, h := range hashes {
		if h == hash {
			return md, true
		}
	}
	return 0, false
}

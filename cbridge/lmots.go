package cbridge

// #include "lms.h"
import "C"

import (
	"io"
	"sync"
	"unsafe"
)

// LMOTSKeyID is the length of the identifier of an LMS key in bytes.
const LMOTSKeyID = C.MBEDTLS_LMOTS_I_KEY_ID_LEN

// LMOTSPublic is an mbedtls_lmots_public_t: the public half of a one-time key. Any number of goroutines may use it at once.
type LMOTSPublic struct {
	res *resource
	c   *C.mbedtls_lmots_public_t
}

func newLMOTSPublic(op, option string, fill func(c *C.mbedtls_lmots_public_t) C.int) (*LMOTSPublic, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionLMS) {
		return nil, &NotBuiltError{Option: optionLMS}
	}
	c := C.gm_lmots_public_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &LMOTSPublic{c: c}
	k.res = own(k, func() { C.gm_lmots_public_delete(c) })
	if err := check(fill(c), op, option); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// ImportLMOTSPublic takes a public key as RFC 8554 section 4.3 writes it (mbedtls_lmots_import_public_key).
func ImportLMOTSPublic(key []byte) (*LMOTSPublic, error) {
	return newLMOTSPublic("mbedtls_lmots_import_public_key", optionLMS, func(c *C.mbedtls_lmots_public_t) C.int {
		return C.gm_lmots_import_public_key(c, cbytes(key), C.size_t(len(key)))
	})
}

// Close frees the key (mbedtls_lmots_public_free).
func (k *LMOTSPublic) Close() error {
	k.res.close()
	return nil
}

// Export writes the key to a buffer of size bytes; 0 is as many as it takes (mbedtls_lmots_export_public_key).
func (k *LMOTSPublic) Export(size int) ([]byte, error) {
	return lmsExport("mbedtls_lmots_export_public_key", size, C.GM_LMOTS_PUBLIC_KEY, k.res, func(p *C.uchar, size C.size_t, n *C.size_t) C.int {
		return C.gm_lmots_export_public_key(k.c, p, size, n)
	})
}

// Verify checks a signature (mbedtls_lmots_verify).
func (k *LMOTSPublic) Verify(msg, sig []byte) error {
	return during(func() error {
		return check(C.gm_lmots_verify(k.c, cbytes(msg), C.size_t(len(msg)), cbytes(sig), C.size_t(len(sig))), "mbedtls_lmots_verify", optionLMS)
	}, k.res)
}

// LMOTSPrivate is an mbedtls_lmots_private_t: a key that signs once.
type LMOTSPrivate struct {
	res *resource
	c   unsafe.Pointer
	mu  sync.Mutex
}

// GenerateLMOTSPrivate makes the key of a leaf; id has LMOTSKeyID bytes (mbedtls_lmots_generate_private_key).
func GenerateLMOTSPrivate(id []byte, leaf uint32, seed []byte) (*LMOTSPrivate, error) {
	const op = "mbedtls_lmots_generate_private_key"
	c, err := lmsPrivate(func() unsafe.Pointer { return C.gm_lmots_private_new() })
	if err != nil {
		return nil, err
	}
	k := &LMOTSPrivate{c: c}
	k.res = own(k, func() { C.gm_lmots_private_delete(c) })
	if len(id) != LMOTSKeyID {
		err = newError(op, int(ErrLMSBadInputData), nil)
	} else {
		err = check(C.gm_lmots_generate_private_key(c, cbytes(id), C.uint32_t(leaf), cbytes(seed), C.size_t(len(seed))), op, optionLMSPrivate)
	}
	if err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// Close wipes and frees the key (mbedtls_lmots_private_free).
func (k *LMOTSPrivate) Close() error {
	k.res.close()
	return nil
}

// Public computes the public key, before the signature (mbedtls_lmots_calculate_public_key).
func (k *LMOTSPrivate) Public() (pub *LMOTSPublic, err error) {
	err = during(func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		pub, err = newLMOTSPublic("mbedtls_lmots_calculate_public_key", optionLMSPrivate, func(c *C.mbedtls_lmots_public_t) C.int {
			return C.gm_lmots_calculate_public_key(c, k.c)
		})
		return err
	}, k.res)
	return pub, err
}

// Sign signs, once: the key is wiped (mbedtls_lmots_sign). size bounds the signature; 0 is as many bytes as it takes.
func (k *LMOTSPrivate) Sign(random io.Reader, msg []byte, size int) ([]byte, error) {
	return lmsSign(random, "mbedtls_lmots_sign", size, C.GM_LMOTS_SIGNATURE, k.res, &k.mu, func(p *C.uchar, size C.size_t, n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_lmots_sign(k.c, cbytes(msg), C.size_t(len(msg)), p, size, n, rng)
	})
}

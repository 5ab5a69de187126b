package cbridge

// #include "lms.h"
import "C"

import (
	"io"
	"sync"
	"unsafe"
)

const (
	optionLMS        = "MBEDTLS_LMS_C"
	optionLMSPrivate = "MBEDTLS_LMS_PRIVATE"
)

// LMSPublic is an mbedtls_lms_public_t. Any number of goroutines may use it at once.
type LMSPublic struct {
	res *resource
	c   *C.mbedtls_lms_public_t
}

// newLMSPublic makes a key of what fill puts into an empty context.
func newLMSPublic(op, option string, fill func(c *C.mbedtls_lms_public_t) C.int) (*LMSPublic, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionLMS) {
		return nil, &NotBuiltError{Option: optionLMS}
	}
	c := C.gm_lms_public_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &LMSPublic{c: c}
	k.res = own(k, func() { C.gm_lms_public_delete(c) })
	if err := check(fill(c), op, option); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// ImportLMSPublic takes a public key as RFC 8554 section 5.3 writes it (mbedtls_lms_import_public_key).
func ImportLMSPublic(key []byte) (*LMSPublic, error) {
	return newLMSPublic("mbedtls_lms_import_public_key", optionLMS, func(c *C.mbedtls_lms_public_t) C.int {
		return C.gm_lms_import_public_key(c, cbytes(key), C.size_t(len(key)))
	})
}

// Close frees the key (mbedtls_lms_public_free).
func (k *LMSPublic) Close() error {
	k.res.close()
	return nil
}

// Export writes the key to a buffer of size bytes; 0 is as many as it takes (mbedtls_lms_export_public_key).
func (k *LMSPublic) Export(size int) ([]byte, error) {
	return lmsExport("mbedtls_lms_export_public_key", size, C.GM_LMS_PUBLIC_KEY, k.res, func(p *C.uchar, size C.size_t, n *C.size_t) C.int {
		return C.gm_lms_export_public_key(k.c, p, size, n)
	})
}

// Verify checks a signature (mbedtls_lms_verify).
func (k *LMSPublic) Verify(msg, sig []byte) error {
	return during(func() error {
		return check(C.gm_lms_verify(k.c, cbytes(msg), C.size_t(len(msg)), cbytes(sig), C.size_t(len(sig))), "mbedtls_lms_verify", optionLMS)
	}, k.res)
}

// LMSPrivate is an mbedtls_lms_private_t. Any number of goroutines may use it; it does one thing at a time.
type LMSPrivate struct {
	res *resource
	c   unsafe.Pointer
	mu  sync.Mutex
}

// GenerateLMSPrivate makes a key of 1024 signatures (mbedtls_lms_generate_private_key).
func GenerateLMSPrivate(random io.Reader, seed []byte) (*LMSPrivate, error) {
	c, err := lmsPrivate(func() unsafe.Pointer { return C.gm_lms_private_new() })
	if err != nil {
		return nil, err
	}
	k := &LMSPrivate{c: c}
	k.res = own(k, func() { C.gm_lms_private_delete(c) })
	err = drawing(random, "mbedtls_lms_generate_private_key", optionLMSPrivate, func(rng unsafe.Pointer) C.int {
		return C.gm_lms_generate_private_key(c, cbytes(seed), C.size_t(len(seed)), rng)
	})
	if err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// Close wipes and frees the key (mbedtls_lms_private_free).
func (k *LMSPrivate) Close() error {
	k.res.close()
	return nil
}

// Public computes the public key (mbedtls_lms_calculate_public_key).
func (k *LMSPrivate) Public() (pub *LMSPublic, err error) {
	err = during(func() error {
		k.mu.Lock()
		defer k.mu.Unlock()
		pub, err = newLMSPublic("mbedtls_lms_calculate_public_key", optionLMSPrivate, func(c *C.mbedtls_lms_public_t) C.int {
			return C.gm_lms_calculate_public_key(c, k.c)
		})
		return err
	}, k.res)
	return pub, err
}

// Sign signs with the next of the one-time keys (mbedtls_lms_sign). size bounds the signature; 0 is as many bytes as it takes.
func (k *LMSPrivate) Sign(random io.Reader, msg []byte, size int) ([]byte, error) {
	return lmsSign(random, "mbedtls_lms_sign", size, C.GM_LMS_SIGNATURE, k.res, &k.mu, func(p *C.uchar, size C.size_t, n *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_lms_sign(k.c, cbytes(msg), C.size_t(len(msg)), p, size, n, rng)
	})
}

// lmsPrivate is the memory of a private key, which is for builds that have such.
func lmsPrivate(allocate func() unsafe.Pointer) (unsafe.Pointer, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionLMSPrivate) {
		return nil, &NotBuiltError{Option: optionLMSPrivate}
	}
	c := allocate()
	if c == nil {
		return nil, errNoMemory
	}
	return c, nil
}

func lmsExport(op string, size, enough int, res *resource, export func(p *C.uchar, size C.size_t, n *C.size_t) C.int) (key []byte, err error) {
	if size == 0 {
		size = enough
	}
	buf := make([]byte, max(size, 0))
	var n C.size_t
	if err := during(func() error { return check(export(cbytes(buf), C.size_t(len(buf)), &n), op, optionLMS) }, res); err != nil {
		return nil, err
	}
	return buf[:n], nil
}

func lmsSign(random io.Reader, op string, size, enough int, res *resource, mu *sync.Mutex,
	sign func(p *C.uchar, size C.size_t, n *C.size_t, rng unsafe.Pointer) C.int) (sig []byte, err error) {
	if size == 0 {
		size = enough
	}
	buf := make([]byte, max(size, 0))
	var n C.size_t
	err = during(func() error {
		mu.Lock()
		defer mu.Unlock()
		return drawing(random, op, optionLMSPrivate, func(rng unsafe.Pointer) C.int { return sign(cbytes(buf), C.size_t(len(buf)), &n, rng) })
	}, res)
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

package cbridge

// #include "cipher.h"
import "C"

import "runtime"

// KWMode is a way to wrap keys (mbedtls_nist_kw_mode_t).
type KWMode int

// The ways.
const (
	KW  KWMode = C.MBEDTLS_KW_MODE_KW  // of keys that have a multiple of 8 bytes, 16 at least
	KWP KWMode = C.MBEDTLS_KW_MODE_KWP // of keys of any length
)

const nistKWOption = "MBEDTLS_NIST_KW_C"

// NistKW is an mbedtls_nist_kw_context: a key that wraps other keys. One goroutine uses it at a time.
type NistKW struct {
	res *resource
	c   *C.mbedtls_nist_kw_context
}

// NewNistKW makes a context without a key (mbedtls_nist_kw_init).
func NewNistKW() (*NistKW, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_nist_kw_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &NistKW{c: c}
	k.res = own(k, func() { C.gm_nist_kw_delete(c) })
	return k, nil
}

// SetKey sets the key, of AES, and whether it wraps or unwraps (mbedtls_nist_kw_setkey).
func (k *NistKW) SetKey(cipher CipherID, key []byte, wrap bool) error {
	return k.call("mbedtls_nist_kw_setkey", func() C.int {
		return C.gm_nist_kw_setkey(k.c, C.int(cipher), cbytes(key), C.uint(keyBits(key)), flag(wrap))
	})
}

// Wrap writes in, wrapped, to out, which is other memory and has room for it: 8 bytes more than in, and in KWP the next
// multiple of 8 (mbedtls_nist_kw_wrap).
func (k *NistKW) Wrap(mode KWMode, in, out []byte) (n int, err error) {
	return k.crypt("mbedtls_nist_kw_wrap", in, out, func(n *C.size_t) C.int {
		return C.gm_nist_kw_wrap(k.c, C.int(mode), cbytes(in), C.size_t(len(in)), cbytes(out), n, C.size_t(len(out)))
	})
}

// Unwrap undoes Wrap. It needs room for 8 bytes less than in, also if the key is shorter: ErrCipherAuthFailed if it was
// not wrapped with this key (mbedtls_nist_kw_unwrap).
func (k *NistKW) Unwrap(mode KWMode, in, out []byte) (n int, err error) {
	return k.crypt("mbedtls_nist_kw_unwrap", in, out, func(n *C.size_t) C.int {
		return C.gm_nist_kw_unwrap(k.c, C.int(mode), cbytes(in), C.size_t(len(in)), cbytes(out), n, C.size_t(len(out)))
	})
}

// crypt makes sure that memory does not overlap, which the library copies from one place to the other.
func (k *NistKW) crypt(op string, in, out []byte, f func(n *C.size_t) C.int) (int, error) {
	if AnyOverlap(in, out) {
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	var n C.size_t
	if err := k.call(op, func() C.int { return f(&n) }); err != nil {
		return 0, err
	}
	return int(n), nil
}

func (k *NistKW) call(op string, f func() C.int) error {
	defer runtime.KeepAlive(k)
	return during(func() error { return check(f(), op, nistKWOption) }, k.res)
}

// Close wipes and frees the context (mbedtls_nist_kw_free).
func (k *NistKW) Close() error {
	k.res.close()
	return nil
}

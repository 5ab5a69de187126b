package cbridge

// #include "pkalt.h"
import "C"

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// RSAAlt is what a private RSA key does that is not in the library. All are called in the padding of PKCS #1 v1.5, by the
// goroutine that uses the key, and one at a time; they may block, and then pin its thread.
type RSAAlt struct {
	Sign    func(hash crypto.Hash, digest []byte) ([]byte, error) // as long as the modulus
	Decrypt func(ciphertext []byte) ([]byte, error)

	// DecryptSession gives size bytes, random ones if the padding or the length is wrong, which nothing may tell. C does not
	// reach it: an error of Decrypt would tell.
	DecryptSession func(ciphertext []byte, size int) ([]byte, error)
}

// rsaAlt is what a handle in a key's C memory stands for.
type rsaAlt struct {
	RSAAlt
	mu   sync.Mutex
	trap trap
}

// NewRSAAlt makes a key of the kind PKRSAAlt whose modulus has that many bytes. It can sign and decrypt, and nothing else
// (mbedtls_pk_setup_rsa_alt).
func NewRSAAlt(size int, a RSAAlt) (*PK, error) {
	const op = "mbedtls_pk_setup_rsa_alt"
	if err := initialize(); err != nil {
		return nil, err
	}
	if size < 1 || size > C.MBEDTLS_MPI_MAX_SIZE {
		return nil, newError(op, int(ErrPKBadInputData), nil)
	}
	k := &PK{alt: &rsaAlt{RSAAlt: a}}
	handle := newHandle(k.alt)
	if err := check(C.gm_pk_alt_new(C.size_t(size), handle, &k.c), op, "MBEDTLS_PK_RSA_ALT_SUPPORT"); err != nil {
		dropHandle(handle)
		return nil, err
	}
	c, alt := k.c, k.alt
	k.res = own(k, func() {
		C.gm_pk_delete(c)
		dropHandle(handle)
		runtime.KeepAlive(alt) // as long as C has the key, whoever keeps it
	})
	return k, nil
}

// library fails for a key whose closures would run where nobody looks at what they return.
func (k *PK) library(op string) error {
	if k.alt != nil {
		return newError(op, int(ErrPKFeatureUnavailable), nil)
	}
	return nil
}

// guard runs a call that may reach the closures of the key, and returns their error as the cause of the call's. A panic of
// theirs goes on.
func (k *PK) guard(call func() error) error {
	if k.alt == nil {
		return call()
	}
	k.alt.mu.Lock()
	defer k.alt.mu.Unlock()
	k.alt.trap = trap{}
	err := call()
	if k.alt.trap.panicked {
		panic(k.alt.trap.value)
	}
	var failed *Error
	if errors.As(err, &failed) && k.alt.trap.err != nil {
		failed.Cause = k.alt.trap.err
	}
	return err
}

// session has DecryptSession find the key.
func (a *rsaAlt) session(key *resource, ciphertext, session []byte) error {
	return during(func() error {
		if a.DecryptSession == nil {
			return newError("mbedtls_pk_decrypt", int(ErrPKFeatureUnavailable), nil)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		out, err := a.DecryptSession(bytes.Clone(ciphertext), len(session))
		defer clear(out)
		if err == nil && len(out) != len(session) {
			err = fmt.Errorf("cbridge: a session key of %d bytes, not %d", len(out), len(session))
		}
		if err != nil {
			return newError("mbedtls_pk_decrypt", int(ErrRSAPrivateFailed), err)
		}
		copy(session, out)
		return nil
	}, key)
}

// gombRSAAltSign is reached from mbedtls_pk_sign and mbedtls_pk_check_pair with a key of NewRSAAlt, on the goroutine that
// calls them. It may block, and then pins its thread.
//
//export gombRSAAltSign
func gombRSAAltSign(h unsafe.Pointer, md C.int, digest *C.uchar, n C.uint, sig *C.uchar, size C.size_t) C.int {
	a := fromHandle[rsaAlt](h)
	return a.trap.run(ErrRSAPrivateFailed, func() error {
		out, err := a.Sign(HashOf(int(md)), bytes.Clone(unsafe.Slice((*byte)(digest), n)))
		if err == nil && len(out) != int(size) {
			err = fmt.Errorf("cbridge: a signature of %d bytes, not %d", len(out), size)
		}
		copy(unsafe.Slice((*byte)(sig), size), out)
		return err
	})
}

// gombRSAAltDecrypt is reached from mbedtls_pk_decrypt; else as gombRSAAltSign.
//
//export gombRSAAltDecrypt
func gombRSAAltDecrypt(h unsafe.Pointer, olen *C.size_t, input *C.uchar, n C.size_t, output *C.uchar, size C.size_t) C.int {
	a := fromHandle[rsaAlt](h)
	ret := a.trap.run(ErrRSAPrivateFailed, func() error {
		out, err := a.Decrypt(bytes.Clone(unsafe.Slice((*byte)(input), n)))
		defer clear(out)
		*olen = C.size_t(len(out))
		copy(unsafe.Slice((*byte)(output), size), out)
		return err
	})
	if ret == 0 && *olen > size {
		return C.int(ErrRSAOutputTooLarge)
	}
	return ret
}

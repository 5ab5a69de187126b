package cbridge

// #include "x509.h"
import "C"

import (
	"crypto"
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

// ClosureKey is a key that the library knows the public half of, and that signs by a closure, at once: for certificates and
// requests.
type ClosureKey struct {
	PK
	closure *closure
}

// closure is what a handle in a ClosureKey's C memory stands for.
type closure struct {
	sign func(digest []byte, hash crypto.Hash) ([]byte, error)
	mu   sync.Mutex // of one writer at a time
	trap
}

// NewClosureKey makes one of a SubjectPublicKeyInfo in DER: RSA or EC, else it fails. RSA signatures are to be in the
// padding of PKCS #1 v1.5. sign may be nil if the key does not sign.
func NewClosureKey(spki []byte, sign func(digest []byte, hash crypto.Hash) ([]byte, error)) (*ClosureKey, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	k := &ClosureKey{closure: &closure{sign: sign}}
	var handle unsafe.Pointer
	if sign != nil {
		handle = newHandle(k.closure)
	}
	drop := func() {
		if handle != nil {
			dropHandle(handle)
		}
	}
	if ret := C.gm_closure_key_new(cbytes(spki), C.size_t(len(spki)), handle, &k.c); ret != 0 {
		drop()
		return nil, newError("mbedtls_pk_parse_subpubkey", int(ret), nil)
	}
	c := k.c
	k.res = own(k, func() {
		C.gm_pk_delete(c)
		drop()
	})
	return k, nil
}

// gombClosureSign is reached from mbedtls_x509write_crt_der and mbedtls_x509write_csr_der, on the goroutine that writes. It
// may block, and then pins its thread.
//
//export gombClosureSign
func gombClosureSign(h unsafe.Pointer, md C.int, digest *C.uchar, n C.size_t, sig *C.uchar, size C.size_t,
	sigLen *C.size_t) C.int {
	k := fromHandle[closure](h)
	if k == nil {
		return C.int(ErrPKFeatureUnavailable)
	}
	return k.runCoded(ErrPKFeatureUnavailable, func() error {
		hash, ok := hashes[md]
		if !ok || hash.Size() != int(n) {
			return fmt.Errorf("cbridge: cannot sign %d bytes of hash %d", n, md)
		}
		out, err := k.sign(goBytes(digest, &n), hash)
		switch {
		case err != nil:
			return err
		case len(out) == 0:
			return errors.New("cbridge: the signer made no signature")
		case len(out) > int(size):
			return fmt.Errorf("cbridge: the signer made a signature of %d bytes", len(out))
		}
		*sigLen = C.size_t(copy(unsafe.Slice((*byte)(sig), size), out))
		return nil
	})
}

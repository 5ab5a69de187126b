package cbridge

// #include "pk.h"
import "C"

import (
	"crypto"
	"io"
	"unsafe"
)

// PKRestart is an mbedtls_pk_restart_ctx: a signature that is under way. One goroutine uses it at a time.
type PKRestart struct {
	res *resource
	c   unsafe.Pointer
	in  *dependencies // the key of what is under way, which C looks into

	pending any // what is under way
}

// NewPKRestart begins nothing yet (mbedtls_pk_restart_init).
func NewPKRestart() (*PKRestart, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionRestartable) || !Feature("MBEDTLS_ECDSA_C") {
		return nil, &NotBuiltError{Option: optionRestartable}
	}
	c := C.gm_pk_restart_new()
	if c == nil {
		return nil, errNoMemory
	}
	in := &dependencies{}
	r := &PKRestart{c: c, in: in}
	restartable.add(1) // SetECPMaxOps must not change what a step is
	r.res = own(r, func() {
		C.gm_pk_restart_delete(c)
		in.letGo()
		restartable.add(-1)
	})
	return r, nil
}

// Close drops what is under way (mbedtls_pk_restart_free).
func (r *PKRestart) Close() error {
	r.res.close()
	return nil
}

// SignRestartable is SignWith in steps: as long as it returns ErrECPInProgress, call it again with the same arguments. A
// step is as long as SetECPMaxOps says. RSA and, with MBEDTLS_USE_PSA_CRYPTO, opaque keys take one step
// (mbedtls_pk_sign_restartable).
func (k *PK) SignRestartable(random io.Reader, hash crypto.Hash, digest []byte, r *PKRestart) (sig []byte, err error) {
	const op = "mbedtls_pk_sign_restartable"
	err = r.step(k, pkStep{k, op, hash, string(digest), ""}, func() error {
		out := make([]byte, C.MBEDTLS_PK_SIGNATURE_MAX_SIZE)
		sig, err = k.workHeld(random, op, optionRestartable, out, func(n *C.size_t, rng unsafe.Pointer) C.int {
			return C.gm_pk_sign_restartable(k.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(out), n, rng, r.c)
		})
		return err
	})
	return sig, err
}

// VerifyRestartable is to Verify what SignRestartable is to SignWith (mbedtls_pk_verify_restartable).
func (k *PK) VerifyRestartable(hash crypto.Hash, digest, sig []byte, r *PKRestart) error {
	const op = "mbedtls_pk_verify_restartable"
	return r.step(k, pkStep{k, op, hash, string(digest), string(sig)}, func() error {
		return check(C.gm_pk_verify_restartable(k.c, anyMD(hash), cbytes(digest), C.size_t(len(digest)), cbytes(sig),
			C.size_t(len(sig)), r.c), op, optionRestartable)
	})
}

// pkStep is one operation with its arguments.
type pkStep struct {
	key         *PK
	op          string
	hash        crypto.Hash
	digest, sig string
}

// step runs one step of what began: of anything else, the library would take the intermediate results for its own.
func (r *PKRestart) step(k *PK, what pkStep, call func() error) error {
	return during(func() error {
		defer func() { r.in.settle(r.pending != nil, k.res) }()
		return inProgress(&r.pending, what.op, what, call)
	}, k.res, r.res)
}

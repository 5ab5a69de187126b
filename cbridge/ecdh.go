package cbridge

// #include "ec.h"
import "C"

import (
	"io"
	"unsafe"
)

const optionECDH = "MBEDTLS_ECDH_C"

// ECDH is an mbedtls_ecdh_context. One goroutine uses it at a time.
type ECDH struct {
	res     *resource
	c       *C.mbedtls_ecdh_context
	pending any
}

// NewECDH makes a context without a group (mbedtls_ecdh_init). With restart, its operations heed SetECPMaxOps
// (mbedtls_ecdh_enable_restart): the error may be ErrECPInProgress, and then the same call is to be made again.
func NewECDH(restart bool) (*ECDH, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionECDH) {
		return nil, &NotBuiltError{Option: optionECDH}
	}
	c := C.gm_ecdh_new()
	if c == nil {
		return nil, errNoMemory
	}
	if restart {
		if err := check(C.gm_ecdh_enable_restart(c), "mbedtls_ecdh_enable_restart", optionRestartable); err != nil {
			C.gm_ecdh_delete(c)
			return nil, err
		}
		restartable.add(1)
	}
	e := &ECDH{c: c}
	e.res = own(e, func() {
		C.gm_ecdh_delete(c)
		if restart {
			restartable.add(-1)
		}
	})
	return e, nil
}

// Close wipes and frees the context (mbedtls_ecdh_free).
func (e *ECDH) Close() error {
	e.res.close()
	return nil
}

// call runs what needs no randomness, and changes keys: not while an operation is in progress.
func (e *ECDH) call(op string, call func() C.int, objects ...*resource) error {
	return held(op, func() error {
		if e.pending != nil {
			return newError(op, int(ErrECPBadInputData), errOtherOperation)
		}
		return check(call(), op, optionECDH)
	}, append(objects, e.res)...)
}

// draw runs an operation of the private key.
func (e *ECDH) draw(random io.Reader, op string, call func(olen *C.size_t, rng unsafe.Pointer) C.int) (n int, err error) {
	var olen C.size_t
	err = during(func() error {
		return inProgress(&e.pending, op, op, func() error {
			return drawing(random, op, optionECDH, func(rng unsafe.Pointer) C.int { return call(&olen, rng) })
		})
	}, e.res)
	return int(olen), err
}

// Setup chooses the group; a context that had one starts anew (mbedtls_ecdh_setup).
func (e *ECDH) Setup(id ECPGroupID) error {
	return e.call("mbedtls_ecdh_setup", func() C.int { return C.gm_ecdh_setup(e.c, C.int(id)) })
}

// GroupID is the group; ECPNone without one, and after Close (mbedtls_ecdh_get_grp_id).
func (e *ECDH) GroupID() (id ECPGroupID) {
	_ = during(func() error { id = ECPGroupID(C.gm_ecdh_group_id(e.c)); return nil }, e.res)
	return id
}

// MakeParams makes a key pair, and writes the group and the public key to buf, as in a ServerKeyExchange message
// (mbedtls_ecdh_make_params).
func (e *ECDH) MakeParams(buf []byte, random io.Reader) (n int, err error) {
	return e.draw(random, "mbedtls_ecdh_make_params", func(olen *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_ecdh_make_params(e.c, olen, cbytes(buf), C.size_t(len(buf)), rng)
	})
}

// ReadParams starts anew with the group and the public key of a ServerKeyExchange message, of n bytes
// (mbedtls_ecdh_read_params).
func (e *ECDH) ReadParams(b []byte) (n int, err error) {
	var read C.size_t
	err = e.call("mbedtls_ecdh_read_params", func() C.int {
		return C.gm_ecdh_read_params(e.c, cbytes(b), C.size_t(len(b)), &read)
	})
	return int(read), err
}

// Whose key GetParams takes.
const (
	ECDHOurs   = C.MBEDTLS_ECDH_OURS
	ECDHTheirs = C.MBEDTLS_ECDH_THEIRS
)

// GetParams takes the key pair of one side, and the group, unless there is one already: then it must be the same, else
// ErrECPBadInputData (mbedtls_ecdh_get_params).
func (e *ECDH) GetParams(k *ECPKeyPair, side int) error {
	return e.call("mbedtls_ecdh_get_params", func() C.int {
		return C.gm_ecdh_get_params(e.c, k.c, saturated(side))
	}, k.resource())
}

// MakePublic makes a key pair, and writes the public key to buf, as in a ClientKeyExchange message
// (mbedtls_ecdh_make_public).
func (e *ECDH) MakePublic(buf []byte, random io.Reader) (n int, err error) {
	return e.draw(random, "mbedtls_ecdh_make_public", func(olen *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_ecdh_make_public(e.c, olen, cbytes(buf), C.size_t(len(buf)), rng)
	})
}

// ReadPublic takes the public key of a ClientKeyExchange message (mbedtls_ecdh_read_public).
func (e *ECDH) ReadPublic(b []byte) error {
	return e.call("mbedtls_ecdh_read_public", func() C.int {
		return C.gm_ecdh_read_public(e.c, cbytes(b), C.size_t(len(b)))
	})
}

// CalcSecret writes the shared secret to buf, in as many bytes as the field has (mbedtls_ecdh_calc_secret).
func (e *ECDH) CalcSecret(buf []byte, random io.Reader) (n int, err error) {
	return e.draw(random, "mbedtls_ecdh_calc_secret", func(olen *C.size_t, rng unsafe.Pointer) C.int {
		return C.gm_ecdh_calc_secret(e.c, olen, cbytes(buf), C.size_t(len(buf)), rng)
	})
}

// ECDHCanDo reports whether ECDH knows the curve (mbedtls_ecdh_can_do).
func ECDHCanDo(id ECPGroupID) bool { return C.gm_ecdh_can_do(C.int(id)) == 1 }

// ECDHGenPublic makes a key pair (mbedtls_ecdh_gen_public).
func ECDHGenPublic(g *ECPGroup, d *MPI, q *ECPPoint, random io.Reader) error {
	const op = "mbedtls_ecdh_gen_public"
	return withNumbers(op, func() error {
		return g.draw(random, op, optionECDH, func(rng unsafe.Pointer) C.int {
			return C.gm_ecdh_gen_public(g.c, d.c, q.c, rng)
		}, q.resource())
	}, d)
}

// ECDHComputeShared makes z the shared secret of a private and a public key (mbedtls_ecdh_compute_shared).
func ECDHComputeShared(g *ECPGroup, z *MPI, q *ECPPoint, d *MPI, random io.Reader) error {
	const op = "mbedtls_ecdh_compute_shared"
	return withNumbers(op, func() error {
		return g.draw(random, op, optionECDH, func(rng unsafe.Pointer) C.int {
			return C.gm_ecdh_compute_shared(g.c, z.c, q.c, d.c, rng)
		}, q.resource())
	}, z, d)
}

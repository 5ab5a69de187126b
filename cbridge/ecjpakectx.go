package cbridge

// #include "ec.h"
import "C"

import (
	"crypto"
	"io"
	"unsafe"
)

const optionECJPAKEC = "MBEDTLS_ECJPAKE_C"

// Roles of an ECJPAKE.
const (
	ECJPAKEClient = C.MBEDTLS_ECJPAKE_CLIENT
	ECJPAKEServer = C.MBEDTLS_ECJPAKE_SERVER
)

// ECJPAKE is an mbedtls_ecjpake_context. One goroutine uses it at a time.
type ECJPAKE struct {
	res *resource
	c   *C.mbedtls_ecjpake_context
}

// NewECJPAKE makes a context: ErrECPBadInputData of another role, ErrMDFeatureUnavailable of a hash, and
// ErrECPFeatureUnavailable of a curve, that the build does not have (mbedtls_ecjpake_setup).
func NewECJPAKE(role int, h crypto.Hash, id ECPGroupID, secret []byte) (*ECJPAKE, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionECJPAKEC) {
		return nil, &NotBuiltError{Option: optionECJPAKEC}
	}
	c := C.gm_ecjpake_new()
	if c == nil {
		return nil, errNoMemory
	}
	e := &ECJPAKE{c: c}
	e.res = own(e, func() { C.gm_ecjpake_delete(c) })
	md, _ := mdOf(h) // 0 is MBEDTLS_MD_NONE, which is an error
	err := e.call("mbedtls_ecjpake_setup", func() C.int {
		return C.gm_ecjpake_setup(c, saturated(role), md, C.int(id), cbytes(secret), C.size_t(len(secret)))
	})
	if err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// Close wipes and frees the context (mbedtls_ecjpake_free).
func (e *ECJPAKE) Close() error {
	e.res.close()
	return nil
}

func (e *ECJPAKE) call(op string, call func() C.int, objects ...*resource) error {
	return held(op, func() error { return check(call(), op, optionECJPAKEC) }, append(objects, e.res)...)
}

// SetPointFormat chooses how points are written and hashed: ECPUncompressed at first. Both sides must choose the same
// (mbedtls_ecjpake_set_point_format).
func (e *ECJPAKE) SetPointFormat(format int) error {
	return e.call("mbedtls_ecjpake_set_point_format", func() C.int {
		return C.gm_ecjpake_set_point_format(e.c, saturated(format))
	})
}

// Check is nil if the context is set up, as it is until Close (mbedtls_ecjpake_check).
func (e *ECJPAKE) Check() error {
	return e.call("mbedtls_ecjpake_check", func() C.int { return C.gm_ecjpake_check(e.c) })
}

// SetKeys sets what the first rounds of both sides have as results, for tests: the own private and public keys, and the
// peer's public ones.
func (e *ECJPAKE) SetKeys(private [2]*MPI, public, peer [2]*ECPPoint) error {
	const op = "mbedtls_ecjpake_context"
	points := []*ECPPoint{public[0], public[1], peer[0], peer[1]}
	return withNumbers(op, func() error {
		var c [4]*C.mbedtls_ecp_point
		var objects []*resource
		for i, p := range points {
			objects = append(objects, p.resource())
			if p != nil {
				c[i] = p.c
			}
		}
		return e.call(op, func() C.int { return C.gm_ecjpake_set_keys(e.c, private[0].c, private[1].c, &c[0]) }, objects...)
	}, private[:]...)
}

func (e *ECJPAKE) write(op string, what C.int, buf []byte, random io.Reader) (n int, err error) {
	var olen C.size_t
	err = during(func() error {
		return drawing(random, op, optionECJPAKEC, func(rng unsafe.Pointer) C.int {
			return C.gm_ecjpake_write(e.c, what, cbytes(buf), C.size_t(len(buf)), &olen, rng)
		})
	}, e.res)
	return int(olen), err
}

func (e *ECJPAKE) read(op string, what C.int, b []byte) error {
	return e.call(op, func() C.int { return C.gm_ecjpake_read(e.c, what, cbytes(b), C.size_t(len(b))) })
}

// WriteRoundOne writes the message of the first round to buf (mbedtls_ecjpake_write_round_one).
func (e *ECJPAKE) WriteRoundOne(buf []byte, random io.Reader) (n int, err error) {
	return e.write("mbedtls_ecjpake_write_round_one", C.GM_ECJPAKE_ROUND_ONE, buf, random)
}

// ReadRoundOne reads the peer's message of the first round (mbedtls_ecjpake_read_round_one).
func (e *ECJPAKE) ReadRoundOne(b []byte) error {
	return e.read("mbedtls_ecjpake_read_round_one", C.GM_ECJPAKE_ROUND_ONE, b)
}

// WriteRoundTwo writes the message of the second round to buf (mbedtls_ecjpake_write_round_two).
func (e *ECJPAKE) WriteRoundTwo(buf []byte, random io.Reader) (n int, err error) {
	return e.write("mbedtls_ecjpake_write_round_two", C.GM_ECJPAKE_ROUND_TWO, buf, random)
}

// ReadRoundTwo reads the peer's message of the second round (mbedtls_ecjpake_read_round_two).
func (e *ECJPAKE) ReadRoundTwo(b []byte) error {
	return e.read("mbedtls_ecjpake_read_round_two", C.GM_ECJPAKE_ROUND_TWO, b)
}

// DeriveSecret writes the hash of the shared key to buf: the premaster secret of TLS (mbedtls_ecjpake_derive_secret).
func (e *ECJPAKE) DeriveSecret(buf []byte, random io.Reader) (n int, err error) {
	return e.write("mbedtls_ecjpake_derive_secret", C.GM_ECJPAKE_SECRET, buf, random)
}

// WriteSharedKey writes the shared key, a point, to buf (mbedtls_ecjpake_write_shared_key).
func (e *ECJPAKE) WriteSharedKey(buf []byte, random io.Reader) (n int, err error) {
	return e.write("mbedtls_ecjpake_write_shared_key", C.GM_ECJPAKE_SHARED_KEY, buf, random)
}

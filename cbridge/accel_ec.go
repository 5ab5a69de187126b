//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// #include "bridge.h"
// #include "accel.h"
// #include <mbedtls/ecp.h>
import "C"

import (
	"unsafe"

	"github.com/gombedtls/gombedtls/cbridge/accel"
)

// The trampolines of this file are reached from accel_ec.c, that is, from any call of the library that computes with
// elliptic curves, on the goroutine that made it. They do not block. Their memory is C's, so that no secret stays in Go's
// but what Go's own packages keep.

// declined is what a trampoline returns for a case that it leaves to the library: the library's own result is then the
// result, also after a panic.
const declined = C.GM_ACCEL_DECLINED

// accelerates runs f, which tells whether it could do what it was asked for.
func accelerates(f func() bool) (ret C.int) {
	ret = declined
	defer func() {
		if recover() != nil {
			ret = declined
		}
	}()
	if f() {
		ret = 0
	}
	return ret
}

var accelCurves = map[C.size_t]*accel.Curve{32: accel.P256, 48: accel.P384, 66: accel.P521}

func cBytes(p *C.uchar, n C.size_t) []byte { return unsafe.Slice((*byte)(p), n) }

//export gombECMul
func gombECMul(size C.size_t, k, p, out *C.uchar) C.int {
	return accelerates(func() bool {
		return accelCurves[size].Mul(cBytes(out, 1+2*size), cBytes(k, size), cBytes(p, 1+2*size))
	})
}

//export gombECMulAdd
func gombECMulAdd(size C.size_t, k, p, l, q, out *C.uchar) C.int {
	return accelerates(func() bool {
		return accelCurves[size].MulAdd(cBytes(out, 1+2*size), cBytes(k, size), cBytes(p, 1+2*size), cBytes(l, size),
			cBytes(q, 1+2*size))
	})
}

//export gombX25519
func gombX25519(k, u, out *C.uchar) C.int {
	return accelerates(func() bool {
		return accel.X25519((*[32]byte)(unsafe.Pointer(out)), (*[32]byte)(unsafe.Pointer(k)), (*[32]byte)(unsafe.Pointer(u)))
	})
}

//export gombECDSASign
func gombECDSASign(size C.size_t, d, digest *C.uchar, n C.size_t, md C.int, sig *C.uchar, sigLen *C.size_t) C.int {
	return accelerates(func() bool {
		der := accelCurves[size].Sign(cBytes(d, size), cBytes(digest, n), hashes[md])
		*sigLen = C.size_t(copy(cBytes(sig, C.size_t(len(der))), der))
		return der != nil
	})
}

// verified is the library's result for a signature.
func verified(valid bool) C.int {
	if valid {
		return 0
	}
	return C.MBEDTLS_ERR_ECP_VERIFY_FAILED
}

//export gombECDSAVerify
func gombECDSAVerify(size C.size_t, q, digest *C.uchar, n C.size_t, sig *C.uchar, sigLen C.size_t) C.int {
	var valid bool
	ret := accelerates(func() bool {
		var malformed bool
		valid, malformed = accelCurves[size].Verify(cBytes(q, 1+2*size), cBytes(digest, n), cBytes(sig, sigLen))
		return !malformed
	})
	if ret == 0 {
		ret = verified(valid)
	}
	return ret
}

//export gombECDSAVerifyRS
func gombECDSAVerifyRS(size C.size_t, q, digest *C.uchar, n C.size_t, rs *C.uchar) C.int {
	var valid bool
	ret := accelerates(func() bool {
		var malformed bool
		numbers := cBytes(rs, 2*size)
		valid, malformed = accelCurves[size].VerifyRS(cBytes(q, 1+2*size), cBytes(digest, n), numbers[:size], numbers[size:])
		return !malformed
	})
	if ret == 0 {
		ret = verified(valid)
	}
	return ret
}

//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// #include "bridge.h"
// #include "accel.h"
import "C"

import "github.com/gombedtls/gombedtls/cbridge/accel"

// The trampolines of this file are reached from accel_rsa.c, that is, from any call of the library that uses RSA or
// finite-field Diffie-Hellman, on the goroutine that made it. They do not block.

// gombExpMod puts the result where n is.
//
//export gombExpMod
func gombExpMod(n *C.uchar, nLen C.size_t, a *C.uchar, aLen C.size_t, e *C.uchar, eLen C.size_t, ePublic C.int) C.int {
	return accelerates(func() bool {
		modulus := cBytes(n, nLen)
		return accel.ExpMod(modulus, cBytes(a, aLen), cBytes(e, eLen), modulus, ePublic != 0)
	})
}

// accelRSAKey is the key that put_key of accel_rsa.c writes; size is the modulus's.
func accelRSAKey(key *C.uchar, size C.size_t) *accel.RSAKey {
	rest := cBytes(key, 2*size+5*(size/2))
	next := func(n C.size_t) (number []byte) {
		number, rest = rest[:n], rest[n:]
		return number
	}
	half := size / 2
	return &accel.RSAKey{N: next(size), E: next(size), P: next(half), Q: next(half), DP: next(half), DQ: next(half), QInv: next(half)}
}

//export gombRSASignPKCS1
func gombRSASignPKCS1(key *C.uchar, size C.size_t, md C.int, digest *C.uchar, n C.size_t, sig *C.uchar) C.int {
	return accelerates(func() bool {
		return accelRSAKey(key, size).SignPKCS1(cBytes(sig, size), cBytes(digest, n), hashes[md])
	})
}

//export gombRSASignPSS
func gombRSASignPSS(key *C.uchar, size C.size_t, md C.int, digest *C.uchar, n C.size_t, salt *C.uchar,
	saltLen C.size_t, sig *C.uchar) C.int {
	return accelerates(func() bool {
		return accelRSAKey(key, size).SignPSS(cBytes(sig, size), cBytes(digest, n), cBytes(salt, saltLen), hashes[md])
	})
}

package cbridge

// #include "md.h"
import "C"

const hkdfOption = "MBEDTLS_HKDF_C"

// HKDF fills okm, at most 255 digests long, with what HKDF makes of a secret (mbedtls_hkdf). Salt and info may be empty.
func HKDF(t MDType, secret, salt, info, okm []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	return check(C.gm_hkdf(C.int(t), cbytes(salt), C.size_t(len(salt)), cbytes(secret), C.size_t(len(secret)),
		cbytes(info), C.size_t(len(info)), okmBytes(okm), C.size_t(len(okm))), "mbedtls_hkdf", hkdfOption)
}

// HKDFExtract is the first step of HKDF: a pseudo-random key, as long as a digest (mbedtls_hkdf_extract).
func HKDFExtract(t MDType, secret, salt []byte) ([]byte, error) {
	return digest(t, "mbedtls_hkdf_extract", hkdfOption, func(prk *C.uchar) C.int {
		return C.gm_hkdf_extract(C.int(t), cbytes(salt), C.size_t(len(salt)), cbytes(secret), C.size_t(len(secret)), prk)
	})
}

// HKDFExpand is the second step: it fills okm, at most 255 digests long, from a pseudo-random key that is as long as a
// digest at least (mbedtls_hkdf_expand).
func HKDFExpand(t MDType, prk, info, okm []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	return check(C.gm_hkdf_expand(C.int(t), cbytes(prk), C.size_t(len(prk)), cbytes(info), C.size_t(len(info)),
		okmBytes(okm), C.size_t(len(okm))), "mbedtls_hkdf_expand", hkdfOption)
}

// okmBytes is cbytes, but never nil, which HKDF takes as an error.
func okmBytes(okm []byte) *C.uchar {
	if len(okm) == 0 {
		return cbytes(make([]byte, 1))
	}
	return cbytes(okm)
}

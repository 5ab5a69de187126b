package md

import "github.com/gombedtls/gombedtls/cbridge"

// HKDF derives length bytes from a secret, as RFC 5869 has it. Salt and info may be empty. More than 255 digests are
// ErrHKDFBadInputData (mbedtls_hkdf).
func HKDF(t Type, secret, salt, info []byte, length int) ([]byte, error) {
	return derive(length, func(okm []byte) error { return cbridge.HKDF(cbridge.MDType(t), secret, salt, info, okm) })
}

// Extract is the first step of HKDF: a pseudo-random key, as long as a digest (mbedtls_hkdf_extract).
func Extract(t Type, secret, salt []byte) ([]byte, error) {
	return cbridge.HKDFExtract(cbridge.MDType(t), secret, salt)
}

// Expand is the second step of HKDF: length bytes from a pseudo-random key, which is as long as a digest at least; a
// shorter one, and more than 255 digests, are ErrHKDFBadInputData (mbedtls_hkdf_expand).
func Expand(t Type, pseudorandomKey, info []byte, length int) ([]byte, error) {
	return derive(length, func(okm []byte) error {
		return cbridge.HKDFExpand(cbridge.MDType(t), pseudorandomKey, info, okm)
	})
}

// longest is more than the library derives, of any hash.
const longest = 255*64 + 1

func derive(length int, fill func([]byte) error) ([]byte, error) {
	if length < 0 {
		return nil, &cbridge.Error{Code: cbridge.ErrHKDFBadInputData, Op: "mbedtls_hkdf"}
	}
	okm := make([]byte, min(length, longest))
	if err := fill(okm); err != nil {
		clear(okm)
		return nil, err
	}
	return okm, nil
}

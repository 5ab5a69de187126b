// Package base64 is base64 of RFC 1421 section 4.3.2.4 as Mbed TLS has it, which takes the same time for all data of one
// length, and so suits keys. It differs from [encoding/base64] in what it takes: line breaks anywhere, and spaces before
// them.
//
// Errors are *mbedtls.Error; a build without MBEDTLS_BASE64_C gives *mbedtls.NotBuiltError.
package base64

import "github.com/gombedtls/gombedtls/cbridge"

// Encode gives src in base64, padded, and without line breaks (mbedtls_base64_encode).
func Encode(src []byte) (string, error) {
	if len(src) == 0 {
		return "", nil
	}
	dst := make([]byte, (len(src)+2)/3*4+1) // the library ends it with a zero byte
	n, err := cbridge.Base64Encode(dst, src)
	if err != nil {
		return "", err
	}
	return string(dst[:n]), nil
}

// Decode undoes Encode. What is no base64 is ErrBase64InvalidCharacter (mbedtls_base64_decode).
func Decode(s string) ([]byte, error) {
	dst := make([]byte, len(s)/4*3+3)
	n, err := cbridge.Base64Decode(dst, []byte(s))
	if err != nil {
		return nil, err
	}
	return dst[:n], nil
}

// Package pem has Mbed TLS's PEM: texts in base64 between a header and a footer of the caller's, also encrypted ones, as the
// library reads and writes them. For other than that, [encoding/pem] is the better choice.
//
// Errors of the library are *cbridge.Error, which users of package mbedtls know as *mbedtls.Error; their codes are its Err
// constants, for [errors.Is]. What the build lacks is *mbedtls.NotBuiltError.
package pem

import (
	"errors"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Read decodes the first text that data has between header and footer, such as "-----BEGIN CERTIFICATE-----" and "-----END
// CERTIFICATE-----", and returns what follows the footer's line. A text that says "Proc-Type: 4,ENCRYPTED" (RFC 1421) is
// decrypted with the password, in DES, triple DES or AES, with CBC, as the build has them; nil is no password. data ends at a
// zero byte.
//
// Without a header or footer, in that order, it is ErrPEMNoHeaderFooterPresent; what is no base64 is ErrPEMInvalidData and
// its reason; of encrypted texts, ErrPEMPasswordRequired, ErrPEMPasswordMismatch, ErrPEMInvalidEncIV or ErrPEMUnknownEncAlg
// (mbedtls_pem_read_buffer).
func Read(data []byte, header, footer string, password []byte) (der, rest []byte, err error) {
	der, used, err := cbridge.PEMRead(header, footer, data, password)
	if err != nil {
		return nil, nil, err
	}
	return der, data[min(used, len(data)):], nil
}

// Write encodes der in lines of 64 characters between header and footer, which should bring the ends of their own lines.
// The result has no zero byte at its end. A zero byte in header or footer is ErrPEMBadInputData. It needs a build with
// MBEDTLS_PEM_WRITE_C (mbedtls_pem_write_buffer).
func Write(header, footer string, der []byte) ([]byte, error) {
	_, needed, err := cbridge.PEMWrite(header, footer, der, 0)
	if !errors.Is(err, cbridge.ErrBase64BufferTooSmall) {
		return nil, err
	}
	text, _, err := cbridge.PEMWrite(header, footer, der, needed)
	return text, err
}

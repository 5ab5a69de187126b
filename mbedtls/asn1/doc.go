// Package asn1 reads and writes ASN.1 in DER, element by element, as Mbed TLS does: what the library takes for valid, and
// the error that it has for what is not. Whoever only wants DER is well served by [encoding/asn1], or by
// golang.org/x/crypto/cryptobyte.
//
// Errors are *mbedtls.Error, with codes such as mbedtls.ErrASN1OutOfData; a build without MBEDTLS_ASN1_PARSE_C or
// MBEDTLS_ASN1_WRITE_C gives *mbedtls.NotBuiltError.
package asn1

// Package pkcs7 verifies signatures of PKCS #7 (RFC 2315) with Mbed TLS: signed data that is detached from what is signed,
// as "openssl smime -sign -binary -noattr" makes it.
//
// Errors are *cbridge.Error, which users know as *mbedtls.Error, with codes mbedtls.ErrPKCS7…; in a build without
// MBEDTLS_PKCS7_C they are *cbridge.NotBuiltError (*mbedtls.NotBuiltError). A SignedData may be used by any number of
// goroutines, but for its Close; a call after that fails with net.ErrClosed.
package pkcs7

// Package md has the hash functions of Mbed TLS, and what is made of them: HMAC, HKDF; and CMAC, which is made of a block
// cipher. A [Hash] is a [hash.Hash] of Go's. Large inputs are hashed by Go's assembly where the processor has the
// instructions (see mbedtls.SetAcceleration); what comes out is the same.
//
// Errors are *mbedtls.Error with the library's code, and *mbedtls.NotBuiltError where the linked library lacks an option.
package md

// Package drbg has the random generators of Mbed TLS, CTR_DRBG and HMAC_DRBG of NIST SP 800-90A, and the pools of entropy
// that seed them. A [Generator] is an io.Reader, as crypto/rand.Reader is, and so is an [Entropy].
//
// Whoever only needs random numbers takes crypto/rand. This package is for who must have another source of entropy, a
// generator that can be reproduced, or one that a seed file feeds.
//
// Errors are *mbedtls.Error with the library's code, the cause of which is the error of the source that failed, and
// *mbedtls.NotBuiltError where the linked library lacks an option. A panic of a source comes out of the call that needed
// entropy, and the object cannot be used any more.
package drbg

// Package rsa has Mbed TLS's RSA: keys whose numbers are known, the paddings of PKCS #1 v1.5, OAEP and PSS, and the raw
// operations. Package pk has keys of any kind, which [crypto.Signer] and [crypto.Decrypter] fit.
//
// A [Key] is a context of the library: numbers, and the padding that its Encrypt, Decrypt, Sign and Verify use. Any number
// of goroutines may use one; it does one thing at a time. Close wipes it, and a call after that fails with [net.ErrClosed].
// All of it needs a build with MBEDTLS_RSA_C; the paddings need MBEDTLS_PKCS1_V15 and MBEDTLS_PKCS1_V21.
//
// A random that is nil or [crypto/rand.Reader] is the library's own generators. Errors of the library are *cbridge.Error,
// which users of package mbedtls know as *mbedtls.Error; their codes are its Err constants, for [errors.Is]. What the build
// lacks is *mbedtls.NotBuiltError.
package rsa

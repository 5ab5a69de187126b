// Package pk has Mbed TLS's public-key abstraction: private and public keys, RSA and elliptic-curve ones and those of PSA's
// key store, which the library parses, writes, and works with.
//
// A [PrivateKey] is a [crypto.Signer] and a [crypto.Decrypter] with the options of the standard library's RSA keys, and it
// is what package mbedtls takes for a certificate's key, by the name of mbedtls.PrivateKey. A [PublicKey] verifies and
// encrypts. Both may be used by any number of goroutines at once; Close wipes them, and a call after that fails with
// [net.ErrClosed].
//
// Errors of the library are *cbridge.Error, which users of package mbedtls know as *mbedtls.Error; their codes are its Err
// constants, for [errors.Is]. What the build lacks is *mbedtls.NotBuiltError.
package pk

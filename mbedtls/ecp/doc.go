// Package ecp is Mbed TLS's arithmetic on elliptic curves: groups, points and their encodings, multiplication, and pairs of
// keys. Packages ecdh, ecdsa and ecjpake build on it. For keys in files, and for TLS, there is package pk.
//
// Numbers are those of package bignum. Randomness, where a function takes a reader, is the library's own for nil and
// [crypto/rand.Reader]. Each group, point and key pair is for one goroutine at a time, and is closed when it is not needed
// any more: Close wipes it.
//
// # Restarts
//
// On a slow processor a multiplication may take longer than a program wants to wait. [SetMaxOps] bounds what is done at
// once, and the functions that take a [Restart] return the error ErrECPInProgress then: called again with the same
// arguments, they go on. This needs a build with MBEDTLS_ECP_RESTARTABLE, as that of profile full.
//
// Errors are *cbridge.Error, which package mbedtls calls mbedtls.Error, with the library's code, such as
// mbedtls.ErrECPInvalidKey; a build without an option that a call needs gives a *cbridge.NotBuiltError. Arguments that are
// nil give ErrECPBadInputData or ErrMPIBadInputData; what is closed, [net.ErrClosed].
package ecp

// Package psa is PSA Crypto as Mbed TLS implements it: keys that live in a store, which are used by what they are allowed to,
// and need never be seen. Names are those of the PSA Crypto API without the prefix, in Go's way.
//
// # Keys
//
// A [Key] is a handle on a key of the process's store. [Import] and [Generate] make one from [Attributes]: what it is, and
// what may be done with it. With an ID it is persistent: it is in a file, in the directory of [SetStorage], and [Open] finds
// it again, in another process as well; without one it is volatile, and goes when the handle is closed. A Key is a
// [crypto.Signer] and a [crypto.Decrypter] ([Key.Sign], [Key.Decrypt]), so that crypto/x509 and crypto/tls take it, and so
// does the PrivateKey of an mbedtls.Certificate. [Key.PrivateKey] makes of it a key of the library itself, which stands for
// the one in the store.
//
// # Errors
//
// A call that fails returns an [*Error] with the C function and the [Status]; use [errors.Is] with the Err… of this package.
// A key or an operation that is closed is [net.ErrClosed]. What a build lacks is ErrNotSupported, as in C, or a
// *mbedtls.NotBuiltError where there is no function to ask.
//
// # Concurrency
//
// Keys may be used by any number of goroutines, and so may all functions but [SetStorage]. An operation of several calls
// (a [Hash], a [Derivation], …) is for one goroutine at a time.
package psa

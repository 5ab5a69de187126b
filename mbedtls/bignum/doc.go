// Package bignum is Mbed TLS's arithmetic with large integers, on mbedtls_mpi. [Int] has the shape of [math/big.Int], with
// errors: z.Add(x, y) makes z the sum. Unlike that it lies outside of Go's heap, is wiped when it is closed, and has
// operations whose time does not depend on the values. For mathematics alone, math/big is the faster and easier one.
//
// Errors are *cbridge.Error, which package mbedtls calls mbedtls.Error, with the library's code, such as
// mbedtls.ErrMPIDivisionByZero; a build without an option that a call needs gives a *cbridge.NotBuiltError.
package bignum

//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// The functions of the library that accelerated ones stand before. The linker gives a call to X from another file
// __wrap_X, and one to __real_X the library's own.

import "C"

// accelBuilt is what this build can accelerate.
const accelBuilt Accel = 0

//go:build cgo && !((amd64 || arm64) && !mbedtls_noaccel)

package cbridge

// accelBuilt is nothing: only for these processors does Go have the assembly, or the tag mbedtls_noaccel turned it off.
const accelBuilt Accel = 0

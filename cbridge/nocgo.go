//go:build !cgo

package cbridge

// Without cgo nothing of this package can be compiled, and a wrong type is how to tell what to do.
const _ int = "github.com/gombedtls/gombedtls needs cgo: set CGO_ENABLED=1, install a C compiler for the target (CC), and run ./build.sh lib in a clone, or cmd/mbedtls-build"

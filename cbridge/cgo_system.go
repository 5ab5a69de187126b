//go:build mbedtls_system

package cbridge

// An installed Mbed TLS, found by pkg-config. Archives are named as files, and before what pkg-config says, which then
// nothing is left for: in a shared library, calls between the library's own functions would pass by the wrappers (--wrap),
// and another release of it could be there when the program runs.
//
// mbedtls_ms_time is the bridge's own in every build; see platform_time.c.

// #cgo CFLAGS: -DGOMBEDTLS_SYSTEM
// #cgo pkg-config: mbedtls mbedx509 mbedcrypto
// #cgo LDFLAGS: -l:libmbedtls.a -l:libmbedx509.a -l:libmbedcrypto.a -lpthread
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ms_time -Wl,--as-needed
import "C"

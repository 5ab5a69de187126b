package cbridge

// #include "bridge.h"
// #include "accel.h"
import "C"

import (
	"fmt"
	"sync"
)

// What this program was built with.
const (
	Release = C.GOMBEDTLS_BUILD_RELEASE // of Mbed TLS, such as 3.6.7
	Profile = C.GOMBEDTLS_BUILD_PROFILE // of config/profiles
)

// initialize runs what must come before any other call, once: the choice of accelerated primitives, the clock, the
// allocator, PSA, and the process's random generator.
var initialize = sync.OnceValue(func() error {
	accel, err := accelFromEnvironment()
	if err != nil {
		return err
	}
	C.gm_accel_set(C.uint(accel))
	C.gm_clock_install()
	C.gm_alloc_install()
	if ret := C.psa_crypto_init(); ret != C.PSA_SUCCESS {
		return fmt.Errorf("psa_crypto_init: PSA status %d", int(ret))
	}
	d, err := newCtrDrbg(processPersonalization)
	if err != nil {
		return err
	}
	processDrbg = d
	C.gm_random_init(d.c, d.entropy)
	return nil
})

// Shutdown frees what the library keeps for the process: PSA's key store and the random generator
// (mbedtls_psa_crypto_free). Nothing of this package may be used afterwards. It is for leak checks.
func Shutdown() {
	if processDrbg != nil {
		C.gm_random_free()
		processDrbg.Close()
	}
	C.mbedtls_psa_crypto_free()
	Trim()
}

// Version is the library's own version string (mbedtls_version_get_string).
func Version() string {
	var buf [16]C.char
	C.mbedtls_version_get_string(&buf[0])
	return C.GoString(&buf[0])
}

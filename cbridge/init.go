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
	Profile = C.GOMBEDTLS_BUILD_PROFILE // of config/profiles, or "system"
)

// initialize runs what must come before any other call, once: the check of the library, the choice of accelerated
// primitives, the clock, the allocator, PSA, and the process's random generator.
var initialize = sync.OnceValue(func() error {
	if err := checkLibrary(); err != nil {
		return err
	}
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

// checkLibrary makes sure that the library is the one that the headers describe, before either side touches a structure of
// the other's.
func checkLibrary() error {
	const remedy = "headers and archives must be of one build of Mbed TLS: see the include and library paths, and build again with go build -a"
	if linked := uint32(C.mbedtls_version_get_number()); linked != C.MBEDTLS_VERSION_NUMBER {
		return fmt.Errorf("compiled with the headers of Mbed TLS %s, linked with release %s (%#08x): %s",
			C.MBEDTLS_VERSION_STRING, Version(), linked, remedy)
	}
	switch d := C.gm_compare_layout(); {
	case d.option != nil:
		option, on, off := C.GoString(d.option), "headers", "library"
		if !Feature(option) {
			on, off = off, on
		}
		return fmt.Errorf("%s is on in the %s of Mbed TLS, and off in the %s (release %s): %s", option, on, off, Release, remedy)
	case d._type != nil:
		return fmt.Errorf("%s of Mbed TLS %s has %d bytes in the headers and %d in the library: %s",
			C.GoString(d._type), Release, d.size, d.library_size, remedy)
	}
	return nil
}

// Shutdown frees what the library keeps for the process: PSA's key store and the random generator
// (mbedtls_psa_crypto_free). Nothing of this package may be used afterwards. It is for leak checks.
func Shutdown() {
	if processDrbg != nil {
		C.gm_random_free()
		processDrbg.Close()
	}
	psaEra.Add(1)
	C.mbedtls_psa_crypto_free()
	Trim()
}

// Version is the library's own version string (mbedtls_version_get_string).
func Version() string {
	var buf [16]C.char
	C.mbedtls_version_get_string(&buf[0])
	return C.GoString(&buf[0])
}

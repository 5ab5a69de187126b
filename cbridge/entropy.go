package cbridge

// #cgo LDFLAGS: -Wl,--wrap=mbedtls_platform_entropy_poll
// #include "bridge.h"
import "C"

import "unsafe"

// processEntropy is what SetEntropy was given.
var processEntropy func(p []byte)

// SetEntropy makes f the one source of entropy of PSA's generator, and of that of the Configs without a random function;
// both begin anew from it. nil is the operating system. It is for tests that must be reproducible: f is called from
// inside of the library, and must neither block nor panic. Nothing else may use the library meanwhile; objects from
// before must not be used any more if they have keys in PSA's store, which are lost
// (mbedtls_psa_crypto_configure_entropy_sources, mbedtls_psa_crypto_free, psa_crypto_init, mbedtls_ctr_drbg_seed).
func SetEntropy(f func(p []byte)) error {
	if err := initialize(); err != nil {
		return err
	}
	processEntropy = f
	psaEra.Add(1)
	ret := C.gm_entropy_restart(processDrbg.c, processDrbg.entropy, cbytes(processPersonalization),
		C.size_t(len(processPersonalization)), flag(f != nil))
	if ret != 0 {
		return newError("mbedtls_ctr_drbg_seed", int(ret), nil)
	}
	return nil
}

// gombEntropy is reached from entropy.c.
//
//export gombEntropy
func gombEntropy(p *C.uchar, n C.size_t) { processEntropy(unsafe.Slice((*byte)(p), n)) }

package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// RandomFunc fills p with random bytes.
type RandomFunc func(p []byte) error

// SetRandom makes f the source of all randomness of the Config's connections (mbedtls_ssl_conf_rng); nil is the
// process's own, of CTR_DRBGs. It is called by several connections at once. Note that TLS 1.3, and every profile with
// MBEDTLS_USE_PSA_CRYPTO, draw key-exchange keys from PSA's generator, which cannot be replaced at run time.
func (c *Config) SetRandom(f RandomFunc) error {
	return c.use(func(cc *C.gm_config) error {
		c.random = f
		C.gm_conf_rng(cc, flag(f != nil))
		return nil
	})
}

// gombRandom is reached from every library call that needs randomness, on the goroutine that made it. It may block, and
// then pins its thread.
//
//export gombRandom
func gombRandom(conf, ssl unsafe.Pointer, buf *C.uchar, n C.size_t) (ret C.int) {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrCtrDRBGEntropySourceFailed)
	}
	return trapOf(c, ssl).run(ErrCtrDRBGEntropySourceFailed, func() error {
		return c.random(unsafe.Slice((*byte)(buf), n))
	})
}

// drawRandom is what connections draw, for tests: cgo is not for those.
func drawRandom(p []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	return check(C.gm_random(nil, cbytes(p), C.size_t(len(p))), "mbedtls_ctr_drbg_random", "")
}

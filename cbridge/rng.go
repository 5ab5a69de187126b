package cbridge

// #include "bridge.h"
import "C"

import (
	"crypto/rand"
	"io"
	"runtime"
	"unsafe"
)

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

// reader is what one call draws from.
type reader struct {
	io.Reader
	trap
}

// drawing runs a call to the library that needs randomness, with gm_draw as its f_rng and rng as the context of that. It is
// random's, which only tests and key derivations need; of nil and [rand.Reader], that of connections. Only a reader of the
// caller's costs a handle, for the time of the call.
func drawing(random io.Reader, op, option string, call func(rng unsafe.Pointer) C.int) error {
	if err := initialize(); err != nil {
		return err
	}
	if random == nil || random == rand.Reader {
		return check(call(nil), op, option)
	}
	r := &reader{Reader: random}
	defer runtime.KeepAlive(r)
	h := newHandle(r)
	defer dropHandle(h)
	ret := call(h)
	if ret == C.GM_NOT_BUILT {
		return &NotBuiltError{Option: option}
	}
	return r.end(op, int(ret))
}

// gombReader is reached from the calls that drawing runs, on the goroutine that made them. It may block, and then pins its
// thread. An error that is a Code is what C is told.
//
//export gombReader
func gombReader(h unsafe.Pointer, buf *C.uchar, n C.size_t) C.int {
	r := fromHandle[reader](h)
	ret := r.run(ErrCtrDRBGEntropySourceFailed, func() error {
		_, err := io.ReadFull(r, unsafe.Slice((*byte)(buf), n))
		return err
	})
	if c, ok := r.err.(Code); ok && ret != 0 {
		return C.int(c)
	}
	return ret
}

// drawRandom is what connections draw, for tests: cgo is not for those.
func drawRandom(p []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	return check(C.gm_random(nil, cbytes(p), C.size_t(len(p))), "mbedtls_ctr_drbg_random", "")
}

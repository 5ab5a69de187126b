package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

var errNoMemory = errors.New("cbridge: out of C memory")

// CtrDrbg is an mbedtls_ctr_drbg_context with the mbedtls_entropy_context that seeds it. It may be used by many
// goroutines: the library locks it (MBEDTLS_THREADING_C).
type CtrDrbg struct {
	res     *resource
	c       *C.mbedtls_ctr_drbg_context
	entropy *C.mbedtls_entropy_context
}

// processDrbg serves keys, tickets and cookies, and with those of random.c, every Config that brings no random generator of
// its own. It lives as long as the process.
var processDrbg *CtrDrbg

var processPersonalization = []byte("gombedtls")

// NewCtrDrbg seeds a generator from the operating system (mbedtls_ctr_drbg_seed with mbedtls_entropy_func).
// Personalization makes it differ from others with the same entropy; it may be empty.
func NewCtrDrbg(personalization []byte) (*CtrDrbg, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	return newCtrDrbg(personalization)
}

func newCtrDrbg(personalization []byte) (*CtrDrbg, error) {
	e, d := C.gm_entropy_new(), C.gm_ctr_drbg_new()
	free := func() {
		C.gm_ctr_drbg_delete(d) // uses e
		C.gm_entropy_delete(e)
	}
	if e == nil || d == nil {
		free()
		return nil, errNoMemory
	}
	if ret := C.gm_ctr_drbg_seed(d, e, cbytes(personalization), C.size_t(len(personalization))); ret != 0 {
		free()
		return nil, newError("mbedtls_ctr_drbg_seed", int(ret), nil)
	}
	g := &CtrDrbg{c: d, entropy: e}
	g.res = own(g, free)
	return g, nil
}

// Read fills p with random bytes (mbedtls_ctr_drbg_random), in pieces of MBEDTLS_CTR_DRBG_MAX_REQUEST.
func (g *CtrDrbg) Read(p []byte) (n int, err error) {
	if err := g.res.acquire(); err != nil {
		return 0, err
	}
	defer g.res.release()
	defer runtime.KeepAlive(g)
	for n < len(p) {
		part := p[n:min(n+C.MBEDTLS_CTR_DRBG_MAX_REQUEST, len(p))]
		if ret := C.mbedtls_ctr_drbg_random(unsafe.Pointer(g.c), cbytes(part), C.size_t(len(part))); ret != 0 {
			return n, newError("mbedtls_ctr_drbg_random", int(ret), nil)
		}
		n += len(part)
	}
	return n, nil
}

// Reseed adds fresh entropy (mbedtls_ctr_drbg_reseed).
func (g *CtrDrbg) Reseed(additional []byte) error {
	if err := g.res.acquire(); err != nil {
		return err
	}
	defer g.res.release()
	if ret := C.mbedtls_ctr_drbg_reseed(g.c, cbytes(additional), C.size_t(len(additional))); ret != 0 {
		return newError("mbedtls_ctr_drbg_reseed", int(ret), nil)
	}
	return nil
}

// Close frees the generator and wipes its state.
func (g *CtrDrbg) Close() error {
	g.res.close()
	return nil
}

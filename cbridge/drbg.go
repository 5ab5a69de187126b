package cbridge

// #include "drbg.h"
import "C"

import (
	"errors"
	"io"
	"math"
	"runtime"
	"unsafe"
)

var errNoMemory = errors.New("cbridge: out of C memory")

// CtrDrbg is an mbedtls_ctr_drbg_context. It may be used by many goroutines, one of which is inside of the library at a
// time.
type CtrDrbg struct {
	res     *resource
	c       *C.mbedtls_ctr_drbg_context
	entropy *C.mbedtls_entropy_context // of NewCtrDrbg
	feed    *feed
}

const ctrDrbgOption = "MBEDTLS_CTR_DRBG_C"

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
	g := &CtrDrbg{c: d, entropy: e, feed: &feed{seeded: true}}
	g.res = own(g, free)
	return g, nil
}

// MakeCtrDrbg makes a generator that is not seeded (mbedtls_ctr_drbg_init).
func MakeCtrDrbg() (*CtrDrbg, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	d := C.gm_ctr_drbg_new()
	if d == nil {
		return nil, errNoMemory
	}
	g := &CtrDrbg{c: d, feed: &feed{}}
	g.res = own(g, func() { C.gm_ctr_drbg_delete(d) })
	return g, nil
}

// Seed seeds the generator from source, which it keeps, to be reseeded from it; the source must not use the generator
// (mbedtls_ctr_drbg_seed). A generator is seeded once, also if that fails.
func (g *CtrDrbg) Seed(source io.Reader, personalization []byte) error {
	return g.during(func() error {
		return g.feed.seed(source, "mbedtls_ctr_drbg_seed", ctrDrbgOption, func() C.int {
			return C.gm_ctr_drbg_seed_from(g.c, g.handle(), cbytes(personalization), C.size_t(len(personalization)))
		})
	})
}

// handle makes the handle of the generator's source, once, and ties it to the generator.
func (g *CtrDrbg) handle() unsafe.Pointer { return tieHandle(g.res, g.feed) }

// tieHandle makes a handle that is dropped when the C object is freed. The caller has a reference to that.
func tieHandle[T any](r *resource, v *T) unsafe.Pointer {
	h, free := newHandle(v), r.free
	r.free = func() {
		free()
		dropHandle(h)
	}
	return h
}

// SetEntropyLen sets how many bytes each seed takes from the source; more than MBEDTLS_CTR_DRBG_MAX_SEED_INPUT makes that
// fail (mbedtls_ctr_drbg_set_entropy_len).
func (g *CtrDrbg) SetEntropyLen(n int) error {
	return g.set("mbedtls_ctr_drbg_set_entropy_len", n, math.MaxInt32, ErrCtrDRBGInputTooBig, func() C.int {
		C.mbedtls_ctr_drbg_set_entropy_len(g.c, C.size_t(n))
		return 0
	})
}

// SetNonceLen sets how many bytes more the first seed takes, before it does (mbedtls_ctr_drbg_set_nonce_len).
func (g *CtrDrbg) SetNonceLen(n int) error {
	return g.set("mbedtls_ctr_drbg_set_nonce_len", n, math.MaxInt32, ErrCtrDRBGInputTooBig, func() C.int {
		return C.mbedtls_ctr_drbg_set_nonce_len(g.c, C.size_t(n))
	})
}

// SetReseedInterval sets how many requests there are until the generator is seeded again
// (mbedtls_ctr_drbg_set_reseed_interval).
func (g *CtrDrbg) SetReseedInterval(n int) error {
	return g.set("mbedtls_ctr_drbg_set_reseed_interval", n, math.MaxInt32, ErrCtrDRBGInputTooBig, func() C.int {
		C.mbedtls_ctr_drbg_set_reseed_interval(g.c, C.int(n))
		return 0
	})
}

// SetPredictionResistance makes each request seed the generator again (mbedtls_ctr_drbg_set_prediction_resistance).
func (g *CtrDrbg) SetPredictionResistance(on bool) error {
	return g.set("mbedtls_ctr_drbg_set_prediction_resistance", 0, 0, 0, func() C.int {
		C.mbedtls_ctr_drbg_set_prediction_resistance(g.c, flag(on))
		return 0
	})
}

// Read fills p with random bytes (mbedtls_ctr_drbg_random), in pieces of MBEDTLS_CTR_DRBG_MAX_REQUEST.
func (g *CtrDrbg) Read(p []byte) (n int, err error) {
	return inPieces(p, C.MBEDTLS_CTR_DRBG_MAX_REQUEST, g.Random)
}

// inPieces fills p by calls that give at most limit bytes each.
func inPieces(p []byte, limit int, fill func([]byte) error) (n int, err error) {
	for n < len(p) {
		part := p[n:min(n+limit, len(p))]
		if err := fill(part); err != nil {
			return n, err
		}
		n += len(part)
	}
	return n, nil
}

// Random fills p, of at most MBEDTLS_CTR_DRBG_MAX_REQUEST bytes (mbedtls_ctr_drbg_random).
func (g *CtrDrbg) Random(p []byte) error {
	return g.use("mbedtls_ctr_drbg_random", func() C.int {
		return C.mbedtls_ctr_drbg_random(unsafe.Pointer(g.c), cbytes(p), C.size_t(len(p)))
	})
}

// RandomWithAdd is Random, and mixes in at most MBEDTLS_CTR_DRBG_MAX_INPUT bytes (mbedtls_ctr_drbg_random_with_add).
func (g *CtrDrbg) RandomWithAdd(p, additional []byte) error {
	return g.use("mbedtls_ctr_drbg_random_with_add", func() C.int {
		return C.gm_ctr_drbg_random_with_add(g.c, cbytes(p), C.size_t(len(p)), cbytes(additional), C.size_t(len(additional)))
	})
}

// Reseed adds fresh entropy (mbedtls_ctr_drbg_reseed).
func (g *CtrDrbg) Reseed(additional []byte) error {
	return g.use("mbedtls_ctr_drbg_reseed", func() C.int {
		return C.mbedtls_ctr_drbg_reseed(g.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// Update mixes in at most MBEDTLS_CTR_DRBG_MAX_SEED_INPUT bytes (mbedtls_ctr_drbg_update).
func (g *CtrDrbg) Update(additional []byte) error {
	return g.use("mbedtls_ctr_drbg_update", func() C.int {
		return C.mbedtls_ctr_drbg_update(g.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// WriteSeedFile writes MBEDTLS_CTR_DRBG_MAX_INPUT random bytes to a file, which may be a pipe
// (mbedtls_ctr_drbg_write_seed_file).
func (g *CtrDrbg) WriteSeedFile(path string) error {
	return g.withFile("mbedtls_ctr_drbg_write_seed_file", path, func(p *C.char) C.int {
		return C.gm_ctr_drbg_write_seed_file(g.c, p)
	})
}

// UpdateSeedFile mixes in what a file holds, which may be a pipe, and at most MBEDTLS_CTR_DRBG_MAX_INPUT bytes, and writes
// it as WriteSeedFile does (mbedtls_ctr_drbg_update_seed_file).
func (g *CtrDrbg) UpdateSeedFile(path string) error {
	return g.withFile("mbedtls_ctr_drbg_update_seed_file", path, func(p *C.char) C.int {
		return C.gm_ctr_drbg_update_seed_file(g.c, p)
	})
}

func (g *CtrDrbg) withFile(op, path string, f func(*C.char) C.int) error {
	p, err := cPath(op, ErrCtrDRBGFileIoError, path)
	if err != nil {
		return err
	}
	defer free(p)
	return g.during(func() error {
		return g.feed.use(op, "MBEDTLS_FS_IO", ErrCtrDRBGEntropySourceFailed, func() C.int { return f(p) })
	})
}

func (g *CtrDrbg) use(op string, f func() C.int) error {
	return g.during(func() error { return g.feed.use(op, ctrDrbgOption, ErrCtrDRBGEntropySourceFailed, f) })
}

// set changes a number, which must be within 0 and limit.
func (g *CtrDrbg) set(op string, n, limit int, code Code, f func() C.int) error {
	return g.during(func() error {
		if n < 0 || n > limit {
			return newError(op, int(code), nil)
		}
		return g.feed.set(op, ctrDrbgOption, f)
	})
}

func (g *CtrDrbg) during(f func() error) error {
	defer runtime.KeepAlive(g)
	return during(f, g.res)
}

// Close frees the generator and wipes its state.
func (g *CtrDrbg) Close() error {
	g.res.close()
	return nil
}

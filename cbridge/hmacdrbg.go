package cbridge

// #include "drbg.h"
import "C"

import (
	"io"
	"math"
	"runtime"
)

// HmacDrbg is an mbedtls_hmac_drbg_context. It may be used by many goroutines, one of which is inside of the library at a
// time.
type HmacDrbg struct {
	res  *resource
	c    *C.mbedtls_hmac_drbg_context
	feed *feed
}

const hmacDrbgOption = "MBEDTLS_HMAC_DRBG_C"

// MakeHmacDrbg makes a generator that is not seeded (mbedtls_hmac_drbg_init).
func MakeHmacDrbg() (*HmacDrbg, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	d := C.gm_hmac_drbg_new()
	if d == nil {
		return nil, errNoMemory
	}
	g := &HmacDrbg{c: d, feed: &feed{}}
	g.res = own(g, func() { C.gm_hmac_drbg_delete(d) })
	return g, nil
}

// Seed seeds the generator from source, which it keeps, to be reseeded from it; the source must not use the generator
// (mbedtls_hmac_drbg_seed). A generator is seeded once, also if that fails.
func (g *HmacDrbg) Seed(t MDType, source io.Reader, personalization []byte) error {
	const op = "mbedtls_hmac_drbg_seed"
	return g.during(func() error {
		return g.feed.seed(source, op, hmacDrbgOption, func() C.int {
			return C.gm_hmac_drbg_seed(g.c, C.int(t), tieHandle(g.res, g.feed), cbytes(personalization),
				C.size_t(len(personalization)))
		})
	})
}

// SeedBuf seeds the generator with data alone: what it gives is always the same, and it cannot be reseeded
// (mbedtls_hmac_drbg_seed_buf).
func (g *HmacDrbg) SeedBuf(t MDType, data []byte) error {
	return g.during(func() error {
		return g.feed.seed(nil, "mbedtls_hmac_drbg_seed_buf", hmacDrbgOption, func() C.int {
			return C.gm_hmac_drbg_seed_buf(g.c, C.int(t), cbytes(data), C.size_t(len(data)))
		})
	})
}

// SetEntropyLen sets how many bytes each seed takes from the source, and the first one half as many more; at most
// MBEDTLS_HMAC_DRBG_MAX_SEED_INPUT (mbedtls_hmac_drbg_set_entropy_len).
func (g *HmacDrbg) SetEntropyLen(n int) error {
	// The library multiplies the number by 3, and looks at what fits into its buffer afterwards.
	return g.set("mbedtls_hmac_drbg_set_entropy_len", n, C.MBEDTLS_HMAC_DRBG_MAX_SEED_INPUT, func() C.int {
		return C.gm_hmac_drbg_set_entropy_len(g.c, C.size_t(n))
	})
}

// SetReseedInterval sets how many requests there are until the generator is seeded again
// (mbedtls_hmac_drbg_set_reseed_interval).
func (g *HmacDrbg) SetReseedInterval(n int) error {
	return g.set("mbedtls_hmac_drbg_set_reseed_interval", n, math.MaxInt32, func() C.int {
		return C.gm_hmac_drbg_set_reseed_interval(g.c, C.int(n))
	})
}

// SetPredictionResistance makes each request seed the generator again (mbedtls_hmac_drbg_set_prediction_resistance).
func (g *HmacDrbg) SetPredictionResistance(on bool) error {
	return g.set("mbedtls_hmac_drbg_set_prediction_resistance", 0, 0, func() C.int {
		return C.gm_hmac_drbg_set_prediction_resistance(g.c, flag(on))
	})
}

// Read fills p with random bytes (mbedtls_hmac_drbg_random), in pieces of MBEDTLS_HMAC_DRBG_MAX_REQUEST.
func (g *HmacDrbg) Read(p []byte) (n int, err error) {
	return inPieces(p, C.MBEDTLS_HMAC_DRBG_MAX_REQUEST, g.Random)
}

// Random fills p, of at most MBEDTLS_HMAC_DRBG_MAX_REQUEST bytes (mbedtls_hmac_drbg_random).
func (g *HmacDrbg) Random(p []byte) error {
	return g.use("mbedtls_hmac_drbg_random", func() C.int {
		return C.gm_hmac_drbg_random(g.c, cbytes(p), C.size_t(len(p)))
	})
}

// RandomWithAdd is Random, and mixes in at most MBEDTLS_HMAC_DRBG_MAX_INPUT bytes (mbedtls_hmac_drbg_random_with_add).
func (g *HmacDrbg) RandomWithAdd(p, additional []byte) error {
	return g.use("mbedtls_hmac_drbg_random_with_add", func() C.int {
		return C.gm_hmac_drbg_random_with_add(g.c, cbytes(p), C.size_t(len(p)), cbytes(additional), C.size_t(len(additional)))
	})
}

// Reseed adds fresh entropy (mbedtls_hmac_drbg_reseed). A generator of SeedBuf has no source:
// ErrHMACDRBGEntropySourceFailed.
func (g *HmacDrbg) Reseed(additional []byte) error {
	return g.use("mbedtls_hmac_drbg_reseed", func() C.int {
		if g.feed.source == nil { // the library would call NULL
			return C.int(ErrHMACDRBGEntropySourceFailed)
		}
		return C.gm_hmac_drbg_reseed(g.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// Update mixes in any number of bytes (mbedtls_hmac_drbg_update).
func (g *HmacDrbg) Update(additional []byte) error {
	return g.use("mbedtls_hmac_drbg_update", func() C.int {
		return C.gm_hmac_drbg_update(g.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// WriteSeedFile writes MBEDTLS_HMAC_DRBG_MAX_INPUT random bytes to a file, which may be a pipe
// (mbedtls_hmac_drbg_write_seed_file).
func (g *HmacDrbg) WriteSeedFile(path string) error {
	return g.withFile("mbedtls_hmac_drbg_write_seed_file", path, func(p *C.char) C.int {
		return C.gm_hmac_drbg_write_seed_file(g.c, p)
	})
}

// UpdateSeedFile mixes in what a file holds, which may be a pipe, and at most MBEDTLS_HMAC_DRBG_MAX_INPUT bytes, and
// writes it as WriteSeedFile does (mbedtls_hmac_drbg_update_seed_file).
func (g *HmacDrbg) UpdateSeedFile(path string) error {
	return g.withFile("mbedtls_hmac_drbg_update_seed_file", path, func(p *C.char) C.int {
		return C.gm_hmac_drbg_update_seed_file(g.c, p)
	})
}

func (g *HmacDrbg) withFile(op, path string, f func(*C.char) C.int) error {
	p, err := cPath(op, ErrHMACDRBGFileIoError, path)
	if err != nil {
		return err
	}
	defer free(p)
	return g.during(func() error {
		return g.feed.use(op, "MBEDTLS_FS_IO", ErrHMACDRBGEntropySourceFailed, func() C.int { return f(p) })
	})
}

func (g *HmacDrbg) use(op string, f func() C.int) error {
	return g.during(func() error { return g.feed.use(op, hmacDrbgOption, ErrHMACDRBGEntropySourceFailed, f) })
}

// set changes a number, which must be within 0 and limit.
func (g *HmacDrbg) set(op string, n, limit int, f func() C.int) error {
	return g.during(func() error {
		if n < 0 || n > limit {
			return newError(op, int(ErrHMACDRBGInputTooBig), nil)
		}
		return g.feed.set(op, hmacDrbgOption, f)
	})
}

func (g *HmacDrbg) during(f func() error) error {
	defer runtime.KeepAlive(g)
	return during(f, g.res)
}

// Close frees the generator and wipes its state (mbedtls_hmac_drbg_free).
func (g *HmacDrbg) Close() error {
	g.res.close()
	return nil
}

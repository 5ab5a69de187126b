package cbridge

// #include "drbg.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// Entropy is an mbedtls_entropy_context: a pool of what sources give. It may be used by many goroutines, one of which is
// inside of the library at a time.
type Entropy struct {
	res *resource
	c   *C.mbedtls_entropy_context
	trap
	mu      sync.Mutex
	sources []*entropySource // the library has handles of them
}

type entropySource struct {
	pool *Entropy
	poll func(p []byte) (n int, err error)
}

// The limits of an entropy context.
const (
	EntropyBlockSize   = C.MBEDTLS_ENTROPY_BLOCK_SIZE    // bytes that one call gives at most
	EntropyMaxGather   = C.MBEDTLS_ENTROPY_MAX_GATHER    // bytes that a source is asked for
	EntropyMaxSources  = C.MBEDTLS_ENTROPY_MAX_SOURCES   // the system's included
	EntropyMaxSeedSize = C.MBEDTLS_ENTROPY_MAX_SEED_SIZE // bytes of a seed file that are read
)

const entropyOption = "MBEDTLS_ENTROPY_C"

// NewEntropy makes a pool with the system's source, or without sources (mbedtls_entropy_init).
func NewEntropy(system bool) (*Entropy, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_entropy_new()
	if c == nil {
		return nil, errNoMemory
	}
	if !system {
		C.gm_entropy_clear_sources(c)
	}
	e := &Entropy{c: c}
	e.res = own(e, func() { C.gm_entropy_delete(c) })
	return e, nil
}

// gombEntropyPoll is reached from the calls on an Entropy that gather, on the goroutine that made them. It may block, and
// then pins its thread. It must not use the Entropy.
//
//export gombEntropyPoll
func gombEntropyPoll(h unsafe.Pointer, out *C.uchar, size C.size_t, got *C.size_t) C.int {
	s := fromHandle[entropySource](h)
	return s.pool.run(ErrEntropySourceFailed, func() error {
		n, err := s.poll(unsafe.Slice((*byte)(out), size))
		if err == nil && (n < 0 || n > int(size)) {
			err = fmt.Errorf("cbridge: a source gave %d bytes into room for %d", n, size)
		}
		if err == nil {
			*got = C.size_t(n)
		}
		return err
	})
}

// AddSource adds a source, which is asked for EntropyMaxGather bytes and may give fewer, or none, and must have given
// threshold before the pool gives any. A pool needs a strong source (mbedtls_entropy_add_source).
func (e *Entropy) AddSource(poll func(p []byte) (n int, err error), threshold int, strong bool) error {
	const op = "mbedtls_entropy_add_source"
	return e.during(func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		if threshold < 0 {
			return newError(op, int(ErrEntropySourceFailed), nil)
		}
		if len(e.sources) == EntropyMaxSources { // no handle for what the library would refuse
			return newError(op, int(ErrEntropyMaxSources), nil)
		}
		s := &entropySource{e, poll}
		e.sources = append(e.sources, s)
		return e.call(op, entropyOption, func() C.int {
			return C.gm_entropy_add_source(e.c, tieHandle(e.res, s), C.size_t(threshold), flag(strong))
		})
	})
}

// Gather asks each source once (mbedtls_entropy_gather).
func (e *Entropy) Gather() error {
	return e.use("mbedtls_entropy_gather", entropyOption, func() C.int { return C.mbedtls_entropy_gather(e.c) })
}

// Func fills p, of at most EntropyBlockSize bytes, and gathers what it takes (mbedtls_entropy_func).
func (e *Entropy) Func(p []byte) error {
	return e.use("mbedtls_entropy_func", entropyOption, func() C.int {
		return C.mbedtls_entropy_func(unsafe.Pointer(e.c), cbytes(p), C.size_t(len(p)))
	})
}

// Read is Func for any number of bytes.
func (e *Entropy) Read(p []byte) (n int, err error) { return inPieces(p, EntropyBlockSize, e.Func) }

// UpdateManual adds data to the pool, which counts for no source (mbedtls_entropy_update_manual).
func (e *Entropy) UpdateManual(data []byte) error {
	return e.use("mbedtls_entropy_update_manual", entropyOption, func() C.int {
		return C.mbedtls_entropy_update_manual(e.c, cbytes(data), C.size_t(len(data)))
	})
}

// UpdateNVSeed writes a new seed to where the platform keeps it (mbedtls_entropy_update_nv_seed).
func (e *Entropy) UpdateNVSeed() error {
	return e.use("mbedtls_entropy_update_nv_seed", "MBEDTLS_ENTROPY_NV_SEED", func() C.int {
		return C.gm_entropy_update_nv_seed(e.c)
	})
}

// WriteSeedFile writes EntropyBlockSize bytes to a file (mbedtls_entropy_write_seed_file).
func (e *Entropy) WriteSeedFile(path string) error {
	return e.withFile("mbedtls_entropy_write_seed_file", path, func(p *C.char) C.int {
		return C.gm_entropy_write_seed_file(e.c, p)
	})
}

// UpdateSeedFile adds at most EntropyMaxSeedSize bytes that a file holds to the pool, and writes it as WriteSeedFile does.
// The library asks how long the file is: of a pipe that has fewer than EntropyMaxSeedSize bytes, it says
// ErrEntropyFileIoError (mbedtls_entropy_update_seed_file).
func (e *Entropy) UpdateSeedFile(path string) error {
	return e.withFile("mbedtls_entropy_update_seed_file", path, func(p *C.char) C.int {
		return C.gm_entropy_update_seed_file(e.c, p)
	})
}

func (e *Entropy) withFile(op, path string, f func(*C.char) C.int) error {
	p, err := cPath(op, ErrEntropyFileIoError, path)
	if err != nil {
		return err
	}
	defer free(p)
	return e.use(op, "MBEDTLS_FS_IO", func() C.int { return f(p) })
}

func (e *Entropy) use(op, option string, f func() C.int) error {
	return e.during(func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.call(op, option, f)
	})
}

func (e *Entropy) call(op, option string, f func() C.int) error {
	if err := e.begin(); err != nil {
		return err
	}
	return e.ended(op, option, f())
}

func (e *Entropy) during(f func() error) error {
	defer runtime.KeepAlive(e)
	return during(f, e.res)
}

// Close frees the pool and wipes it (mbedtls_entropy_free).
func (e *Entropy) Close() error {
	e.res.close()
	return nil
}

// PlatformEntropy fills p from the operating system, and tells how much it has got (mbedtls_platform_entropy_poll).
func PlatformEntropy(p []byte) (n int, err error) {
	if err := initialize(); err != nil {
		return 0, err
	}
	var got C.size_t
	err = check(C.gm_platform_entropy_poll(cbytes(p), C.size_t(len(p)), &got), "mbedtls_platform_entropy_poll",
		"!MBEDTLS_NO_PLATFORM_ENTROPY")
	return int(got), err
}

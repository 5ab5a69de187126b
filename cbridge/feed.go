package cbridge

// #include "drbg.h"
import "C"

import (
	"errors"
	"io"
	"sync"
	"unsafe"
)

// errSeeded is the error of a second seed, for which the library would forget what it has allocated.
var errSeeded = errors.New("cbridge: the generator was seeded before")

// feed is what a generator and its source of entropy share. One call at a time is inside of the library.
type feed struct {
	trap
	mu     sync.Mutex
	source io.Reader
	seeded bool
}

// gombSeed is reached when a generator of MakeCtrDrbg or MakeHmacDrbg is seeded, on the goroutine that seeds it or draws
// from it. It may block, and then pins its thread, and whoever draws from the generator waits. It must not use the
// generator.
//
//export gombSeed
func gombSeed(h unsafe.Pointer, buf *C.uchar, n C.size_t) C.int {
	f := fromHandle[feed](h)
	return f.run(ErrEntropySourceFailed, func() error {
		_, err := io.ReadFull(f.source, unsafe.Slice((*byte)(buf), n))
		return err
	})
}

// seed runs the call that seeds the generator from source. It is the only one, also if it fails: the library has a key of
// zeros then.
func (f *feed) seed(source io.Reader, op, option string, call func() C.int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.source != nil || f.seeded {
		return errSeeded
	}
	f.source = source
	err := f.call(op, option, call)
	f.seeded = err == nil
	return err
}

// use runs a call on a generator that was seeded: of another one, the library would make numbers without a key.
func (f *feed) use(op, option string, unseeded Code, call func() C.int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.seeded {
		return newError(op, int(unseeded), nil)
	}
	return f.call(op, option, call)
}

// set runs a call that changes a parameter.
func (f *feed) set(op, option string, call func() C.int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.call(op, option, call)
}

func (f *feed) call(op, option string, call func() C.int) error {
	if err := f.begin(); err != nil {
		return err
	}
	return f.ended(op, option, call())
}

// ended is end for a call of an option that this build may lack.
func (t *trap) ended(op, option string, ret C.int) error {
	if ret == C.GM_NOT_BUILT {
		return &NotBuiltError{Option: option}
	}
	return t.end(op, int(ret))
}

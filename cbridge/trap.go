package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"unsafe"
)

// ErrPoisoned is the error of every call on a connection one of whose closures panicked.
var ErrPoisoned = errors.New("cbridge: a callback of this connection panicked")

// trap carries what a closure did from the trampoline, over the C frames, to the Go function that called C.
type trap struct {
	err      error
	value    any // of a panic
	panicked bool
	poisoned bool
}

// run calls a closure for a trampoline and returns what C is told: 0, or code for an error. A panic stops here.
//
// [runtime.Goexit] cannot be stopped: it drops the C frames. What is left of the connection is poisoned then.
func (t *trap) run(code Code, f func() error) (ret C.int) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			t.panicked, t.value = true, v
			ret = C.int(code)
		} else if !returned {
			t.poisoned = true
			C.gm_forget_current()
		}
	}()
	err := f()
	returned = true
	if err != nil {
		t.err = err
		return C.int(code)
	}
	return 0
}

// begin clears the trap before a library call.
func (t *trap) begin() error {
	if t.poisoned {
		return ErrPoisoned
	}
	t.err = nil
	return nil
}

// end turns the return value of a library call into an error, and raises a closure's panic again.
func (t *trap) end(op string, ret int) error {
	if t.panicked {
		v := t.value
		t.panicked, t.value, t.poisoned = false, nil, true
		panic(v)
	}
	switch Code(ret) {
	case ErrSSLWantRead: // constants, so that the hot path does not allocate
		return ErrSSLWantRead
	case ErrSSLWantWrite:
		return ErrSSLWantWrite
	case ErrSSLAsyncInProgress:
		return ErrSSLAsyncInProgress
	case ErrSSLCryptoInProgress:
		return ErrSSLCryptoInProgress
	}
	if ret >= 0 {
		return nil
	}
	return newError(op, ret, t.err)
}

// trapOf is the trap of the connection that is inside of C, or the config's own if none is.
func trapOf(c *Config, ssl unsafe.Pointer) *trap {
	if ssl != nil {
		if s := fromHandle[SSL](ssl); s != nil {
			return &s.trap
		}
	}
	return &c.trap
}

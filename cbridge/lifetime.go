//go:build cgo

package cbridge

import (
	"net"
	"runtime"
	"sync/atomic"
	"unsafe"
	"weak"

	pointer "github.com/mattn/go-pointer"
)

// resource is the lifetime of one C object. It never refers to the Go object that owns it, so that the garbage
// collector can find that one unreachable.
type resource struct {
	// state is twice the number of references, plus one after Close.
	state atomic.Int64
	free  func()
}

const (
	closed    = 1
	reference = 2
)

// own ties r's C object to the Go object v: free runs when v was closed or collected, and nothing refers to r any more.
func own[T any](v *T, free func()) *resource {
	r := &resource{free: free}
	r.state.Store(reference)
	runtime.AddCleanup(v, (*resource).close, r)
	return r
}

// acquire takes a reference for a call or a dependant. It fails with net.ErrClosed after close.
func (r *resource) acquire() error {
	for {
		s := r.state.Load()
		if s&closed != 0 {
			return net.ErrClosed
		}
		if r.state.CompareAndSwap(s, s+reference) {
			return nil
		}
	}
}

// release gives a reference back.
func (r *resource) release() {
	if r.state.Add(-reference) == closed {
		r.free()
	}
}

// close gives the owner's reference back; only the first call does.
func (r *resource) close() {
	for {
		s := r.state.Load()
		if s&closed != 0 {
			return
		}
		if r.state.CompareAndSwap(s, s|closed) {
			r.release()
			return
		}
	}
}

// during runs a call that uses C objects, none of which is freed meanwhile. It fails with net.ErrClosed if one is closed.
func during(call func() error, objects ...*resource) error {
	for i, r := range objects {
		if err := r.acquire(); err != nil {
			for _, r := range objects[:i] {
				r.release()
			}
			return err
		}
	}
	defer func() {
		for _, r := range objects {
			r.release()
		}
	}()
	return call()
}

var liveHandles atomic.Int64

// newHandle makes the one handle that C keeps for v.
func newHandle[T any](v *T) unsafe.Pointer {
	liveHandles.Add(1)
	return pointer.Save(weak.Make(v))
}

func dropHandle(h unsafe.Pointer) {
	pointer.Unref(h)
	liveHandles.Add(-1)
}

// fromHandle finds the object of a handle: nil if C calls back while it frees an object that was collected. A handle
// that was never made is a bug in the bridge, and panics.
func fromHandle[T any](h unsafe.Pointer) *T {
	return pointer.Restore(h).(weak.Pointer[T]).Value()
}

// LiveHandles counts the handles that C holds: one for each Config, SSL and key of [NewSignerKey] that is not freed yet.
func LiveHandles() int { return int(liveHandles.Load()) }

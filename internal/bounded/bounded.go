// Package bounded waits for calls no longer than their contexts last, whether or not the calls mind those.
package bounded

import (
	"context"
	"errors"
	"sync/atomic"
)

// maxAbandoned is how many calls of a Caller may hang before it makes no more.
const maxAbandoned = 64

// ErrHanging is the error of a call that was not made, since too many earlier ones hang.
var ErrHanging = errors.New("too many earlier calls have not returned")

// Caller makes calls, and counts those that it no longer waits for: each holds a goroutine until it returns. The zero
// value is ready.
type Caller struct{ abandoned atomic.Int64 }

type outcome[T any] struct {
	value    T
	err      error
	panicked any
}

// Call returns what f does, or ctx's error if that is done earlier: f then goes on alone, and what it returns is dropped.
// A panic of f that is waited for is raised again. ctx should have a deadline.
func Call[T any](c *Caller, ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if c.abandoned.Load() >= maxAbandoned {
		return none, ErrHanging
	}
	var settled atomic.Bool // by whoever comes first, the call's end or ctx's
	done := make(chan outcome[T], 1)
	go func() {
		var o outcome[T]
		defer func() {
			o.panicked = recover()
			done <- o
			if !settled.CompareAndSwap(false, true) {
				c.abandoned.Add(-1)
			}
		}()
		o.value, o.err = f(ctx)
	}()
	var o outcome[T]
	select {
	case o = <-done:
	case <-ctx.Done():
		if settled.CompareAndSwap(false, true) {
			c.abandoned.Add(1)
			return none, ctx.Err()
		}
		o = <-done
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.value, o.err
}

package cbridge

// #include "bridge.h"
import "C"

import (
	"time"
	"unsafe"
)

// Timer is what drives the retransmissions of DTLS (mbedtls_ssl_set_timer_cb). Both closures are called from inside of
// the library, on the goroutine that called it.
type Timer struct {
	// Set starts the timer, or starts it anew; a final delay of 0 stops it.
	Set func(intermediate, final time.Duration)

	// Get is what mbedtls_ssl_get_timer_t returns: 0 before the intermediate delay has passed, 1 after it, and 2 after
	// the final one. It is not called while the timer is stopped.
	Get func() int
}

// SetTimer puts closures in place of the [Delay] that a datagram connection has from the start.
func (s *SSL) SetTimer(t Timer) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.timer = &t
	C.gm_ssl_set_timer(s.c)
	return nil
}

// Delay is a timer by Go's clock. Who waits for it, waits until its Deadline, and calls the library again.
type Delay struct {
	intermediate, final time.Time // zero: stopped
}

// Set is for [Timer].
func (d *Delay) Set(intermediate, final time.Duration) {
	*d = Delay{}
	if final != 0 {
		now := time.Now()
		d.intermediate, d.final = now.Add(intermediate), now.Add(final)
	}
}

// Get is for [Timer].
func (d *Delay) Get() int {
	switch now := time.Now(); {
	case !now.Before(d.final):
		return 2
	case !now.Before(d.intermediate):
		return 1
	}
	return 0
}

// Deadline is when the final delay passes; zero if the timer is stopped.
func (d *Delay) Deadline() time.Time { return d.final }

// gombTimerSet is reached from every library call of a datagram connection, on the goroutine that made it. It must not
// block.
//
//export gombTimerSet
func gombTimerSet(h unsafe.Pointer, intermediate, final C.uint32_t) C.int {
	s := fromHandle[SSL](h)
	if s == nil {
		return 0
	}
	return s.trap.run(ErrSSLInternalError, func() error {
		s.timer.Set(time.Duration(intermediate)*time.Millisecond, time.Duration(final)*time.Millisecond)
		return nil
	})
}

// gombTimerGet is reached as gombTimerSet is. What a closure returns beside 0, 1 and 2 counts as 2: the library then
// looks at its state.
//
//export gombTimerGet
func gombTimerGet(h unsafe.Pointer) C.int {
	passed := C.int(2)
	s := fromHandle[SSL](h)
	if s == nil {
		return passed
	}
	s.trap.run(ErrSSLInternalError, func() error {
		passed = C.int(s.timer.Get())
		return nil
	})
	return passed
}

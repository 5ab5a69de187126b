package cbridge

// #include "bridge.h"
import "C"

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Clock replaces both of the library's clocks.
type Clock struct {
	Now func() time.Time // wall clock: certificate validity, ticket and cache lifetimes (mbedtls_time)
	MS  func() int64     // milliseconds that never step back: the age of TLS 1.3 tickets (mbedtls_ms_time)
}

var processClock atomic.Pointer[Clock]

// SetClock puts c in place of the system's clocks for the whole process, and nil puts those back. It is for tests that
// must be deterministic. Its functions are called from any goroutine that is inside of the library, must not block, and
// must not panic: outside of a connection there is nobody to tell. A build without MBEDTLS_PLATFORM_TIME_ALT fails with a
// [NotBuiltError].
func SetClock(c *Clock) error {
	if err := initialize(); err != nil {
		return err
	}
	if c == nil {
		C.gm_clock_set_hook(0)
		return nil // the old one stays readable for a call that is on its way
	}
	if !Feature(optionTime) {
		return &NotBuiltError{Option: optionTime}
	}
	processClock.Store(c)
	C.gm_clock_set_hook(1)
	return nil
}

// optionTime is behind every clock of Go's.
const optionTime = "MBEDTLS_PLATFORM_TIME_ALT"

// gombClockTime is reached from mbedtls_time: certificate checks, tickets, caches.
//
//export gombClockTime
func gombClockTime() C.int64_t { return C.int64_t(processClock.Load().Now().Unix()) }

// gombClockMS is reached from mbedtls_ms_time: TLS 1.3 tickets.
//
//export gombClockMS
func gombClockMS() C.int64_t { return C.int64_t(processClock.Load().MS()) }

// gombConfigTime is reached from mbedtls_time inside of a connection whose Config has a clock of its own, on the
// goroutine that called in. It must not block.
//
//export gombConfigTime
func gombConfigTime(conf, ssl unsafe.Pointer) (t C.int64_t) {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int64_t(time.Now().Unix())
	}
	trapOf(c, ssl).run(ErrErrorGenericError, func() error {
		t = C.int64_t(c.now().Unix())
		return nil
	})
	return t
}

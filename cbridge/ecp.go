package cbridge

// #include "ec.h"
import "C"

import (
	"errors"
	"sync"
)

// ErrConnectionsExist is the error of what may only be changed while nothing exists that could read it.
var ErrConnectionsExist = errors.New("cbridge: connections, or operations that restart, exist that use the setting")

// restartable guards the library's bound on elliptic-curve operations, which is a plain variable for the process: it is
// changed only while there is no connection, and no ECRestart, PKRestart, Restart or ECDH that heeds it.
var restartable connections

type connections struct {
	mu   sync.Mutex
	live int
}

func (c *connections) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live += n
}

const optionRestartable = "MBEDTLS_ECP_RESTARTABLE"

// SetECPMaxOps bounds how many elliptic-curve operations are done in a row, for the process (mbedtls_ecp_set_max_ops):
// [SSL.Handshake] then returns ErrSSLCryptoInProgress, and what is called with an [ECRestart], ErrECPInProgress; they are to
// be called again. 0 is no bound. It fails with ErrConnectionsExist while an SSL, an ECRestart, a PKRestart, a Restart, or
// an ECDH with restarts exists that is not freed yet.
func SetECPMaxOps(n uint32) error {
	if !Feature(optionRestartable) {
		return &NotBuiltError{Option: optionRestartable}
	}
	restartable.mu.Lock()
	defer restartable.mu.Unlock()
	if restartable.live > 0 {
		return ErrConnectionsExist
	}
	return check(C.gm_ecp_set_max_ops(C.uint(n)), "mbedtls_ecp_set_max_ops", optionRestartable)
}

// ECPRestartEnabled reports whether there is a bound (mbedtls_ecp_restart_is_enabled).
func ECPRestartEnabled() bool {
	restartable.mu.Lock()
	defer restartable.mu.Unlock()
	return C.gm_ecp_restart_is_enabled() != 0
}

// ECRestart is what an operation has done so far that is over its budget: an mbedtls_ecp_restart_ctx and an
// mbedtls_ecdsa_restart_ctx. One goroutine uses it at a time, for one operation after the other.
type ECRestart struct {
	res     *resource
	c       *C.gm_ec_restart
	pending any
}

// NewECRestart makes one (mbedtls_ecp_restart_init, mbedtls_ecdsa_restart_init).
func NewECRestart() (*ECRestart, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionRestartable) {
		return nil, &NotBuiltError{Option: optionRestartable}
	}
	c := C.gm_ec_restart_new()
	if c == nil {
		return nil, errNoMemory
	}
	restartable.add(1)
	r := &ECRestart{c: c}
	r.res = own(r, func() {
		C.gm_ec_restart_delete(c)
		restartable.add(-1)
	})
	return r, nil
}

// Close wipes and frees it, and an operation that is under way with it (mbedtls_ecp_restart_free,
// mbedtls_ecdsa_restart_free).
func (r *ECRestart) Close() error {
	r.res.close()
	return nil
}

// Reset gives up the operation that is under way, if one is.
func (r *ECRestart) Reset() error {
	return during(func() error {
		C.gm_ec_restart_reset(r.c)
		r.pending = nil
		return nil
	}, r.res)
}

var errOtherOperation = errors.New("another operation is in progress")

// inProgress runs a call that may have to be made again, of the operation that what describes. The library does not look at
// the arguments again when it goes on, and would read outside of its tables with those of another operation.
func inProgress(pending *any, op string, what any, call func() error) error {
	if *pending != nil && *pending != what {
		return newError(op, int(ErrECPBadInputData), errOtherOperation)
	}
	*pending = nil
	err := call()
	if errors.Is(err, ErrECPInProgress) {
		*pending = what
	}
	return err
}

// restarting runs a call with r, which may be nil.
func restarting(r *ECRestart, op string, what any, call func(r *C.gm_ec_restart) error, objects ...*resource) error {
	if r == nil {
		return during(func() error { return call(nil) }, objects...)
	}
	return during(func() error {
		return inProgress(&r.pending, op, what, func() error { return call(r.c) })
	}, append(objects, r.res)...)
}

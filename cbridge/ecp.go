package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"sync"
)

// ErrConnectionsExist is the error of what may only be changed while no connection could read it.
var ErrConnectionsExist = errors.New("cbridge: connections exist that use the setting")

// restartable guards the library's bound on elliptic-curve operations, which is a plain variable for the process: it is
// changed only while there is no connection.
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

// SetECPMaxOps bounds how many elliptic-curve operations a handshake does in a row, for the process
// (mbedtls_ecp_set_max_ops): [SSL.Handshake] then returns ErrSSLCryptoInProgress, and is to be called again. 0 is no
// bound. It fails with ErrConnectionsExist while an SSL exists that is not freed yet.
func SetECPMaxOps(n uint32) error {
	const option = "MBEDTLS_ECP_RESTARTABLE"
	if !Feature(option) {
		return &NotBuiltError{Option: option}
	}
	restartable.mu.Lock()
	defer restartable.mu.Unlock()
	if restartable.live > 0 {
		return ErrConnectionsExist
	}
	return check(C.gm_ecp_set_max_ops(C.uint(n)), "mbedtls_ecp_set_max_ops", option)
}

//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// #include "bridge.h"
// #include "accel.h"
import "C"

import (
	"unsafe"

	"github.com/gombedtls/gombedtls/cbridge/accel"
)

func accelMessage(c *C.gm_hash_call) accel.Message {
	return accel.Message{
		Hash:  accel.Hash(c.hash),
		State: unsafe.Slice((*byte)(c.state), c.state_len),
		Block: unsafe.Slice((*byte)(c.block), c.block_len),
		Total: uint64(c.total),
	}
}

// gombHashUpdate adds to a hash for mbedtls_sha1_update, mbedtls_sha512_update and, but for amd64,
// mbedtls_sha256_update, which everything that hashes comes by. It runs on the goroutine that called the library, and
// never blocks.
//
//export gombHashUpdate
func gombHashUpdate(c *C.gm_hash_call) (outcome C.int) {
	defer declineOnPanic(&outcome)
	return C.int(accelMessage(c).Update(unsafe.Slice((*byte)(c.in), c.len)))
}

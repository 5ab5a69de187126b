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

// gombHashUpdate adds to a hash for mbedtls_sha1_update, mbedtls_sha256_update and mbedtls_sha512_update, which
// everything that hashes comes by. It runs on the goroutine that called the library, and never blocks.
//
//export gombHashUpdate
func gombHashUpdate(c *C.gm_hash_call) (outcome C.int) {
	defer declineOnPanic(&outcome)
	return C.int(accelMessage(c).Update(unsafe.Slice((*byte)(c.in), c.len)))
}

// gombHashSum ends a hash for mbedtls_sha256_finish and mbedtls_sha512_finish, as gombHashUpdate.
//
//export gombHashSum
func gombHashSum(c *C.gm_hash_call) (outcome C.int) {
	defer declineOnPanic(&outcome)
	return C.int(accelMessage(c).Sum(unsafe.Slice((*byte)(c.digest), accel.MaxDigestSize)))
}

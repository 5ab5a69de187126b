//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

// #include "bridge.h"
// #include "accel.h"
// #if defined(MBEDTLS_GCM_C) && defined(MBEDTLS_AES_C)
// enum { BUILT_AES_GCM = GM_ACCEL_AES_GCM };
// #else
// enum { BUILT_AES_GCM = 0 };
// #endif
// #if defined(MBEDTLS_CHACHAPOLY_C)
// enum { BUILT_CHACHAPOLY = GM_ACCEL_CHACHAPOLY };
// #else
// enum { BUILT_CHACHAPOLY = 0 };
// #endif
import "C"

import (
	"unsafe"

	"github.com/gombedtls/gombedtls/cbridge/accel"
)

const accelAEADs Accel = C.BUILT_AES_GCM | C.BUILT_CHACHAPOLY

func accelKey(c *C.gm_aead_call) accel.Key {
	return accel.Key{
		Cipher: accel.Cipher(c.cipher),
		Bytes:  unsafe.Slice((*byte)(c.key), c.key_len),
		Hint:   (*uint32)(c.hint),
		Brief:  c.brief != 0,
	}
}

// gombAEAD seals or opens a message for mbedtls_gcm_crypt_and_tag, mbedtls_gcm_auth_decrypt and the two of
// ChaCha20-Poly1305: records of TLS, tickets, PSA. It runs on the goroutine that called the library, and never blocks.
//
//export gombAEAD
func gombAEAD(c *C.gm_aead_call) (outcome C.int) {
	defer declineOnPanic(&outcome)
	in, out := c.len, c.len
	crypt := accel.Seal
	if c.open != 0 {
		crypt, in = accel.Open, in+accel.TagSize
	} else {
		out += accel.TagSize
	}
	return C.int(crypt(accelKey(c),
		unsafe.Slice((*byte)(c.out), out),
		unsafe.Slice((*byte)(c.iv), accel.NonceSize),
		unsafe.Slice((*byte)(c.in), in),
		unsafe.Slice((*byte)(c.ad), c.ad_len)))
}

// gombAEADForget is for mbedtls_gcm_free, mbedtls_gcm_setkey and those of ChaCha20-Poly1305, as gombAEAD.
//
//export gombAEADForget
func gombAEADForget(c *C.gm_aead_call) { accelKey(c).Forget() }

// declineOnPanic leaves a call to the library that Go's code found something wrong with, before it wrote a byte.
func declineOnPanic[T ~int32](outcome *T) {
	if recover() != nil {
		*outcome = C.GM_ACCEL_DECLINED
	}
}

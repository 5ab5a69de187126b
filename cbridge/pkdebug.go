package cbridge

// #include "pk.h"
import "C"

import (
	"math/big"
	"unsafe"
)

// PKDebugItem is a number that belongs to a key, or a point (mbedtls_pk_debug_item).
type PKDebugItem struct {
	Name string   // as in the library's messages, such as "rsa.N" and "eckey.Q"
	X    *big.Int // the number, or a coordinate of the point
	Y    *big.Int // nil for a number
}

// Debug is the public part of a key, as debug messages have it (mbedtls_pk_debug).
func (k *PK) Debug() (items []PKDebugItem, err error) {
	err = k.during("mbedtls_pk_debug", "", func() C.int {
		for i := range C.MBEDTLS_PK_DEBUG_MAX_ITEMS {
			var item C.gm_pk_debug_item
			if ret := C.gm_pk_debug(k.c, C.int(i), &item); ret != 0 {
				return ret
			}
			if item._type == C.MBEDTLS_PK_DEBUG_NONE {
				break
			}
			number := func(i int) *big.Int {
				return new(big.Int).SetBytes(C.GoBytes(unsafe.Pointer(&item.numbers[i][0]), C.int(item.lens[i])))
			}
			d := PKDebugItem{Name: C.GoString(item.name), X: number(0)}
			if item._type == C.MBEDTLS_PK_DEBUG_ECP {
				d.Y = number(1)
			}
			items = append(items, d)
		}
		return 0
	})
	return items, err
}

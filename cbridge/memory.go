package cbridge

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"fmt"
	"unsafe"
)

func free(s *C.char) { C.free(unsafe.Pointer(s)) }

// cbytes gives C the memory of b, nil for an empty slice. C must not keep it.
func cbytes(b []byte) *C.uchar { return (*C.uchar)(unsafe.SliceData(b)) }

// arena is C memory that lives as long as a Config, for the lists that the library keeps pointers to.
type arena struct{ blocks []unsafe.Pointer }

// cArray copies a list to C memory, with a zero element at its end.
func cArray[T any](a *arena, list []T) *T {
	var zero T
	n := C.size_t(len(list) + 1)
	p := C.calloc(n, C.size_t(unsafe.Sizeof(zero)))
	if p == nil {
		panic("cbridge: out of memory")
	}
	copy(unsafe.Slice((*T)(p), len(list)), list)
	a.blocks = append(a.blocks, p)
	return (*T)(p)
}

func (a *arena) string(s string) *C.char {
	p := C.CString(s)
	a.blocks = append(a.blocks, unsafe.Pointer(p))
	return p
}

func (a *arena) free() {
	for _, p := range a.blocks {
		C.free(p)
	}
	a.blocks = nil
}

// AllocStats is what the counting allocator saw since [CountAllocations].
type AllocStats struct {
	LiveBytes  int64 // allocated and not freed, as malloc_usable_size gives it
	LiveBlocks int64
	Total      int64 // blocks allocated, freed ones included
}

// CountAllocations routes the library's calloc and free through counters (mbedtls_platform_set_calloc_free), for tests.
// Call it before anything else of this package: blocks allocated earlier would be subtracted when they are freed. A build
// without MBEDTLS_PLATFORM_MEMORY counts nothing.
func CountAllocations() { C.gm_alloc_count() }

// Allocations returns the counters.
func Allocations() AllocStats {
	var bytes, blocks, total C.int64_t
	C.gm_alloc_stats(&bytes, &blocks, &total)
	return AllocStats{LiveBytes: int64(bytes), LiveBlocks: int64(blocks), Total: int64(total)}
}

// Trim gives back the buffers that are kept at hand for connections.
func Trim() { C.gm_pools_drain() }

// BuffersKept counts them.
func BuffersKept() int { return int(C.gm_pools_kept()) }

// Held says what of the library is not given back yet: nil if everything was closed, and Shutdown was called. What is kept
// at hand is nobody's, and given back first. It needs CountAllocations.
func Held() error {
	Trim()
	if now := Allocations(); LiveHandles() != 0 || now.LiveBlocks != 0 {
		return fmt.Errorf("%d handles and %d blocks (%d bytes) of C memory", LiveHandles(), now.LiveBlocks, now.LiveBytes)
	}
	return nil
}

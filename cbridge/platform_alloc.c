#include "bridge.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(MBEDTLS_PLATFORM_MEMORY)

// Handshakes allocate numbers of some words all the time. In a process of several threads, which every Go program is,
// glibc's calloc takes a lock for that, and its malloc, up to this size, takes a block that the thread has kept.
#define CACHED 1024

static void *cached_calloc(size_t n, size_t size)
{
    size_t len;
    void *p;
    if (__builtin_mul_overflow(n, size, &len) || len > CACHED) {
        return calloc(n, size);
    }
    p = malloc(len);
    __asm__ volatile("" : "+r"(p)); // or the compiler makes a calloc of both calls
    return p == NULL ? NULL : memset(p, 0, len);
}

static int counting;

// gm_alloc_install gives the library its allocator, unless one that counts is there already.
void gm_alloc_install(void)
{
    if (!counting) {
        mbedtls_platform_set_calloc_free(cached_calloc, free);
    }
}

// A counting allocator needs no header of its own before each block, so that it can be switched on at any time: libc
// tells a block's size when it is freed, too.

static atomic_llong live_bytes, live_blocks, total_blocks;

static void *counting_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p != NULL) {
        atomic_fetch_add(&live_bytes, (long long) malloc_usable_size(p));
        atomic_fetch_add(&live_blocks, 1);
        atomic_fetch_add(&total_blocks, 1);
    }
    return p;
}

static void counting_free(void *p)
{
    if (p != NULL) {
        atomic_fetch_sub(&live_bytes, (long long) malloc_usable_size(p));
        atomic_fetch_sub(&live_blocks, 1);
        free(p);
    }
}

// gm_alloc_count routes the library's allocations through the counters.
void gm_alloc_count(void)
{
    counting = 1;
    mbedtls_platform_set_calloc_free(counting_calloc, counting_free);
}

void gm_alloc_stats(int64_t *bytes, int64_t *blocks, int64_t *total)
{
    *bytes = atomic_load(&live_bytes);
    *blocks = atomic_load(&live_blocks);
    *total = atomic_load(&total_blocks);
}

#else // the library has libc's, for good

void gm_alloc_install(void)
{
}

void gm_alloc_count(void)
{
}

void gm_alloc_stats(int64_t *bytes, int64_t *blocks, int64_t *total)
{
    *bytes = *blocks = *total = 0;
}

#endif

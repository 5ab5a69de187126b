#include "bridge.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

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
int gm_alloc_count(void)
{
    return mbedtls_platform_set_calloc_free(counting_calloc, counting_free);
}

void gm_alloc_stats(int64_t *bytes, int64_t *blocks, int64_t *total)
{
    *bytes = atomic_load(&live_bytes);
    *blocks = atomic_load(&live_blocks);
    *total = atomic_load(&total_blocks);
}

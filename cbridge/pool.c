// pool.c keeps a few large buffers at hand that connections borrow for as long as they have something in them.
#include "bridge.h"

#include <string.h>

// A thread has a slot of its own, most of the time, so that threads neither wait for each other nor share a line of cache.
static _Thread_local unsigned own_slot;
static _Atomic unsigned next_slot = 1;

// gm_thread_slot numbers the threads.
unsigned gm_thread_slot(void)
{
    if (own_slot == 0) {
        own_slot = atomic_fetch_add(&next_slot, 1);
    }
    return own_slot;
}

static _Atomic(void *) *slot_of(gm_pool *pool)
{
    return &pool->slots[gm_thread_slot() % GM_POOL_SLOTS].p;
}

// gm_pool_get returns a buffer of pool->size bytes with anything in it, or NULL.
void *gm_pool_get(gm_pool *pool)
{
    void *p = atomic_exchange(slot_of(pool), NULL);
    return p != NULL ? p : mbedtls_calloc(1, pool->size);
}

// gm_pool_put takes a buffer back, of which the first used bytes may be secret.
void gm_pool_put(gm_pool *pool, void *p, size_t used)
{
    void *none = NULL;
    if (p == NULL) {
        return;
    }
    mbedtls_platform_zeroize(p, used);
#if defined(__SANITIZE_ADDRESS__)
    mbedtls_free(p);  // so that a late use is found
    return;
#endif
    if (!atomic_compare_exchange_strong(slot_of(pool), &none, p)) {
        mbedtls_free(p);
    }
}

// gm_pool_drain frees what the pool keeps.
void gm_pool_drain(gm_pool *pool)
{
    for (size_t i = 0; i < GM_POOL_SLOTS; i++) {
        mbedtls_free(atomic_exchange(&pool->slots[i].p, NULL));
    }
}

gm_pool gm_rings = {.size = GM_RING_SIZE};

static int kept(gm_pool *pool)
{
    int n = 0;
    for (size_t i = 0; i < GM_POOL_SLOTS; i++) {
        n += atomic_load(&pool->slots[i].p) != NULL;
    }
    return n;
}

// gm_pools_kept counts the buffers that all pools keep.
int gm_pools_kept(void)
{
    return kept(&gm_rings) + kept(&gm_inputs) + kept(&gm_outputs);
}

void gm_pools_drain(void)
{
    gm_pool_drain(&gm_rings);
    gm_pool_drain(&gm_inputs);
    gm_pool_drain(&gm_outputs);
}

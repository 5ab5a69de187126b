// platform_time.c is the monotonic clock that MBEDTLS_PLATFORM_MS_TIME_ALT asks its user for. It also compiles on its
// own, for the upstream programs that are built against the same header.
#include <mbedtls/build_info.h>
#include <mbedtls/platform_time.h>
#include <stdatomic.h>
#include <time.h>

typedef int64_t (*gm_ms_time_fn)(void);

static _Atomic(gm_ms_time_fn) ms_time_hook;

void gm_set_ms_time(gm_ms_time_fn f);

// gm_set_ms_time replaces the clock of the whole process; NULL brings the system's back.
void gm_set_ms_time(gm_ms_time_fn f)
{
    atomic_store(&ms_time_hook, f);
}

// mbedtls_ms_time counts milliseconds that never step back: those since boot, suspended time included, as upstream's
// own default does, so that the age of a ticket stays right on a machine that slept.
mbedtls_ms_time_t mbedtls_ms_time(void)
{
    gm_ms_time_fn f = atomic_load(&ms_time_hook);
    struct timespec t;

    if (f != NULL) {
        return f();
    }
#if defined(CLOCK_BOOTTIME)
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
#else
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
#endif
    {
        return (mbedtls_ms_time_t) time(NULL) * 1000;
    }
    return (mbedtls_ms_time_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

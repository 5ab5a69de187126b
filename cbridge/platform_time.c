// platform_time.c is the monotonic clock that MBEDTLS_PLATFORM_MS_TIME_ALT asks its user for. An installed Mbed TLS may have
// one of its own: the linker puts this before it (--wrap, see cgo_system.go). It also compiles on its own, for the upstream
// programs that are built against the same header.
#include <mbedtls/build_info.h>
#include <mbedtls/platform_time.h>
#include <stdatomic.h>
#include <time.h>

#if defined(GOMBEDTLS_SYSTEM)
#define mbedtls_ms_time __wrap_mbedtls_ms_time
mbedtls_ms_time_t mbedtls_ms_time(void);
#endif

typedef int64_t (*gm_ms_time_fn)(void);

static _Atomic(gm_ms_time_fn) ms_time_hook;

void gm_set_ms_time(gm_ms_time_fn f);

// gm_set_ms_time replaces the clock of the whole process; NULL brings the system's back.
void gm_set_ms_time(gm_ms_time_fn f)
{
    atomic_store(&ms_time_hook, f);
}

// wall is the time since 1970; elapsed counts since boot, suspended time included, and never steps.
static int64_t wall(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_REALTIME, &t) != 0) {
        return (int64_t) time(NULL) * 1000;
    }
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t elapsed(void)
{
    struct timespec t;
#if defined(CLOCK_BOOTTIME)
    if (clock_gettime(CLOCK_BOOTTIME, &t) != 0)
#else
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
#endif
    {
        return (int64_t) time(NULL) * 1000;
    }
    return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// mbedtls_ms_time counts milliseconds that never step back. They begin at the wall clock's time when the process first
// asks, not at boot as upstream's do: a ticket or a saved session holds such a time, and its age must come out right in
// another process, on another host and after a reboot.
mbedtls_ms_time_t mbedtls_ms_time(void)
{
    static _Atomic(int64_t) boot;  // the time since 1970 at which elapsed was 0
    gm_ms_time_fn f = atomic_load(&ms_time_hook);
    int64_t start = atomic_load(&boot);

    if (f != NULL) {
        return f();
    }
    if (start == 0) {
        int64_t unset = 0;
        start = wall() - elapsed();
        if (!atomic_compare_exchange_strong(&boot, &unset, start)) {
            start = unset;
        }
    }
    return start + elapsed();
}

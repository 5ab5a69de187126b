#include "bridge.h"
#include "_cgo_export.h"

#include <stdatomic.h>
#include <time.h>

static atomic_int process_hook;

#if defined(MBEDTLS_PLATFORM_TIME_ALT)

// Reached from certificate checks (validity), tickets, caches and the TLS 1.2 hello random. It blocks as little as the
// Go clock behind it does.
static mbedtls_time_t clock_time(mbedtls_time_t *out)
{
    mbedtls_time_t t;
    if (gm_current != NULL && gm_current->conf != NULL && gm_current->conf->has_time) {
        t = (mbedtls_time_t) gombConfigTime(gm_current->conf->handle, gm_current->handle);
    } else if (atomic_load(&process_hook)) {
        t = (mbedtls_time_t) gombClockTime();
    } else {
        t = time(NULL);
    }
    if (out != NULL) {
        *out = t;
    }
    return t;
}

// gm_clock_install puts clock_time in place of libc's time, once.
void gm_clock_install(void)
{
    mbedtls_platform_set_time(clock_time);
}

#else

void gm_clock_install(void)
{
}

#endif

static int64_t clock_ms(void)
{
    return gombClockMS();
}

void gm_clock_set_hook(int on)
{
    atomic_store(&process_hook, on);
    gm_set_ms_time(on ? clock_ms : NULL);
}

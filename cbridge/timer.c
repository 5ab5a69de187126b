#include "bridge.h"
#include "_cgo_export.h"

// Reached from every library call of a datagram connection, also while it is freed. That a timer is off is known here,
// which saves most calls into Go.
static void set_timer(void *ctx, uint32_t intermediate_ms, uint32_t final_ms)
{
    gm_ssl *s = ctx;
    int ret;
    if (final_ms == 0 && !s->timer_on) {
        return;
    }
    s->timer_on = final_ms != 0;
    ret = gombTimerSet(s->handle, intermediate_ms, final_ms);
    if (ret != 0) {
        gm_ssl_fail(ret);
    }
}

static int get_timer(void *ctx)
{
    gm_ssl *s = ctx;
    return s->timer_on ? gombTimerGet(s->handle) : -1;
}

void gm_ssl_set_timer(gm_ssl *s)
{
    mbedtls_ssl_set_timer_cb(&s->ssl, s, set_timer, get_timer);
}

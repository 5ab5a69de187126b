// renegotiate.c is renegotiation, which TLS 1.2 alone has. It looks into private structs for what to guard.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

int gm_conf_renegotiation(gm_config *c, int on, int max_records, uint64_t period)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    unsigned char big_endian[8];
    MBEDTLS_PUT_UINT64_BE(period, big_endian, 0);
    mbedtls_ssl_conf_renegotiation(&c->conf, on);
    mbedtls_ssl_conf_renegotiation_enforced(&c->conf, max_records);
    mbedtls_ssl_conf_renegotiation_period(&c->conf, big_endian);
    return 0;
#else
    (void) c;
    (void) max_records;
    (void) period;
    return on ? GM_NOT_BUILT : 0;
#endif
}

#if defined(MBEDTLS_SSL_RENEGOTIATION)
// recount takes back that a client counted a record of the server that came instead of its ServerHello:
// mbedtls_ssl_read, which has to follow, looks at that again, and counts it.
static int recount(gm_ssl *s, int ret)
{
    if (ret == MBEDTLS_ERR_SSL_WAITING_SERVER_HELLO_RENEGO) {
        s->ssl.renego_records_seen--;
    }
    return ret;
}
#endif

// gm_ssl_start_renegotiation guards mbedtls_ssl_renegotiate, which would begin one in TLS 1.3, and without a Config that
// has it, where a server then refuses what it asked for.
int gm_ssl_start_renegotiation(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    if (s->ssl.tls_version != MBEDTLS_SSL_VERSION_TLS1_2 ||
        s->ssl.conf->disable_renegotiation == MBEDTLS_SSL_RENEGOTIATION_DISABLED) {
        return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
    }
    return recount(s, mbedtls_ssl_renegotiate(&s->ssl));
#else
    (void) s;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_renegotiating tells whether a handshake after the first one is under way.
int gm_ssl_renegotiating(const gm_ssl *s)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    return s->ssl.renego_status == MBEDTLS_SSL_RENEGOTIATION_IN_PROGRESS;
#else
    (void) s;
    return 0;
#endif
}

// gm_ssl_continue_renegotiation takes the steps that mbedtls_ssl_read and …_write would take unobserved.
int gm_ssl_continue_renegotiation(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    int ret = 0;
    while (ret == 0 && gm_ssl_renegotiating(s)) {
        ret = gm_ssl_step(s);
        if (s->verdict != 0) {
            return s->verdict;
        }
    }
    return recount(s, ret);
#else
    (void) s;
    return 0;
#endif
}

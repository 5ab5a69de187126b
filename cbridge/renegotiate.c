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
    c->renego_grace = max_records;
    if (mbedtls_ssl_conf_get_endpoint(&c->conf) == MBEDTLS_SSL_IS_SERVER &&
        c->conf.transport == MBEDTLS_SSL_TRANSPORT_STREAM) {
        max_records = MBEDTLS_SSL_RENEGOTIATION_NOT_ENFORCED;  // gm_ssl_read_record does
    }
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
    mbedtls_ssl_context *ssl = &s->ssl;
    int ret = 0;
    while (ret == 0 && gm_ssl_renegotiating(s)) {
        if (ssl->in_offt != NULL) {
            return MBEDTLS_ERR_SSL_WAITING_SERVER_HELLO_RENEGO;  // data that is not all read comes first
        }
        ret = gm_ssl_step(s);
        if (s->verdict != 0) {
            return s->verdict;
        }
    }
    if (ret != 0) {
        MBEDTLS_SSL_DEBUG_RET(1, "mbedtls_ssl_handshake", ret);  // as they would
    }
    return recount(s, ret);
#else
    (void) s;
    return 0;
#endif
}

// gm_ssl_read_record is mbedtls_ssl_read without two of its faults, in how records are counted that the peer sends instead
// of what it was asked for:
//  - A client counts a record each time that it reads a piece of it.
//  - A server sends the HelloRequest again for each record of data, also where that is for DTLS alone. A client that has
//    answered the first one, and is one of Mbed TLS, breaks the connection over the second. The library stops once it
//    has seen many records, if it does not enforce an answer; so the bridge does that.
int gm_ssl_read_record(gm_ssl *s, unsigned char *buf, size_t len)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    mbedtls_ssl_context *ssl = &s->ssl;
    int fresh = ssl->in_offt == NULL, ret;

    if (gm_ssl_renegotiating(s) && !fresh) {
        ssl->renego_records_seen--;
    }
    if (ssl->renego_status != MBEDTLS_SSL_RENEGOTIATION_PENDING ||
        ssl->conf->transport != MBEDTLS_SSL_TRANSPORT_STREAM) {
        s->unanswered = 0;
        return mbedtls_ssl_read(ssl, buf, len);
    }
    ssl->renego_records_seen = 1 << 20;
    ret = mbedtls_ssl_read(ssl, buf, len);
    if (ret > 0 && fresh && s->conf->renego_grace >= 0 && ++s->unanswered > s->conf->renego_grace) {
        return MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE;
    }
    return ret;
#else
    return mbedtls_ssl_read(&s->ssl, buf, len);
#endif
}

// record.c looks at records without taking them. It reads, from private structs, what is known of those before.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#include <string.h>

#if defined(MBEDTLS_SSL_PROTO_DTLS) && defined(MBEDTLS_SSL_DTLS_ANTI_REPLAY)
// is_newer tells of a record that is authentic whether its number is above all that were accepted. Without anti-replay,
// the library does not note them.
static int is_newer(const mbedtls_ssl_context *ssl, const unsigned char *record)
{
    uint64_t number = MBEDTLS_GET_UINT64_BE(record, 3) & 0xFFFFFFFFFFFF;  // without the epoch
    return ssl->transform_in != NULL && ssl->in_epoch != 0 &&
           ssl->conf->anti_replay == MBEDTLS_SSL_ANTI_REPLAY_ENABLED && number > ssl->in_window_top;
}
#endif

// check_record gives the library a copy, which it decrypts in place, and wipes.
static int check_record(gm_ssl *s, const unsigned char *datagram, size_t len, int *newer)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    unsigned char *copy = mbedtls_calloc(1, len + 1);
    int ret;

    if (copy == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    if (len > 0) {
        memcpy(copy, datagram, len);
    }
    ret = mbedtls_ssl_check_record(&s->ssl, copy, len);
    mbedtls_free(copy);
#if defined(MBEDTLS_SSL_DTLS_ANTI_REPLAY)
    *newer = ret == 0 && is_newer(&s->ssl, datagram);
#endif
    return ret;
#else
    (void) s;
    (void) datagram;
    (void) len;
    (void) newer;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_check_record(gm_ssl *s, const unsigned char *datagram, size_t len, int *newer)
{
    GM_IN(s, check_record(s, datagram, len, newer));
}

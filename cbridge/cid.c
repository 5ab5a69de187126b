// cid.c is connection IDs: RFC 9146. It looks into private structs for what to guard.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

int gm_conf_cid(gm_config *c, size_t len, int fail_unexpected)
{
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    return mbedtls_ssl_conf_cid(&c->conf, len,
                                fail_unexpected ? MBEDTLS_SSL_UNEXPECTED_CID_FAIL : MBEDTLS_SSL_UNEXPECTED_CID_IGNORE);
#else
    (void) c;
    (void) fail_unexpected;
    return len > 0 ? GM_NOT_BUILT : 0;
#endif
}

// gm_ssl_set_cid looks at the length first: mbedtls_ssl_set_cid turns the extension on all the same, with the old CID.
int gm_ssl_set_cid(gm_ssl *s, int on, const unsigned char *own, size_t len)
{
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    static const unsigned char none[1];  // memcpy takes no NULL
    if (on && len != s->ssl.conf->cid_len) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_set_cid(&s->ssl, on ? MBEDTLS_SSL_CID_ENABLED : MBEDTLS_SSL_CID_DISABLED,
                               len > 0 ? own : none, len);
#else
    (void) s;
    (void) own;
    (void) len;
    return on ? GM_NOT_BUILT : 0;
#endif
}

gm_cid gm_ssl_own_cid(gm_ssl *s)
{
    gm_cid cid = { 0 };
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    (void) mbedtls_ssl_get_own_cid(&s->ssl, &cid.on, cid.p, &cid.len);
#else
    (void) s;
#endif
    return cid;
}

gm_cid gm_ssl_peer_cid(gm_ssl *s)
{
    gm_cid cid = { 0 };
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    (void) mbedtls_ssl_get_peer_cid(&s->ssl, &cid.on, cid.p, &cid.len);
#else
    (void) s;
#endif
    return cid;
}

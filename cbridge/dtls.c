// dtls.c is what DTLS has to set beside its families. It looks into a private header for how much a record adds.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

int gm_conf_anti_replay(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_DTLS_ANTI_REPLAY)
    mbedtls_ssl_conf_dtls_anti_replay(&c->conf, (char) on);
    return 0;
#else
    (void) c;
    return on ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_badmac_limit(gm_config *c, unsigned limit)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    mbedtls_ssl_conf_dtls_badmac_limit(&c->conf, limit);
    return 0;
#else
    (void) c;
    return limit != 0 ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_handshake_timeout(gm_config *c, uint32_t min, uint32_t max)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    mbedtls_ssl_conf_handshake_timeout(&c->conf, min, max);
    return 0;
#else
    (void) c;
    (void) min;
    (void) max;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_datagram_packing(gm_ssl *s, int on)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    mbedtls_ssl_set_datagram_packing(&s->ssl, (unsigned) on);
    return 0;
#else
    (void) s;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

// gm_min_mtu holds the longest record overhead (DTLS header, CID with its padding, MAC, IV and padding of a block), the
// header of a handshake message and one byte of it. With less, mbedtls_ssl_flight_transmit finds no room in an empty
// datagram, flushes it, and does so for ever.
int gm_min_mtu(void)
{
    return 13 + MBEDTLS_SSL_CID_OUT_LEN_MAX + MBEDTLS_SSL_MAX_CID_EXPANSION + MBEDTLS_SSL_MAC_ADD +
           2 * MBEDTLS_MAX_IV_LENGTH + 12 + 1;
}

int gm_ssl_set_mtu(gm_ssl *s, int mtu)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    int min = s->conf->unguarded ? 1 : gm_min_mtu();  // some suites need less
    if (mtu != 0 && (mtu < min || mtu > UINT16_MAX)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    mbedtls_ssl_set_mtu(&s->ssl, (uint16_t) mtu);
    return 0;
#else
    (void) s;
    (void) mtu;
    return GM_NOT_BUILT;
#endif
}

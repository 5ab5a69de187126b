// srtp.c is DTLS-SRTP: RFC 5764. It looks into a private header for the profiles that the library knows.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#include <string.h>

// gm_conf_srtp_profiles takes a list that ends with 0 and lives as long as the config.
int gm_conf_srtp_profiles(gm_config *c, const uint16_t *ids)
{
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    return mbedtls_ssl_conf_dtls_srtp_protection_profiles(&c->conf, ids);
#else
    (void) c;
    return ids[0] != 0 ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_srtp_mki(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    mbedtls_ssl_conf_srtp_mki_value_supported(
        &c->conf, on ? MBEDTLS_SSL_DTLS_SRTP_MKI_SUPPORTED : MBEDTLS_SSL_DTLS_SRTP_MKI_UNSUPPORTED);
    return 0;
#else
    (void) c;
    return on ? GM_NOT_BUILT : 0;
#endif
}

// gm_ssl_set_srtp_mki takes one of a client before its handshake: a server would send its own to a client that sent
// none, which ends the handshake; and after it, what was negotiated would seem to be another.
int gm_ssl_set_srtp_mki(gm_ssl *s, const unsigned char *mki, size_t len)
{
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    static const unsigned char none[1];  // memcpy takes no NULL
    if (len > MBEDTLS_TLS_SRTP_MAX_MKI_LENGTH || s->ssl.conf->endpoint != MBEDTLS_SSL_IS_CLIENT ||
        s->ssl.state > MBEDTLS_SSL_CLIENT_HELLO) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_dtls_srtp_set_mki_value(&s->ssl, (unsigned char *) (len > 0 ? mki : none), (uint16_t) len);
#else
    (void) s;
    (void) mki;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_srtp is zero until the handshake is over: before, nothing of it is to be trusted.
gm_srtp gm_ssl_srtp(gm_ssl *s)
{
    gm_srtp srtp = { 0 };
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    mbedtls_dtls_srtp_info info;
    if (mbedtls_ssl_is_handshake_over(&s->ssl)) {
        mbedtls_ssl_get_dtls_srtp_negotiation_result(&s->ssl, &info);
        srtp.profile = info.chosen_dtls_srtp_profile;
        srtp.len = info.mki_len;
        memcpy(srtp.mki, info.mki_value, info.mki_len);
    }
#else
    (void) s;
#endif
    return srtp;
}

// gm_srtp_profile_name is "" for what the build does not know.
const char *gm_srtp_profile_name(unsigned id)
{
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    if (mbedtls_ssl_check_srtp_profile_value((uint16_t) id) != MBEDTLS_TLS_SRTP_UNSET) {
        return mbedtls_ssl_get_srtp_profile_as_string((mbedtls_ssl_srtp_profile) id);
    }
#else
    (void) id;
#endif
    return "";
}

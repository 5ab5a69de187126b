#include "bridge.h"

int gm_ssl_set_hs_ecjpake_password(gm_ssl *s, const unsigned char *pw, size_t len)
{
#if defined(MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED)
    return gm_ssl_in_handshake(s) ? mbedtls_ssl_set_hs_ecjpake_password(&s->ssl, pw, len) : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) pw;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_hs_ecjpake_password_opaque(gm_ssl *s, uint32_t key)
{
#if defined(MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED) && defined(MBEDTLS_USE_PSA_CRYPTO)
    return gm_ssl_in_handshake(s)
               ? mbedtls_ssl_set_hs_ecjpake_password_opaque(&s->ssl, mbedtls_svc_key_id_make(0, key))
               : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) key;
    return GM_NOT_BUILT;
#endif
}

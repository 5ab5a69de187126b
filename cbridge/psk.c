#include "bridge.h"
#include "_cgo_export.h"

#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED)
#define HAVE_PSK
#if defined(MBEDTLS_USE_PSA_CRYPTO)
#define HAVE_OPAQUE_PSK
#endif
#endif

int gm_conf_psk(gm_config *c, const unsigned char *psk, size_t len, const unsigned char *id, size_t id_len)
{
#if defined(HAVE_PSK)
    return mbedtls_ssl_conf_psk(&c->conf, psk, len, id, id_len);
#else
    (void) c;
    (void) psk;
    (void) len;
    (void) id;
    (void) id_len;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_psk_opaque(gm_config *c, uint32_t key, const unsigned char *id, size_t id_len)
{
#if defined(HAVE_OPAQUE_PSK)
    return mbedtls_ssl_conf_psk_opaque(&c->conf, mbedtls_svc_key_id_make(0, key), id, id_len);
#else
    (void) c;
    (void) key;
    (void) id;
    (void) id_len;
    return GM_NOT_BUILT;
#endif
}

static int psk(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *identity, size_t len)
{
    return gombPSK(((gm_config *) ctx)->handle, ((gm_ssl *) ssl)->handle, (unsigned char *) identity, len);
}

int gm_conf_psk_cb(gm_config *c, int on)
{
#if defined(HAVE_PSK) && defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_conf_psk_cb(&c->conf, on ? psk : NULL, c);
    return 0;
#else
    (void) psk;
    (void) c;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_tls13_kex_modes(gm_config *c, int modes)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_key_exchange_modes(&c->conf, modes);
    return 0;
#else
    (void) c;
    (void) modes;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_set_hs_psk takes no empty key, which the library would.
int gm_ssl_set_hs_psk(gm_ssl *s, const unsigned char *psk, size_t len)
{
#if defined(HAVE_PSK)
    return len > 0 && gm_ssl_in_handshake(s) ? mbedtls_ssl_set_hs_psk(&s->ssl, psk, len) : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) psk;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_hs_psk_opaque(gm_ssl *s, uint32_t key)
{
#if defined(HAVE_OPAQUE_PSK)
    return gm_ssl_in_handshake(s) ? mbedtls_ssl_set_hs_psk_opaque(&s->ssl, mbedtls_svc_key_id_make(0, key))
                                  : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) key;
    return GM_NOT_BUILT;
#endif
}

// import returns a PSA status. Of the algorithms, the first two are those of TLS 1.2 with either hash; TLS 1.3 looks at
// none, but exports the key.
static int import(psa_key_attributes_t *attributes, const unsigned char *data, size_t len, uint32_t *id)
{
    mbedtls_svc_key_id_t key = MBEDTLS_SVC_KEY_ID_INIT;
    psa_status_t status = psa_import_key(attributes, data, len, &key);
    *id = MBEDTLS_SVC_KEY_ID_GET_KEY_ID(key);
    psa_reset_key_attributes(attributes);
    return status;
}

int gm_psa_import_psk(const unsigned char *psk, size_t len, uint32_t *key)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_DERIVE);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE | PSA_KEY_USAGE_EXPORT);
    psa_set_key_algorithm(&attributes, PSA_ALG_TLS12_PSK_TO_MS(PSA_ALG_SHA_256));
    psa_set_key_enrollment_algorithm(&attributes, PSA_ALG_TLS12_PSK_TO_MS(PSA_ALG_SHA_384));
    return import(&attributes, psk, len, key);
}

int gm_psa_import_ecjpake(const unsigned char *pw, size_t len, uint32_t *key)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_PASSWORD);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_DERIVE);
    psa_set_key_algorithm(&attributes, PSA_ALG_JPAKE);
    return import(&attributes, pw, len, key);
}

int gm_psa_destroy(uint32_t key)
{
    return psa_destroy_key(mbedtls_svc_key_id_make(0, key));
}

#include "bridge.h"
#include "_cgo_export.h"

static int sni(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len)
{
    return gombSNI(((gm_config *) ctx)->handle, ((gm_ssl *) ssl)->handle, (unsigned char *) name, len);
}

int gm_conf_sni(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    mbedtls_ssl_conf_sni(&c->conf, on ? sni : NULL, c);
    return 0;
#else
    (void) sni;
    (void) c;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

static int cert_cb(mbedtls_ssl_context *ssl)
{
    gm_ssl *s = (gm_ssl *) ssl;
    return gombCertSelect(s->conf->handle, s->handle);
}

int gm_conf_cert_cb(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_conf_cert_cb(&c->conf, on ? cert_cb : NULL);
    return 0;
#else
    (void) cert_cb;
    (void) c;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_dn_hints(gm_config *c, const mbedtls_x509_crt *crt)
{
#if defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
    mbedtls_ssl_conf_dn_hints(&c->conf, crt);
    return 0;
#else
    (void) c;
    (void) crt;
    return GM_NOT_BUILT;
#endif
}

// What follows guards against a context without a handshake, in which the library may follow a null pointer.

const unsigned char *gm_ssl_get_hs_sni(gm_ssl *s, size_t *len)
{
    *len = 0;
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    if (gm_ssl_in_handshake(s)) {
        return mbedtls_ssl_get_hs_sni(&s->ssl, len);
    }
#else
    (void) s;
#endif
    return NULL;
}

int gm_ssl_set_hs_own_cert(gm_ssl *s, mbedtls_x509_crt *crt, mbedtls_pk_context *pk)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    return gm_ssl_in_handshake(s) ? mbedtls_ssl_set_hs_own_cert(&s->ssl, crt, pk) : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) crt;
    (void) pk;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_hs_ca_chain(gm_ssl *s, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    if (!gm_ssl_in_handshake(s)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    mbedtls_ssl_set_hs_ca_chain(&s->ssl, ca, crl);
    return 0;
#else
    (void) s;
    (void) ca;
    (void) crl;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_hs_dn_hints(gm_ssl *s, const mbedtls_x509_crt *crt)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION) && defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
    if (!gm_ssl_in_handshake(s)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    mbedtls_ssl_set_hs_dn_hints(&s->ssl, crt);
    return 0;
#else
    (void) s;
    (void) crt;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_set_hs_authmode(gm_ssl *s, int mode)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    if (!gm_ssl_in_handshake(s)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    mbedtls_ssl_set_hs_authmode(&s->ssl, mode);
    return 0;
#else
    (void) s;
    (void) mode;
    return GM_NOT_BUILT;
#endif
}

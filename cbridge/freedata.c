// freedata.c gives back what only handshakes need, for a config that has served its one connection. What a config holds
// is private.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

// gm_ssl_free_handshake_data takes from the config the trust anchors, the CRLs, the own chains and keys, and the
// Diffie-Hellman parameters: a connection whose handshake is complete reads none of these. A handshake would; see
// gm_ssl_may_begin.
int gm_ssl_free_handshake_data(gm_ssl *s)
{
    gm_config *c = s->conf;
    mbedtls_ssl_config *conf = &c->conf;

    if (gm_current == s || !mbedtls_ssl_is_handshake_over(&s->ssl)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    c->spent = 1;
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    conf->disable_renegotiation = MBEDTLS_SSL_RENEGOTIATION_DISABLED;
#endif
#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY) && defined(MBEDTLS_SSL_SRV_C)
    conf->f_cookie_write = NULL;  // or a client could begin anew on this connection
    conf->f_cookie_check = NULL;
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C)
    while (conf->key_cert != NULL) {
        mbedtls_ssl_key_cert *next = conf->key_cert->next;
        mbedtls_free(conf->key_cert);
        conf->key_cert = next;
    }
    conf->ca_chain = NULL;
    conf->ca_crl = NULL;
#if defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
    conf->dn_hints = NULL;
#endif
#endif
#if defined(MBEDTLS_DHM_C)
    mbedtls_mpi_free(&conf->dhm_P);
    mbedtls_mpi_free(&conf->dhm_G);
#endif
    return 0;
}

// gm_ssl_may_begin is 0 unless the config has given away what a handshake needs.
int gm_ssl_may_begin(const gm_ssl *s)
{
    return s->conf->spent ? MBEDTLS_ERR_SSL_BAD_CONFIG : 0;
}

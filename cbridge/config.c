#include "bridge.h"
#include "_cgo_export.h"

gm_config *gm_config_new(void *handle)
{
    gm_config *c = mbedtls_calloc(1, sizeof(*c));
    if (c != NULL) {
        mbedtls_ssl_config_init(&c->conf);
        c->handle = handle;
    }
    return c;
}

void gm_config_delete(gm_config *c)
{
    mbedtls_ssl_config_free(&c->conf);
    mbedtls_free(c);
}

// Reached from whatever needs randomness, on the goroutine that called the library. It may block, and then pins its
// thread.
static int rng(void *ctx, unsigned char *buf, size_t len)
{
    return gombRandom(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL, buf, len);
}

void gm_conf_rng(gm_config *c, int from_go)
{
    mbedtls_ssl_conf_rng(&c->conf, from_go ? rng : gm_random, c);
}

// Reached from every library call on a connection of this config.
static void debug(void *ctx, int level, const char *file, int line, const char *text)
{
    gm_config *c = ctx;
    if (level <= c->debug_level && (gm_current == NULL || !gm_current->deleting)) {
        gombDebug(c->handle, gm_current != NULL ? gm_current->handle : NULL, level, (char *) file, line, (char *) text);
    }
}

void gm_conf_dbg(gm_config *c, int level)
{
    c->debug_level = level;
    mbedtls_ssl_conf_dbg(&c->conf, level > 0 ? debug : NULL, c);
}

int gm_debug_set_threshold(int level)
{
#if defined(MBEDTLS_DEBUG_C)
    mbedtls_debug_set_threshold(level);
    return 0;
#else
    (void) level;
    return GM_NOT_BUILT;
#endif
}

// gm_conf_versions checks against the build, since the library's setters do not.
int gm_conf_versions(gm_config *c, int min, int max)
{
#if !defined(MBEDTLS_SSL_PROTO_TLS1_2)
    if (min == GM_TLS1_2 || max == GM_TLS1_2) {
        return GM_NOT_BUILT;
    }
#endif
#if !defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (min == GM_TLS1_3 || max == GM_TLS1_3) {
        return GM_NOT_BUILT;
    }
#endif
    mbedtls_ssl_conf_min_tls_version(&c->conf, (mbedtls_ssl_protocol_version) min);
    mbedtls_ssl_conf_max_tls_version(&c->conf, (mbedtls_ssl_protocol_version) max);
    return 0;
}

int gm_conf_crl(gm_config *c, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl)
{
#if !defined(MBEDTLS_X509_CRL_PARSE_C)
    if (crl != NULL) {
        return GM_NOT_BUILT;
    }
#endif
    mbedtls_ssl_conf_ca_chain(&c->conf, ca, crl);
    return 0;
}

int gm_conf_own_cert(gm_config *c, mbedtls_x509_crt *crt, mbedtls_pk_context *pk)
{
    return mbedtls_ssl_conf_own_cert(&c->conf, crt, pk);
}

int gm_conf_sig_algs(gm_config *c, const uint16_t *algs)
{
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    mbedtls_ssl_conf_sig_algs(&c->conf, algs);
    return 0;
#else
    (void) c;
    (void) algs;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_alpn(gm_config *c, const char **protocols)
{
#if defined(MBEDTLS_SSL_ALPN)
    return mbedtls_ssl_conf_alpn_protocols(&c->conf, protocols);
#else
    (void) c;
    (void) protocols;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_max_frag_len(gm_config *c, int code)
{
#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
    return mbedtls_ssl_conf_max_frag_len(&c->conf, (unsigned char) code);
#else
    (void) c;
    (void) code;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_encrypt_then_mac(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_ENCRYPT_THEN_MAC)
    mbedtls_ssl_conf_encrypt_then_mac(&c->conf, (char) on);
    return 0;
#else
    (void) c;
    return on ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_extended_master_secret(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_EXTENDED_MASTER_SECRET)
    mbedtls_ssl_conf_extended_master_secret(&c->conf, (char) on);
    return 0;
#else
    (void) c;
    return on ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_dhm_min_bits(gm_config *c, unsigned bits)
{
#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_SSL_CLI_C)
    mbedtls_ssl_conf_dhm_min_bitlen(&c->conf, bits);
    return 0;
#else
    (void) c;
    (void) bits;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_dh_param(gm_config *c, const unsigned char *p, size_t plen, const unsigned char *g, size_t glen)
{
#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_SSL_SRV_C)
    return mbedtls_ssl_conf_dh_param_bin(&c->conf, p, plen, g, glen);
#else
    (void) c;
    (void) p;
    (void) plen;
    (void) g;
    (void) glen;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_cert_req_ca_list(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
    mbedtls_ssl_conf_cert_req_ca_list(&c->conf, (char) on);
    return 0;
#else
    (void) c;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_preference_order(gm_config *c, int order)
{
#if defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_SSL_PROTO_TLS1_2)
    mbedtls_ssl_conf_preference_order(&c->conf, order);
    return 0;
#else
    (void) c;
    (void) order;
    return GM_NOT_BUILT;
#endif
}

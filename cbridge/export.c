// export.c is the key material of a connection. It looks into private structs, as observe.c does, because
// mbedtls_ssl_export_keying_material needs guarding in ways that only those can tell.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include "_cgo_export.h"
#include <ssl_misc.h>

#include <string.h>

#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
_Static_assert(MBEDTLS_SSL_KEY_EXPORT_TLS1_3_SERVER_APPLICATION_TRAFFIC_SECRET == 6, "SecretType counts up to 6");
#endif

// Reached from every library call that goes on with a handshake. The library's callback cannot fail, so that
// gm_ssl_fail has to.
static void export_keys(void *ctx, mbedtls_ssl_key_export_type type, const unsigned char *secret, size_t len,
                        const unsigned char client_random[32], const unsigned char server_random[32],
                        mbedtls_tls_prf_types prf)
{
    gm_ssl *s = ctx;
    int ret = gombExportKeys(s->handle, (int) type, (unsigned char *) secret, len, (unsigned char *) client_random,
                             (unsigned char *) server_random, (int) prf);
    if (ret != 0) {
        gm_ssl_fail(ret);
    }
}

void gm_ssl_set_export_keys(gm_ssl *s, int on)
{
    mbedtls_ssl_set_export_keys_cb(&s->ssl, on ? export_keys : NULL, s);
}

#if defined(MBEDTLS_SSL_KEYING_MATERIAL_EXPORT) && defined(MBEDTLS_SSL_PROTO_TLS1_2)
// tls12_export is RFC 5705. The library's own (mbedtls_ssl_tls12_export_keying_material) has three faults: it takes the
// hash of the suite's MAC for the PRF's, which is wrong for …_CBC_SHA suites; in DTLS, on the side that sent the last
// flight, it follows NULL, since the transform of a first handshake waits in transform_negotiate until the peer is
// heard of; and after a renegotiation it takes the old handshake's randoms there.
static int tls12_export(const mbedtls_ssl_context *ssl, unsigned char *out, size_t len, const char *label,
                        const unsigned char *context, size_t context_len, int use_context)
{
    const mbedtls_ssl_transform *transform =
        ssl->transform_negotiate != NULL ? ssl->transform_negotiate : ssl->transform;
    int mac = mbedtls_ssl_ciphersuite_from_id(ssl->session->ciphersuite)->mac, ret;
    size_t n = 64;
    unsigned char *seed, byte;

    if (len == 0) { // with MBEDTLS_USE_PSA_CRYPTO, the library cannot derive nothing
        out = &byte;
        len = 1;
    }
    if (transform == NULL || context_len > UINT16_MAX) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    seed = mbedtls_calloc(1, n + 2 + context_len);
    if (seed == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    memcpy(seed, transform->randbytes + 32, 32);
    memcpy(seed + 32, transform->randbytes, 32);
    if (use_context) {
        MBEDTLS_PUT_UINT16_BE(context_len, seed, n);
        n += 2;
        if (context_len > 0) {
            memcpy(seed + n, context, context_len);
        }
        n += context_len;
    }
    ret = mbedtls_ssl_tls_prf(mac == MBEDTLS_MD_SHA384 ? MBEDTLS_SSL_TLS_PRF_SHA384 : MBEDTLS_SSL_TLS_PRF_SHA256,
                              ssl->session->master, sizeof(ssl->session->master), label, seed, n, out, len);
    mbedtls_free(seed);
    return ret;
}
#endif

// label ends with a NUL byte, which label_len does not count.
int gm_ssl_export_keying_material(gm_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len,
                                  const unsigned char *context, size_t context_len, int use_context)
{
#if defined(MBEDTLS_SSL_KEYING_MATERIAL_EXPORT)
    mbedtls_ssl_context *ssl = &s->ssl;

    // The library looks at the state alone before it follows the session and the suite.
    if (!mbedtls_ssl_is_handshake_over(ssl) || ssl->session == NULL ||
        mbedtls_ssl_ciphersuite_from_id(ssl->session->ciphersuite) == NULL || len > MBEDTLS_SSL_EXPORT_MAX_KEY_LEN) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
    if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2) {
        return tls12_export(ssl, out, len, label, context, context_len, use_context);
    }
#endif
    return mbedtls_ssl_export_keying_material(ssl, out, len, label, label_len, context, context_len, use_context);
#else
    (void) s;
    (void) out;
    (void) len;
    (void) label;
    (void) label_len;
    (void) context;
    (void) context_len;
    (void) use_context;
    return GM_NOT_BUILT;
#endif
}

// signer.c makes keys whose private half the library never sees, and takes the steps of a handshake that sign with one
// where the library knows no asynchronous signature. Like observe.c it looks into private structs.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include "_cgo_export.h"
#include <md_psa.h>
#include <pk_wrap.h>
#include <ssl_misc.h>

// gm_signer is an mbedtls_pk_context with a public key, and methods of its own.
typedef struct {
    mbedtls_pk_context pk;  // the first member, which gm_pk_delete frees
    mbedtls_pk_info_t info;
    void *handle;
} gm_signer;

// Reached from mbedtls_pk_sign_restartable: with a TLS 1.2 client, when tls12_client_step found the signature made. Any
// other use fails.
static int sign(mbedtls_pk_context *pk, mbedtls_md_type_t md, const unsigned char *hash, size_t hash_len,
                unsigned char *sig, size_t sig_size, size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t),
                void *p_rng)
{
    (void) pk;
    (void) md;
    (void) hash;
    (void) hash_len;
    (void) f_rng;
    (void) p_rng;
    if (gm_current == NULL || gombSignerPoll(gm_current->handle) != 0) {
        return MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE;
    }
    return gombAsyncResume(gm_current->handle, sig, sig_len, sig_size);
}

// Not RSASSA_PSS: mbedtls_pk_sign_ext would look for the private key behind sign.
static int can_rsa(mbedtls_pk_type_t type)
{
    return type == MBEDTLS_PK_RSA;
}

// Not ECKEY, so that static ECDH takes no public key for a private one. With PSA it is ECKEY that says that a key can do
// ECDSA (mbedtls_pk_can_do_ext), and static ECDH finds out by itself that there is no private half.
static int can_ecdsa(mbedtls_pk_type_t type)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    return type == MBEDTLS_PK_ECDSA || type == MBEDTLS_PK_ECKEY;
#else
    return type == MBEDTLS_PK_ECDSA;
#endif
}

int gm_signer_new(const mbedtls_x509_crt *crt, void *handle, mbedtls_pk_context **out)
{
    gm_signer *k = mbedtls_calloc(1, sizeof(*k));
    unsigned char *p = crt->pk_raw.p;
    int ret;

    if (k == NULL) {
        return MBEDTLS_ERR_PK_ALLOC_FAILED;
    }
    mbedtls_pk_init(&k->pk);
    if ((ret = mbedtls_pk_parse_subpubkey(&p, p + crt->pk_raw.len, &k->pk)) != 0) {
        mbedtls_free(k);
        return ret;
    }
    k->handle = handle;
    k->info = *k->pk.pk_info;
    k->info.can_do = k->info.type == MBEDTLS_PK_RSA ? can_rsa : can_ecdsa;
    k->info.sign_func = sign;
    k->info.decrypt_func = NULL;
    k->info.check_pair_func = NULL;
#if defined(MBEDTLS_ECDSA_C) && defined(MBEDTLS_ECP_RESTARTABLE)
    k->info.sign_rs_func = NULL;
#endif
    k->pk.pk_info = &k->info;
    *out = &k->pk;
    return 0;
}

// gm_ssl_own_signer is the handle behind the key that the handshake uses, or NULL if that is not of gm_signer_new.
void *gm_ssl_own_signer(gm_ssl *s)
{
    mbedtls_pk_context *key = mbedtls_ssl_own_key(&s->ssl);
    if (key == NULL || key->pk_info == NULL || key->pk_info->sign_func != sign) {
        return NULL;
    }
    return ((gm_signer *) key)->handle;
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_2) && defined(MBEDTLS_SSL_CLI_C) && \
    defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)

// tls12_client_step has the signature of CertificateVerify made before the library's step that writes it, since that one
// cannot be taken up again: it derives the keys first, and wipes what it derived them from.
static int tls12_client_step(gm_ssl *s, void *key)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    int ret = gombSignerPoll(s->handle);

    if (ret == 1) {
        unsigned char hash[MBEDTLS_MD_MAX_SIZE];
        size_t len;
        // The hash is the PRF's, as in the library, whose calc_verify is not set yet.
        mbedtls_md_type_t md =
            ssl->handshake->ciphersuite_info->mac == MBEDTLS_MD_SHA384 ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256;
        if ((ret = mbedtls_ssl_get_handshake_transcript(ssl, md, hash, sizeof(hash), &len)) != 0) {
            return ret;
        }
        ret = gombSignerSign(s->handle, key, md, 0, hash, len);
    }
    return ret != 0 ? ret : mbedtls_ssl_handshake_step(ssl);
}

static int tls12_client_signs(const mbedtls_ssl_context *ssl)
{
    return ssl->conf->endpoint == MBEDTLS_SSL_IS_CLIENT && ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2 &&
           ssl->state == MBEDTLS_SSL_CERTIFICATE_VERIFY && ssl->handshake->client_auth != 0 &&
           mbedtls_ssl_ciphersuite_cert_req_allowed(ssl->handshake->ciphersuite_info);
}

#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED)

// fits tells whether the key can make a signature of that scheme at all: an RSA key may be too short for PSS with a
// salt as long as the hash (RFC 8017 section 9.1.1).
static int fits(uint16_t scheme, mbedtls_pk_context *key, mbedtls_md_type_t md)
{
    if (!mbedtls_ssl_tls13_check_sig_alg_cert_key_match(scheme, key)) {
        return 0;
    }
    return !mbedtls_pk_can_do(key, MBEDTLS_PK_RSA) ||
           (mbedtls_pk_get_bitlen(key) + 6) / 8 >= 2 * (size_t) mbedtls_md_get_size_from_type(md) + 2;
}

// choose finds the first scheme of the peer's list that this side can sign with (RFC 8446 section 4.4.3).
static uint16_t choose(mbedtls_ssl_context *ssl, mbedtls_pk_type_t *type, mbedtls_md_type_t *md)
{
    for (const uint16_t *scheme = ssl->handshake->received_sig_algs; *scheme != MBEDTLS_TLS1_3_SIG_NONE; scheme++) {
        if (mbedtls_ssl_sig_alg_is_offered(ssl, *scheme) &&
            mbedtls_ssl_tls13_sig_alg_for_cert_verify_is_supported(*scheme) &&
            mbedtls_ssl_get_pk_type_and_md_alg_from_sig_alg(*scheme, type, md) == 0 &&
            fits(*scheme, mbedtls_ssl_own_key(ssl), *md)) {
            return *scheme;
        }
    }
    return MBEDTLS_TLS1_3_SIG_NONE;
}

// verify_hash hashes what a CertificateVerify signs (RFC 8446 section 4.4.3).
static int verify_hash(mbedtls_ssl_context *ssl, mbedtls_md_type_t md, unsigned char hash[PSA_HASH_MAX_SIZE], size_t *len)
{
    static const char *const context[] = {
        [MBEDTLS_SSL_IS_CLIENT] = "TLS 1.3, client CertificateVerify",
        [MBEDTLS_SSL_IS_SERVER] = "TLS 1.3, server CertificateVerify",
    };
    enum { padding = 64, text = 33 };
    unsigned char content[padding + text + 1 + PSA_HASH_MAX_SIZE];
    size_t transcript;
    int ret;

    memset(content, ' ', padding);
    memcpy(content + padding, context[ssl->conf->endpoint], text + 1);
    ret = mbedtls_ssl_get_handshake_transcript(ssl, (mbedtls_md_type_t) ssl->handshake->ciphersuite_info->mac,
                                               content + padding + text + 1, PSA_HASH_MAX_SIZE, &transcript);
    if (ret != 0) {
        return ret;
    }
    if (psa_hash_compute(mbedtls_md_psa_alg_from_type(md), content, padding + text + 1 + transcript, hash,
                         PSA_HASH_MAX_SIZE, len) != PSA_SUCCESS) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return 0;
}

// write_certificate_verify puts the signature into its message.
static int write_certificate_verify(gm_ssl *s, uint16_t scheme)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    unsigned char *buf;
    size_t size, len;
    int ret;

    if ((ret = mbedtls_ssl_start_handshake_msg(ssl, MBEDTLS_SSL_HS_CERTIFICATE_VERIFY, &buf, &size)) != 0 ||
        (ret = gombAsyncResume(s->handle, buf + 4, &len, size - 4)) != 0) {
        return ret;
    }
    MBEDTLS_PUT_UINT16_BE(scheme, buf, 0);
    MBEDTLS_PUT_UINT16_BE(len, buf, 2);
    if ((ret = mbedtls_ssl_add_hs_msg_to_checksum(ssl, MBEDTLS_SSL_HS_CERTIFICATE_VERIFY, buf, 4 + len)) != 0) {
        return ret;
    }
    return mbedtls_ssl_finish_handshake_msg(ssl, size, 4 + len);
}

// tls13_step stands in for the library's step that writes CertificateVerify: that one has no way to wait, and none to
// have RSA-PSS made elsewhere.
static int tls13_step(gm_ssl *s, void *key)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    mbedtls_pk_type_t type;
    mbedtls_md_type_t md;
    uint16_t scheme;
    int ret;

    if ((ret = mbedtls_ssl_flush_output(ssl)) != 0 || (ret = mbedtls_ssl_handle_pending_alert(ssl)) != 0) {
        return ret;
    }
    if ((scheme = choose(ssl, &type, &md)) == MBEDTLS_TLS1_3_SIG_NONE) {
        MBEDTLS_SSL_PEND_FATAL_ALERT(MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE, MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE);
        return mbedtls_ssl_handle_pending_alert(ssl);
    }
    if ((ret = gombSignerPoll(s->handle)) == 1) {
        unsigned char hash[PSA_HASH_MAX_SIZE];
        size_t len;
        if ((ret = verify_hash(ssl, md, hash, &len)) != 0) {
            return ret;
        }
        return gombSignerSign(s->handle, key, md, type == MBEDTLS_PK_RSASSA_PSS, hash, len);
    }
    if (ret != 0 || (ret = write_certificate_verify(s, scheme)) != 0) {
        return ret;
    }
    mbedtls_ssl_handshake_set_state(ssl, ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER ? MBEDTLS_SSL_SERVER_FINISHED
                                                                                    : MBEDTLS_SSL_CLIENT_FINISHED);
    return 0;
}

static int tls13_signs(const mbedtls_ssl_context *ssl)
{
    return ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 &&
           ssl->state == (ssl->conf->endpoint == MBEDTLS_SSL_IS_SERVER ? MBEDTLS_SSL_CERTIFICATE_VERIFY
                                                                      : MBEDTLS_SSL_CLIENT_CERTIFICATE_VERIFY);
}

#endif

// gm_signer_step is mbedtls_ssl_handshake_step for a connection whose key may be of gm_signer_new.
int gm_signer_step(gm_ssl *s)
{
    void *key = s->ssl.handshake != NULL ? gm_ssl_own_signer(s) : NULL;
    if (key != NULL) {
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED)
        if (tls13_signs(&s->ssl)) {
            return tls13_step(s, key);
        }
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_2) && defined(MBEDTLS_SSL_CLI_C) && \
    defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
        if (tls12_client_signs(&s->ssl)) {
            return tls12_client_step(s, key);
        }
#endif
    }
    return mbedtls_ssl_handshake_step(&s->ssl);
}

// serialize.c is a connection as bytes. It looks into private structs for what the library does not check.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#include <mbedtls/platform_util.h>
#include <string.h>

// GM_LOAD_MARGIN is how far behind the end of cut data mbedtls_ssl_context_load reads, where the length of the ALPN
// protocol's name says so.
#define GM_LOAD_MARGIN 255

#if defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)
static int save(gm_ssl *s, unsigned char *buf, size_t cap, size_t *len)
{
    int ret = gm_buffers_fill(s);
    return ret != 0 ? ret : mbedtls_ssl_context_save(&s->ssl, buf, cap, len);
}
#endif

int gm_ssl_context_save(gm_ssl *s, unsigned char *buf, size_t cap, size_t *len)
{
#if defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)
    if (gm_current == s) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;  // it would pull the rug from under the call that is running
    }
    GM_IN(s, save(s, buf, cap, len));
#else
    (void) s;
    (void) buf;
    (void) cap;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)

// is_new tells whether a state may be loaded: the library frees the context where it finds that not so, or does not
// ask.
static int is_new(const mbedtls_ssl_context *ssl)
{
    const mbedtls_ssl_config *conf = ssl->conf;
    return ssl->state == MBEDTLS_SSL_HELLO_REQUEST && ssl->session == NULL && ssl->handshake != NULL &&
           ssl->session_negotiate != NULL && ssl->transform_negotiate != NULL && !ssl->handshake->resume &&
#if defined(MBEDTLS_SSL_RENEGOTIATION)
           conf->disable_renegotiation == MBEDTLS_SSL_RENEGOTIATION_DISABLED &&
#endif
           conf->transport == MBEDTLS_SSL_TRANSPORT_DATAGRAM &&
           conf->max_tls_version >= MBEDTLS_SSL_VERSION_TLS1_2 && conf->min_tls_version <= MBEDTLS_SSL_VERSION_TLS1_2;
}

// is_sound tells whether a loaded state is one that the Config's connections have, and none that the library would trip
// over later: it reads behind its arrays where a session's id is too long, finds no end to a flight that no datagram
// has room for, and takes the other end's keys.
static int is_sound(const gm_ssl *s)
{
    const mbedtls_ssl_context *ssl = &s->ssl;
    const mbedtls_ssl_session *session = ssl->session;
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    // A record's header does not tell how long its CID is.
    if (ssl->transform->in_cid_len != 0 && ssl->transform->in_cid_len != ssl->conf->cid_len) {
        return 0;
    }
#endif
    return session->id_len <= sizeof(session->id) && session->endpoint == ssl->conf->endpoint &&
           session->tls_version == MBEDTLS_SSL_VERSION_TLS1_2 && gm_conf_offers(s->conf, session->ciphersuite) &&
           mbedtls_ssl_transform_uses_aead(ssl->transform) && MBEDTLS_GET_UINT16_BE(ssl->cur_out_ctr, 0) == 1 &&
           (ssl->mtu == 0 || ssl->mtu >= gm_min_mtu());
}

static int load(gm_ssl *s, const unsigned char *data, size_t len)
{
    unsigned char *copy = mbedtls_calloc(1, len + GM_LOAD_MARGIN);
    int ret;

    if (copy == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    ret = mbedtls_ssl_context_load(&s->ssl, copy, len);
    mbedtls_platform_zeroize(copy, len);
    mbedtls_free(copy);
    if (ret != 0) {
        return ret;
    }
    if (!is_sound(s)) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    if (s->ssl.transform->in_cid_len != 0) {
        // mbedtls_ssl_get_own_cid does not look at the transform, where the state has it.
        return mbedtls_ssl_set_cid(&s->ssl, MBEDTLS_SSL_CID_ENABLED, s->ssl.transform->in_cid,
                                   s->ssl.transform->in_cid_len);
    }
#endif
    return 0;
}

#endif

// gm_ssl_may_load is 0 if gm_ssl_context_load may be called.
int gm_ssl_may_load(const gm_ssl *s)
{
#if defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)
    return gm_current != s && s->verdict == 0 && is_new(&s->ssl) ? 0 : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_context_load leaves, where it fails, a context that must not be used: the library may have freed it.
int gm_ssl_context_load(gm_ssl *s, const unsigned char *data, size_t len)
{
#if defined(MBEDTLS_SSL_CONTEXT_SERIALIZATION)
    GM_IN(s, load(s, data, len));
#else
    (void) s;
    (void) data;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

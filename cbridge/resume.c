// resume.c decides whether a server resumes a session that it has found. The library itself resumes whatever its ticket
// or cache callback brings, also what was made under other demands on the client.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#if defined(MBEDTLS_SSL_SRV_C)

static int auth_mode(const gm_config *c)
{
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION) && defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    if (gm_current != NULL && gm_current->ssl.handshake != NULL &&
        gm_current->ssl.handshake->sni_authmode != MBEDTLS_SSL_VERIFY_UNSET) {
        return gm_current->ssl.handshake->sni_authmode;
    }
#endif
    return c->conf.authmode;
}

#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
// still_trusted verifies a client's own certificate again: it may have expired or been revoked since, and the session
// may be from a config with other trust anchors that shares the ticket keys. A session does not hold the rest of the
// chain: a client with intermediate certificates does a full handshake.
static int still_trusted(const gm_config *c, const mbedtls_ssl_session *s)
{
    const mbedtls_ssl_config *conf = &c->conf;
    mbedtls_x509_crt *ca = conf->ca_chain;
    mbedtls_x509_crl *crl = conf->ca_crl;
    uint32_t flags = 0;
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION)
    if (gm_current != NULL && gm_current->ssl.handshake != NULL && gm_current->ssl.handshake->sni_ca_chain != NULL) {
        ca = gm_current->ssl.handshake->sni_ca_chain;
        crl = gm_current->ssl.handshake->sni_ca_crl;
    }
#endif
    if (s->verify_result != 0) {
        return 0;
    }
#if defined(MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK)
    if (conf->f_ca_cb != NULL) {
        return mbedtls_x509_crt_verify_with_ca_cb(s->peer_cert, conf->f_ca_cb, conf->p_ca_cb, conf->cert_profile, NULL,
                                                  &flags, NULL, NULL) == 0;
    }
#endif
    return mbedtls_x509_crt_verify_with_profile(s->peer_cert, ca, crl, conf->cert_profile, NULL, &flags, NULL, NULL) == 0;
}
#endif

// gm_session_acceptable is called inside of the library, when a ticket or the cache gave a session.
int gm_session_acceptable(gm_config *c, const mbedtls_ssl_session *s)
{
    int mode = auth_mode(c);

    if (c->unguarded) {
        return 1;
    }
    // A ticket for a suite that is not offered any more would end a TLS 1.3 handshake, not lead to a full one.
    if (s->endpoint != MBEDTLS_SSL_IS_SERVER || s->id_len > sizeof(s->id) || !gm_conf_offers(c, s->ciphersuite)) {
        return 0;
    }
    if (s->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
        return mode == MBEDTLS_SSL_VERIFY_NONE;  // such a session does not tell who the client is
    }
#if defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    if (s->peer_cert == NULL) {
        return !c->needs_cert && mode != MBEDTLS_SSL_VERIFY_REQUIRED;
    }
    if (mode == MBEDTLS_SSL_VERIFY_NONE) {
        return 0;
    }
    return (!c->needs_verified && mode != MBEDTLS_SSL_VERIFY_REQUIRED) || still_trusted(c, s);
#else
    return mode == MBEDTLS_SSL_VERIFY_NONE;
#endif
}

// gm_ssl_check_suite is for a server, after each step. It takes a TLS 1.2 resumption by ticket back if the suite that was
// chosen meanwhile is not the session's: the library would go on with both, and the client could not follow.
void gm_ssl_check_suite(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_2) && defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_session *session = s->ssl.session_negotiate;
    mbedtls_ssl_handshake_params *hs = s->ssl.handshake;

    if (s->ticket_suite == 0 || hs == NULL || session == NULL || s->ssl.state != MBEDTLS_SSL_SERVER_HELLO) {
        return;
    }
    if (hs->resume && s->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_2 && session->ciphersuite != s->ticket_suite) {
        mbedtls_ssl_session blank;
        mbedtls_ssl_session_init(&blank);
        blank.tls_version = session->tls_version;
        blank.endpoint = session->endpoint;
        blank.ciphersuite = session->ciphersuite;
        blank.id_len = session->id_len;
        memcpy(blank.id, session->id, sizeof(blank.id));
#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
        blank.mfl_code = session->mfl_code;
#endif
#if defined(MBEDTLS_SSL_ENCRYPT_THEN_MAC)
        blank.encrypt_then_mac = session->encrypt_then_mac;
#endif
        mbedtls_ssl_session_free(session);
        *session = blank;
        hs->resume = 0;
        hs->new_session_ticket = 1;
    }
    s->ticket_suite = 0;
#else
    (void) s;
#endif
}

#else

void gm_ssl_check_suite(gm_ssl *s)
{
    (void) s;
}

int gm_session_acceptable(gm_config *c, const mbedtls_ssl_session *s)
{
    (void) c;
    (void) s;
    return 0;
}

#endif

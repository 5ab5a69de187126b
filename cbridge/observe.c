// observe.c reads, from private structs, what the library knows of a connection but has no accessor for.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
// shared_secret tells by which secret a TLS 1.2 suite authenticates.
static int shared_secret(const mbedtls_ssl_ciphersuite_t *info)
{
    if (info == NULL) {
        return 0;
    }
    switch (info->key_exchange) {
        case MBEDTLS_KEY_EXCHANGE_PSK:
        case MBEDTLS_KEY_EXCHANGE_DHE_PSK:
        case MBEDTLS_KEY_EXCHANGE_RSA_PSK:
        case MBEDTLS_KEY_EXCHANGE_ECDHE_PSK:
            return GM_SECRET_PSK;
        case MBEDTLS_KEY_EXCHANGE_ECJPAKE:
            return GM_SECRET_ECJPAKE;
        default:
            return 0;
    }
}
#endif

// gm_ssl_observe notes, before each step of a handshake, what the last step will have freed.
void gm_ssl_observe(gm_ssl *s)
{
    const mbedtls_ssl_handshake_params *hs = s->ssl.handshake;

    if (hs == NULL) {
        return;
    }
    s->resumed = hs->resume != 0;
    s->shared_secret = 0;
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
    if (s->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_2) {
        s->extended_ms = hs->extended_ms == MBEDTLS_SSL_EXTENDED_MS_ENABLED;
        s->shared_secret = hs->resume ? 0 : shared_secret(hs->ciphersuite_info);
#if defined(MBEDTLS_USE_PSA_CRYPTO) && defined(MBEDTLS_KEY_EXCHANGE_SOME_XXDH_PSA_ANY_ENABLED)
        if (hs->xxdh_psa_type != PSA_KEY_TYPE_NONE) {
            s->group = mbedtls_ssl_get_tls_id_from_ecp_group_id(mbedtls_ecc_group_from_psa(
                PSA_KEY_TYPE_ECC_GET_FAMILY(hs->xxdh_psa_type), hs->xxdh_psa_bits));
        }
#elif defined(MBEDTLS_KEY_EXCHANGE_SOME_ECDH_OR_ECDHE_1_2_ENABLED)
#if defined(MBEDTLS_ECDH_LEGACY_CONTEXT)
        mbedtls_ecp_group_id id = hs->ecdh_ctx.grp.id;
#else
        mbedtls_ecp_group_id id = hs->ecdh_ctx.grp_id;
#endif
        if (id != MBEDTLS_ECP_DP_NONE) {
            s->group = mbedtls_ssl_get_tls_id_from_ecp_group_id(id);
        }
#endif
    }
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (s->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
#if defined(MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_SOME_PSK_ENABLED)
        // A client's wish to resume stands in resume; whether the server took it, in the key exchange mode.
        int psk = (hs->key_exchange_mode & MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ALL) != 0;
        // A client's ticket is always the first identity; the server may have taken the external key behind it.
        s->resumed = s->resumed && psk && hs->selected_identity == 0;
        s->shared_secret = psk && !s->resumed ? GM_SECRET_PSK : 0;
#endif
        s->extended_ms = 1;  // RFC 8446 Appendix D: report TLS 1.3 as using it
#if defined(PSA_WANT_ALG_ECDH) || defined(PSA_WANT_ALG_FFDH)
        // A client may have sent a share that a key alone made superfluous.
        s->group = hs->key_exchange_mode == MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK ? 0 : hs->offered_group_id;
#endif
    }
#endif
}

// gm_ssl_last_alert is the description of the alert that the last record held, or -1. Where part of a stream's next record
// has come, that has taken the alert's place.
int gm_ssl_last_alert(const gm_ssl *s)
{
    if (s->ssl.in_msgtype != MBEDTLS_SSL_MSG_ALERT || s->ssl.in_msg == NULL ||
        (s->ssl.in_left != 0 && !gm_ssl_is_datagram(s))) {
        return -1;
    }
    return s->ssl.in_msg[1];
}

int __real_mbedtls_ssl_send_alert_message(mbedtls_ssl_context *ssl, unsigned char level, unsigned char message);
int __wrap_mbedtls_ssl_send_alert_message(mbedtls_ssl_context *ssl, unsigned char level, unsigned char message);

// Reached from every step of a handshake of TLS 1.2 that fails, and from the bridge.
int __wrap_mbedtls_ssl_send_alert_message(mbedtls_ssl_context *ssl, unsigned char level, unsigned char message)
{
    int ret = __real_mbedtls_ssl_send_alert_message(ssl, level, message);
    if (ret == 0 && level == MBEDTLS_SSL_ALERT_LEVEL_FATAL && gm_current != NULL && &gm_current->ssl == ssl) {
        gm_current->sent_alert = (short) (message + 1);
    }
    return ret;
}

// gm_ssl_sent_alert is the description of the fatal alert that was sent last, or -1. What TLS 1.3 sends itself stays where
// it was before.
int gm_ssl_sent_alert(const gm_ssl *s)
{
    if (s->ssl.alert_type != 0 && !s->ssl.send_alert) {
        return s->ssl.alert_type;
    }
    return s->sent_alert - 1;
}

// gm_ssl_note_warning keeps the warning that the last record held, if it held one: the library, which asks for the next
// record, has passed over it. Its level is then cleared, so that it counts once. What in_left counts is of the next record.
void gm_ssl_note_warning(gm_ssl *s)
{
    unsigned char *alert = s->ssl.in_msg;
    if (s->ssl.in_left != 0 || s->ssl.in_msgtype != MBEDTLS_SSL_MSG_ALERT || alert == NULL ||
        alert[0] != MBEDTLS_SSL_ALERT_LEVEL_WARNING) {
        return;
    }
    alert[0] = 0;
    if (s->warning_count < GM_WARNINGS) {
        s->warnings[s->warning_count++] = alert[1];
    }
}

// gm_ssl_flush_output sends what an earlier call left behind with WANT_WRITE. mbedtls_ssl_write takes such a rest, also
// of an alert, for its own record and reports data as written that it never looked at.
int gm_ssl_flush_output(gm_ssl *s)
{
    int ret;
    if (s->ssl.out_left == 0) {
        return 0;
    }
    s->buffers.depth++;  // what is left to send has its buffer
    ret = mbedtls_ssl_flush_output(&s->ssl);
    gm_buffers_reclaim(s, ret);
    return ret;
}

// gm_ssl_in_handshake tells whether a handshake is to come or under way, so that there are parameters to change: the
// library's set_hs functions do not ask. After one of TLS 1.3 the parameters stay, but serve for nothing.
int gm_ssl_in_handshake(const gm_ssl *s)
{
    return s->ssl.handshake != NULL && !mbedtls_ssl_is_handshake_over((mbedtls_ssl_context *) &s->ssl);
}

// gm_ssl_hello_retried tells whether the client was asked for a second ClientHello by HelloRetryRequest.
int gm_ssl_hello_retried(const gm_ssl *s)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    return s->ssl.handshake != NULL ? s->ssl.handshake->hello_retry_request_flag : s->hello_retried;
#else
    (void) s;
    return 0;
#endif
}

// gm_ssl_client_hello is the message without its header, while a server handles it; else NULL. The library may have
// decrypted a session ticket in it, in place.
const unsigned char *gm_ssl_client_hello(const gm_ssl *s, size_t *len)
{
    size_t header = mbedtls_ssl_hs_hdr_len(&s->ssl);
    *len = 0;
    if (s->ssl.handshake == NULL || s->ssl.in_msg == NULL || s->ssl.in_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE ||
        s->ssl.in_hslen <= header || s->ssl.in_msg[0] != MBEDTLS_SSL_HS_CLIENT_HELLO) {
        return NULL;
    }
    *len = s->ssl.in_hslen - header;
    return s->ssl.in_msg + header;
}

int gm_ssl_is_datagram(const gm_ssl *s)
{
    return s->ssl.conf->transport == MBEDTLS_SSL_TRANSPORT_DATAGRAM;
}

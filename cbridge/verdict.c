// verdict.c ends connections for closures whose failure the library does not see, or takes for "not found". It looks into
// private structs for the keys of the alert.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

// gm_ssl_fail makes the running call, and each later one on the connection, fail with code.
void gm_ssl_fail(int code)
{
    if (gm_current != NULL && gm_current->verdict == 0) {
        gm_current->verdict = code;
    }
}

// tell_peer sends an internal_error alert.
static void tell_peer(gm_ssl *s)
{
    // While something is left to send, mbedtls_ssl_send_alert_message sends that alone.
    if (gm_ssl_flush_output(s) != 0) {
        return;
    }
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    // The peer has the handshake's keys, and this end uses them a step later: in the clear, the alert would be garbage.
    if (s->ssl.tls_version == MBEDTLS_SSL_VERSION_TLS1_3 && s->ssl.handshake != NULL && s->ssl.transform_out == NULL &&
        s->ssl.handshake->transform_handshake != NULL) {
        mbedtls_ssl_set_outbound_transform(&s->ssl, s->ssl.handshake->transform_handshake);
    }
#endif
    (void) mbedtls_ssl_send_alert_message(&s->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR);
}

// gm_ssl_settle gives the return value of a library call on s, or what a closure failed with meanwhile. No call reaches
// the library after that.
int gm_ssl_settle(gm_ssl *s, int ret)
{
    if (s->verdict == 0) {
        return ret;
    }
    tell_peer(s);
    return s->verdict;
}

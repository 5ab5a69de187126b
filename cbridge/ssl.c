#include "bridge.h"

_Thread_local gm_ssl *gm_current;

#if defined(__SANITIZE_ADDRESS__)
void __asan_handle_no_return(void);
#endif

// gm_forget_current is for a thread whose C frames are about to be dropped.
void gm_forget_current(void)
{
    gm_current = NULL;
#if defined(__SANITIZE_ADDRESS__)
    __asan_handle_no_return();  // or their marks would stay on the stack
#endif
}

gm_ssl *gm_ssl_new(void)
{
    gm_ssl *s = mbedtls_calloc(1, sizeof(*s));
    if (s != NULL) {
        mbedtls_ssl_init(&s->ssl);
    }
    return s;
}

// gm_ssl_delete may run callbacks, hence gm_current; but there is nobody to debug for any more.
void gm_ssl_delete(gm_ssl *s)
{
    gm_ssl *outer = gm_current;
    s->deleting = 1;
    gm_current = s;
    gm_buffers_drop(s);
    mbedtls_ssl_free(&s->ssl);
    gm_current = outer;
    gm_pool_put(&gm_rings, s->in.p, 0);
    gm_pool_put(&gm_rings, s->out.p, 0);
    gm_datagrams_clear(&s->dgrams_in);
    gm_datagrams_clear(&s->dgrams_out);
    mbedtls_free(s);
}

int gm_ssl_setup(gm_ssl *s, gm_config *c, void *handle)
{
    s->conf = c;
    s->handle = handle;
    s->buffers.mode = c->buffers;
    GM_IN(s, mbedtls_ssl_setup(&s->ssl, &c->conf));
}

static int session_reset(gm_ssl *s)
{
    int ret = gm_buffers_fill(s);
    return ret != 0 ? ret : mbedtls_ssl_session_reset(&s->ssl);
}

// gm_ssl_session_reset keeps the BIO, and drops what the old connection had queued.
int gm_ssl_session_reset(gm_ssl *s)
{
    if (gm_current == s) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;  // it would pull the rug from under the call that is running
    }
    if (gm_ssl_may_begin(s) != 0) {
        return gm_ssl_may_begin(s);
    }
    s->in.r = s->in.w = s->out.r = s->out.w = 0;
    s->in.eof = 0;
    gm_ring_release(&s->in);
    gm_ring_release(&s->out);
    gm_datagrams_clear(&s->dgrams_in);
    gm_datagrams_clear(&s->dgrams_out);
    s->verdict = 0;
    GM_IN(s, session_reset(s));
}

// gm_ssl_step is mbedtls_ssl_handshake_step with what the bridge adds before and after.
int gm_ssl_step(gm_ssl *s)
{
    int ret = gm_ssl_may_begin(s);
    if (ret != 0) {
        return ret;
    }
    gm_ssl_observe(s);
    if (s->conf->unguarded) {
        return gm_signer_step(s);
    }
    gm_ssl_bound_early_data(s);
    ret = gm_signer_step(s);
    gm_ssl_check_suite(s);
    return ret;
}

int gm_ssl_handshake_step(gm_ssl *s)
{
    GM_IN(s, gm_ssl_step(s));
}

// Equal to mbedtls_ssl_handshake: a loop of steps, with a look at the handshake before each, because the
// last step frees what gm_ssl_observe reads. After that one, a TLS 1.3 server still has its tickets to send.
static int handshake(gm_ssl *s)
{
    int ret = 0;
    while (ret == 0 && s->verdict == 0 && !mbedtls_ssl_is_handshake_over(&s->ssl)) {
        ret = gm_ssl_step(s);
    }
    return ret != 0 || s->verdict != 0 ? ret : mbedtls_ssl_handshake(&s->ssl);
}

int gm_ssl_handshake(gm_ssl *s)
{
    GM_IN(s, handshake(s));
}

int gm_ssl_is_handshake_over(gm_ssl *s)
{
    return mbedtls_ssl_is_handshake_over(&s->ssl);
}

// gm_ssl_read_data reads from one record.
int gm_ssl_read_data(gm_ssl *s, unsigned char *buf, size_t len)
{
    for (;;) {
        int renegotiates = gm_ssl_renegotiating(s), ret;
        if (!renegotiates) {
            s->shown = 0;
        }
        ret = gm_ssl_continue_renegotiation(s);
        if (ret == 0 && renegotiates) {
            return MBEDTLS_ERR_SSL_WANT_WRITE;  // no data in the call that ends it: the caller may not like the new peer
        }
        if (ret != 0 && ret != MBEDTLS_ERR_SSL_WAITING_SERVER_HELLO_RENEGO) {
            return ret;
        }
        ret = gm_ssl_read_record(s, buf, len);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ && mbedtls_ssl_check_pending(&s->ssl)) {
            continue;  // what it wants is in the context already: a message that it held back, such as a new ticket
        }
        if (ret < 0 && gm_ssl_drop_hello(s, ret) == 0) {
            continue;
        }
        if (ret != 0) {
            return ret;
        }
        // 0 is the end, or the second of two empty records.
        if (s->in.eof && s->in.r == s->in.w && s->dgrams_in.head == NULL) {
            return MBEDTLS_ERR_SSL_CONN_EOF;
        }
    }
}

int gm_ssl_read(gm_ssl *s, unsigned char *buf, size_t len)
{
    GM_IN_WRITING(s, 0, gm_ssl_read_data(s, buf, len));
}

// gm_ssl_write_data writes one record, but nothing in the call that ends a renegotiation: the caller may not like the new
// peer.
int gm_ssl_write_data(gm_ssl *s, const unsigned char *buf, size_t len)
{
    if (gm_ssl_renegotiating(s)) {
        int ret = gm_ssl_continue_renegotiation(s);
        return ret != 0 ? ret : MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    return mbedtls_ssl_write(&s->ssl, buf, len);
}

int gm_ssl_write(gm_ssl *s, const unsigned char *buf, size_t len)
{
    GM_IN_WRITING(s, len + 1, gm_ssl_write_data(s, buf, len));
}

int gm_ssl_renegotiate(gm_ssl *s)
{
    GM_IN(s, gm_ssl_renegotiating(s) ? gm_ssl_continue_renegotiation(s) : gm_ssl_start_renegotiation(s));
}

int gm_ssl_send_alert(gm_ssl *s, int level, int description)
{
    GM_IN(s, mbedtls_ssl_send_alert_message(&s->ssl, (unsigned char) level, (unsigned char) description));
}

int gm_ssl_close_notify(gm_ssl *s)
{
    // In a renegotiation the library's would be silent, and the peer would take the end for a truncation.
    GM_IN(s, gm_ssl_renegotiating(s)
              ? mbedtls_ssl_send_alert_message(&s->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING, MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY)
              : mbedtls_ssl_close_notify(&s->ssl));
}

int gm_ssl_version(const gm_ssl *s)
{
    return (int) mbedtls_ssl_get_version_number(&s->ssl);
}

const mbedtls_x509_crt *gm_ssl_peer_cert(const gm_ssl *s)
{
#if defined(MBEDTLS_X509_CRT_PARSE_C) && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    return mbedtls_ssl_get_peer_cert(&s->ssl);
#else
    (void) s;
    return NULL;
#endif
}

const char *gm_ssl_alpn(const gm_ssl *s)
{
#if defined(MBEDTLS_SSL_ALPN)
    return mbedtls_ssl_get_alpn_protocol(&s->ssl);
#else
    (void) s;
    return NULL;
#endif
}

// receive.c stands between the library and the BIO. There the header of a record is seen before the record, and the
// buffer may still be exchanged: once the BIO returns, the library looks at its pointers again. They are private.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

// fetch asks the BIO.
static int fetch(gm_ssl *s, unsigned char *buf, size_t len, const uint32_t *ms)
{
    int ret = ms != NULL ? s->buffers.recv_timeout(s, buf, len, *ms) : s->buffers.recv(s, buf, len);
    size_t end = (size_t) (buf - s->ssl.in_buf) + len;
    if (ret > 0 && end > s->buffers.in_used) {
        s->buffers.in_used = end;
    }
    return ret;
}

#if defined(MBEDTLS_SSL_PROTO_DTLS)
static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int receive_datagram(gm_ssl *s, size_t len, const uint32_t *ms)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    size_t at = (size_t) (ssl->in_hdr - ssl->in_buf), want = len;
    int ret;

    if (!s->raw_bio) {
        want = s->dgrams_in.head == NULL ? 0 : smaller(s->dgrams_in.head->len, len);
    }
    if (want != 0 && (ret = gm_input_reserve(s, at + want, at)) != 0) {
        return ret;
    }
    return fetch(s, ssl->in_hdr, smaller(len, s->buffers.in_size - at), ms);
}
#endif

static int receive_stream(gm_ssl *s, size_t len, const uint32_t *ms)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    size_t at = (size_t) (ssl->in_hdr - ssl->in_buf) + ssl->in_left, size, got;
    int header = ssl->in_left < mbedtls_ssl_in_hdr_len(ssl), ret;

    if (at + len > s->buffers.in_size) {
        if (!header) {
            return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
        }
        if ((ret = gm_input_reserve(s, at + len, at)) != 0) {
            return ret;
        }
    }
    ret = fetch(s, ssl->in_hdr + ssl->in_left, len, ms);
    if (!header || ret <= 0 || (size_t) ret > len || (size = gm_input_announced(s, ssl->in_left + (size_t) ret)) == 0) {
        return ret;
    }
    got = (size_t) ret;
    if ((ret = gm_input_reserve(s, size, at + got)) != 0) {
        ssl->in_left += got;  // it is not lost
        return ret;
    }
    return (int) got;
}

static int receive(gm_ssl *s, size_t len, const uint32_t *ms)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    if (gm_ssl_is_datagram(s)) {
        return receive_datagram(s, len, ms);
    }
#endif
    return receive_stream(s, len, ms);
}

// Reached from every library call that needs input.
static int recv_hook(void *ctx, unsigned char *buf, size_t len)
{
    (void) buf;
    return receive(ctx, len, NULL);
}

// Reached as recv_hook is.
static int recv_timeout_hook(void *ctx, unsigned char *buf, size_t len, uint32_t ms)
{
    (void) buf;
    return receive(ctx, len, &ms);
}

// gm_buffers_hook follows mbedtls_ssl_set_bio, whose context is s.
void gm_buffers_hook(gm_ssl *s)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    if (s->buffers.mode == GM_BUFFERS_STATIC) {
        return;
    }
    s->buffers.recv = ssl->f_recv;
    s->buffers.recv_timeout = ssl->f_recv_timeout;
    ssl->f_recv = ssl->f_recv != NULL ? recv_hook : NULL;
    ssl->f_recv_timeout = ssl->f_recv_timeout != NULL ? recv_timeout_hook : NULL;
}

// cookie.c is HelloVerifyRequest: RFC 6347, section 4.2.1.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the datagram that mbedtls_ssl_read is at
#include "bridge.h"
#include "_cgo_export.h"

#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY) && defined(MBEDTLS_SSL_SRV_C)
#define HAVE_COOKIES
#endif

#if defined(MBEDTLS_SSL_COOKIE_C)

mbedtls_ssl_cookie_ctx *gm_cookie_new(void)
{
    mbedtls_ssl_cookie_ctx *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_ssl_cookie_init(k);
    }
    return k;
}

void gm_cookie_delete(mbedtls_ssl_cookie_ctx *k)
{
    mbedtls_ssl_cookie_free(k);
    mbedtls_free(k);
}

int gm_cookie_setup(mbedtls_ssl_cookie_ctx *k, mbedtls_ctr_drbg_context *drbg)
{
    return mbedtls_ssl_cookie_setup(k, mbedtls_ctr_drbg_random, drbg);
}

int gm_cookie_set_timeout(mbedtls_ssl_cookie_ctx *k, uint32_t delay)
{
    mbedtls_ssl_cookie_set_timeout(k, delay);
    return 0;
}

// gm_cookie_write leaves the cookie's length in *len. It wants GM_COOKIE_ROOM: with PSA, the library writes a few bytes
// behind the cookie.
int gm_cookie_write(mbedtls_ssl_cookie_ctx *k, unsigned char *buf, const unsigned char *id, size_t id_len, size_t *len)
{
    unsigned char *p = buf;
    int ret = mbedtls_ssl_cookie_write(k, &p, buf + GM_COOKIE_ROOM, id, id_len);
    *len = (size_t) (p - buf);
    return ret;
}

int gm_cookie_check(mbedtls_ssl_cookie_ctx *k, const unsigned char *cookie, size_t len, const unsigned char *id,
                    size_t id_len)
{
    return mbedtls_ssl_cookie_check(k, cookie, len, id, id_len);
}

#if defined(HAVE_COOKIES)

// Reached from a server's handshake, where it answers a ClientHello; and from mbedtls_ssl_read, where an epoch-0
// ClientHello comes over an established connection. Contexts are shared among configs: cookies age by the clock of the
// process, not by that of the config whose connection happens to come by.
static int context_write(void *ctx, unsigned char **p, unsigned char *end, const unsigned char *id, size_t id_len)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_cookie_write(ctx, p, end, id, id_len);
    gm_current = inside;
    return ret;
}

// Reached as context_write is, before it.
static int context_check(void *ctx, const unsigned char *cookie, size_t len, const unsigned char *id, size_t id_len)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_cookie_check(ctx, cookie, len, id, id_len);
    gm_current = inside;
    return ret;
}

#endif

#else

mbedtls_ssl_cookie_ctx *gm_cookie_new(void)
{
    return NULL;
}

void gm_cookie_delete(mbedtls_ssl_cookie_ctx *k)
{
    (void) k;
}

int gm_cookie_setup(mbedtls_ssl_cookie_ctx *k, mbedtls_ctr_drbg_context *drbg)
{
    (void) k;
    (void) drbg;
    return GM_NOT_BUILT;
}

int gm_cookie_set_timeout(mbedtls_ssl_cookie_ctx *k, uint32_t delay)
{
    (void) k;
    (void) delay;
    return GM_NOT_BUILT;
}

int gm_cookie_write(mbedtls_ssl_cookie_ctx *k, unsigned char *buf, const unsigned char *id, size_t id_len, size_t *len)
{
    (void) k;
    (void) buf;
    (void) id;
    (void) id_len;
    *len = 0;
    return GM_NOT_BUILT;
}

int gm_cookie_check(mbedtls_ssl_cookie_ctx *k, const unsigned char *cookie, size_t len, const unsigned char *id,
                    size_t id_len)
{
    (void) k;
    (void) cookie;
    (void) len;
    (void) id;
    (void) id_len;
    return GM_NOT_BUILT;
}

#endif

// gm_conf_cookies takes a context, or NULL for no cookies.
int gm_conf_cookies(gm_config *c, mbedtls_ssl_cookie_ctx *k)
{
#if defined(HAVE_COOKIES)
    if (k == NULL) {
        mbedtls_ssl_conf_dtls_cookies(&c->conf, NULL, NULL, NULL);
        return 0;
    }
#if defined(MBEDTLS_SSL_COOKIE_C)
    mbedtls_ssl_conf_dtls_cookies(&c->conf, context_write, context_check, k);
    return 0;
#else
    return GM_NOT_BUILT;
#endif
#else
    (void) c;
    return k != NULL ? GM_NOT_BUILT : 0;
#endif
}

#if defined(HAVE_COOKIES)

// Reached as context_write is. It may block, and then pins its thread.
static int closure_write(void *ctx, unsigned char **p, unsigned char *end, const unsigned char *id, size_t id_len)
{
    size_t room = (size_t) (end - *p), written = 0;
    int ret = gombCookieWrite(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL,
                              (unsigned char *) id, id_len, *p, room < UINT8_MAX ? room : UINT8_MAX, &written);
    if (ret == 0) {
        *p += written;
    }
    return ret;
}

// Reached as context_check is. It may block, and then pins its thread.
static int closure_check(void *ctx, const unsigned char *cookie, size_t len, const unsigned char *id, size_t id_len)
{
    return gombCookieCheck(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL,
                           (unsigned char *) cookie, len, (unsigned char *) id, id_len);
}

#endif

int gm_conf_cookie_closures(gm_config *c)
{
#if defined(HAVE_COOKIES)
    mbedtls_ssl_conf_dtls_cookies(&c->conf, closure_write, closure_check, c);
    return 0;
#else
    (void) c;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_set_client_transport_id refuses to free the id that a cookie callback further up the stack is looking at, and
// what mbedtls_ssl_set_client_transport_id would leave NULL with a length.
int gm_ssl_set_client_transport_id(gm_ssl *s, const unsigned char *id, size_t len)
{
#if defined(HAVE_COOKIES)
    if (gm_current == s || len == 0) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_set_client_transport_id(&s->ssl, id, len);
#else
    (void) s;
    (void) id;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_drop_hello follows a failed mbedtls_ssl_read. On an established connection, a ClientHello that cannot be
// parsed, or for which no cookie can be made, ends that with an error and stays in the buffer: each later read would
// find it there, and fail, too. Anybody can send one. It is dropped, and the result is 0 if it was worth no more than
// that.
int gm_ssl_drop_hello(gm_ssl *s, int ret)
{
#if defined(HAVE_COOKIES) && defined(MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE)
    mbedtls_ssl_context *ssl = &s->ssl;
    if ((ret != MBEDTLS_ERR_SSL_DECODE_ERROR && ret != MBEDTLS_ERR_SSL_INTERNAL_ERROR) ||
        ssl->conf->transport != MBEDTLS_SSL_TRANSPORT_DATAGRAM || ssl->conf->endpoint != MBEDTLS_SSL_IS_SERVER ||
        !mbedtls_ssl_is_handshake_over(ssl) || ssl->in_epoch == 0 || ssl->in_left <= 13 ||
        ssl->in_buf[3] != 0 || ssl->in_buf[4] != 0) {
        return ret;
    }
    ssl->in_left = 0;
    ssl->next_record_offset = 0;
    return ret == MBEDTLS_ERR_SSL_DECODE_ERROR ? 0 : ret;
#else
    (void) s;
    return ret;
#endif
}

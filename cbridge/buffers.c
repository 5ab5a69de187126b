// buffers.c lends connections their two buffers while they need them. The library holds both for a connection's whole
// life; here it has, between its calls, a few bytes of gm_ssl for each, unless one holds something. What is to survive
// is little: the record counter of TLS input, the header of the last datagram, an alert. Pointers and lengths are in
// private structs.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

#include <string.h>

// GM_STREAM_HEADER is where the header of a record of TLS stands in its buffer, behind the counter.
#define GM_STREAM_HEADER MBEDTLS_SSL_SEQUENCE_NUMBER_LEN
#define GM_STREAM_HEADER_LEN 5

// GM_KEPT is how many bytes at the head of the input survive: the counter and a header, or a datagram's header, and two
// bytes of a message.
#define GM_KEPT 15

// GM_SMALL is a buffer that is not worth to be copied to a smaller one where it has to wait for another call.
#define GM_SMALL 1024

_Static_assert(GM_KEPT <= sizeof(((gm_buffers *) 0)->idle_in), "the head of the input fits");
_Static_assert(13 + MBEDTLS_SSL_CID_OUT_LEN_MAX + 2 + MBEDTLS_MAX_IV_LENGTH <= sizeof(((gm_buffers *) 0)->idle_out),
               "the output's pointers stay inside");
_Static_assert(8 + 5 + MBEDTLS_MAX_IV_LENGTH + 2 + MBEDTLS_SSL_MAC_ADD + 2 * 16 + MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY
                   <= sizeof(((gm_buffers *) 0)->idle_out), "an alert fits, padded");

gm_pool gm_inputs = {.size = MBEDTLS_SSL_IN_BUFFER_LEN};
gm_pool gm_outputs = {.size = MBEDTLS_SSL_OUT_BUFFER_LEN};

// in_full and out_full are what the library takes the size of a buffer for. Once a connection has agreed on shorter
// records, that is less than a pool's.
static size_t in_full(const mbedtls_ssl_context *ssl)
{
#if defined(MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH)
    return ssl->in_buf_len;
#else
    (void) ssl;
    return MBEDTLS_SSL_IN_BUFFER_LEN;
#endif
}

static size_t out_full(const mbedtls_ssl_context *ssl)
{
#if defined(MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH)
    return ssl->out_buf_len;
#else
    (void) ssl;
    return MBEDTLS_SSL_OUT_BUFFER_LEN;
#endif
}

static size_t at_least(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

static int is_datagram(const mbedtls_ssl_context *ssl)
{
    return ssl->conf->transport == MBEDTLS_SSL_TRANSPORT_DATAGRAM;
}

static int is_over(const mbedtls_ssl_context *ssl)
{
    return mbedtls_ssl_is_handshake_over((mbedtls_ssl_context *) ssl);
}

// is_exact says that buffers are as large as what is in them, at the price of more calls of malloc. With the sanitizer
// all are: it looks for what the library does behind the end.
static int is_exact(const gm_ssl *s)
{
#if defined(__SANITIZE_ADDRESS__)
    (void) s;
    return 1;
#else
    return s->buffers.mode == GM_BUFFERS_EXACT;
#endif
}

static unsigned char *borrow(const gm_ssl *s, gm_pool *pool, size_t size)
{
    return size == pool->size && !is_exact(s) ? gm_pool_get(pool) : mbedtls_calloc(1, size);
}

// give_back takes a buffer whose first used bytes may be secret.
static void give_back(const gm_ssl *s, gm_pool *pool, unsigned char *p, size_t size, size_t used)
{
    if (p == s->buffers.idle_in || p == s->buffers.idle_out) {
        return;
    }
    if (size == pool->size && !is_exact(s)) {
        gm_pool_put(pool, p, used);
    } else {
        mbedtls_zeroize_and_free(p, used);
    }
}

#define MOVE(pointer) ((pointer) = (pointer) == NULL ? NULL : p + ((pointer) - old))

// move_input lets p take the place of the input buffer, with the first n bytes of that.
static void move_input(gm_ssl *s, unsigned char *p, size_t size, size_t n)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;
    unsigned char *old = ssl->in_buf;

    memcpy(p, old, n);
    MOVE(ssl->in_hdr);
    MOVE(ssl->in_ctr);
    MOVE(ssl->in_len);
    MOVE(ssl->in_iv);
    MOVE(ssl->in_msg);
    MOVE(ssl->in_offt);
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    MOVE(ssl->in_cid);
#endif
    ssl->in_buf = b->in = p;
    give_back(s, &gm_inputs, old, b->in_size, b->in_used);
    b->in_size = size;
    b->in_used = n;
}

// move_output is the same for the output buffer, whose bytes go to the peer: none is secret, unless the call failed.
static void move_output(gm_ssl *s, unsigned char *p, size_t size, size_t n, size_t secret)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;
    unsigned char *old = ssl->out_buf;

    memcpy(p, old, n);
    MOVE(ssl->out_hdr);
    MOVE(ssl->out_ctr);
    MOVE(ssl->out_len);
    MOVE(ssl->out_iv);
    MOVE(ssl->out_msg);
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    MOVE(ssl->out_cid);
#endif
    ssl->out_buf = b->out = p;
    give_back(s, &gm_outputs, old, b->out_size, secret);
    b->out_size = size;
}

static int is_message_in_parts(const mbedtls_ssl_context *ssl)
{
    return !is_datagram(ssl) && ssl->badmac_seen_or_in_hsfraglen != 0;
}

// held_input is how much of the buffer a later call will look at.
static size_t held_input(const gm_ssl *s)
{
    const mbedtls_ssl_context *ssl = &s->ssl;
    const unsigned char *end = ssl->in_buf;
    int message = ssl->in_offt != NULL || ssl->keep_current_message || is_message_in_parts(ssl);

    // Steps of a handshake come back to a message that is dealt with.
    message = message || (is_over(ssl) ? ssl->in_hslen != 0 && ssl->in_hslen < ssl->in_msglen
                                       : ssl->in_hslen != 0 || ssl->in_msglen != 0);
    if (message) {
        end = (ssl->in_offt != NULL ? ssl->in_offt : ssl->in_msg) + ssl->in_msglen;
        end = end > ssl->in_hdr ? end : ssl->in_hdr;
    }
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    if (!message && is_datagram(ssl) && is_over(ssl) && ssl->in_left <= ssl->next_record_offset) {
        return 0;  // the library drops the record when it looks for the next one
    }
#endif
    if (ssl->in_left != 0 && end < ssl->in_hdr + ssl->in_left) {
        end = ssl->in_hdr + ssl->in_left;
    }
    return at_most((size_t) (end - ssl->in_buf), s->buffers.in_size);
}

// gm_input_announced is how large a buffer the record needs whose header is there; 0 if it is not, or says more than the
// library accepts, as that will say.
size_t gm_input_announced(const gm_ssl *s, size_t left)
{
    const mbedtls_ssl_context *ssl = &s->ssl;
    size_t size;
    if (is_datagram(ssl) || left < GM_STREAM_HEADER_LEN) {
        return 0;
    }
    size = (size_t) (ssl->in_hdr - ssl->in_buf) + GM_STREAM_HEADER_LEN + MBEDTLS_GET_UINT16_BE(ssl->in_hdr, 3);
    return size <= in_full(ssl) ? size : 0;
}

// gm_input_reserve makes room for size bytes of input, and keeps what is there. Inside of a second call on the
// connection it may not, since the first one knows where the buffer is. Parts of a message come one behind the other.
int gm_input_reserve(gm_ssl *s, size_t size, size_t keep)
{
    gm_buffers *b = &s->buffers;
    unsigned char *p;

    if (size <= b->in_size && s->ssl.in_buf != b->idle_in) {
        return 0;
    }
    if (b->depth > 1) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    size = at_least(size, is_exact(s) && !is_message_in_parts(&s->ssl) ? GM_KEPT : in_full(&s->ssl));
    p = borrow(s, &gm_inputs, size);
    if (p == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    move_input(s, p, size, at_most(at_least(keep, GM_KEPT), b->in_size));
    return 0;
}

// is_quiet tells of a connection that takes records, and no handshake: only then does the library write nothing to the
// input buffer but what it receives, nor take one of its own.
static int is_quiet(const mbedtls_ssl_context *ssl)
{
    if (ssl->state != MBEDTLS_SSL_HANDSHAKE_OVER || is_message_in_parts(ssl)) {
        return 0;
    }
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2 &&
        ssl->conf->disable_renegotiation != MBEDTLS_SSL_RENEGOTIATION_DISABLED) {
        return 0;
    }
#endif
    // The end that sent the last flight may have to send it again. A client that begins anew makes a server's buffers
    // large again.
    return !is_datagram(ssl) || (ssl->handshake == NULL && in_full(ssl) == MBEDTLS_SSL_IN_BUFFER_LEN);
}

// needed_output is how large a buffer a call needs. One that writes n bytes of data, or, where n is 0, reads, writes
// nothing else but an alert, unless a client begins anew. PSA writes, with a record, to all of what it is told that
// there is.
static size_t needed_output(const gm_ssl *s, size_t n)
{
    const mbedtls_ssl_context *ssl = &s->ssl;
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    const int psa = 1;
#else
    const int psa = 0;
#endif
    if (psa || n == GM_ANY_OUTPUT || !is_quiet(ssl) || is_datagram(ssl)) {
        return out_full(ssl);
    }
    if (n == 0) {
        return 0;
    }
    n += (size_t) (ssl->out_msg - ssl->out_buf) + MBEDTLS_SSL_PAYLOAD_OVERHEAD +
         MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY;
    return is_exact(s) ? at_most(n, out_full(ssl)) : out_full(ssl);
}

static int lend_output(gm_ssl *s, size_t n)
{
    size_t size = needed_output(s, n), held = s->ssl.out_left == 0 ? 0 : (size_t) (s->ssl.out_hdr - s->ssl.out_buf);
    unsigned char *p;
    if (size == 0 || (s->buffers.out_size >= size && s->ssl.out_buf != s->buffers.idle_out)) {
        return 0;
    }
    size = at_least(size, held);
    p = borrow(s, &gm_outputs, size);
    if (p == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    move_output(s, p, size, held, 0);
    return 0;
}

// fill_input gives the library what it expects.
static int fill_input(gm_ssl *s)
{
    size_t size = in_full(&s->ssl);
    unsigned char *p;
    if (s->buffers.in_size >= size && s->ssl.in_buf != s->buffers.idle_in) {
        return 0;
    }
    p = borrow(s, &gm_inputs, size);
    if (p == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    move_input(s, p, size, at_most(at_least(held_input(s), GM_KEPT), s->buffers.in_size));
    return 0;
}

// lend_input gives a quiet connection a buffer only if a record for it has begun; see receive.c.
static int lend_input(gm_ssl *s)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    size_t size;
    if (!is_quiet(ssl)) {
        return fill_input(s);
    }
    size = gm_input_announced(s, ssl->in_left);
    return size == 0 ? 0 : gm_input_reserve(s, size, (size_t) (ssl->in_hdr - ssl->in_buf) + ssl->in_left);
}

// has_buffers is false before mbedtls_ssl_setup, and after the library has freed the context.
static int has_buffers(const gm_ssl *s)
{
    const mbedtls_ssl_context *ssl = &s->ssl;
    return s->buffers.mode != GM_BUFFERS_STATIC && ssl->conf != NULL && ssl->in_buf != NULL && ssl->out_buf != NULL;
}

// gm_buffers_fill is for calls, inside of gm_buffers_lend, that write to the whole buffers of any connection.
int gm_buffers_fill(gm_ssl *s)
{
    return has_buffers(s) ? fill_input(s) : 0;
}

// lend_inside is for a call that a closure makes on its own connection, inside of another's. One that writes, inside of
// one that reads, needs an output buffer. But where the outer call is writing, its buffer stays where it is.
static int lend_inside(gm_ssl *s, size_t n)
{
    if (n == 0 || n == GM_ANY_OUTPUT || needed_output(s, n) <= s->buffers.out_size) {
        return 0;
    }
    return s->ssl.out_buf == s->buffers.idle_out && s->ssl.out_left == 0 ? lend_output(s, n)
                                                                         : MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
}

// gm_buffers_lend comes before a library call, gm_buffers_reclaim after it, also after one that was not made because
// this failed. The call writes n bytes, 0 if it reads.
int gm_buffers_lend(gm_ssl *s, size_t n)
{
    int inside = s->buffers.depth++ > 0, ret;
    if (!has_buffers(s)) {
        return 0;
    }
    if (inside) {
        return lend_inside(s, n);
    }
    ret = lend_output(s, n);
    return ret != 0 ? ret : lend_input(s);
}

// is_pinned tells that a handshake waits in the middle of a message: for a key, or for the next part of a computation.
static int is_pinned(const mbedtls_ssl_context *ssl)
{
    const mbedtls_ssl_handshake_params *hs = ssl->handshake;
    if (hs == NULL || is_over(ssl)) {
        return 0;
    }
#if defined(MBEDTLS_SSL_ASYNC_PRIVATE)
    if (hs->async_in_progress) {
        return 1;
    }
#endif
#if defined(MBEDTLS_SSL_ECP_RESTARTABLE_ENABLED)
    if (hs->ecrs_state != ssl_ecrs_none) {
        return 1;
    }
#endif
    return 0;
}

static void reclaim_output(gm_ssl *s, int ret)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;
    int failed = ret < 0 && ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE;
    size_t n = ssl->out_left == 0 ? 0 : (size_t) (ssl->out_hdr - ssl->out_buf);
    unsigned char *p;

    if (ssl->out_buf == b->idle_out) {
        return;
    }
    if (n == 0) {
        move_output(s, b->idle_out, sizeof(b->idle_out), 0, failed ? b->out_size : 0);
    } else if (b->out_size > GM_SMALL && n <= b->out_size / 2 && (p = mbedtls_calloc(1, n)) != NULL) {
        move_output(s, p, n, n, failed ? b->out_size : 0);
    }
}

// park_input leaves of the input what survives, as if the library had looked for the next record and found nothing.
static void park_input(gm_ssl *s, size_t secret)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;
    unsigned char *old = ssl->in_buf, alert[2] = {0};

    if (old == b->idle_in) {
        return;
    }
    if (ssl->in_msgtype == MBEDTLS_SSL_MSG_ALERT) {
        memcpy(alert, ssl->in_msg, sizeof(alert));
    }
    memcpy(b->idle_in, old, GM_KEPT - sizeof(alert));
    ssl->in_buf = b->in = b->idle_in;
    mbedtls_ssl_reset_in_pointers(ssl);
    memcpy(ssl->in_msg, alert, sizeof(alert));
    give_back(s, &gm_inputs, old, b->in_size, secret);
    b->in_size = sizeof(b->idle_in);
    b->in_used = 0;
}

static void reclaim_input(gm_ssl *s, int ret)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;
    size_t held = held_input(s), need;
    unsigned char *p;

    if (held == 0) {
        // The library itself wipes the data that it gave to the caller.
        int wiped = is_quiet(ssl) && ret >= 0 && ssl->in_msgtype == MBEDTLS_SSL_MSG_APPLICATION_DATA;
        ssl->in_hslen = ssl->in_msglen = 0;
#if defined(MBEDTLS_SSL_PROTO_DTLS)
        ssl->next_record_offset = 0;
#endif
        ssl->in_left = 0;
        park_input(s, wiped ? 0 : b->in_used);
        return;
    }
    if (is_quiet(ssl) && !is_datagram(ssl) && held <= GM_STREAM_HEADER + GM_STREAM_HEADER_LEN && ssl->in_offt == NULL &&
        !ssl->keep_current_message && ssl->in_hslen >= ssl->in_msglen) {
        park_input(s, b->in_used);  // a header, or a part of one
        return;
    }
    need = at_least(at_least(held, gm_input_announced(s, ssl->in_left)), GM_KEPT);
    if (b->in_size > GM_SMALL && need <= b->in_size / 2 && (p = mbedtls_calloc(1, need)) != NULL) {
        move_input(s, p, need, held);
    }
}

// drop_handshake frees what the library keeps of a handshake of TLS 1.3 and a server does not need any more. A client
// has tickets to take with it.
static void drop_handshake(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_context *ssl = &s->ssl;
    unsigned char *in = ssl->in_buf, *out = ssl->out_buf;
    if (ssl->state != MBEDTLS_SSL_HANDSHAKE_OVER || ssl->tls_version != MBEDTLS_SSL_VERSION_TLS1_3 ||
        ssl->handshake == NULL || ssl->conf->endpoint != MBEDTLS_SSL_IS_SERVER) {
        return;
    }
    s->hello_retried = ssl->handshake->hello_retry_request_flag;
    ssl->in_buf = ssl->out_buf = NULL;  // or they would be made smaller
    mbedtls_ssl_handshake_free(ssl);
    ssl->in_buf = in;
    ssl->out_buf = out;
    mbedtls_free(ssl->handshake);
    ssl->handshake = NULL;
#if defined(MBEDTLS_SSL_PROTO_TLS1_2)
    mbedtls_ssl_transform_free(ssl->transform_negotiate);
    mbedtls_free(ssl->transform_negotiate);
    ssl->transform_negotiate = NULL;
#endif
#else
    (void) s;
#endif
}

// find looks whether the library has freed a buffer, and allocated another.
static void find(gm_ssl *s)
{
    gm_buffers *b = &s->buffers;
    if (s->ssl.in_buf != b->in) {
        b->in = s->ssl.in_buf;
        b->in_size = in_full(&s->ssl);
    }
    if (s->ssl.out_buf != b->out) {
        b->out = s->ssl.out_buf;
        b->out_size = out_full(&s->ssl);
    }
}

void gm_buffers_reclaim(gm_ssl *s, int ret)
{
    mbedtls_ssl_context *ssl = &s->ssl;
    gm_buffers *b = &s->buffers;

    if (--b->depth > 0 || !has_buffers(s)) {
        return;
    }
    find(s);
    if (is_datagram(ssl) && !is_quiet(ssl)) {
        b->in_used = b->in_size;  // messages that came too early are copied there, too
    }
    if (is_pinned(ssl)) {
        return;
    }
    drop_handshake(s);
    reclaim_output(s, ret);
    reclaim_input(s, ret);
}

void gm_conf_buffers(gm_config *c, int mode)
{
    c->buffers = mode;
}

// gm_buffers_sizes is what the connection holds of the heap for its buffers, between two calls.
void gm_buffers_sizes(gm_ssl *s, size_t *in, size_t *out)
{
    *in = *out = 0;
    if (!has_buffers(s)) {
        if (s->ssl.conf != NULL && s->ssl.in_buf != NULL) {
            *in = in_full(&s->ssl);
            *out = out_full(&s->ssl);
        }
        return;
    }
    find(s);
    *in = s->ssl.in_buf == s->buffers.idle_in ? 0 : s->buffers.in_size;
    *out = s->ssl.out_buf == s->buffers.idle_out ? 0 : s->buffers.out_size;
}

// gm_buffers_drop precedes mbedtls_ssl_free, which takes the buffers for its own, and for larger than they are.
void gm_buffers_drop(gm_ssl *s)
{
    gm_buffers *b = &s->buffers;
    if (!has_buffers(s)) {
        return;
    }
    find(s);
    give_back(s, &gm_inputs, s->ssl.in_buf, b->in_size, b->in_size);
    give_back(s, &gm_outputs, s->ssl.out_buf, b->out_size, b->out_size);
    s->ssl.in_buf = s->ssl.out_buf = NULL;
}

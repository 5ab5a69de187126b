#include "bridge.h"
#include "_cgo_export.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

// ring_reserve makes the buffer exist.
static int ring_reserve(gm_ring *q)
{
    if (q->p == NULL) {
        q->p = gm_pool_get(&gm_rings);
    }
    return q->p != NULL ? 0 : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

// gm_ring_release gives the buffer back if nobody needs it. The next one is used from its head, where free space is in one
// piece. What was in it has been on the wire, and is no secret.
void gm_ring_release(gm_ring *q)
{
    if (q->r != q->w || q->held) {
        return;
    }
    gm_pool_put(&gm_rings, q->p, 0);
    q->p = NULL;
    q->r = q->w = 0;
}

int gm_ssl_input_reserve(gm_ref s)
{
    return ring_reserve(&((gm_ssl *) s)->in);
}

// gm_ssl_input_read reads once from a socket that does not block, to the free segment that begins at w and that Go holds.
// It returns the number of bytes, or an errno, negated. Where there is nothing to read, it leaves no buffer behind.
int gm_ssl_input_read(gm_ref s, int fd, uint32_t w, uint32_t space)
{
    gm_ring *q = &((gm_ssl *) s)->in;
    uint32_t at = w & (GM_RING_SIZE - 1);
    int borrowed = q->p == NULL;
    ssize_t n;
    if (ring_reserve(q) != 0) {
        return -ENOMEM;
    }
    do {
        n = read(fd, q->p + at, space < GM_RING_SIZE - at ? space : GM_RING_SIZE - at);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        n = -errno;
    }
    if (n <= 0 && borrowed) {
        gm_pool_put(&gm_rings, q->p, 0);
        q->p = NULL;
    }
    return (int) n;
}

void gm_ssl_input_release(gm_ref s)
{
    gm_ring_release(&((gm_ssl *) s)->in);
}

void gm_ssl_output_release(gm_ref s)
{
    gm_ring_release(&((gm_ssl *) s)->out);
}

static uint32_t ring_min(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t ring_put(gm_ring *q, const unsigned char *buf, size_t len)
{
    uint32_t n = GM_RING_SIZE - (q->w - q->r), at = q->w & (GM_RING_SIZE - 1), head;
    if (len < n) {
        n = (uint32_t) len;
    }
    head = ring_min(n, GM_RING_SIZE - at);
    memcpy(q->p + at, buf, head);
    memcpy(q->p, buf + head, n - head);
    q->w += n;
    return n;
}

static uint32_t ring_take(gm_ring *q, unsigned char *buf, size_t len)
{
    uint32_t n = q->w - q->r, at = q->r & (GM_RING_SIZE - 1), head;
    if (len < n) {
        n = (uint32_t) len;
    }
    head = ring_min(n, GM_RING_SIZE - at);
    memcpy(buf, q->p + at, head);
    memcpy(buf + head, q->p, n - head);
    q->r += n;
    gm_ring_release(q);
    return n;
}

// Reached from every library call that emits a record. Never blocks: a full ring is WANT_WRITE.
static int ring_send(void *ctx, const unsigned char *buf, size_t len)
{
    gm_ring *q = &((gm_ssl *) ctx)->out;
    uint32_t n;
    int ret = ring_reserve(q);
    if (ret != 0) {
        return ret;
    }
    n = ring_put(q, buf, len);
    return n == 0 && len != 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int) n;
}

// Reached from every library call that needs a record. Never blocks: an empty ring is WANT_READ, or the end.
static int ring_recv(void *ctx, unsigned char *buf, size_t len)
{
    gm_ring *q = &((gm_ssl *) ctx)->in;
    gm_ssl_note_warning(ctx);
    if (q->r == q->w) {
        return q->eof ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    return (int) ring_take(q, buf, len);
}

void gm_ssl_set_ring_bio(gm_ssl *s)
{
    mbedtls_ssl_set_bio(&s->ssl, s, ring_send, ring_recv, NULL);
    gm_buffers_hook(s);
}

static int raw_send(void *ctx, const unsigned char *buf, size_t len)
{
    return gombBIOSend(((gm_ssl *) ctx)->handle, (unsigned char *) buf, len);
}

static int raw_recv(void *ctx, unsigned char *buf, size_t len)
{
    gm_ssl *s = ctx;
    int ret = gombBIORecv(s->handle, buf, len);
    s->in.eof = ret == 0;
    return ret;
}

static int raw_recv_timeout(void *ctx, unsigned char *buf, size_t len, uint32_t ms)
{
    gm_ssl *s = ctx;
    int ret = gombBIORecvTimeout(s->handle, buf, len, ms);
    s->in.eof = ret == 0;
    return ret;
}

void gm_ssl_set_raw_bio(gm_ssl *s, int has_send, int has_recv, int has_recv_timeout)
{
    mbedtls_ssl_set_bio(&s->ssl, s, has_send ? raw_send : NULL, has_recv ? raw_recv : NULL,
                        has_recv_timeout ? raw_recv_timeout : NULL);
    s->raw_bio = 1;
    gm_buffers_hook(s);
}

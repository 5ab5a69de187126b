#include "bridge.h"

#include <string.h>

// gm_datagrams_push adds a copy.
int gm_datagrams_push(gm_datagrams *q, const unsigned char *buf, size_t len)
{
    gm_datagram *d;
    if (q->bytes + len > GM_DATAGRAMS_MAX) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    d = mbedtls_calloc(1, sizeof(*d) + len);
    if (d == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    memcpy(d->p, buf, len);
    d->len = len;
    if (q->tail != NULL) {
        q->tail->next = d;
    } else {
        q->head = d;
    }
    q->tail = d;
    q->bytes += len;
    return 0;
}

void gm_datagrams_pop(gm_datagrams *q)
{
    gm_datagram *d = q->head;
    if (d == NULL) {
        return;
    }
    q->head = d->next;
    if (q->head == NULL) {
        q->tail = NULL;
    }
    q->bytes -= d->len;
    mbedtls_free(d);
}

void gm_datagrams_clear(gm_datagrams *q)
{
    while (q->head != NULL) {
        gm_datagrams_pop(q);
    }
}

// Reached from every library call that emits a datagram. Never blocks: a full queue is WANT_WRITE.
static int datagram_send(void *ctx, const unsigned char *buf, size_t len)
{
    int ret = gm_datagrams_push(&((gm_ssl *) ctx)->dgrams_out, buf, len);
    return ret != 0 ? ret : (int) len;
}

// Reached from every library call that needs a datagram. Never blocks: an empty queue is WANT_READ, or the end. What does
// not fit is cut off, as by recv(): no record of the library's is that long.
static int datagram_recv(void *ctx, unsigned char *buf, size_t len)
{
    gm_ssl *s = ctx;
    gm_datagram *d = s->dgrams_in.head;
    if (d == NULL) {
        return s->in.eof ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (len > d->len) {
        len = d->len;
    }
    memcpy(buf, d->p, len);
    gm_datagrams_pop(&s->dgrams_in);
    return (int) len;
}

void gm_ssl_set_datagram_bio(gm_ssl *s)
{
    mbedtls_ssl_set_bio(&s->ssl, s, datagram_send, datagram_recv, NULL);
}

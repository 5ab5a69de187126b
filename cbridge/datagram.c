#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the length of connection IDs
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

// whole_records is how much of a datagram the library may see. What follows the last record, and is too short for a
// record's header, it takes for a fault of its own: that call, and all later ones, fail with INTERNAL_ERROR. Anybody can
// send that.
static size_t whole_records(const gm_ssl *s, const unsigned char *buf, size_t len)
{
    const size_t header = 13;
    size_t at = 0;
    while (len - at >= header) {
        size_t n = header;
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
        if (buf[at] == MBEDTLS_SSL_MSG_CID) {
            n += s->ssl.conf->cid_len;
        }
#else
        (void) s;
#endif
        if (n > len - at) {
            return len;
        }
        n += ((size_t) buf[at + n - 2] << 8) + buf[at + n - 1];
        if (n > len - at) {
            return len;
        }
        at += n;
    }
    return at > 0 ? at : len;
}

// Reached from every library call that needs a datagram. Never blocks: an empty queue is WANT_READ, or the end. What does
// not fit is cut off, as by recv(): no record of the library's is that long.
static int datagram_recv(void *ctx, unsigned char *buf, size_t len)
{
    gm_ssl *s = ctx;
    gm_datagram *d = s->dgrams_in.head;
    gm_ssl_note_warning(s);
    if (d == NULL) {
        return s->in.eof ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (len > d->len) {
        len = d->len;
    }
    memcpy(buf, d->p, len);
    gm_datagrams_pop(&s->dgrams_in);
    return (int) whole_records(s, buf, len);
}

void gm_ssl_set_datagram_bio(gm_ssl *s)
{
    mbedtls_ssl_set_bio(&s->ssl, s, datagram_send, datagram_recv, NULL);
    gm_buffers_hook(s);
}

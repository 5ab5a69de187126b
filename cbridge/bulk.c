// bulk.c moves several records in one call, since a call from Go, a look at the ring, and a lock cost as much as a short
// record does. It looks into private structs for where the library is in a record.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"

// record_waits tells whether the next record is in the input ring as a whole: to read it needs no waiting.
static int record_waits(const gm_ssl *s)
{
    const gm_ring *q = &s->in;
    const uint32_t header = 5, mask = GM_RING_SIZE - 1;
    uint32_t n = q->w - q->r;
    if (s->ssl.in_left != 0 || s->ssl.in_offt != NULL || n < header || gm_ssl_renegotiating(s)) {
        return 0;
    }
    return n - header >= ((uint32_t) q->p[(q->r + 3) & mask] << 8) + q->p[(q->r + 4) & mask];
}

static int read_records(gm_ssl *s, unsigned char *buf, size_t len, int *n)
{
    int ret;
    do {
        ret = gm_ssl_read_data(s, buf + *n, len - *n);
        if (ret <= 0) {
            return ret;
        }
        *n += ret;
    } while ((size_t) *n < len && record_waits(s));
    return 0;
}

// drained tells whether the library would ask for input if it were called again.
static int drained(gm_ssl *s, int ret)
{
    return (ret == 0 || ret == MBEDTLS_ERR_SSL_WANT_READ) && s->in.r == s->in.w && !s->in.eof && !s->raw_bio &&
           !gm_ssl_is_datagram(s) && s->ssl.in_offt == NULL && (ret != 0 || s->ssl.in_left == 0) &&
           !mbedtls_ssl_check_pending(&s->ssl);
}

static int in_read(gm_ssl *s, unsigned char *buf, size_t len, int *n)
{
    GM_IN_WRITING(s, 0, read_records(s, buf, len, n));
}

// gm_ssl_read_records reads what is there of as many records as fit.
gm_moved gm_ssl_read_records(gm_ref s, unsigned char *buf, size_t len)
{
    gm_moved m = {0};
    m.ret = in_read((gm_ssl *) s, buf, len, &m.n);
    ((gm_ssl *) s)->drained = (char) drained((gm_ssl *) s, m.ret);
    return m;
}

// record_number is that of the last record that was decrypted: with DTLS, its epoch and its number (RFC 6347 section 4.1),
// with TLS, how many came before it under the same keys.
static uint64_t record_number(const gm_ssl *s)
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++) {
        n = n << 8 | s->ssl.in_ctr[i];
    }
    return gm_ssl_is_datagram(s) ? n : n - 1;
}

static int read_one(gm_ssl *s, unsigned char *buf, size_t len, uint64_t *number)
{
    int ret = gm_ssl_read_data(s, buf, len);
    if (ret > 0) {
        *number = record_number(s);
    }
    return ret;
}

static int in_read_one(gm_ssl *s, unsigned char *buf, size_t len, uint64_t *number)
{
    GM_IN_WRITING(s, 0, read_one(s, buf, len, number));
}

// gm_ssl_read_one reads from one record, and tells which that is.
gm_record gm_ssl_read_one(gm_ref s, unsigned char *buf, size_t len)
{
    gm_record r = {0};
    r.ret = in_read_one((gm_ssl *) s, buf, len, &r.number);
    return r;
}

// output_space is how much fits before the BIO says WANT_WRITE.
static size_t output_space(const gm_ssl *s)
{
    return gm_ssl_is_datagram(s) ? GM_DATAGRAMS_MAX - s->dgrams_out.bytes : GM_RING_SIZE - (s->out.w - s->out.r);
}

static int write_records(gm_ssl *s, const unsigned char *buf, size_t len, int *n)
{
    while ((size_t) *n < len) {
        // What closures did not take is of this data: mbedtls_ssl_write goes on with it, and counts it.
        int ret = s->raw_bio ? 0 : gm_ssl_flush_output(s);
        if (ret == 0) {
            ret = output_space(s) < GM_MAX_RECORD ? MBEDTLS_ERR_SSL_WANT_WRITE : gm_ssl_write_data(s, buf + *n, len - *n);
        }
        if (ret <= 0) {
            return ret;
        }
        *n += ret;
    }
    return 0;
}

static int in_write(gm_ssl *s, const unsigned char *buf, size_t len, int *n)
{
    GM_IN_WRITING(s, len + 1, write_records(s, buf, len, n));
}

// gm_ssl_write_records writes as many records as there is room for, once nothing else is left to send.
gm_moved gm_ssl_write_records(gm_ref s, const unsigned char *buf, size_t len)
{
    gm_moved m = {0};
    m.ret = in_write((gm_ssl *) s, buf, len, &m.n);
    return m;
}

// op.c is what an end can be told to do. Each call goes on where the last one had to wait; 0 says that it is complete.
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static const char *name(const end *e)
{
    return e->which == CLIENT ? "client" : "server";
}

static void fill(end *e, unsigned char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = (unsigned char) ((e->written + i) * 31 + (unsigned) e->which);
    }
}

static void hash(end *e, const unsigned char *p, size_t len)
{
    e->hash = fnv1a(e->progress == 0 ? FNV_BEGIN : e->hash, p, len);
    e->progress += len;
}

#if defined(MBEDTLS_SSL_EARLY_DATA)
// receive_early takes early data out of the library, for read.
static int receive_early(end *e)
{
    unsigned char buf[4096];
    for (;;) {
        int ret = mbedtls_ssl_read_early_data(&e->ssl, buf, sizeof(buf));
        if (ret == MBEDTLS_ERR_SSL_CANNOT_READ_EARLY_DATA) {
            return 0;
        }
        if (ret < 0) {
            return ret;
        }
        e->early = realloc(e->early, e->early_len + (size_t) ret);
        if (e->early == NULL) {
            die("realloc", 0);
        }
        memcpy(e->early + e->early_len, buf, (size_t) ret);
        e->early_len += (size_t) ret;
    }
}
#endif

static int handshake(end *e, const op *o)
{
    int ret;
    do {
        ret = mbedtls_ssl_handshake(&e->ssl);
#if defined(MBEDTLS_SSL_EARLY_DATA)
        if (ret == MBEDTLS_ERR_SSL_RECEIVED_EARLY_DATA && (ret = receive_early(e)) == 0) {
            continue;
        }
#endif
        if (ret == 0) {
            say("%s %s ok %04x %04x", name(e), o->name, (unsigned) mbedtls_ssl_get_version_number(&e->ssl),
                (unsigned) mbedtls_ssl_get_ciphersuite_id_from_ssl(&e->ssl));
        }
        return ret;
    } while (1);
}

static int write_data(end *e, const op *o)
{
    static unsigned char buf[1 << 20];
    fill(e, buf, (size_t) o->a - e->progress);
    while (e->progress < (size_t) o->a) {
        int ret = mbedtls_ssl_write(&e->ssl, buf, (size_t) o->a - e->progress);
        if (ret < 0) {
            return ret;
        }
        e->progress += (size_t) ret;
        e->written += (size_t) ret;
        memmove(buf, buf + ret, sizeof(buf) - (size_t) ret);
    }
    say("%s %s ok", name(e), o->name);
    return 0;
}

static int early(end *e, const op *o)
{
#if defined(MBEDTLS_SSL_EARLY_DATA)
    static unsigned char buf[1 << 16];
    fill(e, buf, (size_t) o->a);
    while (e->progress < (size_t) o->a) {
        int ret = mbedtls_ssl_write_early_data(&e->ssl, buf + e->progress, (size_t) o->a - e->progress);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
            continue;
        }
        if (ret < 0) {
            return ret;
        }
        e->progress += (size_t) ret;
    }
    e->written += (size_t) o->a;
    say("%s %s ok", name(e), o->name);
    return 0;
#else
    (void) e;
    (void) o;
    return -1;
#endif
}

// read_some reads once; 0 is the end.
static int read_some(end *e, unsigned char *p, size_t len)
{
    if (e->early_len > 0) {
        size_t n = len < e->early_len ? len : e->early_len;
        memcpy(p, e->early, n);
        e->early_len -= n;
        memmove(e->early, e->early + n, e->early_len);
        return (int) n;
    }
    for (;;) {
        int ret = mbedtls_ssl_read(&e->ssl, p, len);
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
        if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            continue;
        }
#endif
        if (ret == MBEDTLS_ERR_SSL_WANT_READ && mbedtls_ssl_check_pending(&e->ssl)) {
            continue;
        }
        if (ret == 0 && !(e->in->eof && e->in->head == NULL)) {
            continue;  // an empty record
        }
        return ret == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : ret;
    }
}

static int read_data(end *e, const op *o)
{
    static unsigned char buf[1 << 16];
    while (e->progress < (size_t) o->a) {
        size_t want = (size_t) o->a - e->progress;
        int ret = read_some(e, buf, want < sizeof(buf) ? want : sizeof(buf));
        if (ret < 0) {
            return ret;
        }
        hash(e, buf, (size_t) ret);
    }
    say("%s %s ok %zu %016llx", name(e), o->name, e->progress, (unsigned long long) e->hash);
    return 0;
}

// end_of_data expects the other end to close.
static int end_of_data(end *e, const op *o)
{
    unsigned char buf[1];
    int ret = read_some(e, buf, sizeof(buf));
    if (ret > 0 || ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        say("%s %s %s", name(e), o->name, ret > 0 ? "data" : "ok");
        return 0;
    }
    return ret;
}

static int close_notify(end *e, const op *o)
{
    int ret = mbedtls_ssl_close_notify(&e->ssl);
    if (ret == 0) {
        say("%s %s ok", name(e), o->name);
    }
    return ret;
}

static int alert(end *e, const op *o)
{
    int ret = mbedtls_ssl_send_alert_message(&e->ssl, (unsigned char) o->a, (unsigned char) o->b);
    if (ret == 0) {
        say("%s %s ok", name(e), o->name);
    }
    return ret;
}

static int renegotiate(end *e, const op *o)
{
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    int ret = mbedtls_ssl_renegotiate(&e->ssl);
    if (ret == 0) {
        say("%s %s ok", name(e), o->name);
    }
    return ret;
#else
    (void) e;
    (void) o;
    return -1;
#endif
}

static int keep(end *e, const op *o)
{
    int ret;
    mbedtls_ssl_session_free(&w.kept);
    mbedtls_ssl_session_init(&w.kept);
    ret = mbedtls_ssl_get_session(&e->ssl, &w.kept);
    w.has_kept = ret == 0;
    if (ret == 0) {
        say("%s %s ok", name(e), o->name);
    }
    return ret;
}

static int wait_ms(end *e, const op *o)
{
    (void) e;
    w.now += o->a;
    return 0;
}

static int mtu(end *e, const op *o)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    mbedtls_ssl_set_mtu(&e->ssl, (uint16_t) o->a);
    return 0;
#else
    (void) e;
    (void) o;
    return -1;
#endif
}

int op_run(end *e, const op *o)
{
    static const struct {
        const char *name;
        int (*run)(end *, const op *);
    } ops[] = {
        { "handshake", handshake }, { "write", write_data }, { "read", read_data }, { "eof", end_of_data },
        { "close", close_notify }, { "alert", alert }, { "renegotiate", renegotiate }, { "early", early },
        { "keep", keep }, { "wait", wait_ms }, { "mtu", mtu },
    };
    for (size_t i = 0; i < COUNT(ops); i++) {
        if (strcmp(o->name, ops[i].name) == 0) {
            return ops[i].run(e, o);
        }
    }
    die(o->name, 0);
    return -1;
}

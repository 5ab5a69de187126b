// handshake.c: how many handshakes in a second, both ends in this process.
#include "driver.h"

#if defined(BENCH_BUILT)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// queue is one direction of a connection in memory.
typedef struct {
    unsigned char b[1 << 17];
    size_t r, w;
} queue;

typedef struct {
    queue *in, *out;
} wire;

static queue queues[2];
static wire wires[2] = { { &queues[1], &queues[0] }, { &queues[0], &queues[1] } };

static int put(void *ctx, const unsigned char *p, size_t len)
{
    queue *q = ((wire *) ctx)->out;
    if (q->r == q->w) {
        q->r = q->w = 0;
    }
    if (len > sizeof(q->b) - q->w) {
        len = sizeof(q->b) - q->w;
    }
    if (len == 0) {
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    memcpy(q->b + q->w, p, len);
    q->w += len;
    return (int) len;
}

static int take(void *ctx, unsigned char *p, size_t len)
{
    queue *q = ((wire *) ctx)->in;
    if (q->r == q->w) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    if (len > q->w - q->r) {
        len = q->w - q->r;
    }
    memcpy(p, q->b + q->r, len);
    q->r += len;
    return (int) len;
}

static int step(mbedtls_ssl_context *ssl)
{
    int ret = mbedtls_ssl_handshake(ssl);
    if (ret != 0 && ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE) {
        die("mbedtls_ssl_handshake", ret);
    }
    return ret;
}

static void connect_in_memory(mbedtls_ssl_context ends[2])
{
    int left[2] = { 1, 1 };
    for (int i = 0; i < 2; i++) {
        queues[i].r = queues[i].w = 0;
        start(&ends[i], i);
        mbedtls_ssl_set_bio(&ends[i], &wires[i], put, take, NULL);
    }
    while (left[CLIENT] || left[SERVER]) {
        for (int i = 0; i < 2; i++) {
            left[i] = left[i] && step(&ends[i]);
        }
    }
}

static void free_both(mbedtls_ssl_context ends[2])
{
    mbedtls_ssl_free(&ends[CLIENT]);
    mbedtls_ssl_free(&ends[SERVER]);
}

static void hang_up_both(mbedtls_ssl_context ends[2])
{
    (void) mbedtls_ssl_close_notify(&ends[CLIENT]);
    (void) mbedtls_ssl_close_notify(&ends[SERVER]);
    free_both(ends);
}

static double run_in_memory(double seconds)
{
    mbedtls_ssl_context ends[2];
    double began = timer(), took;
    int n = 0;
    do {
        connect_in_memory(ends);
        hang_up_both(ends);
        n++;
        took = timer() - began;
    } while (took < seconds);
    return n / took;
}

// receive_ticket reads TLS 1.3's, which comes before data.
static void receive_ticket(mbedtls_ssl_context ends[2])
{
    unsigned char b = 1;
    int ret = mbedtls_ssl_write(&ends[SERVER], &b, 1);
    if (ret != 1) {
        die("mbedtls_ssl_write", ret);
    }
    while ((ret = mbedtls_ssl_read(&ends[CLIENT], &b, 1)) != 1) {
        if (ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            die("mbedtls_ssl_read", ret);
        }
    }
}

static atomic_int goal;  // the number of the last connection, which only says that it is; 0 before that is known

static void *serve(void *unused)
{
    (void) unused;
    for (int n = 1;; n++) {
        conn c;
        int last;
        accept_conn(&c);
        last = n == atomic_load(&goal);
        if (work.transport[0] == 'u') {
            unsigned char b;
            (void) read_some(&c, &b, 1);  // close_notify must not reach the next listener
        } else if (!last) {
            shake(&c);
        }
        hang_up(&c);
        if (last) {
            return NULL;
        }
    }
}

static double run_over_sockets(double seconds)
{
    pthread_t server;
    conn c;
    double began = now(), took;
    int n = 0;

    atomic_store(&goal, 0);
    must(pthread_create(&server, NULL, serve, NULL), "pthread_create");
    do {
        dial(&c);
        shake(&c);
        hang_up(&c);
        n++;
        took = now() - began;
    } while (took < seconds);
    atomic_store(&goal, n + 1);
    dial(&c);
    if (work.transport[0] == 'u') {
        shake(&c);
    }
    hang_up(&c);
    must(pthread_join(server, NULL), "pthread_join");
    return n / took;
}

void handshake_prepare(void)
{
    mbedtls_ssl_context ends[2];
    int seen;
    if (work.transport[0] == 'u') {
        listen_on(1);
        say_ready(NULL, "");
        return;
    }
    if (work.transport[0] == 't') {
        listen_on(0);
    }
    connect_in_memory(ends);
    if (work.resumed) {
        receive_ticket(ends);
        keep_session(&ends[CLIENT]);
        free_both(ends);
        seen = certificates_seen();
        connect_in_memory(ends);
        if (certificates_seen() != seen) {
            die("not resumed", 0);
        }
    }
    check(&ends[CLIENT]);
    free_both(ends);
    say_ready(NULL, "");
}

void handshake_run(double seconds)
{
    double rate = work.transport[0] == 'm' ? run_in_memory(seconds) : run_over_sockets(seconds);
    printf("values rate=%.9g\n", rate);
}

// crypt: one thread writes and reads, in memory.

static mbedtls_ssl_context pair[2];
static unsigned char *data;

void crypt_prepare(void)
{
    data = calloc(1, (size_t) work.size);
    if (data == NULL) {
        die("out of memory", 0);
    }
    connect_in_memory(pair);
    say_ready(&pair[CLIENT], "");
}

void crypt_run(double seconds)
{
    double began = timer(), took, bytes = 0;
    do {
        for (int i = 0; i < 16; i++) {
            for (int sent = 0; sent < work.size;) {  // TLS 1.3's records hold a byte less
                int n = mbedtls_ssl_write(&pair[CLIENT], data + sent, (size_t) (work.size - sent));
                if (n <= 0) {
                    die("mbedtls_ssl_write", n);
                }
                sent += n;
            }
            for (int got = 0; got < work.size;) {
                int n = mbedtls_ssl_read(&pair[SERVER], data, (size_t) (work.size - got));
                if (n <= 0) {
                    die("mbedtls_ssl_read", n);
                }
                got += n;
            }
            bytes += work.size;
        }
        took = timer() - began;
    } while (took < seconds);
    printf("values rate=%.9g\n", bytes / took / 1e6);
}
#else
typedef int nothing;
#endif

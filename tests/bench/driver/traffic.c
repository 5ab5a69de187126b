// traffic.c: data one way, and messages there and back, over loopback.
#include "driver.h"

#if defined(BENCH_BUILT)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Data one way: for each connection, one thread writes and one reads.

typedef struct {
    conn client, server;
    pthread_t writer, reader;
    double until;
    double bytes;
} flow;

#define CHUNK (64 << 10) // bytes between two looks at the clock

static void *write_flow(void *p)
{
    flow *f = p;
    unsigned char *data = calloc(1, (size_t) work.size);
    if (data == NULL) {
        die("out of memory", 0);
    }
    do {
        for (int n = 0; n < CHUNK; n += work.size) {
            write_all(&f->client, data, (size_t) work.size);
        }
    } while (now() < f->until);
    (void) mbedtls_ssl_close_notify(&f->client.ssl);
    free(data);
    return NULL;
}

static void *read_flow(void *p)
{
    flow *f = p;
    unsigned char data[16 << 10];
    int n;
    while ((n = read_some(&f->server, data, sizeof(data))) > 0) {
        f->bytes += n;
    }
    return NULL;
}

static void *shake_client(void *p)
{
    shake(p);
    return NULL;
}

// connect_both leaves a connection with its handshake done.
static void connect_both(conn *client, conn *server)
{
    pthread_t t;
    dial(client);
    must(pthread_create(&t, NULL, shake_client, client), "pthread_create");
    accept_conn(server);
    if (strncmp(work.kind, "dtls", 4) != 0) {
        shake(server);
    }
    must(pthread_join(t, NULL), "pthread_join");
    check(&client->ssl);
}

void bulk_prepare(void)
{
    listen_on(0);
    say_ready(NULL, "");
}

void bulk_run(double seconds)
{
    flow *flows = calloc((size_t) work.conns, sizeof(flow));
    double began, took, bytes = 0, calls;
    if (flows == NULL) {
        die("out of memory", 0);
    }
    for (int i = 0; i < work.conns; i++) {
        connect_both(&flows[i].client, &flows[i].server);
    }
    calls = syscalls();
    began = now();
    for (int i = 0; i < work.conns; i++) {
        flows[i].until = began + seconds;
        must(pthread_create(&flows[i].reader, NULL, read_flow, &flows[i]), "pthread_create");
        must(pthread_create(&flows[i].writer, NULL, write_flow, &flows[i]), "pthread_create");
    }
    for (int i = 0; i < work.conns; i++) {
        must(pthread_join(flows[i].writer, NULL), "pthread_join");
        must(pthread_join(flows[i].reader, NULL), "pthread_join");
        bytes += flows[i].bytes;
    }
    took = now() - began;
    calls = syscalls() - calls;
    for (int i = 0; i < work.conns; i++) {
        hang_up(&flows[i].client);
        hang_up(&flows[i].server);
    }
    free(flows);
    printf("values rate=%.9g syscalls=%.9g\n", bytes / took / 1e6, calls / (bytes / work.size));
}

// Messages there and back.

static conn asker, answerer;

// read_whole returns 0 at the end of the connection.
static int read_whole(conn *c, unsigned char *p, int len)
{
    while (len > 0) {
        int n = read_some(c, p, (size_t) len);
        if (n == 0) {
            return 0;
        }
        p += n;
        len -= n;
    }
    return 1;
}

static void *echo(void *unused)
{
    unsigned char message[4096];
    (void) unused;
    while (read_whole(&answerer, message, work.size)) {
        write_all(&answerer, message, (size_t) work.size);
    }
    return NULL;
}

void roundtrip_prepare(void)
{
    pthread_t t;
    if (work.size > 4096) {
        die("a message is too long", 0);
    }
    listen_on(work.transport[0] == 'u');
    connect_both(&asker, &answerer);
    must(pthread_create(&t, NULL, echo, NULL), "pthread_create");
    say_ready(&asker.ssl, "");
}

static int ascending(const void *a, const void *b)
{
    double d = *(const double *) a - *(const double *) b;
    return d < 0 ? -1 : d > 0;
}

#define MAX_SAMPLES 2000000

void roundtrip_run(double seconds)
{
    static double samples[MAX_SAMPLES];
    unsigned char message[4096] = { 0 };
    double began = now(), last = began, t;
    int n = 0;
    do {
        write_all(&asker, message, (size_t) work.size);
        if (!read_whole(&asker, message, work.size)) {
            die("the end of the connection", 0);
        }
        t = now();
        samples[n++] = t - last;
        last = t;
    } while (t - began < seconds && n < MAX_SAMPLES);
    qsort(samples, (size_t) n, sizeof(samples[0]), ascending);
    printf("values rate=%.9g p50=%.9g p99=%.9g\n", n / (t - began), samples[n / 2] * 1e6, samples[n * 99L / 100] * 1e6);
}
#else
typedef int nothing;
#endif

// idle.c: what a server's connections hold that have nothing to do. The clients are another process.
#include "driver.h"

#if defined(BENCH_BUILT)
#include <malloc.h>
#include <mbedtls/platform.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static atomic_llong live;

static void *counting_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p != NULL) {
        atomic_fetch_add(&live, (long long) malloc_usable_size(p));
    }
    return p;
}

static void counting_free(void *p)
{
    if (p != NULL) {
        atomic_fetch_sub(&live, (long long) malloc_usable_size(p));
        free(p);
    }
}

int idle_count_allocations(void)
{
    return mbedtls_platform_set_calloc_free(counting_calloc, counting_free);
}

static conn **conns;
static int count, poller;

void idle_prepare(void)
{
    char more[32];
    conns = calloc((size_t) work.conns + 1, sizeof(*conns));
    if (conns == NULL) {
        die("out of memory", 0);
    }
    poller = epoll_create1(0);
    listen_on(strncmp(work.kind, "dtls", 4) == 0);
    snprintf(more, sizeof(more), " port=%s", port);
    say_ready(NULL, more);
}

static void accept_one(void)
{
    struct epoll_event e = { .events = EPOLLIN };
    conn *c = mbedtls_calloc(1, sizeof(*c));
    if (c == NULL || count > work.conns) {
        die("too many connections", 0);
    }
    accept_conn(c);
    if (strncmp(work.kind, "dtls", 4) != 0) {
        shake(c);
    }
    check(&c->ssl);
    e.data.ptr = c;
    must(epoll_ctl(poller, EPOLL_CTL_ADD, c->net.fd, &e), "epoll_ctl");
    conns[count++] = c;
}

static void echo_messages(int n)
{
    unsigned char message[16 << 10];
    while (n > 0) {
        struct epoll_event events[64];
        int ready = epoll_wait(poller, events, 64, -1);
        for (int i = 0; i < ready; i++) {
            conn *c = events[i].data.ptr;
            int len = read_some(c, message, sizeof(message));
            if (len == 0) {
                die("the end of a connection", 0);
            }
            write_all(c, message, (size_t) len);
            n--;
        }
    }
}

static long resident(void)
{
    long total = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f != NULL) {
        if (fscanf(f, "%ld %ld", &total, &pages) != 2) {
            pages = 0;
        }
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

void idle_command(const char *command, int n)
{
    if (strcmp(command, "accept") == 0) {
        while (n-- > 0) {
            accept_one();
        }
    } else if (strcmp(command, "echo") == 0) {
        echo_messages(n);
    }
    printf("values c-heap=%lld go-heap=0 stack=0 threads=1 resident=%ld\n", atomic_load(&live), resident());
}
#else
typedef int nothing;
#endif

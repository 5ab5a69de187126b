// driver.h: the C side of build.sh bench. The same work as cmd/mbedtls-bench gives to Go's stacks, by the C library
// alone, in the way of its own programs: one thread for each end, blocking sockets, one CTR_DRBG for all.
//
// The workload stands in the arguments, as key=value. The driver prints "ready" with what was negotiated, and then
// answers each line of standard input with one line of name=value.
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <gombedtls_build.h>
#include <mbedtls/build_info.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/timing.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

// What it needs. With less, main.c alone is compiled, which says so.
#if defined(MBEDTLS_SSL_CLI_C) && defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_NET_C) && defined(MBEDTLS_TIMING_C) && \
    defined(MBEDTLS_FS_IO) && defined(MBEDTLS_PEM_PARSE_C) && defined(MBEDTLS_CTR_DRBG_C) && \
    defined(MBEDTLS_X509_CRT_PARSE_C) && (defined(MBEDTLS_SSL_PROTO_TLS1_2) || defined(MBEDTLS_SSL_PROTO_TLS1_3))
#define BENCH_BUILT
#endif

// workload is what to do; cmd/mbedtls-bench/workload.go explains the keys.
typedef struct {
    char kind[24], transport[8], chain[256], group[16], clock[16];
    int version, suite, resumed, mutual, psk, conns, size;
} workload;

extern workload work;

void die(const char *what, int code);
void must(int ret, const char *what);
double now(void);    // seconds
double timer(void);  // seconds by the clock that the workload names

// setup.c
enum { CLIENT, SERVER };
extern mbedtls_ssl_config confs[2];
void set_up(int datagram);

// start makes a context of one end; a client asks for the kept session, if there is one.
void start(mbedtls_ssl_context *ssl, int end);
void keep_session(mbedtls_ssl_context *ssl);
void say_ready(mbedtls_ssl_context *ssl, const char *more);
void check(const mbedtls_ssl_context *ssl);
int certificates_seen(void);  // by clients, if there are resumed handshakes

// net.c
typedef struct {
    mbedtls_net_context net;
    mbedtls_timing_delay_context timer;
    mbedtls_ssl_context ssl;
} conn;

extern mbedtls_net_context listener;
extern char port[8];
void listen_on(int datagram);
void dial(conn *c);
void accept_conn(conn *c);
void shake(conn *c);
void hang_up(conn *c);
void write_all(conn *c, const unsigned char *p, size_t len);
int read_some(conn *c, unsigned char *p, size_t len);  // 0: the end
double syscalls(void);

// A workload prepares itself, and then runs again and again for some time.
typedef struct {
    const char *kind;
    int datagram;
    void (*prepare)(void);
    void (*run)(double seconds);
} runner;

void handshake_prepare(void), handshake_run(double seconds);
void crypt_prepare(void), crypt_run(double seconds);
void bulk_prepare(void), bulk_run(double seconds);
void roundtrip_prepare(void), roundtrip_run(double seconds);
void idle_prepare(void);
void idle_command(const char *command, int n);
int idle_count_allocations(void);

#endif

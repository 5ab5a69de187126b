// driver.h: the reference driver of tests/transcript. It runs scripted sessions, which come on standard input, on the
// plain C library, and prints what each end sends. ../doc.go tells how both sides of the comparison work.
#ifndef TRANSCRIPT_DRIVER_H
#define TRANSCRIPT_DRIVER_H

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <gombedtls_build.h>
#include <mbedtls/build_info.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/debug.h>
#include <mbedtls/entropy.h>
#include <mbedtls/platform.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_LIST 64    // of suites, groups, …
#define MAX_OPS 64
#define MAX_RULES 32
#define MAX_VALUE 4096 // bytes of a value in the script
#define KEYS 2         // sets of ticket keys

enum { CLIENT, SERVER };

// prng.c: SplitMix64, seeded with the FNV-1a hash of a name.
typedef struct {
    uint64_t state;
    uint64_t word;
    int left;  // bytes of word
} prng;

uint64_t fnv1a(uint64_t hash, const unsigned char *p, size_t len);
#define FNV_BEGIN 0xcbf29ce484222325u
void prng_seed(prng *r, const char *name);
int prng_fill(void *r, unsigned char *p, size_t len);

// bytes is a value of the script; it may hold any bytes.
typedef struct {
    size_t len;
    unsigned char p[MAX_VALUE];
} bytes;

// setup is one end of a connection, as the script has it.
typedef struct {
    int fresh;  // its certificates have not been checked before
    int min, max;
    int suites[MAX_LIST];
    uint16_t groups[MAX_LIST], sig_algs[MAX_LIST];
    int nsuites, ngroups, nsig_algs;
    char cert[4][256], key[4][256], ca[256], crl[256], dh[256];
    int ncerts, nkeys;
    int auth;
    char name[256], only_name[256];
    int no_name;
    char alpn[8][64];
    int nalpn;
    bytes psk, psk_id, ecjpake, cid, mki;
    int kex;
    int take_tickets, tickets, new_tickets, cache;
    int early;
    int renegotiate, grace;
    uint64_t period;
    int legacy, mfl, no_ems, no_etm, min_dh, client_order, no_ca_list;
    char profile[16];
    int mtu, no_packing, no_replay, badmac, cid_len, fail_cid, accept_mki, no_cookies;
    uint16_t srtp[8];
    int nsrtp;
    uint32_t timeout_min, timeout_max;
} setup;

typedef struct {
    char name[16];
    long a, b;
} op;

typedef struct {
    int from;
    unsigned index;
    char what[16];
    long a, b;
    bytes data;
} rule;

// script is one connection.
typedef struct {
    int datagram, resume;
    setup ends[2];
    op ops[2][MAX_OPS];
    int nops[2];
    rule rules[MAX_RULES];
    int nrules;
} script;

// link.c: what lies between the ends.
typedef struct unit {
    struct unit *next;
    size_t len, at;
    long hold;  // units to let pass
    unsigned char p[];
} unit;

typedef struct {
    const script *script;
    int from;
    unsigned emitted;
    unit *head, *held;
    int eof, muted;
    unsigned char part[1 << 17];  // of a stream, a record that is not whole
    size_t partial;
} lane;

void lane_init(lane *l, const script *s, int from);
void lane_free(lane *l);
void lane_send(lane *l, const unsigned char *p, size_t len);
int lane_recv(lane *l, unsigned char *p, size_t len, int datagram);

// world is what lasts through a session.
typedef struct {
    char name[128];
    prng rng[2], entropy;
    int64_t now;  // milliseconds since 1970
    mbedtls_entropy_context process_entropy;
    mbedtls_ctr_drbg_context process;  // what the binding has for the process
#if defined(MBEDTLS_SSL_TICKET_C)
    mbedtls_ssl_ticket_context tickets[KEYS];
    int has_tickets[KEYS];
#endif
#if defined(MBEDTLS_SSL_CACHE_C)
    mbedtls_ssl_cache_context cache;
    int has_cache;
#endif
#if defined(MBEDTLS_SSL_COOKIE_C)
    mbedtls_ssl_cookie_ctx cookies;
    int has_cookies;
#endif
    mbedtls_ssl_session kept;
    int has_kept;
} world;

extern world w;

void world_begin(const char *name);
void world_tickets(int index, int cipher, unsigned lifetime);
void world_cookies(void);
void world_cache(void);
void world_end(void);

// end.c: one end of a connection.
typedef struct end {
    int which;
    const script *script;
    const setup *setup;
    mbedtls_ssl_config conf;
    mbedtls_ssl_context ssl;
    mbedtls_x509_crt certs[4], ca;
    mbedtls_pk_context keys[4];
    mbedtls_x509_crl crl;
    const char *alpn[9];
    lane *in, *out;
    int64_t intermediate, final;  // 0: the timer is off
    int started, done, failed, op;
    size_t progress;              // of op
    uint64_t hash;                // of what op has read
    uint64_t written;             // bytes, of all ops
    unsigned char *early;         // received, and not read yet
    size_t early_len;
} end;

int end_init(end *e, const script *s, int which, lane *in, lane *out);
void end_free(end *e);
void end_run(end *e);
int end_expired(const end *e);

// op.c
int op_run(end *e, const op *o);

void die(const char *what, int code);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

// bridge.h is the one header between Go and Mbed TLS. It declares what the Go files call (gm_…) and what C calls back
// into Go (the exported gomb… functions, declared by cgo itself). Rules: see doc.go.
#ifndef GOMBEDTLS_BRIDGE_H
#define GOMBEDTLS_BRIDGE_H

#include "release.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/chachapoly.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/debug.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/gcm.h>
#include <mbedtls/md.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

// GM_NOT_BUILT says that the option behind a wrapper is off in this build. It lies outside Mbed TLS's range of codes.
#define GM_NOT_BUILT (-0x10000)

// GM_TLS1_2 and GM_TLS1_3 exist whether or not the build has the version.
#define GM_TLS1_2 0x0303
#define GM_TLS1_3 0x0304

// GM_RING_SIZE holds three records of any size (16 KiB and their overhead), so that a record costs less than one system call.
#define GM_RING_SIZE (1u << 16)

// GM_MAX_RECORD bounds what one library call adds to the output outside of a handshake: a full record with its overhead.
#define GM_MAX_RECORD (MBEDTLS_SSL_OUT_CONTENT_LEN + 1024)

// gm_pool keeps buffers of one size; see pool.c.
#define GM_POOL_SLOTS 64
typedef struct {
    size_t size;
    struct {
        _Alignas(64) _Atomic(void *) p;
    } slots[GM_POOL_SLOTS];
} gm_pool;

// gm_ring is a bounded byte queue in the C heap. One side is C (a BIO callback, inside a library call); the other is
// Go, which moves bytes between the ring and a socket. Every change of r and w happens under the Go side's mutex; the
// bytes of a free or a filled segment may be touched outside it. The buffer is borrowed from gm_rings, for as long as there
// are bytes in it, or Go has its free segment.
typedef struct {
    unsigned char *p;  // GM_RING_SIZE bytes, or NULL
    uint32_t r, w;     // free-running: w - r bytes are queued
    char held;         // Go has the free segment; nobody else changes p then
    char eof;          // no byte will follow the queued ones
} gm_ring;

// gm_datagram is one datagram, in a queue that keeps their boundaries: what the rings are to a stream. An idle connection
// has none, and no memory for them.
typedef struct gm_datagram {
    struct gm_datagram *next;
    size_t len;
    unsigned char p[];
} gm_datagram;

typedef struct {
    gm_datagram *head, *tail;
    size_t bytes;
} gm_datagrams;

// gm_config owns what an mbedtls_ssl_config needs beside itself.
typedef struct {
    mbedtls_ssl_config conf;
    void *handle;      // the go-pointer of the Go Config
    int debug_level;   // messages above it do not reach Go
    int has_time;      // Config has its own clock
    struct mbedtls_ssl_ticket_context *tickets;  // see ticket.c
    struct mbedtls_ssl_cache_context *cache;     // see cache.c
    int needs_cert, needs_verified;              // of clients whose session is resumed; see resume.c
    int unguarded;                               // see SetUnguarded
    int renego_grace;                            // see gm_ssl_read_record
    int buffers;                                 // GM_BUFFERS_…
    int spent;                                   // see gm_ssl_free_handshake_data
} gm_config;

// gm_buffers is where the buffers of a connection are; see buffers.c.
typedef struct {
    int mode;
    unsigned depth;                // calls that are running, one inside of the other
    unsigned char *in, *out;       // as the library has them, unless it has got others
    size_t in_size, out_size;
    size_t in_used;                // bytes that were written since
    unsigned char idle_in[16];     // in place of both
    unsigned char idle_out[112 + MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY + MBEDTLS_SSL_CID_OUT_LEN_MAX];
    mbedtls_ssl_recv_t *recv;      // the BIO's
    mbedtls_ssl_recv_timeout_t *recv_timeout;
} gm_buffers;

// gm_ssl is one connection.
#define GM_WARNINGS 6
typedef struct {
    mbedtls_ssl_context ssl;
    gm_config *conf;
    void *handle;      // the go-pointer of the Go SSL
    gm_ring in, out;
    char drained;      // of the input ring: without more in it, nothing can be read; see bulk.c
    gm_datagrams dgrams_in, dgrams_out;  // in place of the rings' bytes; see datagram.c
    int timer_on;
    int resumed, extended_ms, group;  // of the last handshake; see observe.c
    int shared_secret;                // likewise: GM_SECRET_…
    int deleting;                     // the library frees it
    int verdict;                      // what a closure failed with where the library would go on; see verdict.c
    int ticket_suite;                 // of the session in a ticket that was taken; see gm_ssl_check_suite
    int unanswered;                   // records since a HelloRequest
    int early_bound;                  // see gm_ssl_bound_early_data
    int raw_bio;                      // closures are in place of rings and queues
    int hello_retried;                // of a handshake that is freed; see gm_ssl_hello_retried
    char inspects, shown;             // see inspect.c
    short sent_alert;                 // see observe.c
    unsigned char warning_count, warnings[GM_WARNINGS];  // see gm_ssl_note_warning
    gm_buffers buffers;
} gm_ssl;

// gm_ref is a gm_ssl *, for the calls that are made for each record: of a pointer, cgo looks at what it points at, which
// takes time, and so much stack that an idle goroutine's would be twice as large.
typedef uintptr_t gm_ref;

// gm_current is the connection that the running thread is inside of, or NULL. Callbacks that the library keeps per
// config (RNG, debug, clock) learn from it which connection calls.
extern _Thread_local gm_ssl *gm_current;
void gm_forget_current(void);

// GM_IN brackets a library call, so that the connection has its buffers, and gm_current is right also when a callback
// enters another connection.
#define GM_IN(s, call) GM_IN_WRITING(s, GM_ANY_OUTPUT, call)
#define GM_ANY_OUTPUT SIZE_MAX
#define GM_IN_WRITING(s, n, call) \
    gm_ssl *outer = gm_current; \
    int result = (s)->verdict; \
    if (result == 0) { \
        gm_current = (s); \
        result = gm_buffers_lend((s), (n)); \
        if (result == 0) { \
            result = gm_ssl_settle((s), (call)); \
        } \
        gm_buffers_reclaim((s), result); \
        gm_current = outer; \
    } \
    return result

// ssl.c
gm_ssl *gm_ssl_new(void);
void gm_ssl_delete(gm_ssl *s);
int gm_ssl_setup(gm_ssl *s, gm_config *c, void *handle);
int gm_ssl_session_reset(gm_ssl *s);
int gm_ssl_handshake(gm_ssl *s);
int gm_ssl_handshake_step(gm_ssl *s);
int gm_ssl_step(gm_ssl *s);
int gm_ssl_is_handshake_over(gm_ssl *s);
int gm_ssl_read(gm_ssl *s, unsigned char *buf, size_t len);
int gm_ssl_write(gm_ssl *s, const unsigned char *buf, size_t len);
int gm_ssl_write_data(gm_ssl *s, const unsigned char *buf, size_t len);
int gm_ssl_read_data(gm_ssl *s, unsigned char *buf, size_t len);
int gm_ssl_send_alert(gm_ssl *s, int level, int description);
int gm_ssl_close_notify(gm_ssl *s);
int gm_ssl_version(const gm_ssl *s);
const mbedtls_x509_crt *gm_ssl_peer_cert(const gm_ssl *s);
const char *gm_ssl_alpn(const gm_ssl *s);

// observe.c
void gm_ssl_observe(gm_ssl *s);
int gm_ssl_last_alert(const gm_ssl *s);
int gm_ssl_sent_alert(const gm_ssl *s);
int gm_ssl_flush_output(gm_ssl *s);
int gm_ssl_in_handshake(const gm_ssl *s);
int gm_ssl_hello_retried(const gm_ssl *s);
const unsigned char *gm_ssl_client_hello(const gm_ssl *s, size_t *len);
int gm_ssl_is_datagram(const gm_ssl *s);
void gm_ssl_note_warning(gm_ssl *s);

// alpn.c
int gm_ssl_choose_alpn(gm_ssl *s, const char *name);

// inspect.c
void gm_ssl_inspect(gm_ssl *s, int on);

// bio.c
void gm_ssl_set_ring_bio(gm_ssl *s);
void gm_ssl_set_raw_bio(gm_ssl *s, int has_send, int has_recv, int has_recv_timeout);
void gm_ring_release(gm_ring *q);
int gm_ssl_input_reserve(gm_ref s);
int gm_ssl_input_read(gm_ref s, int fd, uint32_t w, uint32_t space);
void gm_ssl_input_release(gm_ref s);
void gm_ssl_output_release(gm_ref s);

// bulk.c
typedef struct {
    int n;    // bytes that were moved
    int ret;  // 0, or what came after them
} gm_moved;
gm_moved gm_ssl_read_records(gm_ref s, unsigned char *buf, size_t len);
gm_moved gm_ssl_write_records(gm_ref s, const unsigned char *buf, size_t len);
typedef struct {
    int ret;          // bytes, or an error
    uint64_t number;  // of the record that they are from
} gm_record;
gm_record gm_ssl_read_one(gm_ref s, unsigned char *buf, size_t len);

// pool.c
extern gm_pool gm_rings;  // buffers of rings
void *gm_pool_get(gm_pool *pool);
void gm_pool_put(gm_pool *pool, void *p, size_t used);
void gm_pool_drain(gm_pool *pool);
void gm_pools_drain(void);
int gm_pools_kept(void);
unsigned gm_thread_slot(void);

// buffers.c
extern gm_pool gm_inputs, gm_outputs;
#define GM_BUFFERS_LENT 0
#define GM_BUFFERS_EXACT 1
#define GM_BUFFERS_STATIC 2
void gm_conf_buffers(gm_config *c, int mode);
void gm_buffers_sizes(gm_ssl *s, size_t *in, size_t *out);
int gm_buffers_lend(gm_ssl *s, size_t n);
int gm_buffers_fill(gm_ssl *s);
void gm_buffers_reclaim(gm_ssl *s, int ret);
void gm_buffers_drop(gm_ssl *s);
size_t gm_input_announced(const gm_ssl *s, size_t left);
int gm_input_reserve(gm_ssl *s, size_t size, size_t keep);

// receive.c
void gm_buffers_hook(gm_ssl *s);

// freedata.c
int gm_ssl_free_handshake_data(gm_ssl *s);
int gm_ssl_may_begin(const gm_ssl *s);

// datagram.c
#define GM_DATAGRAMS_MAX (1u << 16)  // bytes that a queue holds
void gm_ssl_set_datagram_bio(gm_ssl *s);
int gm_datagrams_push(gm_datagrams *q, const unsigned char *buf, size_t len);
void gm_datagrams_pop(gm_datagrams *q);
void gm_datagrams_clear(gm_datagrams *q);

// timer.c
void gm_ssl_set_timer(gm_ssl *s);

// verify.c
void gm_ssl_set_verify(gm_ssl *s, int on);
void gm_conf_verify(gm_config *c, int on);

// config.c
gm_config *gm_config_new(void *handle);
void gm_config_delete(gm_config *c);
void gm_conf_rng(gm_config *c, int from_go);
void gm_conf_dbg(gm_config *c, int level);
int gm_conf_versions(gm_config *c, int min, int max);
int gm_conf_crl(gm_config *c, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl);
int gm_conf_own_cert(gm_config *c, mbedtls_x509_crt *crt, mbedtls_pk_context *pk);
int gm_conf_sig_algs(gm_config *c, const uint16_t *algs);
int gm_conf_alpn(gm_config *c, const char **protocols);
int gm_conf_max_frag_len(gm_config *c, int code);
int gm_conf_encrypt_then_mac(gm_config *c, int on);
int gm_conf_extended_master_secret(gm_config *c, int on);
int gm_conf_dhm_min_bits(gm_config *c, unsigned bits);
int gm_conf_dh_param(gm_config *c, const unsigned char *p, size_t plen, const unsigned char *g, size_t glen);
int gm_conf_cert_req_ca_list(gm_config *c, int on);
int gm_conf_preference_order(gm_config *c, int order);
int gm_debug_set_threshold(int level);

// x509.c, pk.c
mbedtls_x509_crt *gm_crt_new(void);
void gm_crt_delete(mbedtls_x509_crt *crt);
int gm_crt_parse(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len);
const mbedtls_x509_crt *gm_crt_next(const mbedtls_x509_crt *crt);
mbedtls_x509_crl *gm_crl_new(void);
void gm_crl_delete(mbedtls_x509_crl *crl);
int gm_crl_parse(mbedtls_x509_crl *crl, const unsigned char *buf, size_t len);
const mbedtls_x509_crt_profile *gm_crt_profile(int which);
int gm_crt_info(const mbedtls_x509_crt *crt, const char *prefix, char *buf, size_t size);
int gm_crt_verify_info(uint32_t flags, const char *prefix, char *buf, size_t size);
int gm_crt_subject(const mbedtls_x509_crt *crt, char *buf, size_t size);
mbedtls_pk_context *gm_pk_new(void);
void gm_pk_delete(mbedtls_pk_context *pk);
int gm_crt_check_pair(const mbedtls_x509_crt *crt, const mbedtls_pk_context *prv, mbedtls_ctr_drbg_context *drbg);

// aead.c
mbedtls_gcm_context *gm_gcm_new(void);
void gm_gcm_delete(mbedtls_gcm_context *g);
int gm_gcm_setkey(mbedtls_gcm_context *g, int cipher, const unsigned char *key, unsigned bits);
int gm_gcm_crypt_and_tag(mbedtls_gcm_context *g, size_t len, const unsigned char *iv, size_t iv_len,
                         const unsigned char *add, size_t add_len, const unsigned char *in, unsigned char *out,
                         size_t tag_len, unsigned char *tag);
int gm_gcm_auth_decrypt(mbedtls_gcm_context *g, size_t len, const unsigned char *iv, size_t iv_len,
                        const unsigned char *add, size_t add_len, const unsigned char *tag, size_t tag_len,
                        const unsigned char *in, unsigned char *out);
mbedtls_chachapoly_context *gm_chachapoly_new(void);
void gm_chachapoly_delete(mbedtls_chachapoly_context *c);
int gm_chachapoly_setkey(mbedtls_chachapoly_context *c, const unsigned char *key);
int gm_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *c, size_t len, const unsigned char *nonce,
                                  const unsigned char *aad, size_t aad_len, const unsigned char *in,
                                  unsigned char *out, unsigned char *tag);
int gm_chachapoly_auth_decrypt(mbedtls_chachapoly_context *c, size_t len, const unsigned char *nonce,
                               const unsigned char *aad, size_t aad_len, const unsigned char *tag,
                               const unsigned char *in, unsigned char *out);

// drbg.c
mbedtls_entropy_context *gm_entropy_new(void);
void gm_entropy_delete(mbedtls_entropy_context *e);
mbedtls_ctr_drbg_context *gm_ctr_drbg_new(void);
void gm_ctr_drbg_delete(mbedtls_ctr_drbg_context *d);
int gm_ctr_drbg_seed(mbedtls_ctr_drbg_context *d, mbedtls_entropy_context *e, const unsigned char *pers, size_t len);

// random.c
void gm_random_init(mbedtls_ctr_drbg_context *drbg, mbedtls_entropy_context *e);
void gm_random_only_first(int on);
void gm_random_free(void);
int gm_random(void *ctx, unsigned char *buf, size_t len);
int gm_draw(void *reader, unsigned char *buf, size_t len);

// entropy.c
int gm_entropy_restart(mbedtls_ctr_drbg_context *d, mbedtls_entropy_context *e, const unsigned char *pers, size_t len,
                       int from_go);

// platform_time.c, clock.c, platform_alloc.c
void gm_set_ms_time(int64_t (*f)(void));
void gm_clock_install(void);
void gm_clock_set_hook(int on);
void gm_alloc_install(void);
void gm_alloc_count(void);
void gm_alloc_stats(int64_t *live_bytes, int64_t *live_blocks, int64_t *total);

// sni.c
int gm_conf_sni(gm_config *c, int on);
int gm_conf_cert_cb(gm_config *c, int on);
int gm_conf_dn_hints(gm_config *c, const mbedtls_x509_crt *crt);
const unsigned char *gm_ssl_get_hs_sni(gm_ssl *s, size_t *len);
int gm_ssl_set_hs_own_cert(gm_ssl *s, mbedtls_x509_crt *crt, mbedtls_pk_context *pk);
int gm_ssl_set_hs_ca_chain(gm_ssl *s, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl);
int gm_ssl_set_hs_dn_hints(gm_ssl *s, const mbedtls_x509_crt *crt);
int gm_ssl_set_hs_authmode(gm_ssl *s, int mode);

// psk.c, ecjpake.c
#define GM_SECRET_PSK 1
#define GM_SECRET_ECJPAKE 2
int gm_conf_psk(gm_config *c, const unsigned char *psk, size_t len, const unsigned char *id, size_t id_len);
int gm_conf_psk_opaque(gm_config *c, uint32_t key, const unsigned char *id, size_t id_len);
int gm_conf_psk_cb(gm_config *c, int on);
int gm_conf_tls13_kex_modes(gm_config *c, int modes);
int gm_ssl_set_hs_psk(gm_ssl *s, const unsigned char *psk, size_t len);
int gm_ssl_set_hs_psk_opaque(gm_ssl *s, uint32_t key);
int gm_psa_import_psk(const unsigned char *psk, size_t len, uint32_t *key);
int gm_psa_import_ecjpake(const unsigned char *pw, size_t len, uint32_t *key);
int gm_psa_destroy(uint32_t key);
int gm_ssl_set_hs_ecjpake_password(gm_ssl *s, const unsigned char *pw, size_t len);
int gm_ssl_set_hs_ecjpake_password_opaque(gm_ssl *s, uint32_t key);

// ca.c
int gm_conf_ca_cb(gm_config *c);

// async.c, signer.c
void gm_conf_signers(gm_config *c);
int gm_conf_async_private(gm_config *c, int has_sign, int has_decrypt);
int gm_signer_new(const mbedtls_x509_crt *crt, void *handle, mbedtls_pk_context **out);
void *gm_ssl_own_signer(gm_ssl *s);
int gm_signer_step(gm_ssl *s);

// ecp.c
int gm_ecp_set_max_ops(unsigned max_ops);

// session.c
typedef struct {
    int version, endpoint, ciphersuite;
    size_t id_len, ticket_len;
    uint32_t lifetime;         // seconds; 0 if the server told none
    int64_t received;          // milliseconds since 1970
    uint32_t max_early_data;   // 0: none
    int ticket_flags;          // of TLS 1.3
    uint32_t verify_result;
    const unsigned char *id;
    const mbedtls_x509_crt *peer_cert;
} gm_session_info;
mbedtls_ssl_session *gm_session_new(void);
void gm_session_delete(mbedtls_ssl_session *s);
int gm_session_load(mbedtls_ssl_session *s, const unsigned char *buf, size_t len);
void gm_session_info_get(const mbedtls_ssl_session *s, gm_session_info *info);
int gm_session_created(mbedtls_ssl_session *s, int64_t *ms);
int gm_session_ticket_fields(const mbedtls_ssl_session *s, int64_t *created, uint32_t *age_add, uint8_t *flags);
int gm_session_set_ticket_fields(mbedtls_ssl_session *s, int64_t created, uint32_t age_add, uint8_t flags);
int gm_ssl_get_session(gm_ssl *s, mbedtls_ssl_session *dst);
int gm_ssl_set_session(gm_ssl *s, const mbedtls_ssl_session *src, int early_data);
const mbedtls_ssl_session *gm_ssl_session(const gm_ssl *s);
int gm_conf_session_tickets(gm_config *c, int on);
int gm_conf_ticket_signals(gm_config *c, int on);
int gm_conf_offers(const gm_config *c, int suite);
const uint16_t *gm_conf_group_list(const gm_config *c);
const uint16_t *gm_conf_sig_alg_list(const gm_config *c);
void gm_conf_version_range(const gm_config *c, int *min, int *max);

// resume.c
int gm_session_acceptable(gm_config *c, const mbedtls_ssl_session *s);
void gm_ssl_check_suite(gm_ssl *s);

// ticket.c
struct mbedtls_ssl_ticket_context *gm_ticket_new(void);
void gm_ssl_skip_tickets(gm_ssl *s);
void gm_ticket_delete(struct mbedtls_ssl_ticket_context *t);
int gm_ticket_setup(struct mbedtls_ssl_ticket_context *t, mbedtls_ctr_drbg_context *drbg, int cipher, uint32_t lifetime);
int gm_ticket_rotate(struct mbedtls_ssl_ticket_context *t, const unsigned char *name, const unsigned char *key, size_t len,
                     uint32_t lifetime);
int gm_conf_tickets(gm_config *c, struct mbedtls_ssl_ticket_context *t);
int gm_conf_ticket_closures(gm_config *c);
int gm_conf_new_session_tickets(gm_config *c, unsigned count);

// cache.c
struct mbedtls_ssl_cache_context *gm_cache_new(void);
void gm_cache_delete(struct mbedtls_ssl_cache_context *cache);
int gm_cache_timeout(struct mbedtls_ssl_cache_context *cache);
int gm_cache_limits(struct mbedtls_ssl_cache_context *cache, int max_entries, int timeout);
int gm_cache_get(struct mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, mbedtls_ssl_session *s);
int gm_cache_set(struct mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, const mbedtls_ssl_session *s);
int gm_cache_remove(struct mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len);
int gm_conf_cache(gm_config *c, struct mbedtls_ssl_cache_context *cache);
int gm_conf_cache_closures(gm_config *c);

// earlydata.c
int gm_conf_early_data(gm_config *c, uint32_t max_size);
int gm_ssl_write_early_data(gm_ssl *s, const unsigned char *buf, size_t len);
int gm_ssl_read_early_data(gm_ssl *s, unsigned char *buf, size_t len);
int gm_ssl_early_data_status(gm_ssl *s);
void gm_ssl_bound_early_data(gm_ssl *s);

// export.c
void gm_ssl_set_export_keys(gm_ssl *s, int on);
int gm_ssl_export_keying_material(gm_ssl *s, unsigned char *out, size_t len, const char *label, size_t label_len,
                                  const unsigned char *context, size_t context_len, int use_context);

// suiteinfo.c
typedef struct {
    const char *name, *cipher, *mac;
    int id, key_exchange, flags, min_version, max_version;
    size_t key_bits;
    unsigned accel;  // the family of accel.h that has the cipher; 0 if none
} gm_suite;
gm_suite gm_suite_info(const mbedtls_ssl_ciphersuite_t *info);

// progress.c
int gm_ssl_state(const gm_ssl *s);
const char *gm_state_name(int state);
const char *gm_ssl_hostname(gm_ssl *s);

// renegotiate.c
int gm_conf_renegotiation(gm_config *c, int on, int max_records, uint64_t period);
int gm_ssl_renegotiate(gm_ssl *s);
int gm_ssl_start_renegotiation(gm_ssl *s);
int gm_ssl_continue_renegotiation(gm_ssl *s);
int gm_ssl_renegotiating(const gm_ssl *s);
int gm_ssl_read_record(gm_ssl *s, unsigned char *buf, size_t len);

// dtls.c
int gm_conf_anti_replay(gm_config *c, int on);
int gm_conf_badmac_limit(gm_config *c, unsigned limit);
int gm_conf_handshake_timeout(gm_config *c, uint32_t min, uint32_t max);
int gm_ssl_set_datagram_packing(gm_ssl *s, int on);
int gm_min_mtu(void);
int gm_ssl_set_mtu(gm_ssl *s, int mtu);

// cookie.c
#define GM_COOKIE_ROOM 64  // bytes; the library's cookies have 32
mbedtls_ssl_cookie_ctx *gm_cookie_new(void);
void gm_cookie_delete(mbedtls_ssl_cookie_ctx *k);
int gm_cookie_setup(mbedtls_ssl_cookie_ctx *k, mbedtls_ctr_drbg_context *drbg);
int gm_cookie_set_timeout(mbedtls_ssl_cookie_ctx *k, uint32_t delay);
int gm_cookie_write(mbedtls_ssl_cookie_ctx *k, unsigned char *buf, const unsigned char *id, size_t id_len, size_t *len);
int gm_cookie_check(mbedtls_ssl_cookie_ctx *k, const unsigned char *cookie, size_t len, const unsigned char *id,
                    size_t id_len);
int gm_conf_cookies(gm_config *c, mbedtls_ssl_cookie_ctx *k);
int gm_conf_cookie_closures(gm_config *c);
int gm_ssl_set_client_transport_id(gm_ssl *s, const unsigned char *id, size_t len);
int gm_ssl_drop_hello(gm_ssl *s, int ret);

// cid.c
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT)
#define GM_LEGACY_CID MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT
#else
#define GM_LEGACY_CID 0
#endif
#if MBEDTLS_SSL_CID_OUT_LEN_MAX > MBEDTLS_SSL_CID_IN_LEN_MAX
#define GM_CID_LEN_MAX MBEDTLS_SSL_CID_OUT_LEN_MAX
#else
#define GM_CID_LEN_MAX MBEDTLS_SSL_CID_IN_LEN_MAX
#endif
typedef struct {
    int on;
    size_t len;
    unsigned char p[GM_CID_LEN_MAX];
} gm_cid;
int gm_conf_cid(gm_config *c, size_t len, int fail_unexpected);
int gm_ssl_set_cid(gm_ssl *s, int on, const unsigned char *own, size_t len);
gm_cid gm_ssl_own_cid(gm_ssl *s);
gm_cid gm_ssl_peer_cid(gm_ssl *s);

// record.c
int gm_ssl_check_record(gm_ssl *s, const unsigned char *datagram, size_t len, int *newer);

// serialize.c
int gm_ssl_context_save(gm_ssl *s, unsigned char *buf, size_t cap, size_t *len);
int gm_ssl_may_load(const gm_ssl *s);
int gm_ssl_context_load(gm_ssl *s, const unsigned char *data, size_t len);

// srtp.c
#define GM_SRTP_MKI_MAX 255
typedef struct {
    unsigned profile;  // 0: none
    size_t len;
    unsigned char mki[GM_SRTP_MKI_MAX];
} gm_srtp;
int gm_conf_srtp_profiles(gm_config *c, const uint16_t *ids);
int gm_conf_srtp_mki(gm_config *c, int on);
int gm_ssl_set_srtp_mki(gm_ssl *s, const unsigned char *mki, size_t len);
gm_srtp gm_ssl_srtp(gm_ssl *s);
const char *gm_srtp_profile_name(unsigned id);

// options.c, generated by internal/gencodes
typedef struct {
    const char *name, *expansion;
    int is_function;  // a macro with parameters, which stands for itself
} gm_option;
extern const gm_option *const gm_options;  // the last has no name

// layout.c
typedef struct {
    const char *option;  // that one of them has, and the other has not; or NULL
    const char *type;    // that is of another size in the library; or NULL
    size_t size, library_size;
} gm_difference;
gm_difference gm_compare_layout(void);

// verdict.c
void gm_ssl_fail(int code);
int gm_ssl_settle(gm_ssl *s, int ret);

#endif // GOMBEDTLS_FOUND
#endif

// world.c is what the binding has for the process: PSA, a random generator, the clock; and keys that connections share.
#include "driver.h"

#include <psa_crypto_invasive.h>
#include <string.h>

world w;

void gm_set_ms_time(int64_t (*f)(void));  // of cbridge/platform_time.c

static mbedtls_time_t now_s(mbedtls_time_t *out)
{
    mbedtls_time_t t = (mbedtls_time_t) (w.now / 1000);
    if (out != NULL) {
        *out = t;
    }
    return t;
}

static int64_t now_ms(void)
{
    return w.now;
}

static int poll(void *ctx, unsigned char *out, size_t len, size_t *got)
{
    (void) ctx;
    *got = len;
    return prng_fill(&w.entropy, out, len);
}

static void init_entropy(mbedtls_entropy_context *e)
{
    mbedtls_entropy_init(e);
    e->source_count = 0;
    (void) mbedtls_entropy_add_source(e, poll, NULL, MBEDTLS_ENTROPY_BLOCK_SIZE, MBEDTLS_ENTROPY_SOURCE_STRONG);
}

static void check(int ret, const char *what)
{
    if (ret != 0) {
        die(what, ret);
    }
}

// world_begin seeds in the order of the binding: PSA, then the generator of the process.
void world_begin(const char *name)
{
    char seed[200];
    memset(&w, 0, sizeof(w));
    snprintf(w.name, sizeof(w.name), "%s", name);
    w.now = 1751328000000;  // 2025-07-01
    mbedtls_platform_set_time(now_s);
    gm_set_ms_time(now_ms);
    snprintf(seed, sizeof(seed), "%s/client", name);
    prng_seed(&w.rng[CLIENT], seed);
    snprintf(seed, sizeof(seed), "%s/server", name);
    prng_seed(&w.rng[SERVER], seed);
    snprintf(seed, sizeof(seed), "%s/entropy", name);
    prng_seed(&w.entropy, seed);
    check(mbedtls_psa_crypto_configure_entropy_sources(init_entropy, mbedtls_entropy_free), "entropy sources");
    check(psa_crypto_init(), "psa_crypto_init");
    init_entropy(&w.process_entropy);
    mbedtls_ctr_drbg_init(&w.process);
    check(mbedtls_ctr_drbg_seed(&w.process, mbedtls_entropy_func, &w.process_entropy,
                                (const unsigned char *) "gombedtls", 9), "mbedtls_ctr_drbg_seed");
    mbedtls_ssl_session_init(&w.kept);
}

void world_tickets(int index, int cipher, unsigned lifetime)
{
#if defined(MBEDTLS_SSL_TICKET_C)
    mbedtls_ssl_ticket_init(&w.tickets[index]);
    w.has_tickets[index] = 1;
    check(mbedtls_ssl_ticket_setup(&w.tickets[index], mbedtls_ctr_drbg_random, &w.process,
                                   (mbedtls_cipher_type_t) cipher, lifetime), "mbedtls_ssl_ticket_setup");
#else
    (void) index;
    (void) cipher;
    (void) lifetime;
    die("no tickets in this build", 0);
#endif
}

void world_cookies(void)
{
#if defined(MBEDTLS_SSL_COOKIE_C)
    mbedtls_ssl_cookie_init(&w.cookies);
    w.has_cookies = 1;
    check(mbedtls_ssl_cookie_setup(&w.cookies, mbedtls_ctr_drbg_random, &w.process), "mbedtls_ssl_cookie_setup");
#else
    die("no cookies in this build", 0);
#endif
}

void world_cache(void)
{
#if defined(MBEDTLS_SSL_CACHE_C)
    mbedtls_ssl_cache_init(&w.cache);
    w.has_cache = 1;
#else
    die("no session cache in this build", 0);
#endif
}

void world_end(void)
{
#if defined(MBEDTLS_SSL_TICKET_C)
    for (int i = 0; i < KEYS; i++) {
        if (w.has_tickets[i]) {
            mbedtls_ssl_ticket_free(&w.tickets[i]);
        }
    }
#endif
#if defined(MBEDTLS_SSL_CACHE_C)
    if (w.has_cache) {
        mbedtls_ssl_cache_free(&w.cache);
    }
#endif
#if defined(MBEDTLS_SSL_COOKIE_C)
    if (w.has_cookies) {
        mbedtls_ssl_cookie_free(&w.cookies);
    }
#endif
    mbedtls_ssl_session_free(&w.kept);
    mbedtls_ctr_drbg_free(&w.process);
    mbedtls_entropy_free(&w.process_entropy);
    mbedtls_psa_crypto_free();
}

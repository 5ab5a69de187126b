// entropy.c puts another source of entropy in place of the operating system's, for programs that must be reproducible.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include "_cgo_export.h"

#include <psa_crypto_invasive.h>

// Reached when a generator is seeded: from gm_entropy_restart, and from whatever needs randomness when a generator has
// given out enough. It must not block.
static int poll_go(void *ctx, unsigned char *out, size_t len, size_t *got)
{
    (void) ctx;
    gombEntropy(out, len);
    *got = len;
    return 0;
}

static void init_from_go(mbedtls_entropy_context *e)
{
    mbedtls_entropy_init(e);
    e->source_count = 0;  // the system's own
    (void) mbedtls_entropy_add_source(e, poll_go, NULL, MBEDTLS_ENTROPY_BLOCK_SIZE, MBEDTLS_ENTROPY_SOURCE_STRONG);
}

// gm_entropy_restart seeds PSA's generator and d anew, from Go or from the system. PSA's keys are lost.
int gm_entropy_restart(mbedtls_ctr_drbg_context *d, mbedtls_entropy_context *e, const unsigned char *pers, size_t len,
                       int from_go)
{
    void (*init)(mbedtls_entropy_context *) = from_go ? init_from_go : mbedtls_entropy_init;

    mbedtls_psa_crypto_free();
    if (mbedtls_psa_crypto_configure_entropy_sources(init, mbedtls_entropy_free) != PSA_SUCCESS ||
        psa_crypto_init() != PSA_SUCCESS) {
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    }
    gm_random_only_first(from_go);  // to be reproducible
    mbedtls_ctr_drbg_free(d);
    mbedtls_entropy_free(e);
    init(e);
    mbedtls_ctr_drbg_init(d);
    return gm_ctr_drbg_seed(d, e, pers, len);
}

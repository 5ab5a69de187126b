// lmots.c has the library's one-time keys of LMS (RFC 8554), which its own header does not show.
#include "lms.h"

mbedtls_lmots_public_t *gm_lmots_public_new(void)
{
#if defined(MBEDTLS_LMS_C)
    mbedtls_lmots_public_t *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_lmots_public_init(k);
    }
    return k;
#else
    return NULL;
#endif
}

void gm_lmots_public_delete(mbedtls_lmots_public_t *k)
{
#if defined(MBEDTLS_LMS_C)
    mbedtls_lmots_public_free(k);
    mbedtls_free(k);
#else
    (void) k;
#endif
}

int gm_lmots_import_public_key(mbedtls_lmots_public_t *k, const unsigned char *key, size_t len)
{
    return GM_IF_LMS(mbedtls_lmots_import_public_key(k, key, len));
}

int gm_lmots_export_public_key(const mbedtls_lmots_public_t *k, unsigned char *key, size_t size, size_t *len)
{
    return GM_IF_LMS(mbedtls_lmots_export_public_key(k, key, size, len));
}

int gm_lmots_verify(const mbedtls_lmots_public_t *k, const unsigned char *msg, size_t len, const unsigned char *sig,
                  size_t sig_len)
{
    return GM_IF_LMS(mbedtls_lmots_verify(k, msg, len, sig, sig_len));
}

void *gm_lmots_private_new(void)
{
#if defined(MBEDTLS_LMS_C) && defined(MBEDTLS_LMS_PRIVATE)
    mbedtls_lmots_private_t *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_lmots_private_init(k);
    }
    return k;
#else
    return NULL;
#endif
}

void gm_lmots_private_delete(void *k)
{
#if defined(MBEDTLS_LMS_C) && defined(MBEDTLS_LMS_PRIVATE)
    mbedtls_lmots_private_free(k);
    mbedtls_free(k);
#endif
}

int gm_lmots_generate_private_key(void *k, const unsigned char id[MBEDTLS_LMOTS_I_KEY_ID_LEN], uint32_t leaf,
                                  const unsigned char *seed, size_t len)
{
    return GM_IF_LMS_PRIVATE(
        mbedtls_lmots_generate_private_key(k, MBEDTLS_LMOTS_SHA256_N32_W8, id, leaf, seed, len));
}

int gm_lmots_calculate_public_key(mbedtls_lmots_public_t *pub, const void *k)
{
    return GM_IF_LMS_PRIVATE(mbedtls_lmots_calculate_public_key(pub, k));
}

int gm_lmots_sign(void *k, const unsigned char *msg, size_t len, unsigned char *sig, size_t size, size_t *sig_len, void *rng)
{
    return GM_IF_LMS_PRIVATE(mbedtls_lmots_sign(k, gm_draw, rng, msg, len, sig, size, sig_len));
}

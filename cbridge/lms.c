// lms.c has the library's keys of LMS (RFC 8554).
#include "lms.h"

mbedtls_lms_public_t *gm_lms_public_new(void)
{
#if defined(MBEDTLS_LMS_C)
    mbedtls_lms_public_t *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_lms_public_init(k);
    }
    return k;
#else
    return NULL;
#endif
}

void gm_lms_public_delete(mbedtls_lms_public_t *k)
{
#if defined(MBEDTLS_LMS_C)
    mbedtls_lms_public_free(k);
    mbedtls_free(k);
#else
    (void) k;
#endif
}

int gm_lms_import_public_key(mbedtls_lms_public_t *k, const unsigned char *key, size_t len)
{
    if (len < 4) {  // which releases before 3.6.4 read all the same
        return MBEDTLS_ERR_LMS_BAD_INPUT_DATA;
    }
    return GM_IF_LMS(mbedtls_lms_import_public_key(k, key, len));
}

int gm_lms_export_public_key(const mbedtls_lms_public_t *k, unsigned char *key, size_t size, size_t *len)
{
    return GM_IF_LMS(mbedtls_lms_export_public_key(k, key, size, len));
}

int gm_lms_verify(const mbedtls_lms_public_t *k, const unsigned char *msg, size_t len, const unsigned char *sig,
                  size_t sig_len)
{
    return GM_IF_LMS(mbedtls_lms_verify(k, msg, len, sig, sig_len));
}

void *gm_lms_private_new(void)
{
#if defined(MBEDTLS_LMS_C) && defined(MBEDTLS_LMS_PRIVATE)
    mbedtls_lms_private_t *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_lms_private_init(k);
    }
    return k;
#else
    return NULL;
#endif
}

void gm_lms_private_delete(void *k)
{
#if defined(MBEDTLS_LMS_C) && defined(MBEDTLS_LMS_PRIVATE)
    mbedtls_lms_private_free(k);
    mbedtls_free(k);
#endif
}

int gm_lms_generate_private_key(void *k, const unsigned char *seed, size_t len, void *rng)
{
    return GM_IF_LMS_PRIVATE(mbedtls_lms_generate_private_key(k, MBEDTLS_LMS_SHA256_M32_H10, MBEDTLS_LMOTS_SHA256_N32_W8,
                                                              gm_draw, rng, seed, len));
}

int gm_lms_calculate_public_key(mbedtls_lms_public_t *pub, const void *k)
{
    return GM_IF_LMS_PRIVATE(mbedtls_lms_calculate_public_key(pub, k));
}

int gm_lms_sign(void *k, const unsigned char *msg, size_t len, unsigned char *sig, size_t size, size_t *sig_len, void *rng)
{
    if (len > UINT32_MAX) {  // what the library's length holds
        return MBEDTLS_ERR_LMS_BAD_INPUT_DATA;
    }
    return GM_IF_LMS_PRIVATE(mbedtls_lms_sign(k, gm_draw, rng, msg, (unsigned) len, sig, size, sig_len));
}

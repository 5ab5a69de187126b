// lms.h is what lms.c, lmots.c and their Go files share.
#ifndef GOMBEDTLS_LMS_H
#define GOMBEDTLS_LMS_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/lms.h>
#include <lmots.h>

#define GM_LMS_PUBLIC_KEY MBEDTLS_LMS_PUBLIC_KEY_LEN(MBEDTLS_LMS_SHA256_M32_H10)
#define GM_LMS_SIGNATURE MBEDTLS_LMS_SIG_LEN(MBEDTLS_LMS_SHA256_M32_H10, MBEDTLS_LMOTS_SHA256_N32_W8)
#define GM_LMOTS_PUBLIC_KEY MBEDTLS_LMOTS_PUBLIC_KEY_LEN(MBEDTLS_LMOTS_SHA256_N32_W8)
#define GM_LMOTS_SIGNATURE MBEDTLS_LMOTS_SIG_LEN(MBEDTLS_LMOTS_SHA256_N32_W8)

// Private keys are behind a void *, since a build may have no type for them.
mbedtls_lms_public_t *gm_lms_public_new(void);
void gm_lms_public_delete(mbedtls_lms_public_t *k);
int gm_lms_import_public_key(mbedtls_lms_public_t *k, const unsigned char *key, size_t len);
int gm_lms_export_public_key(const mbedtls_lms_public_t *k, unsigned char *key, size_t size, size_t *len);
int gm_lms_verify(const mbedtls_lms_public_t *k, const unsigned char *msg, size_t len, const unsigned char *sig,
                  size_t sig_len);
void *gm_lms_private_new(void);
void gm_lms_private_delete(void *k);
int gm_lms_generate_private_key(void *k, const unsigned char *seed, size_t len, void *rng);
int gm_lms_calculate_public_key(mbedtls_lms_public_t *pub, const void *k);
int gm_lms_sign(void *k, const unsigned char *msg, size_t len, unsigned char *sig, size_t size, size_t *sig_len, void *rng);

mbedtls_lmots_public_t *gm_lmots_public_new(void);
void gm_lmots_public_delete(mbedtls_lmots_public_t *k);
int gm_lmots_import_public_key(mbedtls_lmots_public_t *k, const unsigned char *key, size_t len);
int gm_lmots_export_public_key(const mbedtls_lmots_public_t *k, unsigned char *key, size_t size, size_t *len);
int gm_lmots_verify(const mbedtls_lmots_public_t *k, const unsigned char *msg, size_t len, const unsigned char *sig,
                    size_t sig_len);
void *gm_lmots_private_new(void);
void gm_lmots_private_delete(void *k);
int gm_lmots_generate_private_key(void *k, const unsigned char id[MBEDTLS_LMOTS_I_KEY_ID_LEN], uint32_t leaf,
                                  const unsigned char *seed, size_t len);
int gm_lmots_calculate_public_key(mbedtls_lmots_public_t *pub, const void *k);
int gm_lmots_sign(void *k, const unsigned char *msg, size_t len, unsigned char *sig, size_t size, size_t *sig_len, void *rng);

#if defined(MBEDTLS_LMS_C)
#define GM_IF_LMS(call) (call)
#else
#define GM_IF_LMS(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_LMS_C) && defined(MBEDTLS_LMS_PRIVATE)
#define GM_IF_LMS_PRIVATE(call) (call)
#else
#define GM_IF_LMS_PRIVATE(call) GM_NOT_BUILT
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

#endif
#endif

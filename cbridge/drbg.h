// drbg.h is what drbg.c, hmacdrbg.c and entropysource.c share with the Go files of these names, beside what is in bridge.h.
#ifndef GOMBEDTLS_DRBG_H
#define GOMBEDTLS_DRBG_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/hmac_drbg.h>

// drbg.c
int gm_seed_from_go(void *feed, unsigned char *buf, size_t len);
int gm_ctr_drbg_seed_from(mbedtls_ctr_drbg_context *d, void *feed, const unsigned char *pers, size_t len);
int gm_ctr_drbg_random_with_add(mbedtls_ctr_drbg_context *d, unsigned char *out, size_t len, const unsigned char *add,
                                size_t add_len);
int gm_ctr_drbg_write_seed_file(mbedtls_ctr_drbg_context *d, const char *path);
int gm_ctr_drbg_update_seed_file(mbedtls_ctr_drbg_context *d, const char *path);

// hmacdrbg.c
mbedtls_hmac_drbg_context *gm_hmac_drbg_new(void);
void gm_hmac_drbg_delete(mbedtls_hmac_drbg_context *d);
int gm_hmac_drbg_seed(mbedtls_hmac_drbg_context *d, int md, void *feed, const unsigned char *pers, size_t len);
int gm_hmac_drbg_seed_buf(mbedtls_hmac_drbg_context *d, int md, const unsigned char *data, size_t len);
int gm_hmac_drbg_set_prediction_resistance(mbedtls_hmac_drbg_context *d, int on);
int gm_hmac_drbg_set_entropy_len(mbedtls_hmac_drbg_context *d, size_t len);
int gm_hmac_drbg_set_reseed_interval(mbedtls_hmac_drbg_context *d, int interval);
int gm_hmac_drbg_reseed(mbedtls_hmac_drbg_context *d, const unsigned char *add, size_t len);
int gm_hmac_drbg_update(mbedtls_hmac_drbg_context *d, const unsigned char *add, size_t len);
int gm_hmac_drbg_random(mbedtls_hmac_drbg_context *d, unsigned char *out, size_t len);
int gm_hmac_drbg_random_with_add(mbedtls_hmac_drbg_context *d, unsigned char *out, size_t len, const unsigned char *add,
                                 size_t add_len);
int gm_hmac_drbg_write_seed_file(mbedtls_hmac_drbg_context *d, const char *path);
int gm_hmac_drbg_update_seed_file(mbedtls_hmac_drbg_context *d, const char *path);

// entropysource.c
void gm_entropy_clear_sources(mbedtls_entropy_context *e);
int gm_entropy_add_source(mbedtls_entropy_context *e, void *source, size_t threshold, int strong);
int gm_entropy_update_nv_seed(mbedtls_entropy_context *e);
int gm_entropy_write_seed_file(mbedtls_entropy_context *e, const char *path);
int gm_entropy_update_seed_file(mbedtls_entropy_context *e, const char *path);
int gm_platform_entropy_poll(unsigned char *out, size_t len, size_t *got);

#endif
#endif

// dhm.h is what dhm.c and dhm.go share.
#ifndef GOMBEDTLS_DHM_H
#define GOMBEDTLS_DHM_H

#include "bridge.h"

#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/dhm.h>

// gm_dhm_group finds the numbers of a group that the library has; NULL if there is no such index.
const unsigned char *gm_dhm_group(int index, int generator, size_t *len);

mbedtls_dhm_context *gm_dhm_new(void);
void gm_dhm_delete(mbedtls_dhm_context *c);
int gm_dhm_set_group(mbedtls_dhm_context *c, const mbedtls_mpi *p, const mbedtls_mpi *g);
int gm_dhm_read_params(mbedtls_dhm_context *c, const unsigned char *buf, size_t len, size_t *n);
int gm_dhm_make_params(mbedtls_dhm_context *c, int x_size, unsigned char *buf, size_t len, size_t *olen, void *rng);
int gm_dhm_read_public(mbedtls_dhm_context *c, const unsigned char *buf, size_t len);
int gm_dhm_make_public(mbedtls_dhm_context *c, int x_size, unsigned char *buf, size_t len, void *rng);
int gm_dhm_calc_secret(mbedtls_dhm_context *c, unsigned char *buf, size_t len, size_t *olen, void *rng);
size_t gm_dhm_bitlen(const mbedtls_dhm_context *c);
size_t gm_dhm_len(const mbedtls_dhm_context *c);
size_t gm_dhm_params_len(const mbedtls_dhm_context *c);
int gm_dhm_get_value(const mbedtls_dhm_context *c, int param, mbedtls_mpi *to);
int gm_dhm_parse(mbedtls_dhm_context *c, const unsigned char *buf, size_t len);
int gm_dhm_parse_file(mbedtls_dhm_context *c, const char *path);

#endif
#endif

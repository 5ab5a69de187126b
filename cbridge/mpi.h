// mpi.h is what mpi.c, mpi.go and mpimath.go share.
#ifndef GOMBEDTLS_MPI_H
#define GOMBEDTLS_MPI_H

#include "bridge.h"

#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/bignum.h>

mbedtls_mpi *gm_mpi_new(void);
void gm_mpi_delete(mbedtls_mpi *x);
mbedtls_mpi *gm_mpi_zero(void);

// The number of limbs, and of bits in one; the sign is -1 or 1, also of zero.
size_t gm_mpi_limbs(const mbedtls_mpi *x);
size_t gm_mpi_limb_bits(void);
void gm_mpi_set_sign(mbedtls_mpi *x, int sign);
int gm_mpi_sign(const mbedtls_mpi *x);

int gm_mpi_set_int64(mbedtls_mpi *x, int64_t v);
int gm_mpi_int64(const mbedtls_mpi *x, int64_t *v);
int gm_mpi_cmp_int(const mbedtls_mpi *x, int64_t v);
int gm_mpi_add_int(mbedtls_mpi *x, const mbedtls_mpi *a, int64_t b);
int gm_mpi_sub_int(mbedtls_mpi *x, const mbedtls_mpi *a, int64_t b);
int gm_mpi_mul_int(mbedtls_mpi *x, const mbedtls_mpi *a, uint64_t b);
int gm_mpi_div_int(mbedtls_mpi *q, mbedtls_mpi *r, const mbedtls_mpi *a, int64_t b);
int gm_mpi_mod_int(uint64_t *r, const mbedtls_mpi *a, int64_t b);

int gm_mpi_set_bit(mbedtls_mpi *x, size_t pos, unsigned char v);
int gm_mpi_shift_l(mbedtls_mpi *x, size_t count);
int gm_mpi_shift_r(mbedtls_mpi *x, size_t count);
int gm_mpi_div(mbedtls_mpi *q, mbedtls_mpi *r, const mbedtls_mpi *a, const mbedtls_mpi *b);
int gm_mpi_mod(mbedtls_mpi *r, const mbedtls_mpi *a, const mbedtls_mpi *b);
int gm_mpi_exp_mod(mbedtls_mpi *x, const mbedtls_mpi *a, const mbedtls_mpi *e, const mbedtls_mpi *n, mbedtls_mpi *rr);

int gm_mpi_read_file(mbedtls_mpi *x, int radix, int fd);
int gm_mpi_write_file(const char *prefix, const mbedtls_mpi *x, int radix, int fd);

int gm_mpi_fill_random(mbedtls_mpi *x, size_t size, void *rng);
int gm_mpi_random(mbedtls_mpi *x, int64_t min, const mbedtls_mpi *n, void *rng);
int gm_mpi_is_prime(const mbedtls_mpi *x, int rounds, void *rng);
int gm_mpi_gen_prime(mbedtls_mpi *x, size_t bits, int flags, void *rng);

#endif
#endif

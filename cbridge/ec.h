// ec.h is what the files of elliptic curves share: ecp*.go, ecdh.go, ecdsa.go, ecjpakectx.go and their C.
#ifndef GOMBEDTLS_EC_H
#define GOMBEDTLS_EC_H

#include "bridge.h"

#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/ecdh.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecjpake.h>
#include <mbedtls/ecp.h>

// gm_ec_restart is what a restartable operation has done so far: one of the two is in use.
typedef struct {
#if defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecp_restart_ctx ecp;
    mbedtls_ecdsa_restart_ctx ecdsa;
#else
    char none;
#endif
} gm_ec_restart;

// groups and points, ecpgroup.c
mbedtls_ecp_group *gm_ecp_group_new(void);
void gm_ecp_group_delete(mbedtls_ecp_group *g);
mbedtls_ecp_point *gm_ecp_point_new(void);
void gm_ecp_point_delete(mbedtls_ecp_point *p);
enum { GM_ECP_P, GM_ECP_A, GM_ECP_B, GM_ECP_N };
int gm_ecp_group_number(const mbedtls_ecp_group *g, int which, mbedtls_mpi *to);
int gm_ecp_group_generator(const mbedtls_ecp_group *g, mbedtls_ecp_point *to);
int gm_ecp_group_id(const mbedtls_ecp_group *g);
size_t gm_ecp_pbits(const mbedtls_ecp_group *g);
size_t gm_ecp_nbits(const mbedtls_ecp_group *g);
int gm_ecp_point_set(mbedtls_ecp_point *p, const mbedtls_mpi *x, const mbedtls_mpi *y, const mbedtls_mpi *z);
int gm_ecp_point_get(const mbedtls_ecp_point *p, mbedtls_mpi *x, mbedtls_mpi *y, mbedtls_mpi *z);
int gm_ecp_tls_read_point(const mbedtls_ecp_group *g, mbedtls_ecp_point *p, const unsigned char *buf, size_t len, size_t *n);
int gm_ecp_tls_read_group(mbedtls_ecp_group *g, const unsigned char *buf, size_t len, size_t *n);
int gm_ecp_tls_read_group_id(int *id, const unsigned char *buf, size_t len, size_t *n);

// multiplication and keys, ecpkey.c
int gm_ecp_mul(mbedtls_ecp_group *g, mbedtls_ecp_point *r, const mbedtls_mpi *m, const mbedtls_ecp_point *p, void *rng,
               gm_ec_restart *rs);
int gm_ecp_muladd(mbedtls_ecp_group *g, mbedtls_ecp_point *r, const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                  const mbedtls_mpi *n, const mbedtls_ecp_point *q, gm_ec_restart *rs);
int gm_ecp_gen_privkey(const mbedtls_ecp_group *g, mbedtls_mpi *d, void *rng);
int gm_ecp_gen_keypair(mbedtls_ecp_group *g, const mbedtls_ecp_point *base, mbedtls_mpi *d, mbedtls_ecp_point *q, void *rng);
mbedtls_ecp_keypair *gm_ecp_keypair_new(void);
void gm_ecp_keypair_delete(mbedtls_ecp_keypair *k);
int gm_ecp_keypair_set(mbedtls_ecp_keypair *k, int id, const mbedtls_mpi *d, const mbedtls_ecp_point *q);
int gm_ecp_gen_key(int id, mbedtls_ecp_keypair *k, void *rng);
int gm_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv, void *rng);
int gm_ecp_keypair_calc_public(mbedtls_ecp_keypair *k, void *rng);

// restarts, ecp.c
gm_ec_restart *gm_ec_restart_new(void);
void gm_ec_restart_delete(gm_ec_restart *rs);
void gm_ec_restart_reset(gm_ec_restart *rs);
int gm_ecp_restart_is_enabled(void);

// ecdh.c
mbedtls_ecdh_context *gm_ecdh_new(void);
void gm_ecdh_delete(mbedtls_ecdh_context *c);
int gm_ecdh_setup(mbedtls_ecdh_context *c, int id);
int gm_ecdh_group_id(mbedtls_ecdh_context *c);
int gm_ecdh_can_do(int id);
int gm_ecdh_enable_restart(mbedtls_ecdh_context *c);
int gm_ecdh_gen_public(mbedtls_ecp_group *g, mbedtls_mpi *d, mbedtls_ecp_point *q, void *rng);
int gm_ecdh_compute_shared(mbedtls_ecp_group *g, mbedtls_mpi *z, const mbedtls_ecp_point *q, const mbedtls_mpi *d,
                           void *rng);
int gm_ecdh_make_params(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng);
int gm_ecdh_read_params(mbedtls_ecdh_context *c, const unsigned char *buf, size_t len, size_t *n);
int gm_ecdh_get_params(mbedtls_ecdh_context *c, const mbedtls_ecp_keypair *k, int side);
int gm_ecdh_make_public(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng);
int gm_ecdh_read_public(mbedtls_ecdh_context *c, const unsigned char *buf, size_t len);
int gm_ecdh_calc_secret(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng);

// ecdsa.c
#define GM_ECDSA_MAX_LEN MBEDTLS_ECDSA_MAX_LEN
int gm_ecdsa_can_do(int id);
int gm_ecdsa_sign(mbedtls_ecp_group *g, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d, const unsigned char *hash,
                  size_t len, void *rng, gm_ec_restart *rs);
int gm_ecdsa_sign_det(mbedtls_ecp_group *g, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d, const unsigned char *hash,
                      size_t len, int md, void *rng, gm_ec_restart *rs);
int gm_ecdsa_verify(mbedtls_ecp_group *g, const unsigned char *hash, size_t len, const mbedtls_ecp_point *q,
                    const mbedtls_mpi *r, const mbedtls_mpi *s, gm_ec_restart *rs);
int gm_ecdsa_write_signature(mbedtls_ecp_keypair *k, int md, const unsigned char *hash, size_t len, unsigned char *sig,
                             size_t size, size_t *olen, void *rng, gm_ec_restart *rs);
int gm_ecdsa_read_signature(mbedtls_ecp_keypair *k, const unsigned char *hash, size_t len, const unsigned char *sig,
                            size_t sig_len, gm_ec_restart *rs);

// ecjpakectx.c
mbedtls_ecjpake_context *gm_ecjpake_new(void);
void gm_ecjpake_delete(mbedtls_ecjpake_context *c);
int gm_ecjpake_setup(mbedtls_ecjpake_context *c, int role, int md, int id, const unsigned char *secret, size_t len);
int gm_ecjpake_set_point_format(mbedtls_ecjpake_context *c, int format);
int gm_ecjpake_check(const mbedtls_ecjpake_context *c);
int gm_ecjpake_set_keys(mbedtls_ecjpake_context *c, const mbedtls_mpi *own1, const mbedtls_mpi *own2,
                        const mbedtls_ecp_point *points[4]);
enum { GM_ECJPAKE_ROUND_ONE, GM_ECJPAKE_ROUND_TWO, GM_ECJPAKE_SECRET, GM_ECJPAKE_SHARED_KEY };
int gm_ecjpake_write(mbedtls_ecjpake_context *c, int what, unsigned char *buf, size_t len, size_t *olen, void *rng);
int gm_ecjpake_read(mbedtls_ecjpake_context *c, int what, const unsigned char *buf, size_t len);

#endif
#endif

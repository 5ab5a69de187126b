#include "ec.h"

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_ECP_RESTARTABLE)
#define RS(rs) ((rs) == NULL ? NULL : &(rs)->ecdsa)
#else
#define RS(rs) NULL
#endif

#if defined(MBEDTLS_ECDSA_C)
#define IF_ECDSA(call) (call)
#else
#define IF_ECDSA(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_ECDSA_DETERMINISTIC)
#define IF_DETERMINISTIC(call) (call)
#else
#define IF_DETERMINISTIC(call) GM_NOT_BUILT
#endif

int gm_ecdsa_can_do(int id) { return IF_ECDSA(mbedtls_ecdsa_can_do((mbedtls_ecp_group_id) id)); }

int gm_ecdsa_sign(mbedtls_ecp_group *g, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d, const unsigned char *hash,
                  size_t len, void *rng, gm_ec_restart *rs)
{
    return IF_ECDSA(rs == NULL ? mbedtls_ecdsa_sign(g, r, s, d, hash, len, gm_draw, rng)
                               : mbedtls_ecdsa_sign_restartable(g, r, s, d, hash, len, gm_draw, rng, gm_draw, rng,
                                                                RS(rs)));
}

int gm_ecdsa_sign_det(mbedtls_ecp_group *g, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d, const unsigned char *hash,
                      size_t len, int md, void *rng, gm_ec_restart *rs)
{
    return IF_DETERMINISTIC(
        rs == NULL ? mbedtls_ecdsa_sign_det_ext(g, r, s, d, hash, len, (mbedtls_md_type_t) md, gm_draw, rng)
                   : mbedtls_ecdsa_sign_det_restartable(g, r, s, d, hash, len, (mbedtls_md_type_t) md, gm_draw, rng,
                                                        RS(rs)));
}

int gm_ecdsa_verify(mbedtls_ecp_group *g, const unsigned char *hash, size_t len, const mbedtls_ecp_point *q,
                    const mbedtls_mpi *r, const mbedtls_mpi *s, gm_ec_restart *rs)
{
    return IF_ECDSA(rs == NULL ? mbedtls_ecdsa_verify(g, hash, len, q, r, s)
                               : mbedtls_ecdsa_verify_restartable(g, hash, len, q, r, s, RS(rs)));
}

int gm_ecdsa_write_signature(mbedtls_ecp_keypair *k, int md, const unsigned char *hash, size_t len, unsigned char *sig,
                             size_t size, size_t *olen, void *rng, gm_ec_restart *rs)
{
    mbedtls_md_type_t type = (mbedtls_md_type_t) md;
    (void) type;
    return IF_ECDSA(rs == NULL ? mbedtls_ecdsa_write_signature(k, type, hash, len, sig, size, olen, gm_draw, rng)
                               : mbedtls_ecdsa_write_signature_restartable(k, type, hash, len, sig, size, olen, gm_draw, rng,
                                                                           RS(rs)));
}

int gm_ecdsa_read_signature(mbedtls_ecp_keypair *k, const unsigned char *hash, size_t len, const unsigned char *sig,
                            size_t sig_len, gm_ec_restart *rs)
{
    return IF_ECDSA(rs == NULL ? mbedtls_ecdsa_read_signature(k, hash, len, sig, sig_len)
                               : mbedtls_ecdsa_read_signature_restartable(k, hash, len, sig, sig_len, RS(rs)));
}

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "ec.h"

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_ECP_RESTARTABLE)
#define RS(rs) ((rs) == NULL ? NULL : &(rs)->ecp)
#else
#define RS(rs) NULL
#endif

#if defined(MBEDTLS_ECP_SHORT_WEIERSTRASS_ENABLED)
#define IF_WEIERSTRASS(call) (call)
#else
#define IF_WEIERSTRASS(call) GM_NOT_BUILT
#endif

int gm_ecp_mul(mbedtls_ecp_group *g, mbedtls_ecp_point *r, const mbedtls_mpi *m, const mbedtls_ecp_point *p, void *rng,
               gm_ec_restart *rs)
{
    return rs == NULL ? mbedtls_ecp_mul(g, r, m, p, gm_draw, rng)
                      : mbedtls_ecp_mul_restartable(g, r, m, p, gm_draw, rng, RS(rs));
}

int gm_ecp_muladd(mbedtls_ecp_group *g, mbedtls_ecp_point *r, const mbedtls_mpi *m, const mbedtls_ecp_point *p,
                  const mbedtls_mpi *n, const mbedtls_ecp_point *q, gm_ec_restart *rs)
{
    return IF_WEIERSTRASS(rs == NULL ? mbedtls_ecp_muladd(g, r, m, p, n, q)
                                     : mbedtls_ecp_muladd_restartable(g, r, m, p, n, q, RS(rs)));
}

int gm_ecp_gen_privkey(const mbedtls_ecp_group *g, mbedtls_mpi *d, void *rng)
{
    return mbedtls_ecp_gen_privkey(g, d, gm_draw, rng);
}

// gm_ecp_gen_keypair uses the group's generator if base is NULL.
int gm_ecp_gen_keypair(mbedtls_ecp_group *g, const mbedtls_ecp_point *base, mbedtls_mpi *d, mbedtls_ecp_point *q, void *rng)
{
    return base == NULL ? mbedtls_ecp_gen_keypair(g, d, q, gm_draw, rng)
                        : mbedtls_ecp_gen_keypair_base(g, base, d, q, gm_draw, rng);
}

mbedtls_ecp_keypair *gm_ecp_keypair_new(void)
{
    mbedtls_ecp_keypair *k = mbedtls_calloc(1, sizeof(*k));
    if (k != NULL) {
        mbedtls_ecp_keypair_init(k);
    }
    return k;
}

void gm_ecp_keypair_delete(mbedtls_ecp_keypair *k)
{
    mbedtls_ecp_keypair_free(k);
    mbedtls_free(k);
}

// gm_ecp_keypair_set sets what is not NULL, and the group unless it is MBEDTLS_ECP_DP_NONE.
int gm_ecp_keypair_set(mbedtls_ecp_keypair *k, int id, const mbedtls_mpi *d, const mbedtls_ecp_point *q)
{
    int ret = id == MBEDTLS_ECP_DP_NONE ? 0 : mbedtls_ecp_group_load(&k->grp, (mbedtls_ecp_group_id) id);
    if (ret == 0 && d != NULL) {
        ret = mbedtls_mpi_copy(&k->d, d);
    }
    if (ret == 0 && q != NULL) {
        ret = mbedtls_ecp_copy(&k->Q, q);
    }
    return ret;
}

int gm_ecp_gen_key(int id, mbedtls_ecp_keypair *k, void *rng)
{
    return mbedtls_ecp_gen_key((mbedtls_ecp_group_id) id, k, gm_draw, rng);
}

int gm_ecp_check_pub_priv(const mbedtls_ecp_keypair *pub, const mbedtls_ecp_keypair *prv, void *rng)
{
    return mbedtls_ecp_check_pub_priv(pub, prv, gm_draw, rng);
}

int gm_ecp_keypair_calc_public(mbedtls_ecp_keypair *k, void *rng)
{
    return mbedtls_ecp_keypair_calc_public(k, gm_draw, rng);
}

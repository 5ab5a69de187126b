#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "ec.h"

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_ECJPAKE_C)
#define IF_ECJPAKE(call) (call)
#else
#define IF_ECJPAKE(call) GM_NOT_BUILT
#endif

mbedtls_ecjpake_context *gm_ecjpake_new(void)
{
#if defined(MBEDTLS_ECJPAKE_C)
    mbedtls_ecjpake_context *c = mbedtls_calloc(1, sizeof(*c));
    if (c != NULL) {
        mbedtls_ecjpake_init(c);
    }
    return c;
#else
    return NULL;
#endif
}

void gm_ecjpake_delete(mbedtls_ecjpake_context *c)
{
#if defined(MBEDTLS_ECJPAKE_C)
    mbedtls_ecjpake_free(c);
#endif
    mbedtls_free(c);
}

int gm_ecjpake_setup(mbedtls_ecjpake_context *c, int role, int md, int id, const unsigned char *secret, size_t len)
{
    return IF_ECJPAKE(mbedtls_ecjpake_setup(c, (mbedtls_ecjpake_role) role, (mbedtls_md_type_t) md,
                                            (mbedtls_ecp_group_id) id, secret, len));
}

int gm_ecjpake_set_point_format(mbedtls_ecjpake_context *c, int format)
{
    return IF_ECJPAKE(mbedtls_ecjpake_set_point_format(c, format));
}

int gm_ecjpake_check(const mbedtls_ecjpake_context *c) { return IF_ECJPAKE(mbedtls_ecjpake_check(c)); }

// gm_ecjpake_set_keys sets what both first rounds have as results. The points are the own public keys, and the peer's.
int gm_ecjpake_set_keys(mbedtls_ecjpake_context *c, const mbedtls_mpi *own1, const mbedtls_mpi *own2,
                        const mbedtls_ecp_point *points[4])
{
    mbedtls_ecp_point *to[] = { &c->Xm1, &c->Xm2, &c->Xp1, &c->Xp2 };
    int ret = mbedtls_mpi_copy(&c->xm1, own1);
    if (ret == 0) {
        ret = mbedtls_mpi_copy(&c->xm2, own2);
    }
    for (int i = 0; ret == 0 && i < 4; i++) {
        ret = mbedtls_ecp_copy(to[i], points[i]);
    }
    return ret;
}

int gm_ecjpake_write(mbedtls_ecjpake_context *c, int what, unsigned char *buf, size_t len, size_t *olen, void *rng)
{
    switch (what) {
    case GM_ECJPAKE_ROUND_ONE:
        return IF_ECJPAKE(mbedtls_ecjpake_write_round_one(c, buf, len, olen, gm_draw, rng));
    case GM_ECJPAKE_ROUND_TWO:
        return IF_ECJPAKE(mbedtls_ecjpake_write_round_two(c, buf, len, olen, gm_draw, rng));
    case GM_ECJPAKE_SECRET:
        return IF_ECJPAKE(mbedtls_ecjpake_derive_secret(c, buf, len, olen, gm_draw, rng));
    default:
        return IF_ECJPAKE(mbedtls_ecjpake_write_shared_key(c, buf, len, olen, gm_draw, rng));
    }
}

int gm_ecjpake_read(mbedtls_ecjpake_context *c, int what, const unsigned char *buf, size_t len)
{
    return what == GM_ECJPAKE_ROUND_ONE ? IF_ECJPAKE(mbedtls_ecjpake_read_round_one(c, buf, len))
                                        : IF_ECJPAKE(mbedtls_ecjpake_read_round_two(c, buf, len));
}

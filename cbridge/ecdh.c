#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "ec.h"

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_ECDH_C)
#define IF_ECDH(call) (call)
#else
#define IF_ECDH(call) GM_NOT_BUILT
#endif

mbedtls_ecdh_context *gm_ecdh_new(void)
{
#if defined(MBEDTLS_ECDH_C)
    mbedtls_ecdh_context *c = mbedtls_calloc(1, sizeof(*c));
    if (c != NULL) {
        mbedtls_ecdh_init(c);
    }
    return c;
#else
    return NULL;
#endif
}

void gm_ecdh_delete(mbedtls_ecdh_context *c)
{
#if defined(MBEDTLS_ECDH_C)
    mbedtls_ecdh_free(c);
#endif
    mbedtls_free(c);
}

#if defined(MBEDTLS_ECDH_C)
// renew empties a context before it is set up: the library would lose the memory of one that was.
static void renew(mbedtls_ecdh_context *c)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    int restart = c->restart_enabled;
#endif
    mbedtls_ecdh_free(c);
    mbedtls_ecdh_init(c);
#if defined(MBEDTLS_ECP_RESTARTABLE)
    if (restart) {
        mbedtls_ecdh_enable_restart(c);
    }
#endif
}
#endif

int gm_ecdh_setup(mbedtls_ecdh_context *c, int id)
{
#if defined(MBEDTLS_ECDH_C)
    renew(c);
#endif
    return IF_ECDH(mbedtls_ecdh_setup(c, (mbedtls_ecp_group_id) id));
}

int gm_ecdh_group_id(mbedtls_ecdh_context *c) { return IF_ECDH((int) mbedtls_ecdh_get_grp_id(c)); }
int gm_ecdh_can_do(int id) { return IF_ECDH(mbedtls_ecdh_can_do((mbedtls_ecp_group_id) id)); }

int gm_ecdh_enable_restart(mbedtls_ecdh_context *c)
{
#if defined(MBEDTLS_ECDH_C) && defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecdh_enable_restart(c);
    return 0;
#else
    return GM_NOT_BUILT;
#endif
}

int gm_ecdh_gen_public(mbedtls_ecp_group *g, mbedtls_mpi *d, mbedtls_ecp_point *q, void *rng)
{
    return IF_ECDH(mbedtls_ecdh_gen_public(g, d, q, gm_draw, rng));
}

int gm_ecdh_compute_shared(mbedtls_ecp_group *g, mbedtls_mpi *z, const mbedtls_ecp_point *q, const mbedtls_mpi *d, void *rng)
{
    return IF_ECDH(mbedtls_ecdh_compute_shared(g, z, q, d, gm_draw, rng));
}

int gm_ecdh_make_params(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng)
{
    return IF_ECDH(mbedtls_ecdh_make_params(c, olen, buf, len, gm_draw, rng));
}

int gm_ecdh_read_params(mbedtls_ecdh_context *c, const unsigned char *buf, size_t len, size_t *n)
{
#if defined(MBEDTLS_ECDH_C)
    const unsigned char *at = buf;
    int ret;
    renew(c);
    ret = mbedtls_ecdh_read_params(c, &at, buf + len);
    *n = (size_t) (at - buf);
    return ret;
#else
    return GM_NOT_BUILT;
#endif
}

int gm_ecdh_get_params(mbedtls_ecdh_context *c, const mbedtls_ecp_keypair *k, int side)
{
    return IF_ECDH(mbedtls_ecdh_get_params(c, k, (mbedtls_ecdh_side) side));
}

int gm_ecdh_make_public(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng)
{
    return IF_ECDH(mbedtls_ecdh_make_public(c, olen, buf, len, gm_draw, rng));
}

int gm_ecdh_read_public(mbedtls_ecdh_context *c, const unsigned char *buf, size_t len)
{
    return IF_ECDH(mbedtls_ecdh_read_public(c, buf, len));
}

int gm_ecdh_calc_secret(mbedtls_ecdh_context *c, size_t *olen, unsigned char *buf, size_t len, void *rng)
{
    return IF_ECDH(mbedtls_ecdh_calc_secret(c, olen, buf, len, gm_draw, rng));
}

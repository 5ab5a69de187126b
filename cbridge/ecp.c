#include "ec.h"

int gm_ecp_set_max_ops(unsigned max_ops)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecp_set_max_ops(max_ops);
    return 0;
#else
    (void) max_ops;
    return GM_NOT_BUILT;
#endif
}

int gm_ecp_restart_is_enabled(void)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    return mbedtls_ecp_restart_is_enabled();
#else
    return 0;
#endif
}

static void init(gm_ec_restart *rs)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecp_restart_init(&rs->ecp);
#if defined(MBEDTLS_ECDSA_C)
    mbedtls_ecdsa_restart_init(&rs->ecdsa);
#endif
#else
    (void) rs;
#endif
}

static void release(gm_ec_restart *rs)
{
#if defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_ecp_restart_free(&rs->ecp);
#if defined(MBEDTLS_ECDSA_C)
    mbedtls_ecdsa_restart_free(&rs->ecdsa);
#endif
#else
    (void) rs;
#endif
}

gm_ec_restart *gm_ec_restart_new(void)
{
    gm_ec_restart *rs = mbedtls_calloc(1, sizeof(*rs));
    if (rs != NULL) {
        init(rs);
    }
    return rs;
}

void gm_ec_restart_delete(gm_ec_restart *rs)
{
    release(rs);
    mbedtls_free(rs);
}

void gm_ec_restart_reset(gm_ec_restart *rs)
{
    release(rs);
    init(rs);
}

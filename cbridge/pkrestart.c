// pkrestart.c has signatures made and verified in steps of mbedtls_ecp_set_max_ops.
#include "pk.h"

#if defined(MBEDTLS_ECDSA_C) && defined(MBEDTLS_ECP_RESTARTABLE)

void *gm_pk_restart_new(void)
{
    mbedtls_pk_restart_ctx *rs = mbedtls_calloc(1, sizeof(*rs));
    if (rs != NULL) {
        mbedtls_pk_restart_init(rs);
    }
    return rs;
}

void gm_pk_restart_delete(void *rs)
{
    mbedtls_pk_restart_free(rs);
    mbedtls_free(rs);
}

int gm_pk_sign_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
                           size_t *sig_len, void *rng, void *rs)
{
    return mbedtls_pk_sign_restartable(pk, (mbedtls_md_type_t) md, hash_len == 0 ? NULL : hash, hash_len, sig,
                                       MBEDTLS_PK_SIGNATURE_MAX_SIZE, sig_len, gm_draw, rng, rs);
}

int gm_pk_verify_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len,
                             const unsigned char *sig, size_t sig_len, void *rs)
{
    return mbedtls_pk_verify_restartable(pk, (mbedtls_md_type_t) md, hash_len == 0 ? NULL : hash, hash_len, sig, sig_len,
                                         rs);
}

#else

void *gm_pk_restart_new(void)
{
    return NULL;
}

void gm_pk_restart_delete(void *rs)
{
    (void) rs;
}

int gm_pk_sign_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
                           size_t *sig_len, void *rng, void *rs)
{
    (void) pk, (void) md, (void) hash, (void) hash_len, (void) sig, (void) sig_len, (void) rng, (void) rs;
    return GM_NOT_BUILT;
}

int gm_pk_verify_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len,
                             const unsigned char *sig, size_t sig_len, void *rs)
{
    (void) pk, (void) md, (void) hash, (void) hash_len, (void) sig, (void) sig_len, (void) rs;
    return GM_NOT_BUILT;
}

#endif

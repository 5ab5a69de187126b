#include "bridge.h"

mbedtls_pk_context *gm_pk_new(void)
{
    mbedtls_pk_context *pk = mbedtls_calloc(1, sizeof(*pk));
    if (pk != NULL) {
        mbedtls_pk_init(pk);
    }
    return pk;
}

void gm_pk_delete(mbedtls_pk_context *pk)
{
    mbedtls_pk_free(pk);
    mbedtls_free(pk);
}

int gm_pk_parse_key(mbedtls_pk_context *pk, const unsigned char *key, size_t keylen, const unsigned char *pwd,
                    size_t pwdlen, mbedtls_ctr_drbg_context *drbg)
{
    return mbedtls_pk_parse_key(pk, key, keylen, pwd, pwdlen, mbedtls_ctr_drbg_random, drbg);
}

// gm_pk_sign writes at most MBEDTLS_PK_SIGNATURE_MAX_SIZE bytes.
int gm_pk_sign(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
               size_t *sig_len, mbedtls_ctr_drbg_context *drbg)
{
    return mbedtls_pk_sign(pk, (mbedtls_md_type_t) md, hash, hash_len, sig, MBEDTLS_PK_SIGNATURE_MAX_SIZE, sig_len,
                           mbedtls_ctr_drbg_random, drbg);
}

int gm_pk_decrypt(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *out, size_t size,
                  size_t *out_len, mbedtls_ctr_drbg_context *drbg)
{
    return mbedtls_pk_decrypt(pk, in, in_len, out, out_len, size, mbedtls_ctr_drbg_random, drbg);
}

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

int gm_crt_check_pair(const mbedtls_x509_crt *crt, const mbedtls_pk_context *prv, mbedtls_ctr_drbg_context *drbg)
{
    return mbedtls_pk_check_pair(&crt->pk, prv, mbedtls_ctr_drbg_random, drbg);
}

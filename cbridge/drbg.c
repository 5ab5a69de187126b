#include "bridge.h"
#include "_cgo_export.h"

mbedtls_entropy_context *gm_entropy_new(void)
{
    mbedtls_entropy_context *e = mbedtls_calloc(1, sizeof(*e));
    if (e != NULL) {
        mbedtls_entropy_init(e);
    }
    return e;
}

void gm_entropy_delete(mbedtls_entropy_context *e)
{
    mbedtls_entropy_free(e);
    mbedtls_free(e);
}

mbedtls_ctr_drbg_context *gm_ctr_drbg_new(void)
{
    mbedtls_ctr_drbg_context *d = mbedtls_calloc(1, sizeof(*d));
    if (d != NULL) {
        mbedtls_ctr_drbg_init(d);
    }
    return d;
}

void gm_ctr_drbg_delete(mbedtls_ctr_drbg_context *d)
{
    mbedtls_ctr_drbg_free(d);
    mbedtls_free(d);
}

int gm_ctr_drbg_seed(mbedtls_ctr_drbg_context *d, mbedtls_entropy_context *e, const unsigned char *pers, size_t len)
{
    return mbedtls_ctr_drbg_seed(d, mbedtls_entropy_func, e, pers, len);
}

#include "drbg.h"
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

// gm_seed_from_go is reached from whatever seeds a generator that a Go reader feeds.
int gm_seed_from_go(void *feed, unsigned char *buf, size_t len) { return gombSeed(feed, buf, len); }

int gm_ctr_drbg_seed_from(mbedtls_ctr_drbg_context *d, void *feed, const unsigned char *pers, size_t len)
{
    return mbedtls_ctr_drbg_seed(d, gm_seed_from_go, feed, pers, len);
}

int gm_ctr_drbg_random_with_add(mbedtls_ctr_drbg_context *d, unsigned char *out, size_t len, const unsigned char *add,
                                size_t add_len)
{
    return mbedtls_ctr_drbg_random_with_add(d, out, len, add, add_len);
}

#if defined(MBEDTLS_FS_IO)
#define IF_FS_IO(call) (call)
#else
#define IF_FS_IO(call) GM_NOT_BUILT
#endif

int gm_ctr_drbg_write_seed_file(mbedtls_ctr_drbg_context *d, const char *path)
{
    (void) d, (void) path;
    return IF_FS_IO(mbedtls_ctr_drbg_write_seed_file(d, path));
}

int gm_ctr_drbg_update_seed_file(mbedtls_ctr_drbg_context *d, const char *path)
{
    (void) d, (void) path;
    return IF_FS_IO(mbedtls_ctr_drbg_update_seed_file(d, path));
}

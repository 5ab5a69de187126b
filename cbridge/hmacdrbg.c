// hmacdrbg.c holds the library's contexts for HMAC_DRBG.
#include "drbg.h"

#if defined(MBEDTLS_HMAC_DRBG_C)
#define IF_HMAC_DRBG(call) (call)
#else
#define IF_HMAC_DRBG(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_FS_IO)
#define IF_FS_IO(call) (call)
#else
#define IF_FS_IO(call) GM_NOT_BUILT
#endif

#define INFO mbedtls_md_info_from_type((mbedtls_md_type_t) md)

mbedtls_hmac_drbg_context *gm_hmac_drbg_new(void)
{
    mbedtls_hmac_drbg_context *d = mbedtls_calloc(1, sizeof(*d));
#if defined(MBEDTLS_HMAC_DRBG_C)
    if (d != NULL) {
        mbedtls_hmac_drbg_init(d);
    }
#endif
    return d;
}

void gm_hmac_drbg_delete(mbedtls_hmac_drbg_context *d)
{
#if defined(MBEDTLS_HMAC_DRBG_C)
    mbedtls_hmac_drbg_free(d);
#endif
    mbedtls_free(d);
}

int gm_hmac_drbg_seed(mbedtls_hmac_drbg_context *d, int md, void *feed, const unsigned char *pers, size_t len)
{
    (void) d, (void) md, (void) feed, (void) pers, (void) len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_seed(d, INFO, gm_seed_from_go, feed, pers, len));
}

int gm_hmac_drbg_seed_buf(mbedtls_hmac_drbg_context *d, int md, const unsigned char *data, size_t len)
{
    (void) d, (void) md, (void) data, (void) len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_seed_buf(d, INFO, data, len));
}

int gm_hmac_drbg_set_prediction_resistance(mbedtls_hmac_drbg_context *d, int on)
{
    (void) d, (void) on;
    return IF_HMAC_DRBG((mbedtls_hmac_drbg_set_prediction_resistance(d, on), 0));
}

int gm_hmac_drbg_set_entropy_len(mbedtls_hmac_drbg_context *d, size_t len)
{
    (void) d, (void) len;
    return IF_HMAC_DRBG((mbedtls_hmac_drbg_set_entropy_len(d, len), 0));
}

int gm_hmac_drbg_set_reseed_interval(mbedtls_hmac_drbg_context *d, int interval)
{
    (void) d, (void) interval;
    return IF_HMAC_DRBG((mbedtls_hmac_drbg_set_reseed_interval(d, interval), 0));
}

int gm_hmac_drbg_reseed(mbedtls_hmac_drbg_context *d, const unsigned char *add, size_t len)
{
    (void) d, (void) add, (void) len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_reseed(d, add, len));
}

int gm_hmac_drbg_update(mbedtls_hmac_drbg_context *d, const unsigned char *add, size_t len)
{
    (void) d, (void) add, (void) len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_update(d, add, len));
}

int gm_hmac_drbg_random(mbedtls_hmac_drbg_context *d, unsigned char *out, size_t len)
{
    (void) d, (void) out, (void) len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_random(d, out, len));
}

int gm_hmac_drbg_random_with_add(mbedtls_hmac_drbg_context *d, unsigned char *out, size_t len, const unsigned char *add,
                                 size_t add_len)
{
    (void) d, (void) out, (void) len, (void) add, (void) add_len;
    return IF_HMAC_DRBG(mbedtls_hmac_drbg_random_with_add(d, out, len, add, add_len));
}

int gm_hmac_drbg_write_seed_file(mbedtls_hmac_drbg_context *d, const char *path)
{
    (void) d, (void) path;
    return IF_HMAC_DRBG(IF_FS_IO(mbedtls_hmac_drbg_write_seed_file(d, path)));
}

int gm_hmac_drbg_update_seed_file(mbedtls_hmac_drbg_context *d, const char *path)
{
    (void) d, (void) path;
    return IF_HMAC_DRBG(IF_FS_IO(mbedtls_hmac_drbg_update_seed_file(d, path)));
}

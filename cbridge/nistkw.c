// nistkw.c holds the library's contexts for key wrapping.
#include "cipher.h"

#if defined(MBEDTLS_NIST_KW_C)
#define IF_NIST_KW(call) (call)
#else
#define IF_NIST_KW(call) GM_NOT_BUILT
#endif

mbedtls_nist_kw_context *gm_nist_kw_new(void)
{
    mbedtls_nist_kw_context *k = mbedtls_calloc(1, sizeof(*k));
#if defined(MBEDTLS_NIST_KW_C)
    if (k != NULL) {
        mbedtls_nist_kw_init(k);
    }
#endif
    return k;
}

void gm_nist_kw_delete(mbedtls_nist_kw_context *k)
{
#if defined(MBEDTLS_NIST_KW_C)
    mbedtls_nist_kw_free(k);
#endif
    mbedtls_free(k);
}

int gm_nist_kw_setkey(mbedtls_nist_kw_context *k, int cipher, const unsigned char *key, unsigned bits, int wrap)
{
    (void) k, (void) cipher, (void) key, (void) bits, (void) wrap;
    return IF_NIST_KW(mbedtls_nist_kw_setkey(k, (mbedtls_cipher_id_t) cipher, key, bits, wrap));
}

int gm_nist_kw_wrap(mbedtls_nist_kw_context *k, int mode, const unsigned char *in, size_t len, unsigned char *out,
                    size_t *out_len, size_t size)
{
    (void) k, (void) mode, (void) in, (void) len, (void) out, (void) out_len, (void) size;
    return IF_NIST_KW(mbedtls_nist_kw_wrap(k, (mbedtls_nist_kw_mode_t) mode, in, len, out, out_len, size));
}

int gm_nist_kw_unwrap(mbedtls_nist_kw_context *k, int mode, const unsigned char *in, size_t len, unsigned char *out,
                      size_t *out_len, size_t size)
{
    (void) k, (void) mode, (void) in, (void) len, (void) out, (void) out_len, (void) size;
    return IF_NIST_KW(mbedtls_nist_kw_unwrap(k, (mbedtls_nist_kw_mode_t) mode, in, len, out, out_len, size));
}

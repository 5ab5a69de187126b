// hkdf.c passes HKDF on.
#include "md.h"
#include <mbedtls/hkdf.h>

#if defined(MBEDTLS_HKDF_C)
#define IF_HKDF(call) (call)
#else
#define IF_HKDF(call) GM_NOT_BUILT
#endif

#define INFO mbedtls_md_info_from_type((mbedtls_md_type_t) type)

int gm_hkdf(int type, const unsigned char *salt, size_t salt_len, const unsigned char *ikm, size_t ikm_len,
            const unsigned char *info, size_t info_len, unsigned char *okm, size_t okm_len)
{
    (void) type, (void) salt, (void) salt_len, (void) ikm, (void) ikm_len, (void) info, (void) info_len;
    (void) okm, (void) okm_len;
    return IF_HKDF(mbedtls_hkdf(INFO, salt, salt_len, ikm, ikm_len, info, info_len, okm, okm_len));
}

int gm_hkdf_extract(int type, const unsigned char *salt, size_t salt_len, const unsigned char *ikm, size_t ikm_len,
                    unsigned char *prk)
{
    (void) type, (void) salt, (void) salt_len, (void) ikm, (void) ikm_len, (void) prk;
    return IF_HKDF(mbedtls_hkdf_extract(INFO, salt, salt_len, ikm, ikm_len, prk));
}

int gm_hkdf_expand(int type, const unsigned char *prk, size_t prk_len, const unsigned char *info, size_t info_len,
                   unsigned char *okm, size_t okm_len)
{
    (void) type, (void) prk, (void) prk_len, (void) info, (void) info_len, (void) okm, (void) okm_len;
    return IF_HKDF(mbedtls_hkdf_expand(INFO, prk, prk_len, info, info_len, okm, okm_len));
}

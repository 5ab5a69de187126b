// cmac.c passes CMAC on, which lives in a cipher context.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "md.h"
#include <mbedtls/cmac.h>

#if defined(MBEDTLS_CMAC_C)
#define IF_CMAC(call) (call)
#else
#define IF_CMAC(call) GM_NOT_BUILT
#endif

#define INFO mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) type)

// gm_cmac_starts is called once for a context: the library would lose what it has allocated.
int gm_cmac_starts(mbedtls_cipher_context_t *c, const unsigned char *key, size_t bits)
{
    (void) c, (void) key, (void) bits;
    return IF_CMAC(mbedtls_cipher_cmac_starts(c, key, bits));
}

int gm_cmac_update(mbedtls_cipher_context_t *c, const unsigned char *in, size_t len)
{
    (void) c, (void) in, (void) len;
    return IF_CMAC(mbedtls_cipher_cmac_update(c, in, len));
}

int gm_cmac_finish(mbedtls_cipher_context_t *c, unsigned char *out)
{
    (void) c, (void) out;
    return IF_CMAC(mbedtls_cipher_cmac_finish(c, out));
}

int gm_cmac_reset(mbedtls_cipher_context_t *c)
{
    (void) c;
    return IF_CMAC(mbedtls_cipher_cmac_reset(c));
}

// gm_cmac_sum finishes, and puts the state from before back, so that more can be added.
int gm_cmac_sum(mbedtls_cipher_context_t *c, unsigned char *out)
{
#if defined(MBEDTLS_CMAC_C)
    mbedtls_cmac_context_t before = *c->cmac_ctx;
    int ret = mbedtls_cipher_cmac_finish(c, out);
    *c->cmac_ctx = before;
    mbedtls_platform_zeroize(&before, sizeof(before));
    return ret;
#else
    (void) c, (void) out;
    return GM_NOT_BUILT;
#endif
}

int gm_cmac(int type, const unsigned char *key, size_t bits, const unsigned char *in, size_t len, unsigned char *out)
{
    (void) type, (void) key, (void) bits, (void) in, (void) len, (void) out;
    return IF_CMAC(mbedtls_cipher_cmac(INFO, key, bits, in, len, out));
}

int gm_aes_cmac_prf_128(const unsigned char *key, size_t key_len, const unsigned char *in, size_t len, unsigned char *out)
{
    (void) key, (void) key_len, (void) in, (void) len, (void) out;
    return IF_CMAC(mbedtls_aes_cmac_prf_128(key, key_len, in, len, out));
}

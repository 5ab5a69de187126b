// chacha.c holds the library's contexts for ChaCha20 and Poly1305, each by itself.
#include "cipher.h"

#if defined(MBEDTLS_CHACHA20_C)
#define IF_CHACHA20(call) (call)
#else
#define IF_CHACHA20(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_POLY1305_C)
#define IF_POLY1305(call) (call)
#else
#define IF_POLY1305(call) GM_NOT_BUILT
#endif

mbedtls_chacha20_context *gm_chacha20_new(void)
{
    mbedtls_chacha20_context *c = mbedtls_calloc(1, sizeof(*c));
#if defined(MBEDTLS_CHACHA20_C)
    if (c != NULL) {
        mbedtls_chacha20_init(c);
    }
#endif
    return c;
}

void gm_chacha20_delete(mbedtls_chacha20_context *c)
{
#if defined(MBEDTLS_CHACHA20_C)
    mbedtls_chacha20_free(c);
#endif
    mbedtls_free(c);
}

int gm_chacha20_setkey(mbedtls_chacha20_context *c, const unsigned char *key)
{
    (void) c, (void) key;
    return IF_CHACHA20(mbedtls_chacha20_setkey(c, key));
}

int gm_chacha20_starts(mbedtls_chacha20_context *c, const unsigned char *nonce, uint32_t counter)
{
    (void) c, (void) nonce, (void) counter;
    return IF_CHACHA20(mbedtls_chacha20_starts(c, nonce, counter));
}

int gm_chacha20_update(mbedtls_chacha20_context *c, size_t len, const unsigned char *in, unsigned char *out)
{
    (void) c, (void) len, (void) in, (void) out;
    return IF_CHACHA20(mbedtls_chacha20_update(c, len, in, out));
}

int gm_chacha20_crypt(const unsigned char *key, const unsigned char *nonce, uint32_t counter, size_t len,
                      const unsigned char *in, unsigned char *out)
{
    (void) key, (void) nonce, (void) counter, (void) len, (void) in, (void) out;
    return IF_CHACHA20(mbedtls_chacha20_crypt(key, nonce, counter, len, in, out));
}

mbedtls_poly1305_context *gm_poly1305_new(void)
{
    mbedtls_poly1305_context *p = mbedtls_calloc(1, sizeof(*p));
#if defined(MBEDTLS_POLY1305_C)
    if (p != NULL) {
        mbedtls_poly1305_init(p);
    }
#endif
    return p;
}

void gm_poly1305_delete(mbedtls_poly1305_context *p)
{
#if defined(MBEDTLS_POLY1305_C)
    mbedtls_poly1305_free(p);
#endif
    mbedtls_free(p);
}

int gm_poly1305_starts(mbedtls_poly1305_context *p, const unsigned char *key)
{
    (void) p, (void) key;
    return IF_POLY1305(mbedtls_poly1305_starts(p, key));
}

int gm_poly1305_update(mbedtls_poly1305_context *p, const unsigned char *in, size_t len)
{
    (void) p, (void) in, (void) len;
    return IF_POLY1305(mbedtls_poly1305_update(p, in, len));
}

int gm_poly1305_finish(mbedtls_poly1305_context *p, unsigned char *mac)
{
    (void) p, (void) mac;
    return IF_POLY1305(mbedtls_poly1305_finish(p, mac));
}

// gm_poly1305_sum finishes a copy.
int gm_poly1305_sum(const mbedtls_poly1305_context *p, unsigned char *mac)
{
    mbedtls_poly1305_context copy = *p;
    int ret = gm_poly1305_finish(&copy, mac);
    mbedtls_platform_zeroize(&copy, sizeof(copy));
    return ret;
}

int gm_poly1305_mac(const unsigned char *key, const unsigned char *in, size_t len, unsigned char *mac)
{
    (void) key, (void) in, (void) len, (void) mac;
    return IF_POLY1305(mbedtls_poly1305_mac(key, in, len, mac));
}

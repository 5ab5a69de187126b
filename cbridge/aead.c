// aead.c holds the library's own contexts for GCM and ChaCha20-Poly1305, and passes their functions on.
#include "aead.h"

#if defined(MBEDTLS_GCM_C)
#define IF_GCM(call) (call)
#else
#define IF_GCM(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_CHACHAPOLY_C)
#define IF_CHACHAPOLY(call) (call)
#else
#define IF_CHACHAPOLY(call) GM_NOT_BUILT
#endif

mbedtls_gcm_context *gm_gcm_new(void)
{
    mbedtls_gcm_context *g = mbedtls_calloc(1, sizeof(*g));
#if defined(MBEDTLS_GCM_C)
    if (g != NULL) {
        mbedtls_gcm_init(g);
    }
#endif
    return g;
}

void gm_gcm_delete(mbedtls_gcm_context *g)
{
#if defined(MBEDTLS_GCM_C)
    mbedtls_gcm_free(g);
#endif
    mbedtls_free(g);
}

int gm_gcm_setkey(mbedtls_gcm_context *g, int cipher, const unsigned char *key, unsigned bits)
{
#if defined(MBEDTLS_GCM_C)
    return mbedtls_gcm_setkey(g, (mbedtls_cipher_id_t) cipher, key, bits);
#else
    (void) g, (void) cipher, (void) key, (void) bits;
    return GM_NOT_BUILT;
#endif
}

int gm_gcm_crypt_and_tag(mbedtls_gcm_context *g, size_t len, const unsigned char *iv, size_t iv_len,
                         const unsigned char *add, size_t add_len, const unsigned char *in, unsigned char *out,
                         size_t tag_len, unsigned char *tag)
{
#if defined(MBEDTLS_GCM_C)
    return mbedtls_gcm_crypt_and_tag(g, MBEDTLS_GCM_ENCRYPT, len, iv, iv_len, add, add_len, in, out, tag_len, tag);
#else
    (void) g, (void) len, (void) iv, (void) iv_len, (void) add, (void) add_len, (void) in, (void) out;
    (void) tag_len, (void) tag;
    return GM_NOT_BUILT;
#endif
}

int gm_gcm_auth_decrypt(mbedtls_gcm_context *g, size_t len, const unsigned char *iv, size_t iv_len,
                        const unsigned char *add, size_t add_len, const unsigned char *tag, size_t tag_len,
                        const unsigned char *in, unsigned char *out)
{
#if defined(MBEDTLS_GCM_C)
    return mbedtls_gcm_auth_decrypt(g, len, iv, iv_len, add, add_len, tag, tag_len, in, out);
#else
    (void) g, (void) len, (void) iv, (void) iv_len, (void) add, (void) add_len, (void) in, (void) out;
    (void) tag_len, (void) tag;
    return GM_NOT_BUILT;
#endif
}

mbedtls_chachapoly_context *gm_chachapoly_new(void)
{
    mbedtls_chachapoly_context *c = mbedtls_calloc(1, sizeof(*c));
#if defined(MBEDTLS_CHACHAPOLY_C)
    if (c != NULL) {
        mbedtls_chachapoly_init(c);
    }
#endif
    return c;
}

void gm_chachapoly_delete(mbedtls_chachapoly_context *c)
{
#if defined(MBEDTLS_CHACHAPOLY_C)
    mbedtls_chachapoly_free(c);
#endif
    mbedtls_free(c);
}

int gm_chachapoly_setkey(mbedtls_chachapoly_context *c, const unsigned char *key)
{
#if defined(MBEDTLS_CHACHAPOLY_C)
    return mbedtls_chachapoly_setkey(c, key);
#else
    (void) c, (void) key;
    return GM_NOT_BUILT;
#endif
}

int gm_chachapoly_encrypt_and_tag(mbedtls_chachapoly_context *c, size_t len, const unsigned char *nonce,
                                  const unsigned char *aad, size_t aad_len, const unsigned char *in,
                                  unsigned char *out, unsigned char *tag)
{
#if defined(MBEDTLS_CHACHAPOLY_C)
    return mbedtls_chachapoly_encrypt_and_tag(c, len, nonce, aad, aad_len, in, out, tag);
#else
    (void) c, (void) len, (void) nonce, (void) aad, (void) aad_len, (void) in, (void) out, (void) tag;
    return GM_NOT_BUILT;
#endif
}

int gm_chachapoly_auth_decrypt(mbedtls_chachapoly_context *c, size_t len, const unsigned char *nonce,
                               const unsigned char *aad, size_t aad_len, const unsigned char *tag,
                               const unsigned char *in, unsigned char *out)
{
#if defined(MBEDTLS_CHACHAPOLY_C)
    return mbedtls_chachapoly_auth_decrypt(c, len, nonce, aad, aad_len, tag, in, out);
#else
    (void) c, (void) len, (void) nonce, (void) aad, (void) aad_len, (void) tag, (void) in, (void) out;
    return GM_NOT_BUILT;
#endif
}

int gm_gcm_starts(mbedtls_gcm_context *g, int mode, const unsigned char *iv, size_t iv_len)
{
    (void) g, (void) mode, (void) iv, (void) iv_len;
    return IF_GCM(mbedtls_gcm_starts(g, mode, iv, iv_len));
}

int gm_gcm_update_ad(mbedtls_gcm_context *g, const unsigned char *add, size_t len)
{
    (void) g, (void) add, (void) len;
    return IF_GCM(mbedtls_gcm_update_ad(g, add, len));
}

// The library's update writes as much as it is given, and its finish nothing but the tag; the lengths that they tell belong
// to other implementations.
int gm_gcm_update(mbedtls_gcm_context *g, const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    size_t n = 0;
    (void) g, (void) in, (void) len, (void) out, (void) size, (void) n;
    return IF_GCM(mbedtls_gcm_update(g, in, len, out, size, &n));
}

int gm_gcm_finish(mbedtls_gcm_context *g, unsigned char *tag, size_t len)
{
    size_t n = 0;
    (void) g, (void) tag, (void) len, (void) n;
    return IF_GCM(mbedtls_gcm_finish(g, NULL, 0, &n, tag, len));
}

int gm_chachapoly_starts(mbedtls_chachapoly_context *c, const unsigned char *nonce, int mode)
{
    (void) c, (void) nonce, (void) mode;
    return IF_CHACHAPOLY(
        mbedtls_chachapoly_starts(c, nonce, mode == MBEDTLS_DECRYPT ? MBEDTLS_CHACHAPOLY_DECRYPT : MBEDTLS_CHACHAPOLY_ENCRYPT));
}

int gm_chachapoly_update_aad(mbedtls_chachapoly_context *c, const unsigned char *aad, size_t len)
{
    (void) c, (void) aad, (void) len;
    return IF_CHACHAPOLY(mbedtls_chachapoly_update_aad(c, aad, len));
}

int gm_chachapoly_update(mbedtls_chachapoly_context *c, size_t len, const unsigned char *in, unsigned char *out)
{
    (void) c, (void) len, (void) in, (void) out;
    return IF_CHACHAPOLY(mbedtls_chachapoly_update(c, len, in, out));
}

int gm_chachapoly_finish(mbedtls_chachapoly_context *c, unsigned char *tag)
{
    (void) c, (void) tag;
    return IF_CHACHAPOLY(mbedtls_chachapoly_finish(c, tag));
}

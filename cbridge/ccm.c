// ccm.c holds the library's contexts for CCM.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "aead.h"

#if defined(MBEDTLS_CCM_C)
#define IF_CCM(call) (call)
#else
#define IF_CCM(call) GM_NOT_BUILT
#endif

mbedtls_ccm_context *gm_ccm_new(void)
{
    mbedtls_ccm_context *c = mbedtls_calloc(1, sizeof(*c));
#if defined(MBEDTLS_CCM_C)
    if (c != NULL) {
        mbedtls_ccm_init(c);
    }
#endif
    return c;
}

void gm_ccm_delete(mbedtls_ccm_context *c)
{
#if defined(MBEDTLS_CCM_C)
    mbedtls_ccm_free(c);
#endif
    mbedtls_free(c);
}

// gm_ccm_reset ends the message that is under way, or that ended in an error. The library does so only when it makes a tag:
// of another message it would keep the lengths, the counter and the state of its MAC, and an error for ever.
void gm_ccm_reset(mbedtls_ccm_context *c)
{
    (void) c;
#if defined(MBEDTLS_CCM_C) && !defined(MBEDTLS_CCM_ALT)
    c->state = 0;
    mbedtls_platform_zeroize(c->y, sizeof(c->y));
    mbedtls_platform_zeroize(c->ctr, sizeof(c->ctr));
#endif
}

int gm_ccm_setkey(mbedtls_ccm_context *c, int cipher, const unsigned char *key, unsigned bits)
{
    (void) c, (void) cipher, (void) key, (void) bits;
    return IF_CCM(mbedtls_ccm_setkey(c, (mbedtls_cipher_id_t) cipher, key, bits));
}

int gm_ccm_encrypt(mbedtls_ccm_context *c, int star, size_t len, const unsigned char *iv, size_t iv_len,
                   const unsigned char *ad, size_t ad_len, const unsigned char *in, unsigned char *out,
                   unsigned char *tag, size_t tag_len)
{
    (void) c, (void) star, (void) len, (void) iv, (void) iv_len, (void) ad, (void) ad_len, (void) in, (void) out;
    (void) tag, (void) tag_len;
    gm_ccm_reset(c);
    return IF_CCM(star ? mbedtls_ccm_star_encrypt_and_tag(c, len, iv, iv_len, ad, ad_len, in, out, tag, tag_len)
                       : mbedtls_ccm_encrypt_and_tag(c, len, iv, iv_len, ad, ad_len, in, out, tag, tag_len));
}

int gm_ccm_decrypt(mbedtls_ccm_context *c, int star, size_t len, const unsigned char *iv, size_t iv_len,
                   const unsigned char *ad, size_t ad_len, const unsigned char *in, unsigned char *out,
                   const unsigned char *tag, size_t tag_len)
{
    (void) c, (void) star, (void) len, (void) iv, (void) iv_len, (void) ad, (void) ad_len, (void) in, (void) out;
    (void) tag, (void) tag_len;
    gm_ccm_reset(c);
    return IF_CCM(star ? mbedtls_ccm_star_auth_decrypt(c, len, iv, iv_len, ad, ad_len, in, out, tag, tag_len)
                       : mbedtls_ccm_auth_decrypt(c, len, iv, iv_len, ad, ad_len, in, out, tag, tag_len));
}

int gm_ccm_starts(mbedtls_ccm_context *c, int mode, const unsigned char *iv, size_t iv_len)
{
    (void) c, (void) mode, (void) iv, (void) iv_len;
    return IF_CCM(mbedtls_ccm_starts(c, mode, iv, iv_len));
}

int gm_ccm_set_lengths(mbedtls_ccm_context *c, size_t ad_len, size_t len, size_t tag_len)
{
    (void) c, (void) ad_len, (void) len, (void) tag_len;
    return IF_CCM(mbedtls_ccm_set_lengths(c, ad_len, len, tag_len));
}

int gm_ccm_update_ad(mbedtls_ccm_context *c, const unsigned char *ad, size_t len)
{
    (void) c, (void) ad, (void) len;
    return IF_CCM(mbedtls_ccm_update_ad(c, ad, len));
}

// The library's update writes as much as it is given; the length that it tells belongs to other implementations.
int gm_ccm_update(mbedtls_ccm_context *c, const unsigned char *in, size_t len, unsigned char *out, size_t size)
{
    size_t n = 0;
    (void) c, (void) in, (void) len, (void) out, (void) size, (void) n;
    return IF_CCM(mbedtls_ccm_update(c, in, len, out, size, &n));
}

int gm_ccm_finish(mbedtls_ccm_context *c, unsigned char *tag, size_t len)
{
    (void) c, (void) tag, (void) len;
    return IF_CCM(mbedtls_ccm_finish(c, tag, len));
}

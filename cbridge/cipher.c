// cipher.c holds the library's generic cipher contexts.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "aead.h"
#include "cipher.h"
#include <cipher_wrap.h>

#if defined(MBEDTLS_GCM_C) || defined(MBEDTLS_CHACHAPOLY_C)
#define IF_TAGS(call) (call)
#else
#define IF_TAGS(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_CIPHER_MODE_AEAD) || defined(MBEDTLS_NIST_KW_C)
#define IF_AUTH(call) (call)
#else
#define IF_AUTH(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_CIPHER_MODE_WITH_PADDING)
#define IF_PADDING(call) (call)
#else
#define IF_PADDING(call) GM_NOT_BUILT
#endif

static gm_cipher_info describe(const mbedtls_cipher_info_t *info)
{
    gm_cipher_info d = {0};
    if (info != NULL) {
        d.name = mbedtls_cipher_info_get_name(info);
        d.type = (int) mbedtls_cipher_info_get_type(info);
        d.mode = (int) mbedtls_cipher_info_get_mode(info);
        d.id = (int) mbedtls_cipher_base_lookup_table[info->base_idx]->cipher;
        d.key_bits = (int) mbedtls_cipher_info_get_key_bitlen(info);
        d.iv_size = (int) mbedtls_cipher_info_get_iv_size(info);
        d.block_size = (int) mbedtls_cipher_info_get_block_size(info);
        d.variable_key = mbedtls_cipher_info_has_variable_key_bitlen(info) != 0;
        d.variable_iv = mbedtls_cipher_info_has_variable_iv_size(info) != 0;
    }
    return d;
}

gm_cipher_info gm_cipher_info_from_type(int type)
{
    return describe(mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) type));
}

gm_cipher_info gm_cipher_info_from_string(const char *name)
{
    return describe(mbedtls_cipher_info_from_string(name));
}

gm_cipher_info gm_cipher_info_from_values(int id, int key_bits, int mode)
{
    return describe(
        mbedtls_cipher_info_from_values((mbedtls_cipher_id_t) id, key_bits, (mbedtls_cipher_mode_t) mode));
}

int gm_cipher_new(int type, mbedtls_cipher_context_t **out)
{
    const mbedtls_cipher_info_t *info = mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) type);
    if (info == NULL) {
        return MBEDTLS_ERR_CIPHER_FEATURE_UNAVAILABLE;
    }
    mbedtls_cipher_context_t *c = mbedtls_calloc(1, sizeof(*c));
    if (c == NULL) {
        return MBEDTLS_ERR_CIPHER_ALLOC_FAILED;
    }
    mbedtls_cipher_init(c);
    int ret = mbedtls_cipher_setup(c, info);
    if (ret != 0) {
        gm_cipher_delete(c);
        return ret;
    }
    *out = c;
    return 0;
}

void gm_cipher_delete(mbedtls_cipher_context_t *c)
{
    mbedtls_cipher_free(c);
    mbedtls_free(c);
}

int gm_cipher_set_padding_mode(mbedtls_cipher_context_t *c, int mode)
{
    (void) c, (void) mode;
    return IF_PADDING(mbedtls_cipher_set_padding_mode(c, (mbedtls_cipher_padding_t) mode));
}

int gm_cipher_update_ad(mbedtls_cipher_context_t *c, const unsigned char *ad, size_t len)
{
    (void) c, (void) ad, (void) len;
    return IF_TAGS(mbedtls_cipher_update_ad(c, ad, len));
}

int gm_cipher_write_tag(mbedtls_cipher_context_t *c, unsigned char *tag, size_t len)
{
    (void) c, (void) tag, (void) len;
    return IF_TAGS(mbedtls_cipher_write_tag(c, tag, len));
}

int gm_cipher_check_tag(mbedtls_cipher_context_t *c, const unsigned char *tag, size_t len)
{
    (void) c, (void) tag, (void) len;
    return IF_TAGS(mbedtls_cipher_check_tag(c, tag, len));
}

// begin_whole clears what a message in CCM left that was too long for its nonce: an error, also for those that follow.
static void begin_whole(mbedtls_cipher_context_t *c)
{
    if (mbedtls_cipher_get_cipher_mode(c) == MBEDTLS_MODE_CCM) {
        gm_ccm_reset(c->cipher_ctx);
    }
}

int gm_cipher_auth_encrypt_ext(mbedtls_cipher_context_t *c, const unsigned char *iv, size_t iv_len,
                               const unsigned char *ad, size_t ad_len, const unsigned char *in, size_t len,
                               unsigned char *out, size_t out_size, size_t *out_len, size_t tag_len)
{
    (void) c, (void) iv, (void) iv_len, (void) ad, (void) ad_len, (void) in, (void) len;
    (void) out, (void) out_size, (void) out_len, (void) tag_len;
    begin_whole(c);
    return IF_AUTH(mbedtls_cipher_auth_encrypt_ext(c, iv, iv_len, ad, ad_len, in, len, out, out_size, out_len, tag_len));
}

int gm_cipher_auth_decrypt_ext(mbedtls_cipher_context_t *c, const unsigned char *iv, size_t iv_len,
                               const unsigned char *ad, size_t ad_len, const unsigned char *in, size_t len,
                               unsigned char *out, size_t out_size, size_t *out_len, size_t tag_len)
{
    (void) c, (void) iv, (void) iv_len, (void) ad, (void) ad_len, (void) in, (void) len;
    (void) out, (void) out_size, (void) out_len, (void) tag_len;
    begin_whole(c);
    return IF_AUTH(mbedtls_cipher_auth_decrypt_ext(c, iv, iv_len, ad, ad_len, in, len, out, out_size, out_len, tag_len));
}

// gm_cipher_finish_padded does without the function where the release has it not, at the price of a return code.
int gm_cipher_finish_padded(mbedtls_cipher_context_t *c, unsigned char *out, size_t *len, size_t *invalid)
{
#if defined(GOMBEDTLS_FINISH_PADDED)
    return mbedtls_cipher_finish_padded(c, out, len, invalid);
#else
    int ret = mbedtls_cipher_finish(c, out, len);
    *invalid = ret == MBEDTLS_ERR_CIPHER_INVALID_PADDING ? SIZE_MAX : 0;
    return ret == MBEDTLS_ERR_CIPHER_INVALID_PADDING ? 0 : ret;
#endif
}

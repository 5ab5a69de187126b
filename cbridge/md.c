// md.c holds the library's message digest contexts, of hashes and of HMACs.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "md.h"
#include <md_wrap.h>
#include <string.h>

static const mbedtls_md_info_t *info_of(int type)
{
    return mbedtls_md_info_from_type((mbedtls_md_type_t) type);
}

static gm_md_info describe(const mbedtls_md_info_t *info)
{
    gm_md_info d = {0};
    if (info != NULL) {
        d.name = mbedtls_md_get_name(info);
        d.size = mbedtls_md_get_size(info);
        d.block_size = info->block_size;
        d.type = (int) mbedtls_md_get_type(info);
    }
    return d;
}

gm_md_info gm_md_info_from_type(int type) { return describe(info_of(type)); }

gm_md_info gm_md_info_from_string(const char *name) { return describe(mbedtls_md_info_from_string(name)); }

// gm_md_new makes a context, of a hash that is started, or of an HMAC that needs a key.
int gm_md_new(int type, int hmac, mbedtls_md_context_t **out)
{
    const mbedtls_md_info_t *info = info_of(type);
    mbedtls_md_context_t *m;
    int ret;
    if (info == NULL) {
        return MBEDTLS_ERR_MD_FEATURE_UNAVAILABLE;
    }
    if ((m = mbedtls_calloc(1, sizeof(*m))) == NULL) {
        return MBEDTLS_ERR_MD_ALLOC_FAILED;
    }
    mbedtls_md_init(m);
    ret = mbedtls_md_setup(m, info, hmac);
    if (ret == 0 && !hmac) {
        ret = mbedtls_md_starts(m);
    }
    if (ret != 0) {
        gm_md_delete(m);
        return ret;
    }
    *out = m;
    return 0;
}

void gm_md_delete(mbedtls_md_context_t *m)
{
    mbedtls_md_free(m);
    mbedtls_free(m);
}

// gm_md_copy copies the state of a hash, and the key of an HMAC, which mbedtls_md_clone leaves out.
int gm_md_copy(mbedtls_md_context_t *dst, const mbedtls_md_context_t *src)
{
    int ret = mbedtls_md_clone(dst, src);
    if (ret == 0 && src->hmac_ctx != NULL && dst->hmac_ctx != NULL) {
        memcpy(dst->hmac_ctx, src->hmac_ctx, 2 * (size_t) src->md_info->block_size);
    }
    return ret;
}

// gm_md_sum finishes a copy, so that more can be added to the hash.
int gm_md_sum(const mbedtls_md_context_t *m, int hmac, unsigned char *out)
{
    mbedtls_md_context_t copy;
    mbedtls_md_init(&copy);
    int ret = mbedtls_md_setup(&copy, mbedtls_md_info_from_ctx(m), hmac);
    if (ret == 0 && (ret = mbedtls_md_starts(&copy)) == 0 && (ret = gm_md_copy(&copy, m)) == 0) {
        ret = hmac ? mbedtls_md_hmac_finish(&copy, out) : mbedtls_md_finish(&copy, out);
    }
    mbedtls_md_free(&copy);
    return ret;
}

int gm_md(int type, const unsigned char *in, size_t len, unsigned char *out)
{
    return mbedtls_md(info_of(type), in, len, out);
}

int gm_md_file(int type, const char *path, unsigned char *out)
{
#if defined(MBEDTLS_FS_IO)
    return mbedtls_md_file(info_of(type), path, out);
#else
    (void) type, (void) path, (void) out;
    return GM_NOT_BUILT;
#endif
}

int gm_md_hmac(int type, const unsigned char *key, size_t key_len, const unsigned char *in, size_t len, unsigned char *out)
{
    return mbedtls_md_hmac(info_of(type), key, key_len, in, len, out);
}

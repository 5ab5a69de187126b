// pkalt.c has RSA keys whose private operations are closures.
#include "pkalt.h"
#include "_cgo_export.h"

#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_PK_RSA_ALT_SUPPORT)

typedef struct {
    mbedtls_pk_context pk;  // the first member, which gm_pk_delete frees
    void *handle;
    size_t len;
} alt_key;

static int alt_decrypt(void *ctx, size_t *olen, const unsigned char *input, unsigned char *output, size_t size)
{
    const alt_key *k = ctx;
    return gombRSAAltDecrypt(k->handle, olen, (unsigned char *) input, k->len, output, size);
}

static int alt_sign(void *ctx, int (*f_rng)(void *, unsigned char *, size_t), void *p_rng, mbedtls_md_type_t md,
                    unsigned hashlen, const unsigned char *hash, unsigned char *sig)
{
    const alt_key *k = ctx;
    (void) f_rng;
    (void) p_rng;
    return gombRSAAltSign(k->handle, (int) md, (unsigned char *) hash, hashlen, sig, k->len);
}

static size_t alt_len(void *ctx)
{
    return ((const alt_key *) ctx)->len;
}

int gm_pk_alt_new(size_t len, void *handle, mbedtls_pk_context **out)
{
    alt_key *k = mbedtls_calloc(1, sizeof(*k));
    int ret;
    if (k == NULL) {
        return MBEDTLS_ERR_PK_ALLOC_FAILED;
    }
    mbedtls_pk_init(&k->pk);
    k->handle = handle;
    k->len = len;
    if ((ret = mbedtls_pk_setup_rsa_alt(&k->pk, k, alt_decrypt, alt_sign, alt_len)) != 0) {
        mbedtls_free(k);
        return ret;
    }
    *out = &k->pk;
    return 0;
}

#else

int gm_pk_alt_new(size_t len, void *handle, mbedtls_pk_context **out)
{
    (void) len, (void) handle, (void) out;
    return GM_NOT_BUILT;
}

#endif

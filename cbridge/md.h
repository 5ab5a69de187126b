// md.h is what md.c and md.go, hkdf.go and cmac.go share.
#ifndef GOMBEDTLS_MD_H
#define GOMBEDTLS_MD_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

typedef struct {
    const char *name;  // NULL: there is no such hash in this build
    size_t size, block_size;
    int type;
} gm_md_info;

// md.c
gm_md_info gm_md_info_from_type(int type);
gm_md_info gm_md_info_from_string(const char *name);
int gm_md_new(int type, int hmac, mbedtls_md_context_t **out);
void gm_md_delete(mbedtls_md_context_t *m);
int gm_md_copy(mbedtls_md_context_t *dst, const mbedtls_md_context_t *src);
int gm_md_sum(const mbedtls_md_context_t *m, int hmac, unsigned char *out);
int gm_md(int type, const unsigned char *in, size_t len, unsigned char *out);
int gm_md_file(int type, const char *path, unsigned char *out);
int gm_md_hmac(int type, const unsigned char *key, size_t key_len, const unsigned char *in, size_t len, unsigned char *out);

// hkdf.c
int gm_hkdf(int type, const unsigned char *salt, size_t salt_len, const unsigned char *ikm, size_t ikm_len,
            const unsigned char *info, size_t info_len, unsigned char *okm, size_t okm_len);
int gm_hkdf_extract(int type, const unsigned char *salt, size_t salt_len, const unsigned char *ikm, size_t ikm_len,
                    unsigned char *prk);
int gm_hkdf_expand(int type, const unsigned char *prk, size_t prk_len, const unsigned char *info, size_t info_len,
                   unsigned char *okm, size_t okm_len);

// cmac.c
int gm_cmac_starts(mbedtls_cipher_context_t *c, const unsigned char *key, size_t bits);
int gm_cmac_update(mbedtls_cipher_context_t *c, const unsigned char *in, size_t len);
int gm_cmac_finish(mbedtls_cipher_context_t *c, unsigned char *out);
int gm_cmac_reset(mbedtls_cipher_context_t *c);
int gm_cmac_sum(mbedtls_cipher_context_t *c, unsigned char *out);
int gm_cmac(int type, const unsigned char *key, size_t bits, const unsigned char *in, size_t len, unsigned char *out);
int gm_aes_cmac_prf_128(const unsigned char *key, size_t key_len, const unsigned char *in, size_t len, unsigned char *out);

#endif
#endif

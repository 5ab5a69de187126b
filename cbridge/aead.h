// aead.h is what aead.c and ccm.c share with the Go files of these names, beside the one-shot functions of bridge.h.
#ifndef GOMBEDTLS_AEAD_H
#define GOMBEDTLS_AEAD_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/ccm.h>

// aead.c
int gm_gcm_starts(mbedtls_gcm_context *g, int mode, const unsigned char *iv, size_t iv_len);
int gm_gcm_update_ad(mbedtls_gcm_context *g, const unsigned char *add, size_t len);
int gm_gcm_update(mbedtls_gcm_context *g, const unsigned char *in, size_t len, unsigned char *out, size_t size);
int gm_gcm_finish(mbedtls_gcm_context *g, unsigned char *tag, size_t len);
int gm_chachapoly_starts(mbedtls_chachapoly_context *c, const unsigned char *nonce, int mode);
int gm_chachapoly_update_aad(mbedtls_chachapoly_context *c, const unsigned char *aad, size_t len);
int gm_chachapoly_update(mbedtls_chachapoly_context *c, size_t len, const unsigned char *in, unsigned char *out);
int gm_chachapoly_finish(mbedtls_chachapoly_context *c, unsigned char *tag);

// ccm.c
mbedtls_ccm_context *gm_ccm_new(void);
void gm_ccm_delete(mbedtls_ccm_context *c);
void gm_ccm_reset(mbedtls_ccm_context *c);
int gm_ccm_setkey(mbedtls_ccm_context *c, int cipher, const unsigned char *key, unsigned bits);
int gm_ccm_encrypt(mbedtls_ccm_context *c, int star, size_t len, const unsigned char *iv, size_t iv_len,
                   const unsigned char *ad, size_t ad_len, const unsigned char *in, unsigned char *out,
                   unsigned char *tag, size_t tag_len);
int gm_ccm_decrypt(mbedtls_ccm_context *c, int star, size_t len, const unsigned char *iv, size_t iv_len,
                   const unsigned char *ad, size_t ad_len, const unsigned char *in, unsigned char *out,
                   const unsigned char *tag, size_t tag_len);
int gm_ccm_starts(mbedtls_ccm_context *c, int mode, const unsigned char *iv, size_t iv_len);
int gm_ccm_set_lengths(mbedtls_ccm_context *c, size_t ad_len, size_t len, size_t tag_len);
int gm_ccm_update_ad(mbedtls_ccm_context *c, const unsigned char *ad, size_t len);
int gm_ccm_update(mbedtls_ccm_context *c, const unsigned char *in, size_t len, unsigned char *out, size_t size);
int gm_ccm_finish(mbedtls_ccm_context *c, unsigned char *tag, size_t len);

#endif
#endif

// cipher.h is what cipher.c, block.c, chacha.c and nistkw.c share with the Go files of these names.
#ifndef GOMBEDTLS_CIPHER_H
#define GOMBEDTLS_CIPHER_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/chacha20.h>
#include <mbedtls/cipher.h>
#include <mbedtls/nist_kw.h>
#include <mbedtls/poly1305.h>

// cipher.c
typedef struct {
    const char *name;  // NULL: there is no such cipher in this build
    int type, mode, id, key_bits, iv_size, block_size, variable_key, variable_iv;
} gm_cipher_info;
gm_cipher_info gm_cipher_info_from_type(int type);
gm_cipher_info gm_cipher_info_from_string(const char *name);
gm_cipher_info gm_cipher_info_from_values(int id, int key_bits, int mode);
int gm_cipher_new(int type, mbedtls_cipher_context_t **out);
void gm_cipher_delete(mbedtls_cipher_context_t *c);
int gm_cipher_set_padding_mode(mbedtls_cipher_context_t *c, int mode);
int gm_cipher_update_ad(mbedtls_cipher_context_t *c, const unsigned char *ad, size_t len);
int gm_cipher_write_tag(mbedtls_cipher_context_t *c, unsigned char *tag, size_t len);
int gm_cipher_check_tag(mbedtls_cipher_context_t *c, const unsigned char *tag, size_t len);
int gm_cipher_auth_encrypt_ext(mbedtls_cipher_context_t *c, const unsigned char *iv, size_t iv_len,
                               const unsigned char *ad, size_t ad_len, const unsigned char *in, size_t len,
                               unsigned char *out, size_t out_size, size_t *out_len, size_t tag_len);
int gm_cipher_auth_decrypt_ext(mbedtls_cipher_context_t *c, const unsigned char *iv, size_t iv_len,
                               const unsigned char *ad, size_t ad_len, const unsigned char *in, size_t len,
                               unsigned char *out, size_t out_size, size_t *out_len, size_t tag_len);

// block.c
typedef struct gm_block gm_block;
int gm_block_new(int id, const unsigned char *key, unsigned bits, gm_block **out);
void gm_block_delete(gm_block *b);
size_t gm_block_size(const gm_block *b);
int gm_block_ecb(gm_block *b, int mode, const unsigned char *in, unsigned char *out);
int gm_block_cbc(gm_block *b, int mode, size_t len, unsigned char *iv, const unsigned char *in, unsigned char *out);
int gm_block_cfb128(gm_block *b, int mode, size_t len, size_t *off, unsigned char *iv, const unsigned char *in,
                    unsigned char *out);
int gm_block_cfb8(gm_block *b, int mode, size_t len, unsigned char *iv, const unsigned char *in, unsigned char *out);
int gm_block_ofb(gm_block *b, size_t len, size_t *off, unsigned char *iv, const unsigned char *in, unsigned char *out);
int gm_block_ctr(gm_block *b, size_t len, size_t *off, unsigned char *counter, unsigned char *stream,
                 const unsigned char *in, unsigned char *out);
typedef struct gm_xts gm_xts;
int gm_xts_new(const unsigned char *key, unsigned bits, gm_xts **out);
void gm_xts_delete(gm_xts *x);
int gm_xts_crypt(gm_xts *x, int mode, size_t len, const unsigned char *unit, const unsigned char *in, unsigned char *out);
int gm_des_key_set_parity(unsigned char *key);
int gm_des_key_check_parity(const unsigned char *key);
int gm_des_key_check_weak(const unsigned char *key);

// chacha.c
mbedtls_chacha20_context *gm_chacha20_new(void);
void gm_chacha20_delete(mbedtls_chacha20_context *c);
int gm_chacha20_setkey(mbedtls_chacha20_context *c, const unsigned char *key);
int gm_chacha20_starts(mbedtls_chacha20_context *c, const unsigned char *nonce, uint32_t counter);
int gm_chacha20_update(mbedtls_chacha20_context *c, size_t len, const unsigned char *in, unsigned char *out);
int gm_chacha20_crypt(const unsigned char *key, const unsigned char *nonce, uint32_t counter, size_t len,
                      const unsigned char *in, unsigned char *out);
mbedtls_poly1305_context *gm_poly1305_new(void);
void gm_poly1305_delete(mbedtls_poly1305_context *p);
int gm_poly1305_starts(mbedtls_poly1305_context *p, const unsigned char *key);
int gm_poly1305_update(mbedtls_poly1305_context *p, const unsigned char *in, size_t len);
int gm_poly1305_finish(mbedtls_poly1305_context *p, unsigned char *mac);
int gm_poly1305_sum(const mbedtls_poly1305_context *p, unsigned char *mac);
int gm_poly1305_mac(const unsigned char *key, const unsigned char *in, size_t len, unsigned char *mac);

// nistkw.c
mbedtls_nist_kw_context *gm_nist_kw_new(void);
void gm_nist_kw_delete(mbedtls_nist_kw_context *k);
int gm_nist_kw_setkey(mbedtls_nist_kw_context *k, int cipher, const unsigned char *key, unsigned bits, int wrap);
int gm_nist_kw_wrap(mbedtls_nist_kw_context *k, int mode, const unsigned char *in, size_t len, unsigned char *out,
                    size_t *out_len, size_t size);
int gm_nist_kw_unwrap(mbedtls_nist_kw_context *k, int mode, const unsigned char *in, size_t len, unsigned char *out,
                      size_t *out_len, size_t size);
int gm_cipher_finish_padded(mbedtls_cipher_context_t *c, unsigned char *out, size_t *len, size_t *invalid);

#endif
#endif

// pk.h is what pk*.c and pk*.go share: keys of any kind, mbedtls_pk_context.
#ifndef GOMBEDTLS_PK_H
#define GOMBEDTLS_PK_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

// GM_PK_POINT holds a point of any curve, GM_PK_SCALAR a private key.
#define GM_PK_SCALAR MBEDTLS_ECP_MAX_BYTES
#define GM_PK_POINT (2 * MBEDTLS_ECP_MAX_BYTES + 1)

// pk.c
int gm_pk_parse_key(mbedtls_pk_context *pk, const unsigned char *key, size_t keylen, const unsigned char *pwd,
                    size_t pwdlen, void *rng);
int gm_pk_parse_keyfile(mbedtls_pk_context *pk, const char *path, const char *password);
int gm_pk_parse_public_keyfile(mbedtls_pk_context *pk, const char *path);
int gm_pk_parse_subpubkey(mbedtls_pk_context *pk, unsigned char *der, size_t len, size_t *used);
int gm_pk_public(mbedtls_pk_context *pk, const mbedtls_pk_context *from);
int gm_pk_check_pair(const mbedtls_pk_context *pub, const mbedtls_pk_context *prv, void *rng);
int gm_pk_can_do_ext(const mbedtls_pk_context *pk, uint32_t algorithm, uint32_t usage);
int gm_pk_setup_ec(mbedtls_pk_context *pk, int type, int group, const unsigned char *d, size_t d_len,
                   const unsigned char *q, size_t q_len, void *rng);
int gm_pk_ec(const mbedtls_pk_context *pk, int *group, unsigned char d[GM_PK_SCALAR], size_t *d_len,
             unsigned char q[GM_PK_POINT], size_t *q_len);

// pkuse.c
int gm_pk_sign(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
               size_t *sig_len, void *rng);
int gm_pk_sign_ext(int type, mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len,
                   unsigned char *sig, size_t *sig_len, void *rng);
int gm_pk_sign_ecdsa(mbedtls_pk_context *pk, int deterministic, int md, const unsigned char *hash, size_t hash_len,
                     unsigned char *sig, size_t *sig_len, void *rng);
int gm_pk_verify(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, const unsigned char *sig,
                 size_t sig_len);
int gm_pk_verify_ext(int type, int has_options, int mgf1, int salt_len, mbedtls_pk_context *pk, int md,
                     const unsigned char *hash, size_t hash_len, const unsigned char *sig, size_t sig_len);
int gm_pk_decrypt(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *out, size_t size,
                  size_t *out_len, void *rng);
int gm_pk_decrypt_session(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *key,
                          size_t key_len, void *rng);
int gm_pk_encrypt(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *out, size_t size,
                  size_t *out_len, void *rng);

// pkrestart.c
void *gm_pk_restart_new(void);
void gm_pk_restart_delete(void *rs);
int gm_pk_sign_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
                           size_t *sig_len, void *rng, void *rs);
int gm_pk_verify_restartable(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len,
                             const unsigned char *sig, size_t sig_len, void *rs);

// pkwrite.c
int gm_pk_write_key_der(const mbedtls_pk_context *pk, unsigned char *buf, size_t size);
int gm_pk_write_pubkey_der(const mbedtls_pk_context *pk, unsigned char *buf, size_t size);
int gm_pk_write_pubkey(const mbedtls_pk_context *pk, unsigned char *buf, size_t size);
int gm_pk_write_key_pem(const mbedtls_pk_context *pk, unsigned char *buf, size_t size);
int gm_pk_write_pubkey_pem(const mbedtls_pk_context *pk, unsigned char *buf, size_t size);

// pkdebug.c
typedef struct {
    int type;  // mbedtls_pk_debug_type
    const char *name;
    size_t lens[2];  // of a number, or of the coordinates of a point
    unsigned char numbers[2][MBEDTLS_MPI_MAX_SIZE];
} gm_pk_debug_item;
int gm_pk_debug(const mbedtls_pk_context *pk, int i, gm_pk_debug_item *item);

#endif
#endif

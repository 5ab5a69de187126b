// rsa.h is what rsa*.c and rsa*.go share.
#ifndef GOMBEDTLS_RSA_H
#define GOMBEDTLS_RSA_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/rsa.h>

// Numbers cross the border as bytes, most significant first, one after the other, and their lengths; GM_NO_NUMBER is the
// length of one that is not there. Those that C gives have GM_NUMBER bytes of room each.
#define GM_NO_NUMBER SIZE_MAX
#define GM_NUMBER MBEDTLS_MPI_MAX_SIZE

// The order of numbers.
enum { GM_RSA_N, GM_RSA_P, GM_RSA_Q, GM_RSA_D, GM_RSA_E, GM_RSA_CORE, GM_RSA_DP = GM_RSA_CORE, GM_RSA_DQ, GM_RSA_QP, GM_RSA_ALL };

mbedtls_rsa_context *gm_rsa_new(void);
void gm_rsa_delete(mbedtls_rsa_context *rsa);
int gm_rsa_of_pk(mbedtls_rsa_context *rsa, const mbedtls_pk_context *pk);
int gm_pk_setup_rsa(mbedtls_pk_context *pk, const mbedtls_rsa_context *rsa);
int gm_rsa_copy(mbedtls_rsa_context *to, const mbedtls_rsa_context *from);

// rsanumbers.c
int gm_rsa_import(mbedtls_rsa_context *rsa, const unsigned char *bytes, const size_t lens[GM_RSA_CORE]);
int gm_rsa_import_raw(mbedtls_rsa_context *rsa, const unsigned char *bytes, const size_t lens[GM_RSA_CORE]);
int gm_rsa_set_numbers(mbedtls_rsa_context *rsa, size_t len, const unsigned char *bytes, const size_t lens[GM_RSA_ALL]);
int gm_rsa_complete(mbedtls_rsa_context *rsa);
int gm_rsa_export(const mbedtls_rsa_context *rsa, unsigned char *out, size_t lens[GM_RSA_CORE]);
int gm_rsa_export_raw(const mbedtls_rsa_context *rsa, unsigned char *out, const size_t lens[GM_RSA_CORE]);
int gm_rsa_export_crt(const mbedtls_rsa_context *rsa, unsigned char *out, size_t lens[3]);
int gm_rsa_deduce_primes(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[2]);
int gm_rsa_deduce_private_exponent(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[1]);
int gm_rsa_deduce_crt(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[3]);
int gm_rsa_validate_params(const unsigned char *bytes, const size_t lens[GM_RSA_CORE], int primes, void *rng);
int gm_rsa_validate_crt(const unsigned char *bytes, const size_t lens[6]);

// rsa.c
void gm_rsa_forget(mbedtls_rsa_context *rsa);
int gm_rsa_gen_key(mbedtls_rsa_context *rsa, unsigned bits, int exponent, void *rng);
int gm_rsa_check_pubkey(const mbedtls_rsa_context *rsa);
int gm_rsa_check_privkey(const mbedtls_rsa_context *rsa);
int gm_rsa_check_pub_priv(const mbedtls_rsa_context *pub, const mbedtls_rsa_context *prv);
int gm_rsa_set_padding(mbedtls_rsa_context *rsa, int padding, int md);
int gm_rsa_padding(const mbedtls_rsa_context *rsa);
int gm_rsa_md(const mbedtls_rsa_context *rsa);
size_t gm_rsa_len(const mbedtls_rsa_context *rsa);
size_t gm_rsa_bitlen(const mbedtls_rsa_context *rsa);
int gm_rsa_parse_key(mbedtls_rsa_context *rsa, const unsigned char *der, size_t len);
int gm_rsa_parse_pubkey(mbedtls_rsa_context *rsa, const unsigned char *der, size_t len);
int gm_rsa_write_key(const mbedtls_rsa_context *rsa, unsigned char *buf, size_t size);
int gm_rsa_write_pubkey(const mbedtls_rsa_context *rsa, unsigned char *buf, size_t size);

// rsause.c. How messages are padded.
enum { GM_RSA_CONTEXT, GM_RSA_V15, GM_RSA_OAEP_OR_PSS };
int gm_rsa_public(mbedtls_rsa_context *rsa, const unsigned char *in, unsigned char *out);
int gm_rsa_private(mbedtls_rsa_context *rsa, const unsigned char *in, unsigned char *out, void *rng);
int gm_rsa_encrypt(mbedtls_rsa_context *rsa, int how, const unsigned char *label, size_t label_len, const unsigned char *in,
                   size_t len, unsigned char *out, void *rng);
int gm_rsa_decrypt(mbedtls_rsa_context *rsa, int how, const unsigned char *label, size_t label_len, const unsigned char *in,
                   unsigned char *out, size_t size, size_t *out_len, void *rng);
int gm_rsa_sign(mbedtls_rsa_context *rsa, int how, int md, const unsigned char *hash, size_t len, unsigned char *sig,
                void *rng);
int gm_rsa_sign_pss_ext(mbedtls_rsa_context *rsa, int md, const unsigned char *hash, size_t len, int salt_len,
                        unsigned char *sig, void *rng);
int gm_rsa_verify(mbedtls_rsa_context *rsa, int how, int md, const unsigned char *hash, size_t len,
                  const unsigned char *sig);
int gm_rsa_verify_pss_ext(mbedtls_rsa_context *rsa, int md, const unsigned char *hash, size_t len, int mgf1, int salt_len,
                          const unsigned char *sig);

#if defined(MBEDTLS_RSA_C)
#define GM_IF_RSA(call) (call)
#else
#define GM_IF_RSA(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_PKCS1_V15)
#define GM_IF_V15(call) (call)
#else
#define GM_IF_V15(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_PKCS1_V21)
#define GM_IF_V21(call) (call)
#else
#define GM_IF_V21(call) GM_NOT_BUILT
#endif

// Parameters may be unused in a build without the option.
#if !defined(MBEDTLS_RSA_C) || !defined(MBEDTLS_PKCS1_V15) || !defined(MBEDTLS_PKCS1_V21)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

#endif
#endif

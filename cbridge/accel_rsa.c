//go:build (amd64 || arm64) && !mbedtls_noaccel

// accel_rsa.c stands before the library's RSA signatures, and before its modular exponentiation where RSA and
// Diffie-Hellman call it: verification, decryption, and finite-field key exchange. The padding of what is decrypted is
// the library's to remove, and all that is not as in every handshake is the library's to do.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel_pk.h"
#include "_cgo_export.h"
#include <bignum_internal.h>
#include <string.h>

#if defined(MBEDTLS_BIGNUM_C)

// Moduli of at least 64 and at most 512 bytes; below, the way to Go does not pay.
#define MIN_SIZE 64
#define MAX_SIZE 512

static int odd_and_in_range(const mbedtls_mpi *n)
{
    size_t size = mbedtls_mpi_size(n);
    return size >= MIN_SIZE && size <= MAX_SIZE && size <= MBEDTLS_MPI_MAX_SIZE && n->s > 0 && (n->p[0] & 1) != 0;
}

static int exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N, int e_public)
{
    unsigned char buf[4 * MAX_SIZE];
    size_t n_len, a_len, e_len;
    int ret = GM_ACCEL_DECLINED;
    if (!gm_accelerated(GM_ACCEL_RSA) || !odd_and_in_range(N) || A->n == 0 || A->s < 0 || E->n == 0 || E->s < 0) {
        return GM_ACCEL_DECLINED;
    }
    // Neither number may tell its size: those of their limbs count, as in the library.
    n_len = mbedtls_mpi_size(N);
    a_len = A->n * sizeof(mbedtls_mpi_uint);
    e_len = E->n * sizeof(mbedtls_mpi_uint);
    if (a_len > 2 * n_len && (a_len = mbedtls_mpi_size(A)) > 2 * n_len) {
        return GM_ACCEL_DECLINED;
    }
    if (n_len + a_len + e_len > sizeof(buf) || e_len > MBEDTLS_MPI_MAX_SIZE) {
        return GM_ACCEL_DECLINED;
    }
    if (mbedtls_mpi_write_binary(N, buf, n_len) == 0 && mbedtls_mpi_write_binary(A, buf + n_len, a_len) == 0 &&
        mbedtls_mpi_write_binary(E, buf + n_len + a_len, e_len) == 0) {
        ret = gombExpMod(buf, n_len, buf + n_len, a_len, buf + n_len + a_len, e_len, e_public);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary(X, buf, n_len);
    }
    mbedtls_platform_zeroize(buf, n_len + a_len + e_len);
    return ret;
}

int __real_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
                               mbedtls_mpi *prec_RR);

int __wrap_mbedtls_mpi_exp_mod(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E, const mbedtls_mpi *N,
                               mbedtls_mpi *prec_RR)
{
    int ret = exp_mod(X, A, E, N, 0);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_mpi_exp_mod(X, A, E, N, prec_RR) : ret;
}

int __real_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E,
                                      const mbedtls_mpi *N, mbedtls_mpi *prec_RR);

int __wrap_mbedtls_mpi_exp_mod_unsafe(mbedtls_mpi *X, const mbedtls_mpi *A, const mbedtls_mpi *E,
                                      const mbedtls_mpi *N, mbedtls_mpi *prec_RR)
{
    int ret = exp_mod(X, A, E, N, 1);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_mpi_exp_mod_unsafe(X, A, E, N, prec_RR) : ret;
}

#endif

#if defined(MBEDTLS_RSA_C)

#include <mbedtls/rsa.h>

#if defined(MBEDTLS_PKCS1_V15)
enum { BUILT_V15 = 1 };
#else
enum { BUILT_V15 = 0 };
#endif

// A key in bytes: N and E of its length, P, Q, DP, DQ and QP of half that.
#define MAX_KEY (2 * MAX_SIZE + 5 * MAX_SIZE / 2)

// put_key is the length of what it writes; 0 is a key that is not the usual.
static size_t put_key(const mbedtls_rsa_context *ctx, unsigned char key[MAX_KEY])
{
#if defined(MBEDTLS_RSA_NO_CRT)
    (void) ctx, (void) key;
    return 0;
#else
    const mbedtls_mpi *numbers[] = { &ctx->N, &ctx->E, &ctx->P, &ctx->Q, &ctx->DP, &ctx->DQ, &ctx->QP };
    unsigned char *p = key;
    if (!odd_and_in_range(&ctx->N) || ctx->len != mbedtls_mpi_size(&ctx->N) || ctx->len % 2 != 0) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        size_t size = i < 2 ? ctx->len : ctx->len / 2;
        if (mbedtls_mpi_cmp_int(numbers[i], 0) <= 0 || mbedtls_mpi_write_binary(numbers[i], p, size) != 0) {
            return 0;
        }
        p += size;
    }
    return (size_t) (p - key);
#endif
}

// usable is for what draws no numbers to blind the key with: who compares random numbers gets the library's signatures.
static int usable(gm_rng f_rng, const unsigned char *hash, mbedtls_md_type_t md, unsigned hashlen)
{
    return gm_accelerated(GM_ACCEL_RSA) && !gm_accel_is_exact() && f_rng != NULL && hash != NULL &&
           gm_accel_hashes(md) && mbedtls_md_get_size_from_type(md) == hashlen;
}

static int sign_pkcs1(mbedtls_rsa_context *ctx, gm_rng f_rng, mbedtls_md_type_t md, unsigned hashlen,
                      const unsigned char *hash, unsigned char *sig)
{
    unsigned char key[MAX_KEY];
    int ret = GM_ACCEL_DECLINED;
    // A fresh context says V15 even where the build lacks it.
    if (BUILT_V15 && ctx->padding == MBEDTLS_RSA_PKCS_V15 && usable(f_rng, hash, md, hashlen)) {
        if (put_key(ctx, key) != 0) {
            ret = gombRSASignPKCS1(key, ctx->len, md, (unsigned char *) hash, hashlen, sig);
        }
        mbedtls_platform_zeroize(key, sizeof(key));
    }
    return ret;
}

// The salt is as long as the digest, unless salt_len is another length.
static int sign_pss(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md, unsigned hashlen,
                    const unsigned char *hash, int salt_len, unsigned char *sig)
{
    unsigned char key[MAX_KEY], salt[MBEDTLS_MD_MAX_SIZE];
    int ret = GM_ACCEL_DECLINED;
    if ((ctx->hash_id != (int) MBEDTLS_MD_NONE && ctx->hash_id != (int) md) ||
        !usable(f_rng, hash, md, hashlen)) {
        return ret;
    }
    if (salt_len == MBEDTLS_RSA_SALT_LEN_ANY) {
        salt_len = (int) hashlen;
    }
    if (salt_len < 0 || (size_t) salt_len > sizeof(salt) || (size_t) salt_len + hashlen + 2 > ctx->len) {
        return ret;
    }
    if (put_key(ctx, key) != 0 && f_rng(p_rng, salt, (size_t) salt_len) == 0) {
        ret = gombRSASignPSS(key, ctx->len, md, (unsigned char *) hash, hashlen, salt, (size_t) salt_len, sig);
    }
    mbedtls_platform_zeroize(key, sizeof(key));
    return ret;
}

int __real_mbedtls_rsa_pkcs1_sign(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                  unsigned hashlen, const unsigned char *hash, unsigned char *sig);

int __wrap_mbedtls_rsa_pkcs1_sign(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                  unsigned hashlen, const unsigned char *hash, unsigned char *sig)
{
    int ret = ctx->padding == MBEDTLS_RSA_PKCS_V21
              ? sign_pss(ctx, f_rng, p_rng, md, hashlen, hash, MBEDTLS_RSA_SALT_LEN_ANY, sig)
              : sign_pkcs1(ctx, f_rng, md, hashlen, hash, sig);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_rsa_pkcs1_sign(ctx, f_rng, p_rng, md, hashlen, hash, sig) : ret;
}

#if defined(MBEDTLS_PKCS1_V21)

int __real_mbedtls_rsa_rsassa_pss_sign(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                       unsigned hashlen, const unsigned char *hash, unsigned char *sig);

int __wrap_mbedtls_rsa_rsassa_pss_sign(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                       unsigned hashlen, const unsigned char *hash, unsigned char *sig)
{
    int ret = ctx->padding == MBEDTLS_RSA_PKCS_V21
              ? sign_pss(ctx, f_rng, p_rng, md, hashlen, hash, MBEDTLS_RSA_SALT_LEN_ANY, sig)
              : GM_ACCEL_DECLINED;
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_rsa_rsassa_pss_sign(ctx, f_rng, p_rng, md, hashlen, hash, sig)
                                    : ret;
}

int __real_mbedtls_rsa_rsassa_pss_sign_ext(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                           unsigned hashlen, const unsigned char *hash, int salt_len,
                                           unsigned char *sig);

int __wrap_mbedtls_rsa_rsassa_pss_sign_ext(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng, mbedtls_md_type_t md,
                                           unsigned hashlen, const unsigned char *hash, int salt_len,
                                           unsigned char *sig)
{
    int ret = ctx->padding == MBEDTLS_RSA_PKCS_V21
              ? sign_pss(ctx, f_rng, p_rng, md, hashlen, hash, salt_len, sig)
              : GM_ACCEL_DECLINED;
    return ret == GM_ACCEL_DECLINED
           ? __real_mbedtls_rsa_rsassa_pss_sign_ext(ctx, f_rng, p_rng, md, hashlen, hash, salt_len, sig)
           : ret;
}

int __real_mbedtls_rsa_rsassa_pss_sign_no_mode_check(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng,
                                                     mbedtls_md_type_t md, unsigned hashlen,
                                                     const unsigned char *hash, unsigned char *sig);

int __wrap_mbedtls_rsa_rsassa_pss_sign_no_mode_check(mbedtls_rsa_context *ctx, gm_rng f_rng, void *p_rng,
                                                     mbedtls_md_type_t md, unsigned hashlen,
                                                     const unsigned char *hash, unsigned char *sig)
{
    int ret = sign_pss(ctx, f_rng, p_rng, md, hashlen, hash, MBEDTLS_RSA_SALT_LEN_ANY, sig);
    return ret == GM_ACCEL_DECLINED
           ? __real_mbedtls_rsa_rsassa_pss_sign_no_mode_check(ctx, f_rng, p_rng, md, hashlen, hash, sig)
           : ret;
}

#endif
#endif

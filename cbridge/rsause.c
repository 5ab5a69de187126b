// rsause.c has RSA contexts work. What they read and write is as long as the modulus, unless a length is there.
#include "rsa.h"

// Lengths of digests are an unsigned int in the library.
#define CHECK_LEN(len) \
    if ((len) > UINT32_MAX) { \
        return MBEDTLS_ERR_RSA_BAD_INPUT_DATA; \
    }

// Of an empty digest, the library may read as many bytes as the hash has, unless it is NULL.
#define DIGEST(hash, len) ((len) == 0 ? NULL : (hash))

int gm_rsa_public(mbedtls_rsa_context *rsa, const unsigned char *in, unsigned char *out)
{
    return GM_IF_RSA(mbedtls_rsa_public(rsa, in, out));
}

int gm_rsa_private(mbedtls_rsa_context *rsa, const unsigned char *in, unsigned char *out, void *rng)
{
    return GM_IF_RSA(mbedtls_rsa_private(rsa, gm_draw, rng, in, out));
}

int gm_rsa_encrypt(mbedtls_rsa_context *rsa, int how, const unsigned char *label, size_t label_len, const unsigned char *in,
                   size_t len, unsigned char *out, void *rng)
{
    switch (how) {
        case GM_RSA_V15:
            return GM_IF_V15(mbedtls_rsa_rsaes_pkcs1_v15_encrypt(rsa, gm_draw, rng, len, in, out));
        case GM_RSA_OAEP_OR_PSS:
            return GM_IF_V21(mbedtls_rsa_rsaes_oaep_encrypt(rsa, gm_draw, rng, label, label_len, len, in, out));
        default:
            return GM_IF_RSA(mbedtls_rsa_pkcs1_encrypt(rsa, gm_draw, rng, len, in, out));
    }
}

int gm_rsa_decrypt(mbedtls_rsa_context *rsa, int how, const unsigned char *label, size_t label_len, const unsigned char *in,
                   unsigned char *out, size_t size, size_t *out_len, void *rng)
{
    switch (how) {
        case GM_RSA_V15:
            return GM_IF_V15(mbedtls_rsa_rsaes_pkcs1_v15_decrypt(rsa, gm_draw, rng, out_len, in, out, size));
        case GM_RSA_OAEP_OR_PSS:
            return GM_IF_V21(
                mbedtls_rsa_rsaes_oaep_decrypt(rsa, gm_draw, rng, label, label_len, out_len, in, out, size));
        default:
            return GM_IF_RSA(mbedtls_rsa_pkcs1_decrypt(rsa, gm_draw, rng, out_len, in, out, size));
    }
}

int gm_rsa_sign(mbedtls_rsa_context *rsa, int how, int md, const unsigned char *hash, size_t len, unsigned char *sig,
                void *rng)
{
    CHECK_LEN(len);
    switch (how) {
        case GM_RSA_V15:
            return GM_IF_V15(mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, gm_draw, rng, (mbedtls_md_type_t) md, (unsigned) len,
                                                               DIGEST(hash, len), sig));
        case GM_RSA_OAEP_OR_PSS:
            return GM_IF_V21(mbedtls_rsa_rsassa_pss_sign(rsa, gm_draw, rng, (mbedtls_md_type_t) md, (unsigned) len,
                                                         DIGEST(hash, len), sig));
        default:
            return GM_IF_RSA(mbedtls_rsa_pkcs1_sign(rsa, gm_draw, rng, (mbedtls_md_type_t) md, (unsigned) len,
                                                    DIGEST(hash, len), sig));
    }
}

int gm_rsa_sign_pss_ext(mbedtls_rsa_context *rsa, int md, const unsigned char *hash, size_t len, int salt_len,
                        unsigned char *sig, void *rng)
{
    CHECK_LEN(len);
    return GM_IF_V21(mbedtls_rsa_rsassa_pss_sign_ext(rsa, gm_draw, rng, (mbedtls_md_type_t) md, (unsigned) len,
                                                     DIGEST(hash, len), salt_len, sig));
}

int gm_rsa_verify(mbedtls_rsa_context *rsa, int how, int md, const unsigned char *hash, size_t len,
                  const unsigned char *sig)
{
    CHECK_LEN(len);
    switch (how) {
        case GM_RSA_V15:
            return GM_IF_V15(mbedtls_rsa_rsassa_pkcs1_v15_verify(rsa, (mbedtls_md_type_t) md, (unsigned) len,
                                                                 DIGEST(hash, len), sig));
        case GM_RSA_OAEP_OR_PSS:
            return GM_IF_V21(
                mbedtls_rsa_rsassa_pss_verify(rsa, (mbedtls_md_type_t) md, (unsigned) len, DIGEST(hash, len), sig));
        default:
            return GM_IF_RSA(
                mbedtls_rsa_pkcs1_verify(rsa, (mbedtls_md_type_t) md, (unsigned) len, DIGEST(hash, len), sig));
    }
}

int gm_rsa_verify_pss_ext(mbedtls_rsa_context *rsa, int md, const unsigned char *hash, size_t len, int mgf1, int salt_len,
                          const unsigned char *sig)
{
    CHECK_LEN(len);
    return GM_IF_V21(mbedtls_rsa_rsassa_pss_verify_ext(rsa, (mbedtls_md_type_t) md, (unsigned) len, DIGEST(hash, len),
                                                       (mbedtls_md_type_t) mgf1, salt_len, sig));
}

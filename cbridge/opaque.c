// opaque.c has private keys in PSA's key store, which the library uses where they are.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "psa.h"

#include <string.h>

#if defined(MBEDTLS_USE_PSA_CRYPTO)

// What a key may be used for, by the names of upstream's test programs.
static const struct {
    const char *name;
    psa_algorithm_t algorithm;
    psa_key_usage_t usage;
} uses[] = {
    {"rsa-sign-pkcs1", PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_ANY_HASH), PSA_KEY_USAGE_SIGN_HASH},
    {"rsa-sign-pss", PSA_ALG_RSA_PSS(PSA_ALG_ANY_HASH), PSA_KEY_USAGE_SIGN_HASH},
    {"rsa-sign-pss-sha256", PSA_ALG_RSA_PSS(PSA_ALG_SHA_256), PSA_KEY_USAGE_SIGN_HASH},
    {"rsa-sign-pss-sha384", PSA_ALG_RSA_PSS(PSA_ALG_SHA_384), PSA_KEY_USAGE_SIGN_HASH},
    {"rsa-sign-pss-sha512", PSA_ALG_RSA_PSS(PSA_ALG_SHA_512), PSA_KEY_USAGE_SIGN_HASH},
    {"rsa-decrypt", PSA_ALG_RSA_PKCS1V15_CRYPT, PSA_KEY_USAGE_DECRYPT},
    {"ecdsa-sign", PSA_ALG_ECDSA(PSA_ALG_ANY_HASH), PSA_KEY_USAGE_SIGN_HASH},
    {"ecdh", PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE},
    {"none", PSA_ALG_NONE, 0},
};

static int find(const char *name, psa_algorithm_t *algorithm, psa_key_usage_t *usage)
{
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (strcmp(uses[i].name, name) == 0) {
            *algorithm = uses[i].algorithm;
            *usage |= uses[i].usage;
            return 0;
        }
    }
    return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
}

#endif

// gm_pk_import_for_use copies key into the key store. A policy has two algorithms.
int gm_pk_import_for_use(const mbedtls_pk_context *key, const char *use, const char *use2, mbedtls_svc_key_id_t *id)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_algorithm_t algorithm, algorithm2;
    psa_key_usage_t usage = 0;
    int ret;

    if (strcmp(use, "none") == 0) {
        int rsa = mbedtls_pk_get_type(key) == MBEDTLS_PK_RSA;
        use = rsa ? "rsa-sign-pkcs1" : "ecdsa-sign";
        use2 = rsa ? "rsa-sign-pss" : "ecdh";
    }
    // Of these attributes, only the type and the size of the key are left.
    if ((ret = find(use, &algorithm, &usage)) != 0 || (ret = find(use2, &algorithm2, &usage)) != 0 ||
        (ret = mbedtls_pk_get_psa_attributes(key, PSA_KEY_USAGE_SIGN_HASH, &attributes)) != 0) {
        return ret;
    }
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    psa_set_key_enrollment_algorithm(&attributes, algorithm2);
    ret = mbedtls_pk_import_into_psa(key, &attributes, id);
    psa_reset_key_attributes(&attributes);
    return ret;
#else
    (void) key, (void) use, (void) use2, (void) id;
    return GM_NOT_BUILT;
#endif
}

int gm_pk_setup_opaque(mbedtls_pk_context *pk, mbedtls_svc_key_id_t id)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    return mbedtls_pk_setup_opaque(pk, id);
#else
    (void) pk, (void) id;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_USE_PSA_CRYPTO)
// check_rsa_pair stands in for mbedtls_pk_check_pair, which has none for RSA keys of the key store. Their public half is
// exported in the form that ends a SubjectPublicKeyInfo (RFC 8017 A.1.1).
static int check_rsa_pair(const mbedtls_x509_buf *info, const mbedtls_pk_context *prv)
{
    unsigned char key[PSA_EXPORT_PUBLIC_KEY_MAX_SIZE];
    size_t len;

    if (psa_export_public_key(prv->priv_id, key, sizeof(key), &len) != PSA_SUCCESS) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    if (info->len < len || memcmp(info->p + info->len - len, key, len) != 0) {
        return MBEDTLS_ERR_RSA_KEY_CHECK_FAILED;
    }
    return 0;
}
#endif

int gm_crt_check_pair(const mbedtls_x509_crt *crt, const mbedtls_pk_context *prv, mbedtls_ctr_drbg_context *drbg)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    if (mbedtls_pk_get_type(prv) == MBEDTLS_PK_OPAQUE) {
        int rsa = mbedtls_pk_can_do(prv, MBEDTLS_PK_RSA);
        // The library takes any public key for one of the private key's kind, and crashes.
        if (!mbedtls_pk_can_do(&crt->pk, rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)) {
            return MBEDTLS_ERR_PK_TYPE_MISMATCH;
        }
        if (rsa) {
            return check_rsa_pair(&crt->pk_raw, prv);
        }
    }
#endif
    return mbedtls_pk_check_pair(&crt->pk, prv, mbedtls_ctr_drbg_random, drbg);
}

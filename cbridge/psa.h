// psa.h is what psa*.c and psa*.go share.
#ifndef GOMBEDTLS_PSA_H
#define GOMBEDTLS_PSA_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#if defined(MBEDTLS_PSA_CRYPTO_KEY_ID_ENCODES_OWNER)
#error "gombedtls: Mbed TLS is built with MBEDTLS_PSA_CRYPTO_KEY_ID_ENCODES_OWNER, which is for a key store that serves several programs: remove it from the configuration"
#endif

// What a key has, and what may be done with it; see PSAAttributes.
typedef struct {
    uint32_t type;
    size_t bits;
    uint32_t alg, alg2, usage, lifetime, id;
} gm_psa_attributes;

void gm_psa_set_attributes(psa_key_attributes_t *to, const gm_psa_attributes *from);
void gm_psa_get_attributes(gm_psa_attributes *to, const psa_key_attributes_t *from);

int gm_psa_generate_key_ext(const psa_key_attributes_t *a, uint32_t flags, const uint8_t *data, size_t len,
                            mbedtls_svc_key_id_t *id);
int gm_psa_output_key_ext(const psa_key_attributes_t *a, psa_key_derivation_operation_t *op, uint32_t flags,
                          const uint8_t *data, size_t len, mbedtls_svc_key_id_t *id);
int gm_psa_pake_setup(psa_pake_operation_t *op, uint32_t alg, uint32_t primitive, uint32_t hash);

int gm_psa_decrypt_session_key(mbedtls_svc_key_id_t id, uint32_t alg, const uint8_t *in, size_t in_len, uint8_t *out, size_t len);
int gm_psa_random_reseed(const uint8_t *perso, size_t len);
int gm_psa_random_deplete(void);
int gm_psa_random_set_prediction_resistance(unsigned on);

int gm_md_type_to_psa(int md);
uint32_t gm_ecc_group_to_psa(int group, size_t *bits);
int gm_ecc_group_from_psa(uint32_t family, size_t bits);
int gm_ecdsa_raw_to_der(size_t bits, const unsigned char *raw, size_t raw_len, unsigned char *der, size_t size, size_t *len);
int gm_ecdsa_der_to_raw(size_t bits, const unsigned char *der, size_t der_len, unsigned char *raw, size_t size, size_t *len);

// opaque.c
int gm_pk_setup_opaque(mbedtls_pk_context *pk, mbedtls_svc_key_id_t id);
int gm_pk_import_for_use(const mbedtls_pk_context *key, const char *use, const char *use2, mbedtls_svc_key_id_t *id);
int gm_psa_copy_to_pk(mbedtls_svc_key_id_t id, mbedtls_pk_context *pk, int is_public);

// Operations that take several calls. Zero is how the library's own initializers have them.
#define GM_PSA_OPERATION(kind, type) \
    type *gm_psa_##kind##_new(void); \
    void gm_psa_##kind##_delete(type *op);
#define GM_PSA_OPERATIONS(X) \
    X(hash, psa_hash_operation_t) \
    X(mac, psa_mac_operation_t) \
    X(cipher, psa_cipher_operation_t) \
    X(aead, psa_aead_operation_t) \
    X(sign_hash, psa_sign_hash_interruptible_operation_t) \
    X(verify_hash, psa_verify_hash_interruptible_operation_t) \
    X(key_derivation, psa_key_derivation_operation_t) \
    X(pake, psa_pake_operation_t)
GM_PSA_OPERATIONS(GM_PSA_OPERATION)

// psastorage.c
int gm_its_directory(int fd);
int gm_its_set(uint64_t uid, uint32_t len, const void *data, uint32_t flags);
int gm_its_get(uint64_t uid, uint32_t offset, uint32_t len, void *data, size_t *got);
int gm_its_get_info(uint64_t uid, uint32_t *size, uint32_t *flags);
int gm_its_remove(uint64_t uid);

// psamacros.c
#define GM_PSA_MACROS(X1, X2, X3) \
    X1(PSA_KEY_TYPE_IS_VENDOR_DEFINED) \
    X1(PSA_KEY_TYPE_IS_UNSTRUCTURED) \
    X1(PSA_KEY_TYPE_IS_ASYMMETRIC) \
    X1(PSA_KEY_TYPE_IS_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_IS_KEY_PAIR) \
    X1(PSA_KEY_TYPE_KEY_PAIR_OF_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_PUBLIC_KEY_OF_KEY_PAIR) \
    X1(PSA_KEY_TYPE_IS_RSA) \
    X1(PSA_KEY_TYPE_IS_DSA) \
    X1(PSA_KEY_TYPE_ECC_KEY_PAIR) \
    X1(PSA_KEY_TYPE_ECC_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_IS_ECC) \
    X1(PSA_KEY_TYPE_IS_ECC_KEY_PAIR) \
    X1(PSA_KEY_TYPE_IS_ECC_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_ECC_GET_FAMILY) \
    X1(PSA_ECC_FAMILY_IS_WEIERSTRASS) \
    X1(PSA_KEY_TYPE_DH_KEY_PAIR) \
    X1(PSA_KEY_TYPE_DH_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_IS_DH) \
    X1(PSA_KEY_TYPE_IS_DH_KEY_PAIR) \
    X1(PSA_KEY_TYPE_IS_DH_PUBLIC_KEY) \
    X1(PSA_KEY_TYPE_DH_GET_FAMILY) \
    X1(PSA_BLOCK_CIPHER_BLOCK_LENGTH) \
    X1(PSA_ALG_IS_VENDOR_DEFINED) \
    X1(PSA_ALG_IS_HASH) \
    X1(PSA_ALG_IS_MAC) \
    X1(PSA_ALG_IS_CIPHER) \
    X1(PSA_ALG_IS_AEAD) \
    X1(PSA_ALG_IS_SIGN) \
    X1(PSA_ALG_IS_ASYMMETRIC_ENCRYPTION) \
    X1(PSA_ALG_IS_KEY_AGREEMENT) \
    X1(PSA_ALG_IS_KEY_DERIVATION) \
    X1(PSA_ALG_IS_KEY_DERIVATION_STRETCHING) \
    X1(PSA_ALG_IS_PAKE) \
    X1(PSA_ALG_HMAC) \
    X1(PSA_ALG_HMAC_GET_HASH) \
    X1(PSA_ALG_IS_HMAC) \
    X2(PSA_ALG_TRUNCATED_MAC) \
    X1(PSA_ALG_FULL_LENGTH_MAC) \
    X1(PSA_MAC_TRUNCATED_LENGTH) \
    X2(PSA_ALG_AT_LEAST_THIS_LENGTH_MAC) \
    X1(PSA_ALG_IS_BLOCK_CIPHER_MAC) \
    X1(PSA_ALG_IS_STREAM_CIPHER) \
    X1(PSA_ALG_IS_AEAD_ON_BLOCK_CIPHER) \
    X2(PSA_ALG_AEAD_WITH_SHORTENED_TAG) \
    X1(PSA_ALG_AEAD_GET_TAG_LENGTH) \
    X1(PSA_ALG_AEAD_WITH_DEFAULT_LENGTH_TAG) \
    X2(PSA_ALG_AEAD_WITH_AT_LEAST_THIS_LENGTH_TAG) \
    X1(PSA_ALG_RSA_PKCS1V15_SIGN) \
    X1(PSA_ALG_IS_RSA_PKCS1V15_SIGN) \
    X1(PSA_ALG_RSA_PSS) \
    X1(PSA_ALG_RSA_PSS_ANY_SALT) \
    X1(PSA_ALG_IS_RSA_PSS) \
    X1(PSA_ALG_IS_RSA_PSS_STANDARD_SALT) \
    X1(PSA_ALG_IS_RSA_PSS_ANY_SALT) \
    X1(PSA_ALG_DSA) \
    X1(PSA_ALG_DETERMINISTIC_DSA) \
    X1(PSA_ALG_IS_DSA) \
    X1(PSA_ALG_IS_DETERMINISTIC_DSA) \
    X1(PSA_ALG_IS_RANDOMIZED_DSA) \
    X1(PSA_ALG_ECDSA) \
    X1(PSA_ALG_DETERMINISTIC_ECDSA) \
    X1(PSA_ALG_IS_ECDSA) \
    X1(PSA_ALG_IS_DETERMINISTIC_ECDSA) \
    X1(PSA_ALG_IS_RANDOMIZED_ECDSA) \
    X1(PSA_ALG_IS_HASH_EDDSA) \
    X1(PSA_ALG_IS_SIGN_HASH) \
    X1(PSA_ALG_IS_SIGN_MESSAGE) \
    X1(PSA_ALG_IS_HASH_AND_SIGN) \
    X1(PSA_ALG_SIGN_GET_HASH) \
    X1(PSA_ALG_RSA_OAEP) \
    X1(PSA_ALG_IS_RSA_OAEP) \
    X1(PSA_ALG_RSA_OAEP_GET_HASH) \
    X1(PSA_ALG_HKDF) \
    X1(PSA_ALG_IS_HKDF) \
    X1(PSA_ALG_HKDF_GET_HASH) \
    X1(PSA_ALG_HKDF_EXTRACT) \
    X1(PSA_ALG_IS_HKDF_EXTRACT) \
    X1(PSA_ALG_HKDF_EXPAND) \
    X1(PSA_ALG_IS_HKDF_EXPAND) \
    X1(PSA_ALG_IS_ANY_HKDF) \
    X1(PSA_ALG_TLS12_PRF) \
    X1(PSA_ALG_IS_TLS12_PRF) \
    X1(PSA_ALG_TLS12_PRF_GET_HASH) \
    X1(PSA_ALG_TLS12_PSK_TO_MS) \
    X1(PSA_ALG_IS_TLS12_PSK_TO_MS) \
    X1(PSA_ALG_TLS12_PSK_TO_MS_GET_HASH) \
    X1(PSA_ALG_PBKDF2_HMAC) \
    X1(PSA_ALG_IS_PBKDF2_HMAC) \
    X1(PSA_ALG_PBKDF2_HMAC_GET_HASH) \
    X1(PSA_ALG_IS_PBKDF2) \
    X2(PSA_ALG_KEY_AGREEMENT) \
    X1(PSA_ALG_KEY_AGREEMENT_GET_KDF) \
    X1(PSA_ALG_KEY_AGREEMENT_GET_BASE) \
    X1(PSA_ALG_IS_RAW_KEY_AGREEMENT) \
    X1(PSA_ALG_IS_KEY_DERIVATION_OR_AGREEMENT) \
    X1(PSA_ALG_IS_FFDH) \
    X1(PSA_ALG_IS_ECDH) \
    X1(PSA_ALG_IS_WILDCARD) \
    X1(PSA_ALG_GET_HASH) \
    X1(PSA_KEY_LIFETIME_GET_PERSISTENCE) \
    X1(PSA_KEY_LIFETIME_GET_LOCATION) \
    X1(PSA_KEY_LIFETIME_IS_VOLATILE) \
    X1(PSA_KEY_LIFETIME_IS_READ_ONLY) \
    X2(PSA_KEY_LIFETIME_FROM_PERSISTENCE_AND_LOCATION) \
    X3(PSA_PAKE_PRIMITIVE) \
    X1(PSA_HASH_LENGTH) \
    X1(PSA_HASH_BLOCK_LENGTH) \
    X3(PSA_MAC_LENGTH) \
    X3(PSA_AEAD_TAG_LENGTH) \
    X2(PSA_AEAD_NONCE_LENGTH) \
    X3(PSA_AEAD_ENCRYPT_OUTPUT_SIZE) \
    X1(PSA_AEAD_ENCRYPT_OUTPUT_MAX_SIZE) \
    X3(PSA_AEAD_DECRYPT_OUTPUT_SIZE) \
    X1(PSA_AEAD_DECRYPT_OUTPUT_MAX_SIZE) \
    X3(PSA_AEAD_UPDATE_OUTPUT_SIZE) \
    X1(PSA_AEAD_UPDATE_OUTPUT_MAX_SIZE) \
    X2(PSA_AEAD_FINISH_OUTPUT_SIZE) \
    X2(PSA_AEAD_VERIFY_OUTPUT_SIZE) \
    X3(PSA_SIGN_OUTPUT_SIZE) \
    X3(PSA_ASYMMETRIC_ENCRYPT_OUTPUT_SIZE) \
    X3(PSA_ASYMMETRIC_DECRYPT_OUTPUT_SIZE) \
    X2(PSA_EXPORT_KEY_OUTPUT_SIZE) \
    X2(PSA_EXPORT_PUBLIC_KEY_OUTPUT_SIZE) \
    X2(PSA_RAW_KEY_AGREEMENT_OUTPUT_SIZE) \
    X2(PSA_CIPHER_IV_LENGTH) \
    X3(PSA_CIPHER_ENCRYPT_OUTPUT_SIZE) \
    X1(PSA_CIPHER_ENCRYPT_OUTPUT_MAX_SIZE) \
    X3(PSA_CIPHER_DECRYPT_OUTPUT_SIZE) \
    X1(PSA_CIPHER_DECRYPT_OUTPUT_MAX_SIZE) \
    X3(PSA_CIPHER_UPDATE_OUTPUT_SIZE) \
    X1(PSA_CIPHER_UPDATE_OUTPUT_MAX_SIZE) \
    X2(PSA_CIPHER_FINISH_OUTPUT_SIZE) \
    X3(PSA_PAKE_OUTPUT_SIZE) \
    X3(PSA_PAKE_INPUT_SIZE)

#define GM_PSA_MACRO_NUMBER(name) GM_##name,
typedef enum {
    GM_PSA_MACROS(GM_PSA_MACRO_NUMBER, GM_PSA_MACRO_NUMBER, GM_PSA_MACRO_NUMBER)
} gm_psa_macro;

size_t gm_psa_eval(gm_psa_macro macro, size_t a, size_t b, size_t c);
const char *gm_psa_macro_name(gm_psa_macro macro);

#endif // GOMBEDTLS_FOUND
#endif

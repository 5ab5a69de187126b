// psa.c is what Go needs of PSA Crypto beside the functions themselves, which it calls by their names.
#include "psa.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/psa_util.h>
#include <string.h>

// The setters know of each other: an identifier makes a key persistent, and a volatile lifetime takes the identifier.
void gm_psa_set_attributes(psa_key_attributes_t *to, const gm_psa_attributes *from)
{
    *to = psa_key_attributes_init();
    if (from->lifetime != PSA_KEY_LIFETIME_VOLATILE) {
        psa_set_key_lifetime(to, from->lifetime);
    }
    if (from->id != 0) {
        psa_set_key_id(to, from->id);
    }
    psa_set_key_type(to, (psa_key_type_t) from->type);
    psa_set_key_bits(to, from->bits);
    psa_set_key_algorithm(to, from->alg);
    psa_set_key_enrollment_algorithm(to, from->alg2);
    psa_set_key_usage_flags(to, from->usage);
}

void gm_psa_get_attributes(gm_psa_attributes *to, const psa_key_attributes_t *from)
{
    to->type = psa_get_key_type(from);
    to->bits = psa_get_key_bits(from);
    to->alg = psa_get_key_algorithm(from);
    to->alg2 = psa_get_key_enrollment_algorithm(from);
    to->usage = psa_get_key_usage_flags(from);
    to->lifetime = psa_get_key_lifetime(from);
    to->id = psa_get_key_id(from);
}

// with_parameters gives the older functions their parameters, which have the data behind them.
static psa_key_production_parameters_t *with_parameters(uint32_t flags, const uint8_t *data, size_t len)
{
    psa_key_production_parameters_t *p;
    size_t size;

    if (__builtin_add_overflow(sizeof(*p), len, &size) || (p = mbedtls_calloc(1, size)) == NULL) {
        return NULL;
    }
    p->flags = flags;
    if (len > 0) {
        memcpy(p->data, data, len);
    }
    return p;
}

int gm_psa_generate_key_ext(const psa_key_attributes_t *a, uint32_t flags, const uint8_t *data, size_t len,
                            mbedtls_svc_key_id_t *id)
{
    psa_key_production_parameters_t *p = with_parameters(flags, data, len);
    int ret = p == NULL ? PSA_ERROR_INSUFFICIENT_MEMORY : psa_generate_key_ext(a, p, len, id);
    mbedtls_free(p);
    return ret;
}

int gm_psa_output_key_ext(const psa_key_attributes_t *a, psa_key_derivation_operation_t *op, uint32_t flags,
                          const uint8_t *data, size_t len, mbedtls_svc_key_id_t *id)
{
    psa_key_production_parameters_t *p = with_parameters(flags, data, len);
    int ret = p == NULL ? PSA_ERROR_INSUFFICIENT_MEMORY : psa_key_derivation_output_key_ext(a, op, p, len, id);
    mbedtls_free(p);
    return ret;
}

int gm_psa_pake_setup(psa_pake_operation_t *op, uint32_t alg, uint32_t primitive, uint32_t hash)
{
    psa_pake_cipher_suite_t suite = psa_pake_cipher_suite_init();
    psa_pake_cs_set_algorithm(&suite, alg);
    psa_pake_cs_set_primitive(&suite, primitive);
    psa_pake_cs_set_hash(&suite, hash);
    return psa_pake_setup(op, &suite);
}

// gm_psa_decrypt_session_key leaves out as it is where the padding is wrong, or the plaintext is not of that length, and
// takes no other time for it.
int gm_psa_decrypt_session_key(mbedtls_svc_key_id_t id, uint32_t alg, const uint8_t *in, size_t in_len, uint8_t *out, size_t len)
{
    uint8_t plain[PSA_ASYMMETRIC_DECRYPT_OUTPUT_MAX_SIZE] = {0};
    size_t n = 0;
    psa_status_t status = psa_asymmetric_decrypt(id, alg, in, in_len, NULL, 0, plain, sizeof(plain), &n);
    // Any bit that is set says no.
    size_t no = (size_t) status | (n ^ len);
    volatile uint8_t keep = (uint8_t) -(uint8_t) ((no | (~no + 1)) >> (8 * sizeof(no) - 1));

    for (size_t i = 0; i < len && i < sizeof(plain); i++) {
        out[i] = (uint8_t) ((out[i] & keep) | (plain[i] & ~keep));
    }
    mbedtls_platform_zeroize(plain, sizeof(plain));
    return status == PSA_ERROR_INVALID_PADDING ? PSA_SUCCESS : status;
}

#define DEFINE_OPERATION(kind, type) \
    type *gm_psa_##kind##_new(void) \
    { \
        return mbedtls_calloc(1, sizeof(type)); \
    } \
    void gm_psa_##kind##_delete(type *op) \
    { \
        (void) psa_##kind##_abort(op); \
        mbedtls_platform_zeroize(op, sizeof(type)); \
        mbedtls_free(op); \
    }
GM_PSA_OPERATIONS(DEFINE_OPERATION)

#if defined(GOMBEDTLS_PSA_RANDOM_RESEED)
#define IF_RESEED(call) (call)
#else
#define IF_RESEED(call) PSA_ERROR_NOT_SUPPORTED
#endif

int gm_psa_random_reseed(const uint8_t *perso, size_t len)
{
    (void) perso, (void) len;
    return IF_RESEED(psa_random_reseed(perso, len));
}

int gm_psa_random_deplete(void)
{
    return IF_RESEED(psa_random_deplete());
}

int gm_psa_random_set_prediction_resistance(unsigned on)
{
    (void) on;
    return IF_RESEED(psa_random_set_prediction_resistance(on));
}

int gm_md_type_to_psa(int md)
{
    return (int) mbedtls_md_psa_alg_from_type((mbedtls_md_type_t) md);
}

#if defined(PSA_WANT_KEY_TYPE_ECC_PUBLIC_KEY)
#define IF_ECC(call) (call)
#else
#define IF_ECC(call) 0
#endif

uint32_t gm_ecc_group_to_psa(int group, size_t *bits)
{
    *bits = 0;
    (void) group;
    return IF_ECC(mbedtls_ecc_group_to_psa((mbedtls_ecp_group_id) group, bits));
}

int gm_ecc_group_from_psa(uint32_t family, size_t bits)
{
    (void) family, (void) bits;
    return IF_ECC((int) mbedtls_ecc_group_from_psa((psa_ecc_family_t) family, bits));
}

#if defined(MBEDTLS_PSA_UTIL_HAVE_ECDSA)
#define IF_ECDSA(call) (call)
#else
#define IF_ECDSA(call) GM_NOT_BUILT
#endif

int gm_ecdsa_raw_to_der(size_t bits, const unsigned char *raw, size_t raw_len, unsigned char *der, size_t size, size_t *len)
{
    (void) bits, (void) raw, (void) raw_len, (void) der, (void) size, (void) len;
    return IF_ECDSA(mbedtls_ecdsa_raw_to_der(bits, raw, raw_len, der, size, len));
}

int gm_ecdsa_der_to_raw(size_t bits, const unsigned char *der, size_t der_len, unsigned char *raw, size_t size, size_t *len)
{
    (void) bits, (void) der, (void) der_len, (void) raw, (void) size, (void) len;
    return IF_ECDSA(mbedtls_ecdsa_der_to_raw(bits, der, der_len, raw, size, len));
}

int gm_psa_copy_to_pk(mbedtls_svc_key_id_t id, mbedtls_pk_context *pk, int is_public)
{
    return is_public ? mbedtls_pk_copy_public_from_psa(id, pk) : mbedtls_pk_copy_from_psa(id, pk);
}

#endif

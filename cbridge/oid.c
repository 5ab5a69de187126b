// oid.c looks into the library's tables of object identifiers.
#include "x509.h"

#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>

#if defined(MBEDTLS_PK_HAVE_ECC_KEYS)
#define IF_ECC(call) (call)
#else
#define IF_ECC(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_CIPHER_C)
#define IF_CIPHER(call) (call)
#else
#define IF_CIPHER(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_CIPHER_C) && defined(MBEDTLS_PKCS12_C)
#define IF_PKCS12(call) (call)
#else
#define IF_PKCS12(call) GM_NOT_BUILT
#endif

#if !defined(MBEDTLS_X509_REMOVE_INFO)
#define IF_INFO(call) (call)
#else
#define IF_INFO(call) GM_NOT_BUILT
#endif

// gm_oid_lookup finds what an OID stands for in one of the tables that have numbers.
int gm_oid_lookup(int table, const unsigned char *oid, size_t len, int *a, int *b)
{
    const mbedtls_asn1_buf o = { .tag = MBEDTLS_ASN1_OID, .len = len, .p = (unsigned char *) oid };
    mbedtls_pk_type_t pk = MBEDTLS_PK_NONE;
    mbedtls_md_type_t md = MBEDTLS_MD_NONE;
    mbedtls_ecp_group_id group = MBEDTLS_ECP_DP_NONE;
    mbedtls_cipher_type_t cipher = MBEDTLS_CIPHER_NONE;
    int ret = MBEDTLS_ERR_OID_NOT_FOUND;

    switch (table) {
        case GM_OID_X509_EXT:
            return mbedtls_oid_get_x509_ext_type(&o, a);
        case GM_OID_PK_ALG:
            ret = mbedtls_oid_get_pk_alg(&o, &pk);
            *a = (int) pk;
            break;
        case GM_OID_EC_GRP:
            ret = IF_ECC(mbedtls_oid_get_ec_grp(&o, &group));
            *a = (int) group;
            break;
        case GM_OID_EC_GRP_ALGID:
            ret = IF_ECC(mbedtls_oid_get_ec_grp_algid(&o, &group));
            *a = (int) group;
            break;
        case GM_OID_MD_HMAC:
            ret = mbedtls_oid_get_md_hmac(&o, &md);
            *a = (int) md;
            break;
        case GM_OID_MD_ALG:
            ret = mbedtls_oid_get_md_alg(&o, &md);
            *a = (int) md;
            break;
        case GM_OID_CIPHER_ALG:
            ret = IF_CIPHER(mbedtls_oid_get_cipher_alg(&o, &cipher));
            *a = (int) cipher;
            break;
        case GM_OID_SIG_ALG:
            ret = mbedtls_oid_get_sig_alg(&o, &md, &pk);
            *a = (int) pk;
            *b = (int) md;
            break;
        case GM_OID_PKCS12_PBE_ALG:
            ret = IF_PKCS12(mbedtls_oid_get_pkcs12_pbe_alg(&o, &md, &cipher));
            *a = (int) md;
            *b = (int) cipher;
            break;
    }
    return ret;
}

// gm_oid_text does in those that have words.
int gm_oid_text(int table, const unsigned char *oid, size_t len, const char **text)
{
    const mbedtls_asn1_buf o = { .tag = MBEDTLS_ASN1_OID, .len = len, .p = (unsigned char *) oid };

    switch (table) {
        case GM_OID_ATTR_SHORT_NAME:
            return mbedtls_oid_get_attr_short_name(&o, text);
        case GM_OID_EXTENDED_KEY_USAGE:
            return IF_INFO(mbedtls_oid_get_extended_key_usage(&o, text));
        case GM_OID_CERTIFICATE_POLICIES:
            return IF_INFO(mbedtls_oid_get_certificate_policies(&o, text));
        case GM_OID_SIG_ALG_DESC:
            return IF_INFO(mbedtls_oid_get_sig_alg_desc(&o, text));
    }
    return MBEDTLS_ERR_OID_NOT_FOUND;
}

// gm_oid_by finds the OID of something.
int gm_oid_by(int table, int a, int b, const char **oid, size_t *len)
{
    switch (table) {
        case GM_OID_PK_ALG:
            return mbedtls_oid_get_oid_by_pk_alg((mbedtls_pk_type_t) a, oid, len);
        case GM_OID_EC_GRP:
            return IF_ECC(mbedtls_oid_get_oid_by_ec_grp((mbedtls_ecp_group_id) a, oid, len));
        case GM_OID_EC_GRP_ALGID:
            return IF_ECC(mbedtls_oid_get_oid_by_ec_grp_algid((mbedtls_ecp_group_id) a, oid, len));
        case GM_OID_MD_ALG:
            return mbedtls_oid_get_oid_by_md((mbedtls_md_type_t) a, oid, len);
        case GM_OID_SIG_ALG:
            return mbedtls_oid_get_oid_by_sig_alg((mbedtls_pk_type_t) a, (mbedtls_md_type_t) b, oid, len);
    }
    return MBEDTLS_ERR_OID_NOT_FOUND;
}

int gm_oid_get_numeric_string(char *buf, size_t size, const unsigned char *oid, size_t len)
{
    const mbedtls_asn1_buf o = { .tag = MBEDTLS_ASN1_OID, .len = len, .p = (unsigned char *) oid };
    return mbedtls_oid_get_numeric_string(buf, size, &o);
}

// The result is for mbedtls_free.
int gm_oid_from_numeric_string(const char *s, size_t len, unsigned char **oid, size_t *oid_len)
{
    mbedtls_asn1_buf o = { 0 };
    int ret = mbedtls_oid_from_numeric_string(&o, s, len);
    *oid = o.p;
    *oid_len = o.len;
    return ret;
}

const char *gm_cipher_name(int id)
{
#if defined(MBEDTLS_CIPHER_C)
    const mbedtls_cipher_info_t *info = mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) id);
    return info == NULL ? NULL : mbedtls_cipher_info_get_name(info);
#else
    (void) id;
    return NULL;
#endif
}

const char *gm_group_name(int id)
{
    const mbedtls_ecp_curve_info *info = mbedtls_ecp_curve_info_from_grp_id((mbedtls_ecp_group_id) id);
    return info == NULL ? NULL : info->name;
}

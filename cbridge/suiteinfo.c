// suiteinfo.c describes ciphersuites. Their struct is private, but nothing else tells these things.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel.h"
#include "bridge.h"

#include <mbedtls/cipher.h>
#include <mbedtls/md.h>

static unsigned accel_family(unsigned cipher)
{
    switch (cipher) {
    case MBEDTLS_CIPHER_AES_128_GCM:
    case MBEDTLS_CIPHER_AES_192_GCM:
    case MBEDTLS_CIPHER_AES_256_GCM:
        return GM_ACCEL_AES_GCM;
    case MBEDTLS_CIPHER_CHACHA20_POLY1305:
        return GM_ACCEL_CHACHAPOLY;
    default:
        return 0;
    }
}

gm_suite gm_suite_info(const mbedtls_ssl_ciphersuite_t *info)
{
    gm_suite s = {
        .id = mbedtls_ssl_ciphersuite_get_id(info),
        .name = mbedtls_ssl_ciphersuite_get_name(info),
        .key_exchange = info->key_exchange,
        .key_bits = mbedtls_ssl_ciphersuite_get_cipher_key_bitlen(info),
        .flags = info->flags,
        .min_version = info->min_tls_version,
        .max_version = info->max_tls_version,
        .accel = accel_family(info->cipher),
    };
#if defined(MBEDTLS_CIPHER_C)
    const mbedtls_cipher_info_t *cipher = mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) info->cipher);
    if (cipher != NULL) {
        s.cipher = mbedtls_cipher_info_get_name(cipher);
    }
#endif
#if defined(MBEDTLS_MD_C)
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type((mbedtls_md_type_t) info->mac);
    if (md != NULL) {
        s.mac = mbedtls_md_get_name(md);
    }
#endif
    return s;
}

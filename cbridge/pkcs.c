// pkcs.c passes encryption under passwords on, of PKCS #5 and PKCS #12.
#include "pkcs.h"

#include <mbedtls/asn1.h>
#include <mbedtls/cipher.h>

#if defined(MBEDTLS_PKCS5_C)
#define IF_PKCS5(call) (call)
#else
#define IF_PKCS5(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_PKCS12_C)
#define IF_PKCS12(call) (call)
#else
#define IF_PKCS12(call) GM_NOT_BUILT
#endif
#if defined(MBEDTLS_ASN1_PARSE_C) && defined(MBEDTLS_CIPHER_C) && defined(MBEDTLS_CIPHER_PADDING_PKCS7)
#define IF_PBE(call) (call)
#else
#define IF_PBE(call) GM_NOT_BUILT
#endif

int gm_pkcs5_pbkdf2_hmac(int md, const unsigned char *pwd, size_t pwd_len, const unsigned char *salt, size_t salt_len,
                         unsigned iterations, uint32_t len, unsigned char *out)
{
    (void) md, (void) pwd, (void) pwd_len, (void) salt, (void) salt_len, (void) iterations, (void) len, (void) out;
    return IF_PKCS5(mbedtls_pkcs5_pbkdf2_hmac_ext((mbedtls_md_type_t) md, pwd, pwd_len, salt, salt_len, iterations, len, out));
}

int gm_pkcs5_pbes2(int tag, const unsigned char *params, size_t params_len, int mode, const unsigned char *pwd,
                   size_t pwd_len, const unsigned char *in, size_t len, unsigned char *out, size_t size, size_t *out_len)
{
    const mbedtls_asn1_buf p = {.tag = tag, .len = params_len, .p = (unsigned char *) params};
    (void) p, (void) mode, (void) pwd, (void) pwd_len, (void) in, (void) len, (void) out, (void) size, (void) out_len;
    return IF_PKCS5(IF_PBE(mbedtls_pkcs5_pbes2_ext(&p, mode, pwd, pwd_len, in, len, out, size, out_len)));
}

int gm_pkcs12_derivation(unsigned char *out, size_t len, const unsigned char *pwd, size_t pwd_len,
                         const unsigned char *salt, size_t salt_len, int md, int id, int iterations)
{
    (void) out, (void) len, (void) pwd, (void) pwd_len, (void) salt, (void) salt_len, (void) md, (void) id;
    (void) iterations;
    return IF_PKCS12(
        mbedtls_pkcs12_derivation(out, len, pwd, pwd_len, salt, salt_len, (mbedtls_md_type_t) md, id, iterations));
}

int gm_pkcs12_pbe(int tag, const unsigned char *params, size_t params_len, int mode, int cipher, int md,
                  const unsigned char *pwd, size_t pwd_len, const unsigned char *in, size_t len, unsigned char *out,
                  size_t size, size_t *out_len)
{
    mbedtls_asn1_buf p = {.tag = tag, .len = params_len, .p = (unsigned char *) params};
    // The library derives the key before it looks at the mode, to 32 bytes on its stack: one of AES-XTS is longer.
    if (mbedtls_cipher_info_get_key_bitlen(mbedtls_cipher_info_from_type((mbedtls_cipher_type_t) cipher)) > 256) {
        return MBEDTLS_ERR_PKCS12_FEATURE_UNAVAILABLE;
    }
    (void) p, (void) mode, (void) md, (void) pwd, (void) pwd_len, (void) in, (void) len, (void) out, (void) size;
    (void) out_len;
    return IF_PKCS12(IF_PBE(mbedtls_pkcs12_pbe_ext(&p, mode, (mbedtls_cipher_type_t) cipher, (mbedtls_md_type_t) md, pwd,
                                                   pwd_len, in, len, out, size, out_len)));
}

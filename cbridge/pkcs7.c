// pkcs7.c reads and verifies signed data of PKCS #7.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "x509.h"

#if defined(MBEDTLS_PKCS7_C)

mbedtls_pkcs7 *gm_pkcs7_new(void)
{
    mbedtls_pkcs7 *p = mbedtls_calloc(1, sizeof(*p));
    if (p != NULL) {
        mbedtls_pkcs7_init(p);
    }
    return p;
}

void gm_pkcs7_delete(mbedtls_pkcs7 *p)
{
    mbedtls_pkcs7_free(p);
    mbedtls_free(p);
}

// gm_pkcs7_parse_der returns the type of the content, or an error.
int gm_pkcs7_parse_der(mbedtls_pkcs7 *p, const unsigned char *buf, size_t len)
{
    return mbedtls_pkcs7_parse_der(p, buf, len);
}

static const unsigned char nothing;  // data without bytes; the library refuses NULL

int gm_pkcs7_signed_data_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *data, size_t len)
{
    return mbedtls_pkcs7_signed_data_verify(p, crt, data != NULL ? data : &nothing, len);
}

int gm_pkcs7_signed_hash_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *hash, size_t len)
{
    return mbedtls_pkcs7_signed_hash_verify(p, crt, hash != NULL ? hash : &nothing, len);
}

#else

#pragma GCC diagnostic ignored "-Wunused-parameter"

mbedtls_pkcs7 *gm_pkcs7_new(void)
{
    return NULL;
}

void gm_pkcs7_delete(mbedtls_pkcs7 *p)
{
}

int gm_pkcs7_parse_der(mbedtls_pkcs7 *p, const unsigned char *buf, size_t len)
{
    return GM_NOT_BUILT;
}

int gm_pkcs7_signed_data_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *data, size_t len)
{
    return GM_NOT_BUILT;
}

int gm_pkcs7_signed_hash_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *hash, size_t len)
{
    return GM_NOT_BUILT;
}

#endif

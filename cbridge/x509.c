#include "bridge.h"

mbedtls_x509_crt *gm_crt_new(void)
{
    mbedtls_x509_crt *crt = mbedtls_calloc(1, sizeof(*crt));
    if (crt != NULL) {
        mbedtls_x509_crt_init(crt);
    }
    return crt;
}

void gm_crt_delete(mbedtls_x509_crt *crt)
{
    mbedtls_x509_crt_free(crt);
    mbedtls_free(crt);
}

int gm_crt_parse(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len)
{
    return mbedtls_x509_crt_parse(crt, buf, len);
}

const mbedtls_x509_crt *gm_crt_next(const mbedtls_x509_crt *crt)
{
    return crt->next;
}

mbedtls_x509_crl *gm_crl_new(void)
{
#if defined(MBEDTLS_X509_CRL_PARSE_C)
    mbedtls_x509_crl *crl = mbedtls_calloc(1, sizeof(*crl));
    if (crl != NULL) {
        mbedtls_x509_crl_init(crl);
    }
    return crl;
#else
    return NULL;
#endif
}

void gm_crl_delete(mbedtls_x509_crl *crl)
{
#if defined(MBEDTLS_X509_CRL_PARSE_C)
    mbedtls_x509_crl_free(crl);
#endif
    mbedtls_free(crl);
}

int gm_crl_parse(mbedtls_x509_crl *crl, const unsigned char *buf, size_t len)
{
#if defined(MBEDTLS_X509_CRL_PARSE_C)
    return mbedtls_x509_crl_parse(crl, buf, len);
#else
    (void) crl;
    (void) buf;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

const mbedtls_x509_crt_profile *gm_crt_profile(int which)
{
    switch (which) {
        case 1:
            return &mbedtls_x509_crt_profile_next;
        case 2:
            return &mbedtls_x509_crt_profile_suiteb;
        case 3:
            return &mbedtls_x509_crt_profile_none;
        default:
            return &mbedtls_x509_crt_profile_default;
    }
}

// These return the length of the text, MBEDTLS_ERR_X509_BUFFER_TOO_SMALL, or another error.
int gm_crt_info(const mbedtls_x509_crt *crt, const char *prefix, char *buf, size_t size)
{
#if !defined(MBEDTLS_X509_REMOVE_INFO)
    return mbedtls_x509_crt_info(buf, size, prefix, crt);
#else
    (void) crt;
    (void) prefix;
    (void) buf;
    (void) size;
    return GM_NOT_BUILT;
#endif
}

int gm_crt_verify_info(uint32_t flags, const char *prefix, char *buf, size_t size)
{
#if !defined(MBEDTLS_X509_REMOVE_INFO)
    return mbedtls_x509_crt_verify_info(buf, size, prefix, flags);
#else
    (void) flags;
    (void) prefix;
    (void) buf;
    (void) size;
    return GM_NOT_BUILT;
#endif
}

int gm_crt_subject(const mbedtls_x509_crt *crt, char *buf, size_t size)
{
    return mbedtls_x509_dn_gets(buf, size, &crt->subject);
}

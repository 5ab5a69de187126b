// x509parse.c parses revocation lists and requests, and certificates with extensions that the library does not know.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "x509.h"
#include "_cgo_export.h"

int gm_crt_parse_der(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len)
{
    return mbedtls_x509_crt_parse_der(crt, buf, len);
}

static int crt_extension(void *handle, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int critical,
                         const unsigned char *p, const unsigned char *end)
{
    (void) crt;
    return gombExtension(handle, oid->p, oid->len, critical, (unsigned char *) p, (size_t) (end - p));
}

int gm_crt_parse_der_with_ext_cb(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len, void *handle)
{
    return mbedtls_x509_crt_parse_der_with_ext_cb(crt, buf, len, 1, handle != NULL ? crt_extension : NULL, handle);
}

static int any_extension(void *handle, const mbedtls_x509_crt *crt, const mbedtls_x509_buf *oid, int critical,
                         const unsigned char *p, const unsigned char *end)
{
    (void) handle, (void) crt, (void) oid, (void) critical, (void) p, (void) end;
    return 0;
}

// gm_crt_parse_der_with_any_ext parses what was parsed before, and so has no extension that somebody did not accept.
int gm_crt_parse_der_with_any_ext(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len)
{
    return mbedtls_x509_crt_parse_der_with_ext_cb(crt, buf, len, 1, any_extension, NULL);
}

int gm_crt_has_ext_type(const mbedtls_x509_crt *crt, int type)
{
    return mbedtls_x509_crt_has_ext_type(crt, type);
}

#if defined(MBEDTLS_X509_CRL_PARSE_C)
#define IF_CRL(call) (call)
#else
#define IF_CRL(call) GM_NOT_BUILT
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

int gm_crl_parse_der(mbedtls_x509_crl *crl, const unsigned char *buf, size_t len)
{
    return IF_CRL(mbedtls_x509_crl_parse_der(crl, buf, len));
}

int gm_crt_is_revoked(const mbedtls_x509_crt *crt, const mbedtls_x509_crl *crl)
{
    return IF_CRL(mbedtls_x509_crt_is_revoked(crt, crl));
}

int gm_crl_info(const mbedtls_x509_crl *crl, const char *prefix, char *buf, size_t size)
{
#if !defined(MBEDTLS_X509_REMOVE_INFO)
    return IF_CRL(mbedtls_x509_crl_info(buf, size, prefix, crl));
#else
    (void) crl;
    (void) prefix;
    (void) buf;
    (void) size;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_X509_CSR_PARSE_C)

mbedtls_x509_csr *gm_csr_new(void)
{
    mbedtls_x509_csr *csr = mbedtls_calloc(1, sizeof(*csr));
    if (csr != NULL) {
        mbedtls_x509_csr_init(csr);
    }
    return csr;
}

void gm_csr_delete(mbedtls_x509_csr *csr)
{
    mbedtls_x509_csr_free(csr);
    mbedtls_free(csr);
}

int gm_csr_parse(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len)
{
    return mbedtls_x509_csr_parse(csr, buf, len);
}

int gm_csr_parse_der(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len)
{
    return mbedtls_x509_csr_parse_der(csr, buf, len);
}

static int csr_extension(void *handle, const mbedtls_x509_csr *csr, const mbedtls_x509_buf *oid, int critical,
                         const unsigned char *p, const unsigned char *end)
{
    (void) csr;
    return gombExtension(handle, oid->p, oid->len, critical, (unsigned char *) p, (size_t) (end - p));
}

int gm_csr_parse_der_with_ext_cb(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len, void *handle)
{
    return mbedtls_x509_csr_parse_der_with_ext_cb(csr, buf, len, handle != NULL ? csr_extension : NULL, handle);
}

int gm_csr_info(const mbedtls_x509_csr *csr, const char *prefix, char *buf, size_t size)
{
#if !defined(MBEDTLS_X509_REMOVE_INFO)
    return mbedtls_x509_csr_info(buf, size, prefix, csr);
#else
    (void) csr;
    (void) prefix;
    (void) buf;
    (void) size;
    return GM_NOT_BUILT;
#endif
}

// gm_csr_verify checks the signature of a request with its own key: the library has all parts of it, and no function.
int gm_csr_verify(mbedtls_x509_csr *csr)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(csr->sig_md);
    int ret = mbedtls_md(md, csr->cri.p, csr->cri.len, hash);

    if (ret != 0) {
        return ret;
    }
    return mbedtls_pk_verify_ext(csr->sig_pk, csr->sig_opts, &csr->pk, csr->sig_md, hash, mbedtls_md_get_size(md),
                                 csr->sig.p, csr->sig.len);
}

#else

#pragma GCC diagnostic ignored "-Wunused-parameter"

mbedtls_x509_csr *gm_csr_new(void)
{
    return NULL;
}

void gm_csr_delete(mbedtls_x509_csr *csr)
{
}

int gm_csr_parse(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len)
{
    return GM_NOT_BUILT;
}

int gm_csr_parse_der(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len)
{
    return GM_NOT_BUILT;
}

int gm_csr_parse_der_with_ext_cb(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len, void *handle)
{
    return GM_NOT_BUILT;
}

int gm_csr_info(const mbedtls_x509_csr *csr, const char *prefix, char *buf, size_t size)
{
    return GM_NOT_BUILT;
}

int gm_csr_verify(mbedtls_x509_csr *csr)
{
    return GM_NOT_BUILT;
}

#endif

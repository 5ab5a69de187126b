// x509verify.c verifies chains outside of connections.
#include "x509.h"
#include "_cgo_export.h"

static int verify(void *handle, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    return gombChainVerify(handle, crt, depth, flags);
}

int gm_crt_verify(mbedtls_x509_crt *crt, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl,
                  const mbedtls_x509_crt_profile *profile, const char *name, uint32_t *flags, void *handle, int on,
                  void *rs)
{
    // Of an empty list, the library would verify a certificate without bytes.
    if (crt->raw.p == NULL) {
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    }
    return mbedtls_x509_crt_verify_restartable(crt, ca, crl, profile, name, flags, on ? verify : NULL, handle, rs);
}

#if defined(MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK)
static int candidates(void *handle, const mbedtls_x509_crt *child, mbedtls_x509_crt **list)
{
    *list = NULL;
    return gombCandidates(handle, (mbedtls_x509_crt *) child, list);
}
#endif

int gm_crt_verify_with_ca_cb(mbedtls_x509_crt *crt, const mbedtls_x509_crt_profile *profile, const char *name,
                             uint32_t *flags, void *handle, int on)
{
#if defined(MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK)
    if (crt->raw.p == NULL) {
        return MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    }
    return mbedtls_x509_crt_verify_with_ca_cb(crt, candidates, handle, profile, name, flags, on ? verify : NULL, handle);
#else
    (void) crt;
    (void) profile;
    (void) name;
    (void) flags;
    (void) handle;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

// gm_crt_restart_new is NULL in a build that cannot interrupt, or without memory.
void *gm_crt_restart_new(void)
{
#if defined(MBEDTLS_ECDSA_C) && defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_x509_crt_restart_ctx *rs = mbedtls_calloc(1, sizeof(*rs));
    if (rs != NULL) {
        mbedtls_x509_crt_restart_init(rs);
    }
    return rs;
#else
    return NULL;
#endif
}

void gm_crt_restart_delete(void *rs)
{
#if defined(MBEDTLS_ECDSA_C) && defined(MBEDTLS_ECP_RESTARTABLE)
    mbedtls_x509_crt_restart_free(rs);
#endif
    mbedtls_free(rs);
}

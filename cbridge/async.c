#include "bridge.h"
#include "_cgo_export.h"

#if defined(MBEDTLS_SSL_ASYNC_PRIVATE)

// A gm_ssl begins with its mbedtls_ssl_context.
#define OF(ssl) ((gm_ssl *) (ssl))

static int raw_sign(mbedtls_ssl_context *ssl, mbedtls_x509_crt *cert, mbedtls_md_type_t md, const unsigned char *hash,
                    size_t len)
{
    return gombAsyncSign(OF(ssl)->handle, cert->raw.p, cert->raw.len, md, (unsigned char *) hash, len);
}

static int raw_decrypt(mbedtls_ssl_context *ssl, mbedtls_x509_crt *cert, const unsigned char *input, size_t len)
{
    return gombAsyncDecrypt(OF(ssl)->handle, cert->raw.p, cert->raw.len, (unsigned char *) input, len);
}

static int signer_sign(mbedtls_ssl_context *ssl, mbedtls_x509_crt *cert, mbedtls_md_type_t md,
                       const unsigned char *hash, size_t len)
{
    void *key = gm_ssl_own_signer(OF(ssl));
    (void) cert;
    if (key == NULL) {
        return MBEDTLS_ERR_SSL_HW_ACCEL_FALLTHROUGH;
    }
    return gombSignerSign(OF(ssl)->handle, key, md, 0, (unsigned char *) hash, len);
}

static int signer_decrypt(mbedtls_ssl_context *ssl, mbedtls_x509_crt *cert, const unsigned char *input, size_t len)
{
    void *key = gm_ssl_own_signer(OF(ssl));
    (void) cert;
    if (key == NULL) {
        return MBEDTLS_ERR_SSL_HW_ACCEL_FALLTHROUGH;
    }
    return gombSignerDecrypt(OF(ssl)->handle, key, (unsigned char *) input, len);
}

static int resume(mbedtls_ssl_context *ssl, unsigned char *output, size_t *olen, size_t size)
{
    return gombAsyncResume(OF(ssl)->handle, output, olen, size);
}

static void cancel(mbedtls_ssl_context *ssl)
{
    gombAsyncCancel(OF(ssl)->handle);
}

#endif

// gm_conf_signers serves keys made by gm_signer_new to servers of TLS 1.2, and leaves all others to the library.
void gm_conf_signers(gm_config *c)
{
#if defined(MBEDTLS_SSL_ASYNC_PRIVATE)
    mbedtls_ssl_conf_async_private_cb(&c->conf, signer_sign, signer_decrypt, resume, cancel, NULL);
#else
    (void) c;
#endif
}

// gm_conf_async_private serves keys by closures with the contract of C.
int gm_conf_async_private(gm_config *c, int has_sign, int has_decrypt)
{
#if defined(MBEDTLS_SSL_ASYNC_PRIVATE)
    mbedtls_ssl_conf_async_private_cb(&c->conf, has_sign ? raw_sign : NULL, has_decrypt ? raw_decrypt : NULL, resume,
                                      cancel, NULL);
    return 0;
#else
    (void) c;
    (void) has_sign;
    (void) has_decrypt;
    return GM_NOT_BUILT;
#endif
}

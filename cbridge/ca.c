#include "bridge.h"
#include "_cgo_export.h"

#if defined(MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK)
static int trusted_cas(void *ctx, const mbedtls_x509_crt *child, mbedtls_x509_crt **candidates)
{
    gm_config *c = ctx;
    *candidates = NULL;
    return gombTrustedCAs(c->handle, gm_current != NULL ? gm_current->handle : NULL, child->raw.p, child->raw.len,
                          candidates);
}
#endif

int gm_conf_ca_cb(gm_config *c)
{
#if defined(MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK)
    mbedtls_ssl_conf_ca_cb(&c->conf, trusted_cas, c);
    return 0;
#else
    (void) c;
    return GM_NOT_BUILT;
#endif
}

#include "bridge.h"
#include "_cgo_export.h"

static int verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    return gombVerify(((gm_ssl *) ctx)->handle, crt->raw.p, crt->raw.len, depth, flags);
}

void gm_ssl_set_verify(gm_ssl *s, int on)
{
    mbedtls_ssl_set_verify(&s->ssl, on ? verify : NULL, s);
}

// The library gives the callback of a config no connection.
static int conf_verify(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    return gombConfigVerify(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL, crt->raw.p,
                            crt->raw.len, depth, flags);
}

void gm_conf_verify(gm_config *c, int on)
{
    mbedtls_ssl_conf_verify(&c->conf, on ? conf_verify : NULL, c);
}

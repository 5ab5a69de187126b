// md.c holds the library's message digest contexts.
#include "bridge.h"

// gm_md_new makes a context and starts a hash with it: NULL if the build does not have the hash, or there is no memory.
mbedtls_md_context_t *gm_md_new(int type)
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type((mbedtls_md_type_t) type);
    mbedtls_md_context_t *m = info == NULL ? NULL : mbedtls_calloc(1, sizeof(*m));
    if (m == NULL) {
        return NULL;
    }
    mbedtls_md_init(m);
    if (mbedtls_md_setup(m, info, 0) != 0 || mbedtls_md_starts(m) != 0) {
        gm_md_delete(m);
        return NULL;
    }
    return m;
}

void gm_md_delete(mbedtls_md_context_t *m)
{
    mbedtls_md_free(m);
    mbedtls_free(m);
}

int gm_md(int type, const unsigned char *in, size_t len, unsigned char *out)
{
    return mbedtls_md(mbedtls_md_info_from_type((mbedtls_md_type_t) type), in, len, out);
}

// alpn.c changes the library's choice of an application protocol, which it has made by the order of the Config's. It has
// no callback for that, and what it chose is private.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"

#include <string.h>

// gm_ssl_choose_alpn chooses one of the Config's protocols; none for an empty name.
int gm_ssl_choose_alpn(gm_ssl *s, const char *name)
{
#if defined(MBEDTLS_SSL_ALPN)
    if (*name == '\0') {
        s->ssl.alpn_chosen = NULL;
        return 0;
    }
    for (const char **p = s->ssl.conf->alpn_list; p != NULL && *p != NULL; p++) {
        if (strcmp(*p, name) == 0) {
            s->ssl.alpn_chosen = *p;
            return 0;
        }
    }
    return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
#else
    (void) s;
    (void) name;
    return GM_NOT_BUILT;
#endif
}

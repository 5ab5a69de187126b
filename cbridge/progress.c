// progress.c tells where a handshake is. The state is private, and so is the function that names it.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

int gm_ssl_state(const gm_ssl *s)
{
    return s->ssl.state;
}

const char *gm_state_name(int state)
{
#if defined(MBEDTLS_DEBUG_C)
    const char *name = mbedtls_ssl_states_str((mbedtls_ssl_states) state);
    return strcmp(name, "UNKNOWN_VALUE") != 0 ? name : NULL;
#else
    (void) state;
    return NULL;
#endif
}

const char *gm_ssl_hostname(gm_ssl *s)
{
#if defined(MBEDTLS_X509_CRT_PARSE_C)
    return mbedtls_ssl_get_hostname(&s->ssl);
#else
    (void) s;
    return NULL;
#endif
}

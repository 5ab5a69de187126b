#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

// gm_conf_early_data lets a client send early data, and a server take max_size bytes of it.
int gm_conf_early_data(gm_config *c, uint32_t max_size)
{
#if defined(MBEDTLS_SSL_EARLY_DATA)
    mbedtls_ssl_conf_early_data(&c->conf, MBEDTLS_SSL_EARLY_DATA_ENABLED);
#if defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_conf_max_early_data_size(&c->conf, max_size);
#else
    (void) max_size;
#endif
    return 0;
#else
    (void) c;
    (void) max_size;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_write_early_data(gm_ssl *s, const unsigned char *buf, size_t len)
{
#if defined(MBEDTLS_SSL_EARLY_DATA) && defined(MBEDTLS_SSL_CLI_C)
    GM_IN(s, mbedtls_ssl_write_early_data(&s->ssl, buf, len));
#else
    (void) s;
    (void) buf;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

int gm_ssl_read_early_data(gm_ssl *s, unsigned char *buf, size_t len)
{
#if defined(MBEDTLS_SSL_EARLY_DATA) && defined(MBEDTLS_SSL_SRV_C)
    GM_IN(s, mbedtls_ssl_read_early_data(&s->ssl, buf, len));
#else
    (void) s;
    (void) buf;
    (void) len;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_early_data_status is the mbedtls_ssl_early_data_status of a client whose handshake is complete; 0 if the build
// or the end has none.
int gm_ssl_early_data_status(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_EARLY_DATA) && defined(MBEDTLS_SSL_CLI_C)
    return mbedtls_ssl_get_early_data_status(&s->ssl);
#else
    (void) s;
    return 0;
#endif
}

// gm_ssl_bound_early_data is for a server, before each step of a handshake. Early data that comes with a ticket which
// the server cannot open is to be skipped, up to the configured size (RFC 8446 section 4.2.10). The library bounds it
// by what the ticket allows, which is 0 then, and ends the connection. The 0 is back before this server writes tickets of
// its own, in which that stands.
void gm_ssl_bound_early_data(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_EARLY_DATA) && defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_session *session = s->ssl.session_negotiate;
    if (s->ssl.conf->endpoint != MBEDTLS_SSL_IS_SERVER || session == NULL) {
        return;
    }
    if (s->resumed) {
        s->early_bound = 0;  // the ticket's own bound holds
    } else if (s->ssl.state == MBEDTLS_SSL_HANDSHAKE_WRAPUP) {
        session->max_early_data_size = s->early_bound ? 0 : session->max_early_data_size;
    } else if (session->max_early_data_size == 0) {
        session->max_early_data_size = s->ssl.conf->max_early_data_size;
        s->early_bound = 1;
    }
#else
    (void) s;
#endif
}

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include <ssl_misc.h>

mbedtls_ssl_session *gm_session_new(void)
{
    mbedtls_ssl_session *s = mbedtls_calloc(1, sizeof(*s));
    if (s != NULL) {
        mbedtls_ssl_session_init(s);
    }
    return s;
}

// gm_session_delete wipes the secrets, too.
void gm_session_delete(mbedtls_ssl_session *s)
{
    if (s != NULL) {
        mbedtls_ssl_session_free(s);
    }
    mbedtls_free(s);
}

// gm_session_load adds what mbedtls_ssl_session_load does not check: a longer id makes a client read behind its array
// when it writes a hello, and a session of an end that does not exist has neither end's fields.
int gm_session_load(mbedtls_ssl_session *s, const unsigned char *buf, size_t len)
{
    int ret = mbedtls_ssl_session_load(s, buf, len);
    if (ret == 0 && (s->id_len > sizeof(s->id) ||
                     (s->endpoint != MBEDTLS_SSL_IS_CLIENT && s->endpoint != MBEDTLS_SSL_IS_SERVER))) {
        mbedtls_ssl_session_free(s);
        ret = MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return ret;
}

void gm_session_info_get(const mbedtls_ssl_session *s, gm_session_info *info)
{
    info->version = (int) s->tls_version;
    info->endpoint = s->endpoint;
    info->ciphersuite = mbedtls_ssl_session_get_ciphersuite_id(s);
    info->id = *mbedtls_ssl_session_get_id(s);
    info->id_len = mbedtls_ssl_session_get_id_len(s);
    info->verify_result = s->verify_result;
#if defined(MBEDTLS_HAVE_TIME)
    info->received = (int64_t) s->start * 1000;
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C)
    info->ticket_len = s->ticket_len;
    info->lifetime = s->ticket_lifetime;
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_HAVE_TIME)
    if (s->tls_version == MBEDTLS_SSL_VERSION_TLS1_3) {
        info->received = s->ticket_reception_time;
    }
#endif
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    info->ticket_flags = s->ticket_flags & MBEDTLS_SSL_TLS1_3_TICKET_FLAGS_MASK;
#endif
#if defined(MBEDTLS_SSL_EARLY_DATA)
    if (mbedtls_ssl_tls13_session_ticket_allow_early_data((mbedtls_ssl_session *) s)) {
        info->max_early_data = s->max_early_data_size;
    }
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C) && defined(MBEDTLS_SSL_KEEP_PEER_CERTIFICATE)
    info->peer_cert = s->peer_cert;
#endif
}

int gm_ssl_get_session(gm_ssl *s, mbedtls_ssl_session *dst)
{
#if defined(MBEDTLS_SSL_CLI_C)
    return mbedtls_ssl_get_session(&s->ssl, dst);
#else
    (void) s;
    (void) dst;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_set_session gives the connection a copy. Without early_data, the copy's ticket does not allow any: a client
// would else announce some in every hello.
int gm_ssl_set_session(gm_ssl *s, const mbedtls_ssl_session *src, int early_data)
{
#if defined(MBEDTLS_SSL_CLI_C)
    int ret = mbedtls_ssl_set_session(&s->ssl, src);
#if defined(MBEDTLS_SSL_EARLY_DATA)
    if (ret == 0 && !early_data) {
        s->ssl.session_negotiate->ticket_flags &= ~MBEDTLS_SSL_TLS1_3_TICKET_ALLOW_EARLY_DATA;
    }
#else
    (void) early_data;
#endif
    return ret;
#else
    (void) s;
    (void) src;
    (void) early_data;
    return GM_NOT_BUILT;
#endif
}

// gm_ssl_session is the session of a connection whose handshake is complete, or NULL.
const mbedtls_ssl_session *gm_ssl_session(const gm_ssl *s)
{
    return s->ssl.session;
}

// gm_conf_session_tickets sets whether a client takes tickets, of TLS 1.2 and of TLS 1.3.
int gm_conf_session_tickets(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C)
    mbedtls_ssl_conf_session_tickets(&c->conf, on);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&c->conf, on);
#endif
    return 0;
#else
    (void) c;
    return on ? GM_NOT_BUILT : 0;
#endif
}

int gm_conf_ticket_signals(gm_config *c, int on)
{
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_CLI_C) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&c->conf, on);
    return 0;
#else
    (void) c;
    (void) on;
    return GM_NOT_BUILT;
#endif
}

void gm_conf_version_range(const gm_config *c, int *min, int *max)
{
    *min = (int) c->conf.min_tls_version;
    *max = (int) c->conf.max_tls_version;
}

int gm_conf_offers(const gm_config *c, int suite)
{
    const int *list = c->conf.ciphersuite_list;
    while (*list != 0 && *list != suite) {
        list++;
    }
    return *list != 0;
}

const uint16_t *gm_conf_group_list(const gm_config *c)
{
    return c->conf.group_list;
}

const uint16_t *gm_conf_sig_alg_list(const gm_config *c)
{
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    return c->conf.sig_algs;
#else
    (void) c;
    return NULL;
#endif
}

// gm_session_created gives when a server made the ticket of a session, in milliseconds since 1970.
int gm_session_created(mbedtls_ssl_session *s, int64_t *ms)
{
#if defined(MBEDTLS_HAVE_TIME) && defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ms_time_t created;
    int ret = mbedtls_ssl_session_get_ticket_creation_time(s, &created);
    *ms = created;
    return ret;
#else
    (void) s;
    (void) ms;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_HAVE_TIME) && defined(MBEDTLS_SSL_SRV_C) && \
    defined(MBEDTLS_SSL_SESSION_TICKETS)

int gm_session_ticket_fields(const mbedtls_ssl_session *s, int64_t *created, uint32_t *age_add, uint8_t *flags)
{
    *created = s->ticket_creation_time;
    *age_add = s->ticket_age_add;
    *flags = s->ticket_flags;
    return 0;
}

int gm_session_set_ticket_fields(mbedtls_ssl_session *s, int64_t created, uint32_t age_add, uint8_t flags)
{
    s->ticket_creation_time = created;
    s->ticket_age_add = age_add;
    s->ticket_flags = flags;
    return 0;
}

#else

int gm_session_ticket_fields(const mbedtls_ssl_session *s, int64_t *created, uint32_t *age_add, uint8_t *flags)
{
    (void) s;
    (void) created;
    (void) age_add;
    (void) flags;
    return GM_NOT_BUILT;
}

int gm_session_set_ticket_fields(mbedtls_ssl_session *s, int64_t created, uint32_t age_add, uint8_t flags)
{
    (void) s;
    (void) created;
    (void) age_add;
    (void) flags;
    return GM_NOT_BUILT;
}

#endif

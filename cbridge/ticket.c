#define MBEDTLS_ALLOW_PRIVATE_ACCESS  // for the mutex of the ticket context
#include "bridge.h"
#include "_cgo_export.h"

#include <mbedtls/platform_util.h>
#include <ssl_misc.h>

// from_the_future makes a ticket new that was made up to the tolerance for ages later than now: the clocks of two processes
// are never quite equal, and a client may be faster than that. The library takes no such ticket, but then compares the age
// with the client's, within the same tolerance.
static inline void from_the_future(const gm_config *c, mbedtls_ssl_session *session)
{
#if defined(MBEDTLS_HAVE_TIME) && defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ms_time_t now = mbedtls_ms_time();

    if (!c->unguarded && session->tls_version == MBEDTLS_SSL_VERSION_TLS1_3 && session->ticket_creation_time > now &&
        session->ticket_creation_time - now <= MBEDTLS_SSL_TLS1_3_TICKET_AGE_TOLERANCE) {
        session->ticket_creation_time = now;
    }
#else
    (void) c;
    (void) session;
#endif
}

// judge turns down a session that the config would not have made.
static inline int judge(gm_config *c, mbedtls_ssl_session *session)
{
    if (gm_session_acceptable(c, session)) {
        from_the_future(c, session);
        if (gm_current != NULL) {
            gm_current->ticket_suite = session->ciphersuite;
        }
        return 0;
    }
    mbedtls_ssl_session_free(session);
    return MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
}

// gm_ssl_skip_tickets keeps a server of TLS 1.3 from sending tickets after the handshake.
void gm_ssl_skip_tickets(gm_ssl *s)
{
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C)
    if (s->ssl.handshake != NULL) {
        s->ssl.handshake->new_session_tickets_count = 0;
    }
#else
    (void) s;
#endif
}

#if defined(MBEDTLS_SSL_TICKET_C)

mbedtls_ssl_ticket_context *gm_ticket_new(void)
{
    mbedtls_ssl_ticket_context *t = mbedtls_calloc(1, sizeof(*t));
    if (t != NULL) {
        mbedtls_ssl_ticket_init(t);
    }
    return t;
}

void gm_ticket_delete(mbedtls_ssl_ticket_context *t)
{
    mbedtls_ssl_ticket_free(t);
    mbedtls_free(t);
}

int gm_ticket_setup(mbedtls_ssl_ticket_context *t, mbedtls_ctr_drbg_context *drbg, int cipher, uint32_t lifetime)
{
    return mbedtls_ssl_ticket_setup(t, mbedtls_ctr_drbg_random, drbg, (mbedtls_cipher_type_t) cipher, lifetime);
}

// gm_ticket_rotate takes the lock that the library's writing and parsing take: mbedtls_ssl_ticket_rotate does not.
int gm_ticket_rotate(mbedtls_ssl_ticket_context *t, const unsigned char *name, const unsigned char *key, size_t len,
                     uint32_t lifetime)
{
    int ret = mbedtls_mutex_lock(&t->mutex);
    if (ret != 0) {
        return ret;
    }
    ret = mbedtls_ssl_ticket_rotate(t, name, MBEDTLS_SSL_TICKET_KEY_NAME_BYTES, key, len, lifetime);
    if (mbedtls_mutex_unlock(&t->mutex) != 0) {
        return MBEDTLS_ERR_THREADING_MUTEX_ERROR;
    }
    return ret;
}

// Reached from a server's handshake, where it writes NewSessionTicket. Keys are shared among configs: they age by the
// clock of the process, not by that of the config whose connection happens to come by.
static int keys_write(void *ctx, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                      size_t *len, uint32_t *lifetime)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_ticket_write(((gm_config *) ctx)->tickets, session, start, end, len, lifetime);
    gm_current = inside;
    return ret;
}

// Reached from a server's handshake, where it parses ClientHello.
static int keys_parse(void *ctx, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_ticket_parse(((gm_config *) ctx)->tickets, session, buf, len);
    gm_current = inside;
    return ret != 0 ? ret : judge(ctx, session);
}

#else

mbedtls_ssl_ticket_context *gm_ticket_new(void)
{
    return NULL;
}

void gm_ticket_delete(mbedtls_ssl_ticket_context *t)
{
    (void) t;
}

int gm_ticket_setup(mbedtls_ssl_ticket_context *t, mbedtls_ctr_drbg_context *drbg, int cipher, uint32_t lifetime)
{
    (void) t;
    (void) drbg;
    (void) cipher;
    (void) lifetime;
    return GM_NOT_BUILT;
}

int gm_ticket_rotate(mbedtls_ssl_ticket_context *t, const unsigned char *name, const unsigned char *key, size_t len,
                     uint32_t lifetime)
{
    (void) t;
    (void) name;
    (void) key;
    (void) len;
    (void) lifetime;
    return GM_NOT_BUILT;
}

#endif

int gm_conf_tickets(gm_config *c, mbedtls_ssl_ticket_context *t)
{
#if defined(MBEDTLS_SSL_TICKET_C) && defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C)
    c->tickets = t;
    mbedtls_ssl_conf_session_tickets_cb(&c->conf, keys_write, keys_parse, c);
    return 0;
#else
    (void) c;
    (void) t;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C)

// Reached as keys_write is. It may block, and then pins its thread.
static int closure_write(void *ctx, const mbedtls_ssl_session *session, unsigned char *start, const unsigned char *end,
                         size_t *len, uint32_t *lifetime)
{
    size_t need = 0;
    unsigned char *state;
    int ret = mbedtls_ssl_session_save(session, NULL, 0, &need);

    *len = 0;
    if (ret != MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL) {
        return ret;
    }
    state = mbedtls_calloc(1, need);
    if (state == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    ret = mbedtls_ssl_session_save(session, state, need, &need);
    if (ret == 0) {
        ret = gombTicketWrite(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL, state, need,
                              start, (size_t) (end - start), len, lifetime);
    }
    mbedtls_platform_zeroize(state, need);
    mbedtls_free(state);
    if (ret != 0) {
        gm_ssl_fail(ret);
    }
    return ret;
}

// Reached as keys_parse is. It may block, and then pins its thread.
static int closure_parse(void *ctx, mbedtls_ssl_session *session, unsigned char *buf, size_t len)
{
    int refused = 0;
    int ret = gombTicketParse(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL, session, buf,
                              len, &refused);
    if (ret != 0) {
        gm_ssl_fail(ret);
        return ret;
    }
    return refused != 0 ? refused : judge(ctx, session);
}

#endif

int gm_conf_ticket_closures(gm_config *c)
{
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_conf_session_tickets_cb(&c->conf, closure_write, closure_parse, c);
    return 0;
#else
    (void) c;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_new_session_tickets(gm_config *c, unsigned count)
{
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_SSL_PROTO_TLS1_3)
    mbedtls_ssl_conf_new_session_tickets(&c->conf, (uint16_t) count);
    return 0;
#else
    (void) c;
    return count > 0 ? GM_NOT_BUILT : 0;
#endif
}

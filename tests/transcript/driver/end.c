// end.c configures one end of a connection as package mbedtls does it.
#include "driver.h"

#include <stdlib.h>
#include <string.h>

static void must(int ret, const char *what)
{
    if (ret != 0) {
        die(what, ret);
    }
}

static int send_unit(void *ctx, const unsigned char *p, size_t len)
{
    lane_send(((end *) ctx)->out, p, len);
    return (int) len;
}

static int recv_unit(void *ctx, unsigned char *p, size_t len)
{
    end *e = ctx;
    int n = lane_recv(e->in, p, len, e->script->datagram);
    return n > 0 ? n : e->in->eof && !e->script->datagram ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
}

static void set_timer(void *ctx, uint32_t intermediate, uint32_t final)
{
    end *e = ctx;
    e->intermediate = w.now + intermediate;
    e->final = final == 0 ? 0 : w.now + final;
}

static int get_timer(void *ctx)
{
    const end *e = ctx;
    if (e->final == 0) {
        return -1;
    }
    return w.now >= e->final ? 2 : w.now >= e->intermediate;
}

int end_expired(const end *e)
{
    return e->final != 0 && w.now >= e->final;
}

#if defined(MBEDTLS_X509_CRT_PARSE_C)
static const mbedtls_x509_crt_profile *profile(const char *name)
{
    return strcmp(name, "next") == 0 ? &mbedtls_x509_crt_profile_next
         : strcmp(name, "suiteb") == 0 ? &mbedtls_x509_crt_profile_suiteb
         : &mbedtls_x509_crt_profile_default;
}

// certificates come with the checks that the binding makes when it sees them first: they use up random numbers.
static void certificates(end *e)
{
    const setup *s = e->setup;
    for (int i = 0; i < s->ncerts; i++) {
        must(mbedtls_x509_crt_parse_file(&e->certs[i], s->cert[i]), s->cert[i]);
        must(mbedtls_pk_parse_keyfile(&e->keys[i], s->key[i], NULL, prng_fill, &(prng) { 1, 0, 0 }), s->key[i]);
        if (s->fresh) {
            must(mbedtls_pk_check_pair(&e->certs[i].pk, &e->keys[i], mbedtls_ctr_drbg_random, &w.process),
                 "mbedtls_pk_check_pair");
        }
        must(mbedtls_ssl_conf_own_cert(&e->conf, &e->certs[i], &e->keys[i]), "mbedtls_ssl_conf_own_cert");
    }
    if (s->ca[0] != 0) {
        must(mbedtls_x509_crt_parse_file(&e->ca, s->ca), s->ca);
    }
    if (s->crl[0] != 0) {
        must(mbedtls_x509_crl_parse_file(&e->crl, s->crl), s->crl);
    }
    mbedtls_ssl_conf_ca_chain(&e->conf, s->ca[0] != 0 ? &e->ca : NULL, s->crl[0] != 0 ? &e->crl : NULL);
    if (s->profile[0] != 0) {
        mbedtls_ssl_conf_cert_profile(&e->conf, profile(s->profile));
    }
}
#endif

#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION) && defined(MBEDTLS_SSL_SRV_C)
static int check_name(void *ctx, mbedtls_ssl_context *ssl, const unsigned char *name, size_t len)
{
    const char *known = ((const end *) ctx)->setup->only_name;
    (void) ssl;
    return len == strlen(known) && memcmp(name, known, len) == 0 ? 0 : -1;
}
#endif

static void resumption(end *e)
{
    const setup *s = e->setup;
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    if (e->which == CLIENT) {
        mbedtls_ssl_conf_session_tickets(&e->conf, s->take_tickets);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&e->conf, s->take_tickets);
#endif
    }
#if defined(MBEDTLS_SSL_TICKET_C)
    if (s->tickets > 0) {
        mbedtls_ssl_conf_session_tickets_cb(&e->conf, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                            &w.tickets[s->tickets - 1]);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
        mbedtls_ssl_conf_new_session_tickets(&e->conf, (uint16_t) s->new_tickets);
#endif
    }
#endif
#endif
#if defined(MBEDTLS_SSL_CACHE_C)
    if (s->cache) {
        mbedtls_ssl_conf_session_cache(&e->conf, &w.cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    }
#endif
#if defined(MBEDTLS_SSL_EARLY_DATA)
    if (e->which == CLIENT || s->early > 0) {
        mbedtls_ssl_conf_early_data(&e->conf, MBEDTLS_SSL_EARLY_DATA_ENABLED);
        if (e->which == SERVER) {
            mbedtls_ssl_conf_max_early_data_size(&e->conf, (uint32_t) s->early);
        }
    }
#endif
    (void) s;
}

static void datagrams(end *e)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    const setup *s = e->setup;
    mbedtls_ssl_conf_handshake_timeout(&e->conf, s->timeout_min, s->timeout_max);
#if defined(MBEDTLS_SSL_DTLS_ANTI_REPLAY)
    if (s->no_replay) {
        mbedtls_ssl_conf_dtls_anti_replay(&e->conf, MBEDTLS_SSL_ANTI_REPLAY_DISABLED);
    }
#endif
    if (s->badmac > 0) {
        mbedtls_ssl_conf_dtls_badmac_limit(&e->conf, (unsigned) s->badmac);
    }
#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY) && defined(MBEDTLS_SSL_COOKIE_C)
    if (e->which == SERVER) {
        if (s->no_cookies) {
            mbedtls_ssl_conf_dtls_cookies(&e->conf, NULL, NULL, NULL);
        } else {
            mbedtls_ssl_conf_dtls_cookies(&e->conf, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &w.cookies);
        }
    }
#endif
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
    if (s->cid_len >= 0) {
        must(mbedtls_ssl_conf_cid(&e->conf, (size_t) s->cid_len,
                                  s->fail_cid ? MBEDTLS_SSL_UNEXPECTED_CID_FAIL : MBEDTLS_SSL_UNEXPECTED_CID_IGNORE),
             "mbedtls_ssl_conf_cid");
    }
#endif
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    if (s->nsrtp > 0) {
        must(mbedtls_ssl_conf_dtls_srtp_protection_profiles(&e->conf, s->srtp), "srtp profiles");
    }
    if (s->accept_mki) {
        mbedtls_ssl_conf_srtp_mki_value_supported(&e->conf, MBEDTLS_SSL_DTLS_SRTP_MKI_SUPPORTED);
    }
#endif
#else
    (void) e;
#endif
}

static void configure(end *e)
{
    const setup *s = e->setup;
    mbedtls_ssl_config *conf = &e->conf;
    int which = e->which == CLIENT ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER;
    int transport = e->script->datagram ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM;
    must(mbedtls_ssl_config_defaults(conf, which, transport, MBEDTLS_SSL_PRESET_DEFAULT), "config_defaults");
    mbedtls_ssl_conf_rng(conf, prng_fill, &w.rng[e->which]);
    mbedtls_ssl_conf_min_tls_version(conf, (mbedtls_ssl_protocol_version) s->min);
    mbedtls_ssl_conf_max_tls_version(conf, (mbedtls_ssl_protocol_version) s->max);
    mbedtls_ssl_conf_authmode(conf, s->auth);
    if (s->nsuites > 0) {
        mbedtls_ssl_conf_ciphersuites(conf, s->suites);
    }
    if (s->ngroups > 0) {
        mbedtls_ssl_conf_groups(conf, s->groups);
    }
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED)
    if (s->nsig_algs > 0) {
        mbedtls_ssl_conf_sig_algs(conf, s->sig_algs);
    }
#endif
#if defined(MBEDTLS_SSL_ALPN)
    if (s->nalpn > 0) {
        for (int i = 0; i < s->nalpn; i++) {
            e->alpn[i] = s->alpn[i];
        }
        must(mbedtls_ssl_conf_alpn_protocols(conf, e->alpn), "mbedtls_ssl_conf_alpn_protocols");
    }
#endif
#if defined(MBEDTLS_X509_CRT_PARSE_C)
    certificates(e);
#endif
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED)
    if (s->psk.len > 0) {
        must(mbedtls_ssl_conf_psk(conf, s->psk.p, s->psk.len, s->psk_id.p, s->psk_id.len), "mbedtls_ssl_conf_psk");
    }
#endif
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (s->kex != 0) {
        mbedtls_ssl_conf_tls13_key_exchange_modes(conf, s->kex);
    }
#endif
#if defined(MBEDTLS_SSL_RENEGOTIATION)
    if (s->renegotiate) {
        unsigned char period[8];
        for (int i = 0; i < 8; i++) {
            period[i] = (unsigned char) (s->period >> (56 - 8 * i));
        }
        mbedtls_ssl_conf_renegotiation(conf, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
        mbedtls_ssl_conf_renegotiation_enforced(conf, s->grace);
        mbedtls_ssl_conf_renegotiation_period(conf, period);
    }
#endif
    mbedtls_ssl_conf_legacy_renegotiation(conf, s->legacy);
#if defined(MBEDTLS_SSL_MAX_FRAGMENT_LENGTH)
    if (s->mfl != 0) {
        must(mbedtls_ssl_conf_max_frag_len(conf, (unsigned char) s->mfl), "mbedtls_ssl_conf_max_frag_len");
    }
#endif
#if defined(MBEDTLS_SSL_EXTENDED_MASTER_SECRET)
    if (s->no_ems) {
        mbedtls_ssl_conf_extended_master_secret(conf, MBEDTLS_SSL_EXTENDED_MS_DISABLED);
    }
#endif
#if defined(MBEDTLS_SSL_ENCRYPT_THEN_MAC)
    if (s->no_etm) {
        mbedtls_ssl_conf_encrypt_then_mac(conf, MBEDTLS_SSL_ETM_DISABLED);
    }
#endif
#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_FS_IO)
    if (s->min_dh > 0) {
        mbedtls_ssl_conf_dhm_min_bitlen(conf, (unsigned) s->min_dh);
    }
    if (s->dh[0] != 0) {
        mbedtls_dhm_context dhm;
        mbedtls_dhm_init(&dhm);
        must(mbedtls_dhm_parse_dhmfile(&dhm, s->dh), s->dh);
        must(mbedtls_ssl_conf_dh_param_ctx(conf, &dhm), "mbedtls_ssl_conf_dh_param_ctx");
        mbedtls_dhm_free(&dhm);
    }
#endif
#if defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_SSL_PROTO_TLS1_2)
    if (s->client_order) {
        mbedtls_ssl_conf_preference_order(conf, MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_CLIENT);
    }
#endif
#if defined(MBEDTLS_SSL_SRV_C) && defined(MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED)
    if (s->no_ca_list) {
        mbedtls_ssl_conf_cert_req_ca_list(conf, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    }
#endif
#if defined(MBEDTLS_SSL_SERVER_NAME_INDICATION) && defined(MBEDTLS_SSL_SRV_C)
    if (s->only_name[0] != 0) {
        mbedtls_ssl_conf_sni(conf, check_name, e);
    }
#endif
    resumption(e);
    if (e->script->datagram) {
        datagrams(e);
    }
}

// prepare gives the context what mbedtls_ssl_session_reset takes away.
static void prepare(end *e)
{
    (void) e;
#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY)
    if (e->script->datagram && e->which == SERVER && !e->setup->no_cookies) {
        must(mbedtls_ssl_set_client_transport_id(&e->ssl, (const unsigned char *) "client", 6), "transport id");
    }
#endif
#if defined(MBEDTLS_SSL_DTLS_SRTP)
    if (e->which == CLIENT && e->setup->mki.len > 0) {
        const bytes *mki = &e->setup->mki;
        must(mbedtls_ssl_dtls_srtp_set_mki_value(&e->ssl, (unsigned char *) mki->p, (uint16_t) mki->len), "mki");
    }
#endif
#if defined(MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED)
    if (e->setup->ecjpake.len > 0) {
        must(mbedtls_ssl_set_hs_ecjpake_password(&e->ssl, e->setup->ecjpake.p, e->setup->ecjpake.len), "password");
    }
#endif
}

static int wants_early(const end *e)
{
    for (int i = 0; i < e->script->nops[CLIENT]; i++) {
        if (strcmp(e->script->ops[CLIENT][i].name, "early") == 0) {
            return 1;
        }
    }
    return 0;
}

int end_init(end *e, const script *s, int which, lane *in, lane *out)
{
    memset(e, 0, sizeof(*e));
    e->which = which;
    e->script = s;
    e->setup = &s->ends[which];
    e->in = in;
    e->out = out;
    mbedtls_ssl_config_init(&e->conf);
    mbedtls_ssl_init(&e->ssl);
    mbedtls_x509_crt_init(&e->ca);
    mbedtls_x509_crl_init(&e->crl);
    for (size_t i = 0; i < COUNT(e->certs); i++) {
        mbedtls_x509_crt_init(&e->certs[i]);
        mbedtls_pk_init(&e->keys[i]);
    }
    configure(e);
    return 0;
}

// begin makes the context, when the end runs for the first time.
static void begin(end *e)
{
    const setup *s = e->setup;
    e->started = 1;
    must(mbedtls_ssl_setup(&e->ssl, &e->conf), "mbedtls_ssl_setup");
    mbedtls_ssl_set_bio(&e->ssl, e, send_unit, recv_unit, NULL);
    if (e->script->datagram) {
        mbedtls_ssl_set_timer_cb(&e->ssl, e, set_timer, get_timer);
    }
#if defined(MBEDTLS_X509_CRT_PARSE_C)
    if (e->which == CLIENT && (s->name[0] != 0 || s->no_name)) {
        must(mbedtls_ssl_set_hostname(&e->ssl, s->no_name ? NULL : s->name), "mbedtls_ssl_set_hostname");
    }
#endif
    if (e->which == CLIENT && e->script->resume && w.has_kept) {
        must(mbedtls_ssl_set_session(&e->ssl, &w.kept), "mbedtls_ssl_set_session");
#if defined(MBEDTLS_SSL_EARLY_DATA)
        if (!wants_early(e)) {
            e->ssl.session_negotiate->ticket_flags &= (uint8_t) ~MBEDTLS_SSL_TLS1_3_TICKET_ALLOW_EARLY_DATA;
        }
#endif
    }
    (void) wants_early;
    (void) s;
#if defined(MBEDTLS_SSL_PROTO_DTLS)
    if (e->script->datagram) {
        if (s->no_packing) {
            mbedtls_ssl_set_datagram_packing(&e->ssl, 0);
        }
#if defined(MBEDTLS_SSL_DTLS_CONNECTION_ID)
        if (s->cid_len >= 0) {
            must(mbedtls_ssl_set_cid(&e->ssl, MBEDTLS_SSL_CID_ENABLED, s->cid.p, s->cid.len), "mbedtls_ssl_set_cid");
        }
#endif
        if (s->mtu != 0) {
            mbedtls_ssl_set_mtu(&e->ssl, (uint16_t) s->mtu);
        }
    }
#endif
    prepare(e);
}

// end_run goes on until the end waits for the other one, or has nothing left to do.
void end_run(end *e)
{
    const op *ops = e->script->ops[e->which];
    if (!e->started) {
        begin(e);
    }
    while (!e->done) {
        const op *o = &ops[e->op];
        int ret;
        if (e->op == e->script->nops[e->which]) {
            break;
        }
        ret = op_run(e, o);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ) {
            if (e->in->head == NULL && !end_expired(e) && (e->script->datagram || !e->in->eof)) {
                return;
            }
            continue;
        }
        if (ret == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            must(mbedtls_ssl_session_reset(&e->ssl), "mbedtls_ssl_session_reset");
            prepare(e);
            continue;
        }
        if (ret != 0) {
            if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
                say("%s %s eof", e->which == CLIENT ? "client" : "server", o->name);
            } else if (ret == MBEDTLS_ERR_SSL_CONN_EOF) {
                say("%s %s cut", e->which == CLIENT ? "client" : "server", o->name);
            } else {
                say("%s %s -%04x", e->which == CLIENT ? "client" : "server", o->name, (unsigned) -ret);
            }
            break;
        }
        e->op++;
        e->progress = 0;
        e->hash = 0;
    }
    e->done = 1;
    e->out->muted = 1;
    e->out->eof = 1;
}

void end_free(end *e)
{
    mbedtls_ssl_free(&e->ssl);
    mbedtls_ssl_config_free(&e->conf);
    mbedtls_x509_crt_free(&e->ca);
    mbedtls_x509_crl_free(&e->crl);
    for (size_t i = 0; i < COUNT(e->certs); i++) {
        mbedtls_x509_crt_free(&e->certs[i]);
        mbedtls_pk_free(&e->keys[i]);
    }
    free(e->early);
}

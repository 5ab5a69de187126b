// setup.c configures both ends.
#include "driver.h"

#if defined(BENCH_BUILT)
#include <psa/crypto.h>
#include <stdio.h>
#include <string.h>

mbedtls_ssl_config confs[2];

static mbedtls_entropy_context entropy;
static mbedtls_ctr_drbg_context drbg;
static mbedtls_x509_crt root, leaf;
static mbedtls_pk_context key;
static mbedtls_ssl_session kept;
static int has_kept;
static int suites[2];
static uint16_t groups[3];
#if defined(MBEDTLS_SSL_TICKET_C)
static mbedtls_ssl_ticket_context tickets;
#endif
#if defined(MBEDTLS_SSL_PROTO_DTLS) && defined(MBEDTLS_SSL_COOKIE_C)
static mbedtls_ssl_cookie_ctx cookies;
#endif

static void read_chain(void)
{
    char path[300];
    snprintf(path, sizeof(path), "%s-root.crt", work.chain);
    must(mbedtls_x509_crt_parse_file(&root, path), path);
    snprintf(path, sizeof(path), "%s.crt", work.chain);
    must(mbedtls_x509_crt_parse_file(&leaf, path), path);
    snprintf(path, sizeof(path), "%s.key", work.chain);
    must(mbedtls_pk_parse_keyfile(&key, path, NULL, mbedtls_ctr_drbg_random, &drbg), path);
}

static void set_group(void)
{
    int n = 0;
    if (strcmp(work.group, "x25519") == 0) {
        groups[n++] = MBEDTLS_SSL_IANA_TLS_GROUP_X25519;
    }
    groups[n] = MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1;  // also of certificates, in TLS 1.2
}

static int verified;

int certificates_seen(void)
{
    return verified;
}

static int count_certificate(void *unused, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    (void) unused, (void) crt, (void) depth, (void) flags;
    verified++;
    return 0;
}

static void set_resumption(void)
{
    if (work.resumed) {
        mbedtls_ssl_conf_verify(&confs[CLIENT], count_certificate, NULL);
    }
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_session_tickets(&confs[CLIENT], work.resumed ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
                                                                  : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#if defined(MBEDTLS_SSL_PROTO_TLS1_3)
    if (work.resumed) {
        mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
            &confs[CLIENT], MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    }
#endif
#if defined(MBEDTLS_SSL_TICKET_C)
    if (work.resumed) {
        mbedtls_ssl_ticket_init(&tickets);
        must(mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &drbg, MBEDTLS_CIPHER_AES_256_GCM, 86400),
             "mbedtls_ssl_ticket_setup");
        mbedtls_ssl_conf_session_tickets_cb(&confs[SERVER], mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                            &tickets);
    }
#endif
#endif
}

static void set_datagrams(void)
{
#if defined(MBEDTLS_SSL_PROTO_DTLS) && defined(MBEDTLS_SSL_COOKIE_C)
    mbedtls_ssl_cookie_init(&cookies);
    must(mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &drbg), "mbedtls_ssl_cookie_setup");
    mbedtls_ssl_conf_dtls_cookies(&confs[SERVER], mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
#else
    die("no DTLS in this build", 0);
#endif
}

static void set_psk(mbedtls_ssl_config *conf)
{
#if defined(MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED)
    static const unsigned char psk[] = "sixteen byte key", identity[] = "bench";
    must(mbedtls_ssl_conf_psk(conf, psk, sizeof(psk) - 1, identity, sizeof(identity) - 1), "mbedtls_ssl_conf_psk");
#else
    (void) conf;
    die("no pre-shared keys in this build", 0);
#endif
}

void set_up(int datagram)
{
    must((int) psa_crypto_init(), "psa_crypto_init");
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0), "mbedtls_ctr_drbg_seed");
    mbedtls_x509_crt_init(&root);
    mbedtls_x509_crt_init(&leaf);
    mbedtls_pk_init(&key);
    mbedtls_ssl_session_init(&kept);
    if (!work.psk) {
        read_chain();
    }
    set_group();
    suites[0] = work.suite;
    for (int end = CLIENT; end <= SERVER; end++) {
        mbedtls_ssl_config *conf = &confs[end];
        mbedtls_ssl_protocol_version v = work.version == 13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;
        mbedtls_ssl_config_init(conf);
        must(mbedtls_ssl_config_defaults(conf, end == CLIENT ? MBEDTLS_SSL_IS_CLIENT : MBEDTLS_SSL_IS_SERVER,
                                         datagram ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
                                         MBEDTLS_SSL_PRESET_DEFAULT),
             "mbedtls_ssl_config_defaults");
        mbedtls_ssl_conf_rng(conf, mbedtls_ctr_drbg_random, &drbg);
        mbedtls_ssl_conf_min_tls_version(conf, v);
        mbedtls_ssl_conf_max_tls_version(conf, v);
        mbedtls_ssl_conf_ciphersuites(conf, suites);
        mbedtls_ssl_conf_groups(conf, groups);
        if (work.psk) {
            set_psk(conf);
            continue;
        }
        mbedtls_ssl_conf_ca_chain(conf, &root, NULL);
        mbedtls_ssl_conf_authmode(conf, end == CLIENT || work.mutual ? MBEDTLS_SSL_VERIFY_REQUIRED
                                                                     : MBEDTLS_SSL_VERIFY_NONE);
        if (end == SERVER || work.mutual) {
            must(mbedtls_ssl_conf_own_cert(conf, &leaf, &key), "mbedtls_ssl_conf_own_cert");
        }
    }
    set_resumption();
    if (datagram) {
        set_datagrams();
    }
}

void start(mbedtls_ssl_context *ssl, int end)
{
    mbedtls_ssl_init(ssl);
    must(mbedtls_ssl_setup(ssl, &confs[end]), "mbedtls_ssl_setup");
    if (end == CLIENT) {
        must(mbedtls_ssl_set_hostname(ssl, "localhost"), "mbedtls_ssl_set_hostname");
        if (has_kept) {
            must(mbedtls_ssl_set_session(ssl, &kept), "mbedtls_ssl_set_session");
        }
    }
}

void keep_session(mbedtls_ssl_context *ssl)
{
    must(mbedtls_ssl_get_session(ssl, &kept), "mbedtls_ssl_get_session");
    has_kept = 1;
}

// check makes sure that the work is what was asked for.
void check(const mbedtls_ssl_context *ssl)
{
    mbedtls_ssl_protocol_version v = mbedtls_ssl_get_version_number(ssl);
    int suite = mbedtls_ssl_get_ciphersuite_id_from_ssl(ssl);
    if (v != (work.version == 13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2)) {
        die("another version", (int) v);
    }
    if (suite != work.suite) {
        die("another suite", suite);
    }
}

void say_ready(mbedtls_ssl_context *ssl, const char *more)
{
    if (ssl != NULL) {
        check(ssl);
    }
    printf("ready%s\n", more);
    fflush(stdout);
}
#else
typedef int nothing;
#endif

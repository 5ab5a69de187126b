// net.c: connections over loopback.
#include "driver.h"

#if defined(BENCH_BUILT)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

mbedtls_net_context listener;
char port[8];

static int proto = MBEDTLS_NET_PROTO_TCP;

void listen_on(int datagram)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);
    proto = datagram ? MBEDTLS_NET_PROTO_UDP : MBEDTLS_NET_PROTO_TCP;
    mbedtls_net_init(&listener);
    must(mbedtls_net_bind(&listener, "127.0.0.1", "0", proto), "mbedtls_net_bind");
    must(getsockname(listener.fd, (struct sockaddr *) &addr, &len), "getsockname");
    snprintf(port, sizeof(port), "%u", ntohs(addr.sin_port));
    if (!datagram) {
        must(listen(listener.fd, 4096), "listen");
    }
}

// As Go's sockets are: without it, flights of several records would wait for acknowledgements.
static void no_delay(int fd)
{
    int one = 1;
    if (proto == MBEDTLS_NET_PROTO_TCP) {
        must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
    }
}

static void attach(conn *c)
{
    if (proto == MBEDTLS_NET_PROTO_UDP) {
        mbedtls_ssl_set_bio(&c->ssl, &c->net, mbedtls_net_send, NULL, mbedtls_net_recv_timeout);
        mbedtls_ssl_set_timer_cb(&c->ssl, &c->timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
    } else {
        mbedtls_ssl_set_bio(&c->ssl, &c->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    }
}

void dial(conn *c)
{
    mbedtls_net_init(&c->net);
    must(mbedtls_net_connect(&c->net, "127.0.0.1", port, proto), "mbedtls_net_connect");
    no_delay(c->net.fd);
    start(&c->ssl, CLIENT);
    attach(c);
}

// shake goes on after a timeout of DTLS, which has sent its flight again.
void shake(conn *c)
{
    int ret;
    do {
        ret = mbedtls_ssl_handshake(&c->ssl);
    } while (ret == MBEDTLS_ERR_SSL_WANT_READ);
    must(ret, "mbedtls_ssl_handshake");
}

#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY)
// accept_datagrams waits for a client, and does its handshake on the same socket before and after its cookie.
static void accept_datagrams(conn *c)
{
    unsigned char ip[16];
    size_t len = 0;
    int ret;
    mbedtls_net_init(&c->net);
    must(mbedtls_net_accept(&listener, &c->net, ip, sizeof(ip), &len), "mbedtls_net_accept");
    do {
        must(mbedtls_ssl_session_reset(&c->ssl), "mbedtls_ssl_session_reset");
        must(mbedtls_ssl_set_client_transport_id(&c->ssl, ip, len), "mbedtls_ssl_set_client_transport_id");
        ret = mbedtls_ssl_handshake(&c->ssl);
    } while (ret == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED);
    if (ret == MBEDTLS_ERR_SSL_WANT_READ) {
        shake(c);
    } else {
        must(ret, "handshake of the server");
    }
}
#endif

// accept_conn takes the next client; over datagrams, with its handshake.
void accept_conn(conn *c)
{
    start(&c->ssl, SERVER);
    attach(c);
#if defined(MBEDTLS_SSL_DTLS_HELLO_VERIFY)
    if (proto == MBEDTLS_NET_PROTO_UDP) {
        accept_datagrams(c);
        return;
    }
#endif
    mbedtls_net_init(&c->net);
    must(mbedtls_net_accept(&listener, &c->net, NULL, 0, NULL), "mbedtls_net_accept");
    no_delay(c->net.fd);
}

void hang_up(conn *c)
{
    (void) mbedtls_ssl_close_notify(&c->ssl);
    mbedtls_net_free(&c->net);
    mbedtls_ssl_free(&c->ssl);
}

void write_all(conn *c, const unsigned char *p, size_t len)
{
    while (len > 0) {
        int n = mbedtls_ssl_write(&c->ssl, p, len);
        if (n <= 0) {
            die("mbedtls_ssl_write", n);
        }
        p += n;
        len -= (size_t) n;
    }
}

int read_some(conn *c, unsigned char *p, size_t len)
{
    for (;;) {
        int n = mbedtls_ssl_read(&c->ssl, p, len);
        if (n > 0) {
            return n;
        }
        if (n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            return 0;
        }
        // Tickets of TLS 1.3; a timer of DTLS.
        if (n != MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET && n != MBEDTLS_ERR_SSL_WANT_READ) {
            die("mbedtls_ssl_read", n);
        }
    }
}

// syscalls counts reads and writes of this process.
double syscalls(void)
{
    char line[64];
    double total = 0;
    FILE *f = fopen("/proc/self/io", "r");
    if (f == NULL) {
        return 0;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        unsigned long long n;
        if (sscanf(line, "syscr: %llu", &n) == 1 || sscanf(line, "syscw: %llu", &n) == 1) {
            total += (double) n;
        }
    }
    fclose(f);
    return total;
}
#else
typedef int nothing;
#endif

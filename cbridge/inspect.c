// inspect.c shows Go the messages of a handshake, as the library has read them, and before it writes them. The library has
// no hook for that: the linker puts these functions before its own (--wrap, see inspect.go).
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include "_cgo_export.h"
#include <ssl_misc.h>

int __real_mbedtls_ssl_read_record(mbedtls_ssl_context *ssl, unsigned update_hs_digest);
int __real_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush);
int __real_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t buf_len, size_t msg_len);
int __wrap_mbedtls_ssl_read_record(mbedtls_ssl_context *ssl, unsigned update_hs_digest);
int __wrap_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush);
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t buf_len, size_t msg_len);

// inspecting is the connection of ssl, if somebody wants to see its messages.
static gm_ssl *inspecting(const mbedtls_ssl_context *ssl)
{
    gm_ssl *s = gm_current;
    return s != NULL && &s->ssl == ssl && s->inspects ? s : NULL;
}

void gm_ssl_inspect(gm_ssl *s, int on)
{
    s->inspects = (char) on;
}

// Reached from every step that reads a message. One that the library holds back, to look at it again, was shown before,
// unless the first look was a Read's.
int __wrap_mbedtls_ssl_read_record(mbedtls_ssl_context *ssl, unsigned update_hs_digest)
{
    int kept = ssl->keep_current_message, ret = __real_mbedtls_ssl_read_record(ssl, update_hs_digest);
    size_t header = mbedtls_ssl_hs_hdr_len(ssl);
    gm_ssl *s = inspecting(ssl);
    if (ret != 0 || s == NULL || ssl->in_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE || ssl->in_hslen < header ||
        (kept && s->shown)) {
        return ret;
    }
    s->shown = 1;
    return gombInspect(s->handle, 0, ssl->in_msg[0], ssl->in_msg + header, ssl->in_hslen - header);
}

// show_out shows the message that is about to be sent, of len bytes with its header of 4 bytes: with DTLS, the rest of
// that comes later.
static int show_out(mbedtls_ssl_context *ssl, size_t len)
{
    gm_ssl *s = inspecting(ssl);
    if (s == NULL || ssl->out_msgtype != MBEDTLS_SSL_MSG_HANDSHAKE || len < 4 ||
        ssl->out_msg[0] == MBEDTLS_SSL_HS_HELLO_REQUEST) {  // the other end does not see it
        return 0;
    }
    return gombInspect(s->handle, 1, ssl->out_msg[0], ssl->out_msg + 4, len - 4);
}

// Reached from every step of TLS 1.2 that writes a message.
int __wrap_mbedtls_ssl_write_handshake_msg_ext(mbedtls_ssl_context *ssl, int update_checksum, int force_flush)
{
    int ret = show_out(ssl, ssl->out_msglen);
    return ret != 0 ? ret : __real_mbedtls_ssl_write_handshake_msg_ext(ssl, update_checksum, force_flush);
}

// Reached from the ClientHello, and from every step of TLS 1.3 that writes a message.
int __wrap_mbedtls_ssl_finish_handshake_msg(mbedtls_ssl_context *ssl, size_t buf_len, size_t msg_len)
{
    int ret = show_out(ssl, msg_len + 4);
    return ret != 0 ? ret : __real_mbedtls_ssl_finish_handshake_msg(ssl, buf_len, msg_len);
}

// pkwrite.c writes keys. In DER they come to stand at the end of the buffer.
#include "pk.h"

#if defined(MBEDTLS_PK_WRITE_C)
#define IF_WRITE(call) (call)
#else
#define IF_WRITE(call) ((void) pk, (void) buf, (void) size, GM_NOT_BUILT)
#endif
#if defined(MBEDTLS_PK_WRITE_C) && defined(MBEDTLS_PEM_WRITE_C)
#define IF_WRITE_PEM(call) (call)
#else
#define IF_WRITE_PEM(call) ((void) pk, (void) buf, (void) size, GM_NOT_BUILT)
#endif

int gm_pk_write_key_der(const mbedtls_pk_context *pk, unsigned char *buf, size_t size)
{
    return IF_WRITE(mbedtls_pk_write_key_der(pk, buf, size));
}

int gm_pk_write_pubkey_der(const mbedtls_pk_context *pk, unsigned char *buf, size_t size)
{
    return IF_WRITE(mbedtls_pk_write_pubkey_der(pk, buf, size));
}

int gm_pk_write_pubkey(const mbedtls_pk_context *pk, unsigned char *buf, size_t size)
{
    unsigned char *p = buf + size;
    (void) p;
    return IF_WRITE(mbedtls_pk_write_pubkey(&p, buf, pk));
}

int gm_pk_write_key_pem(const mbedtls_pk_context *pk, unsigned char *buf, size_t size)
{
    return IF_WRITE_PEM(mbedtls_pk_write_key_pem(pk, buf, size));
}

int gm_pk_write_pubkey_pem(const mbedtls_pk_context *pk, unsigned char *buf, size_t size)
{
    return IF_WRITE_PEM(mbedtls_pk_write_pubkey_pem(pk, buf, size));
}

// pem.h is what pem.c and pem.go share.
#ifndef GOMBEDTLS_PEM_H
#define GOMBEDTLS_PEM_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

int gm_pem_read(const char *header, const char *footer, const unsigned char *data, const unsigned char *pwd, size_t pwd_len,
                unsigned char *out, size_t size, size_t *out_len, size_t *used);
int gm_pem_write(const char *header, const char *footer, const unsigned char *der, size_t len, unsigned char *buf,
                 size_t size, size_t *out_len);

#endif
#endif

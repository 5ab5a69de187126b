// pkcs.h is what pkcs.c and pkcs.go share.
#ifndef GOMBEDTLS_PKCS_H
#define GOMBEDTLS_PKCS_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/pkcs12.h>
#include <mbedtls/pkcs5.h>

int gm_pkcs5_pbkdf2_hmac(int md, const unsigned char *pwd, size_t pwd_len, const unsigned char *salt, size_t salt_len,
                         unsigned iterations, uint32_t len, unsigned char *out);
int gm_pkcs5_pbes2(int tag, const unsigned char *params, size_t params_len, int mode, const unsigned char *pwd,
                   size_t pwd_len, const unsigned char *in, size_t len, unsigned char *out, size_t size, size_t *out_len);
int gm_pkcs12_derivation(unsigned char *out, size_t len, const unsigned char *pwd, size_t pwd_len,
                         const unsigned char *salt, size_t salt_len, int md, int id, int iterations);
int gm_pkcs12_pbe(int tag, const unsigned char *params, size_t params_len, int mode, int cipher, int md,
                  const unsigned char *pwd, size_t pwd_len, const unsigned char *in, size_t len, unsigned char *out,
                  size_t size, size_t *out_len);

#endif
#endif

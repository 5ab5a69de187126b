// accel_pk.h is what accel_ec.c and accel_rsa.c share.
#ifndef GOMBEDTLS_ACCEL_PK_H
#define GOMBEDTLS_ACCEL_PK_H

#include "bridge.h"
#include "accel.h"
#include <mbedtls/md.h>

// gm_rng is the random source of the library's functions.
typedef int (*gm_rng)(void *, unsigned char *, size_t);

// gm_accel_hashes tells of the hash functions that signatures are accelerated for, those that Go links.
static inline int gm_accel_hashes(mbedtls_md_type_t md)
{
    switch (md) {
        case MBEDTLS_MD_SHA1:
        case MBEDTLS_MD_SHA224:
        case MBEDTLS_MD_SHA256:
        case MBEDTLS_MD_SHA384:
        case MBEDTLS_MD_SHA512: return mbedtls_md_info_from_type(md) != NULL;
        default: return 0;
    }
}

#endif

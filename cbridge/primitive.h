// primitive.h is what primitive.c and primitive.go share.
#ifndef GOMBEDTLS_PRIMITIVE_H
#define GOMBEDTLS_PRIMITIVE_H

#include <mbedtls/bignum.h>
#include <stddef.h>

enum {
    GM_ECP_MUL,              // 0 times the point 3, 4, 5, in place
    GM_ECP_MUL_RESTARTABLE,  // the same, to the point 6, 7, 8
    GM_ECP_GEN_KEYPAIR,      // to 0 and the point 3, 4, 5
    GM_ECP_MULADD,           // 0 times the point 3, 4, 5 and 1 times the point 6, 7, 8, to 3, 4, 5
    GM_ECDSA_VERIFY,         // of 0 and 1 by the point 3, 4, 5
    GM_ECDSA_READ,           // of bytes by the point 3, 4, 5
    GM_ECDSA_WRITE,          // to bytes by 0
    GM_ECDSA_SIGN_DET,       // to 0 and 1 by 2
    GM_EXP_MOD,              // 0 to the power 1 modulo 2, in place
    GM_EXP_MOD_UNSAFE,       // the same, to 3
    GM_RSA_SIGN,
    GM_RSA_VERIFY,
    GM_RSA_SIGN_PSS,
    GM_RSA_SIGN_PSS_SALT,
    GM_RSA_SIGN_PSS_ANY_MODE,
};

#define GM_PRIMITIVE_NUMBERS 9
#define GM_PRIMITIVE_POINTS 3
#define GM_PRIMITIVE_SIZE 1040

typedef struct {
    int op;
    int group;               // mbedtls_ecp_group_id, or the padding of RSA
    int md, hash_id;
    int salt_len;
    const unsigned char *hash;
    size_t hash_len;
    unsigned char *bytes;    // a signature
    size_t bytes_len;
    size_t drawn;            // random bytes that were
    mbedtls_mpi numbers[GM_PRIMITIVE_NUMBERS];
} gm_primitive_call;

// gm_primitive has numbers of GM_PRIMITIVE_SIZE bytes each, in and out; a sign of 0 is one that was never set.
int gm_primitive(gm_primitive_call *c, unsigned char *numbers, const signed char *signs);

#endif

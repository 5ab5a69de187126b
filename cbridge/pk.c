// pk.c makes keys, and says what they are.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "pk.h"

#include <mbedtls/ecp.h>
#include <pk_internal.h>

#if defined(MBEDTLS_RSA_C)
#include <mbedtls/rsa.h>
#endif

mbedtls_pk_context *gm_pk_new(void)
{
    mbedtls_pk_context *pk = mbedtls_calloc(1, sizeof(*pk));
    if (pk != NULL) {
        mbedtls_pk_init(pk);
    }
    return pk;
}

void gm_pk_delete(mbedtls_pk_context *pk)
{
    mbedtls_pk_free(pk);
    mbedtls_free(pk);
}

int gm_pk_parse_key(mbedtls_pk_context *pk, const unsigned char *key, size_t keylen, const unsigned char *pwd,
                    size_t pwdlen, void *rng)
{
    return mbedtls_pk_parse_key(pk, key, keylen, pwd, pwdlen, gm_draw, rng);
}

int gm_pk_parse_keyfile(mbedtls_pk_context *pk, const char *path, const char *password)
{
#if defined(MBEDTLS_FS_IO)
    return mbedtls_pk_parse_keyfile(pk, path, password, gm_draw, NULL);
#else
    (void) pk, (void) path, (void) password;
    return GM_NOT_BUILT;
#endif
}

int gm_pk_parse_public_keyfile(mbedtls_pk_context *pk, const char *path)
{
#if defined(MBEDTLS_FS_IO)
    return mbedtls_pk_parse_public_keyfile(pk, path);
#else
    (void) pk, (void) path;
    return GM_NOT_BUILT;
#endif
}

// gm_pk_parse_subpubkey says how many bytes the SubjectPublicKeyInfo has that der begins with.
int gm_pk_parse_subpubkey(mbedtls_pk_context *pk, unsigned char *der, size_t len, size_t *used)
{
    unsigned char *p = der;
    int ret = mbedtls_pk_parse_subpubkey(&p, der + len, pk);
    *used = (size_t) (p - der);
    return ret;
}

#if defined(MBEDTLS_RSA_C)
static int public_rsa(mbedtls_pk_context *pk, const mbedtls_rsa_context *from)
{
    mbedtls_rsa_context *to = mbedtls_pk_rsa(*pk);
    int ret = mbedtls_rsa_import(to, &from->N, NULL, NULL, NULL, &from->E);
    if (ret == 0 && (ret = mbedtls_rsa_complete(to)) == 0) {
        to->padding = from->padding;
        to->hash_id = from->hash_id;
    }
    return ret;
}
#endif

static int public_ec(mbedtls_pk_context *pk, const mbedtls_ecp_keypair *from)
{
    mbedtls_ecp_keypair *to = mbedtls_pk_ec_rw(*pk);
    int ret = mbedtls_ecp_group_load(&to->grp, from->grp.id);
    return ret != 0 ? ret : mbedtls_ecp_copy(&to->Q, &from->Q);
}

// gm_pk_public makes pk, which is empty, the public half of from.
int gm_pk_public(mbedtls_pk_context *pk, const mbedtls_pk_context *from)
{
    mbedtls_pk_type_t type = mbedtls_pk_get_type(from);
    int ret;

    switch (type) {
#if defined(MBEDTLS_RSA_C)
        case MBEDTLS_PK_RSA:
            ret = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(type));
            return ret != 0 ? ret : public_rsa(pk, mbedtls_pk_rsa(*from));
#endif
        case MBEDTLS_PK_ECKEY:
        case MBEDTLS_PK_ECKEY_DH:
        case MBEDTLS_PK_ECDSA:
            ret = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(type));
            return ret != 0 ? ret : public_ec(pk, mbedtls_pk_ec_ro(*from));
#if defined(MBEDTLS_USE_PSA_CRYPTO)
        case MBEDTLS_PK_OPAQUE:
            return mbedtls_pk_copy_public_from_psa(from->priv_id, pk);
#endif
        default:
            return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
}

int gm_pk_check_pair(const mbedtls_pk_context *pub, const mbedtls_pk_context *prv, void *rng)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    // The library takes any public key for one of an opaque key's kind, and crashes.
    if (mbedtls_pk_get_type(prv) == MBEDTLS_PK_OPAQUE &&
        !mbedtls_pk_can_do(pub, mbedtls_pk_can_do(prv, MBEDTLS_PK_RSA) ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY)) {
        return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
    if (mbedtls_pk_get_type(prv) == MBEDTLS_PK_OPAQUE && mbedtls_pk_get_type(pub) == MBEDTLS_PK_OPAQUE) {
        return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
#endif
    return mbedtls_pk_check_pair(pub, prv, gm_draw, rng);
}

int gm_pk_can_do_ext(const mbedtls_pk_context *pk, uint32_t algorithm, uint32_t usage)
{
#if defined(MBEDTLS_USE_PSA_CRYPTO)
    return mbedtls_pk_can_do_ext(pk, algorithm, usage);
#else
    (void) pk, (void) algorithm, (void) usage;
    return GM_NOT_BUILT;
#endif
}

// gm_pk_setup_ec makes pk, which is empty, a key of numbers. Without d it is public; without q, the library computes it.
int gm_pk_setup_ec(mbedtls_pk_context *pk, int type, int group, const unsigned char *d, size_t d_len,
                   const unsigned char *q, size_t q_len, void *rng)
{
    mbedtls_ecp_keypair *ec;
    int ret = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type((mbedtls_pk_type_t) type));
    if (ret != 0) {
        return ret;
    }
    if ((ec = mbedtls_pk_ec_rw(*pk)) == NULL) {
        return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
    if (d_len == 0) {
        if ((ret = mbedtls_ecp_group_load(&ec->grp, (mbedtls_ecp_group_id) group)) != 0) {
            return ret;
        }
    } else if ((ret = mbedtls_ecp_read_key((mbedtls_ecp_group_id) group, ec, d, d_len)) != 0) {
        return ret;
    }
    if (q_len == 0) {
        return d_len == 0 ? 0 : mbedtls_ecp_keypair_calc_public(ec, gm_draw, rng);
    }
    if ((ret = mbedtls_ecp_point_read_binary(&ec->grp, &ec->Q, q, q_len)) != 0) {
        return ret;
    }
    return mbedtls_ecp_check_pubkey(&ec->grp, &ec->Q);
}

// gm_pk_ec is the numbers of an EC key; d has no length where it is public.
int gm_pk_ec(const mbedtls_pk_context *pk, int *group, unsigned char d[GM_PK_SCALAR], size_t *d_len,
             unsigned char q[GM_PK_POINT], size_t *q_len)
{
    const mbedtls_ecp_keypair *ec = mbedtls_pk_ec_ro(*pk);
    int ret;

    if (ec == NULL) {
        return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
    *group = ec->grp.id;
    *d_len = 0;
    if (ec->grp.id == MBEDTLS_ECP_DP_NONE) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    if (mbedtls_mpi_cmp_int(&ec->d, 0) != 0 &&
        (ret = mbedtls_ecp_write_key_ext(ec, d_len, d, GM_PK_SCALAR)) != 0) {
        return ret;
    }
    return mbedtls_ecp_write_public_key(ec, MBEDTLS_ECP_PF_UNCOMPRESSED, q_len, q, GM_PK_POINT);
}

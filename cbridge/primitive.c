// primitive.c calls the library's public-key primitives by themselves, with whatever numbers: for tests that compare
// what acceleration computes with what C does.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "bridge.h"
#include "primitive.h"
#include <bignum_internal.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/rsa.h>
#include <rsa_internal.h>
#include <string.h>

// random_bytes repeats itself for each call of gm_primitive, and counts.
static int random_bytes(void *drawn, unsigned char *buf, size_t len)
{
    size_t *n = drawn;
    for (size_t i = 0; i < len; i++) {
        uint32_t x = (uint32_t) ++*n * 0x9e3779b1u;
        buf[i] = (unsigned char) ((x ^ x >> 15) * 0x85ebca77u >> 24);
    }
    return 0;
}

#if defined(MBEDTLS_ECP_C)

static int with_group(gm_primitive_call *c, int (*f)(gm_primitive_call *, mbedtls_ecp_group *, mbedtls_ecp_point *))
{
    mbedtls_ecp_group grp;
    mbedtls_ecp_point points[2];
    int ret;
    mbedtls_ecp_group_init(&grp);
    mbedtls_ecp_point_init(&points[0]);
    mbedtls_ecp_point_init(&points[1]);
    ret = mbedtls_ecp_group_load(&grp, (mbedtls_ecp_group_id) c->group);
    for (int i = 0; ret == 0 && i < 2; i++) {
        const mbedtls_mpi *xyz = &c->numbers[GM_PRIMITIVE_POINTS + 3 * i];
        if ((ret = mbedtls_mpi_copy(&points[i].X, &xyz[0])) == 0 &&
            (ret = mbedtls_mpi_copy(&points[i].Y, &xyz[1])) == 0) {
            ret = mbedtls_mpi_copy(&points[i].Z, &xyz[2]);
        }
    }
    if (ret == 0) {
        ret = f(c, &grp, points);
    }
    for (int i = 0; i < 2; i++) {
        mbedtls_mpi *xyz = &c->numbers[GM_PRIMITIVE_POINTS + 3 * i];
        mbedtls_mpi_swap(&xyz[0], &points[i].X);
        mbedtls_mpi_swap(&xyz[1], &points[i].Y);
        mbedtls_mpi_swap(&xyz[2], &points[i].Z);
        mbedtls_ecp_point_free(&points[i]);
    }
    mbedtls_ecp_group_free(&grp);
    return ret;
}

static int ecp_mul(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return mbedtls_ecp_mul(grp, &p[0], &c->numbers[0], &p[0], random_bytes, &c->drawn);
}

static int ecp_mul_restartable(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return mbedtls_ecp_mul_restartable(grp, &p[1], &c->numbers[0], &p[0], random_bytes, &c->drawn, NULL);
}

static int ecp_gen_keypair(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return mbedtls_ecp_gen_keypair(grp, &c->numbers[0], &p[0], random_bytes, &c->drawn);
}

static int ecp_muladd(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
#if defined(MBEDTLS_ECP_SHORT_WEIERSTRASS_ENABLED)
    return mbedtls_ecp_muladd(grp, &p[0], &c->numbers[0], &p[0], &c->numbers[1], &p[1]);
#else
    (void) c, (void) grp, (void) p;
    return GM_NOT_BUILT;
#endif
}

#if defined(MBEDTLS_ECDSA_C)

static int ecdsa_verify(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return mbedtls_ecdsa_verify(grp, c->hash, c->hash_len, &p[0], &c->numbers[0], &c->numbers[1]);
}

static int ecdsa_sign_det(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    (void) p;
#if defined(MBEDTLS_ECDSA_DETERMINISTIC)
    return mbedtls_ecdsa_sign_det_ext(grp, &c->numbers[0], &c->numbers[1], &c->numbers[2], c->hash, c->hash_len,
                                      (mbedtls_md_type_t) c->md, random_bytes, &c->drawn);
#else
    (void) c, (void) grp;
    return GM_NOT_BUILT;
#endif
}

// as_key makes a key of a group and a point for the length of f. The key owns neither.
static int as_key(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p,
                  int (*f)(gm_primitive_call *, mbedtls_ecdsa_context *))
{
    mbedtls_ecdsa_context key = { .grp = *grp, .d = c->numbers[0], .Q = p[0] };
    int ret = f(c, &key);
    *grp = key.grp; // it may have got a table
    return ret;
}

static int read_signature(gm_primitive_call *c, mbedtls_ecdsa_context *key)
{
    return mbedtls_ecdsa_read_signature(key, c->hash, c->hash_len, c->bytes, c->bytes_len);
}

static int write_signature(gm_primitive_call *c, mbedtls_ecdsa_context *key)
{
    size_t size = c->bytes_len;
    return mbedtls_ecdsa_write_signature(key, (mbedtls_md_type_t) c->md, c->hash, c->hash_len, c->bytes, size,
                                         &c->bytes_len, random_bytes, &c->drawn);
}

static int ecdsa_read_signature(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return as_key(c, grp, p, read_signature);
}

static int ecdsa_write_signature(gm_primitive_call *c, mbedtls_ecp_group *grp, mbedtls_ecp_point *p)
{
    return as_key(c, grp, p, write_signature);
}

#endif
#endif

#if defined(MBEDTLS_RSA_C) && !defined(MBEDTLS_RSA_NO_CRT)

// rsa signs or verifies with the key of numbers 0 to 7: N, E, D, P, Q, DP, DQ, QP. What it signs to begins as zeros.
static int rsa(gm_primitive_call *c)
{
    mbedtls_rsa_context ctx;
    int ret;
    mbedtls_rsa_init(&ctx);
    mbedtls_mpi *fields[] = { &ctx.N, &ctx.E, &ctx.D, &ctx.P, &ctx.Q, &ctx.DP, &ctx.DQ, &ctx.QP };
    ret = mbedtls_rsa_set_padding(&ctx, c->group, (mbedtls_md_type_t) c->hash_id);
    for (size_t i = 0; ret == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
        ret = mbedtls_mpi_copy(fields[i], &c->numbers[i]);
    }
    ctx.len = mbedtls_mpi_size(&ctx.N);
    if (ret == 0 && ctx.len > c->bytes_len) {
        ret = MBEDTLS_ERR_RSA_OUTPUT_TOO_LARGE;
    }
    if (ret == 0) {
        mbedtls_md_type_t md = (mbedtls_md_type_t) c->md;
        unsigned len = (unsigned) c->hash_len;
        c->bytes_len = ctx.len;
        switch (c->op) {
            case GM_RSA_SIGN:
                ret = mbedtls_rsa_pkcs1_sign(&ctx, random_bytes, &c->drawn, md, len, c->hash, c->bytes);
                break;
            case GM_RSA_VERIFY:
                ret = mbedtls_rsa_pkcs1_verify(&ctx, md, len, c->hash, c->bytes);
                break;
#if defined(MBEDTLS_PKCS1_V21)
            case GM_RSA_SIGN_PSS:
                ret = mbedtls_rsa_rsassa_pss_sign(&ctx, random_bytes, &c->drawn, md, len, c->hash, c->bytes);
                break;
            case GM_RSA_SIGN_PSS_SALT:
                ret = mbedtls_rsa_rsassa_pss_sign_ext(&ctx, random_bytes, &c->drawn, md, len, c->hash, c->salt_len,
                                                      c->bytes);
                break;
            case GM_RSA_SIGN_PSS_ANY_MODE:
                ret = mbedtls_rsa_rsassa_pss_sign_no_mode_check(&ctx, random_bytes, &c->drawn, md, len, c->hash,
                                                                c->bytes);
                break;
#endif
            default: ret = GM_NOT_BUILT;
        }
    }
    mbedtls_rsa_free(&ctx);
    return ret;
}

#endif

static int primitive(gm_primitive_call *c)
{
    switch (c->op) {
#if defined(MBEDTLS_ECP_C)
        case GM_ECP_MUL: return with_group(c, ecp_mul);
        case GM_ECP_MUL_RESTARTABLE: return with_group(c, ecp_mul_restartable);
        case GM_ECP_GEN_KEYPAIR: return with_group(c, ecp_gen_keypair);
        case GM_ECP_MULADD: return with_group(c, ecp_muladd);
#if defined(MBEDTLS_ECDSA_C)
        case GM_ECDSA_VERIFY: return with_group(c, ecdsa_verify);
        case GM_ECDSA_READ: return with_group(c, ecdsa_read_signature);
        case GM_ECDSA_WRITE: return with_group(c, ecdsa_write_signature);
        case GM_ECDSA_SIGN_DET: return with_group(c, ecdsa_sign_det);
#endif
#endif
        case GM_EXP_MOD:
            return mbedtls_mpi_exp_mod(&c->numbers[0], &c->numbers[0], &c->numbers[1], &c->numbers[2], NULL);
        case GM_EXP_MOD_UNSAFE:
            return mbedtls_mpi_exp_mod_unsafe(&c->numbers[3], &c->numbers[0], &c->numbers[1], &c->numbers[2], NULL);
#if defined(MBEDTLS_RSA_C) && !defined(MBEDTLS_RSA_NO_CRT)
        case GM_RSA_SIGN:
        case GM_RSA_VERIFY:
        case GM_RSA_SIGN_PSS:
        case GM_RSA_SIGN_PSS_SALT:
        case GM_RSA_SIGN_PSS_ANY_MODE: return rsa(c);
#endif
        default: return GM_NOT_BUILT;
    }
}

int gm_primitive(gm_primitive_call *c, unsigned char *numbers, const signed char *signs)
{
    unsigned char *p = numbers;
    int ret = 0;
    for (int i = 0; i < GM_PRIMITIVE_NUMBERS; i++, p += GM_PRIMITIVE_SIZE) {
        mbedtls_mpi_init(&c->numbers[i]);
        if (ret == 0 && signs[i] != 0 && (ret = mbedtls_mpi_read_binary(&c->numbers[i], p, GM_PRIMITIVE_SIZE)) == 0) {
            c->numbers[i].s = signs[i];
            ret = mbedtls_mpi_shrink(&c->numbers[i], 1);
        }
    }
    c->drawn = 0;
    if (ret == 0) {
        ret = primitive(c);
    }
    p = numbers;
    for (int i = 0; i < GM_PRIMITIVE_NUMBERS; i++, p += GM_PRIMITIVE_SIZE) {
        if (mbedtls_mpi_write_binary(&c->numbers[i], p, GM_PRIMITIVE_SIZE) != 0) {
            memset(p, 0xff, GM_PRIMITIVE_SIZE);
        }
        mbedtls_mpi_free(&c->numbers[i]);
    }
    return ret;
}

//go:build (amd64 || arm64) && !mbedtls_noaccel

// accel_ec.c stands before the library's arithmetic on P-256, P-384, P-521 and Curve25519, and before its ECDSA.
// Whatever is not as it is in every handshake (another curve, a restartable operation, a number out of range, a point
// off the curve) goes to the library, which knows the error code.

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "accel_pk.h"
#include "_cgo_export.h"
#include <string.h>

#if defined(MBEDTLS_ECP_C)

#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>

// A scalar or coordinate has at most 66 bytes, and a point that and 1 for the format.
#define MAX_SIZE 66
#define MAX_POINT (1 + 2 * MAX_SIZE)

static size_t size_of(const mbedtls_ecp_group *grp)
{
    switch (grp->id) {
        case MBEDTLS_ECP_DP_SECP256R1: return 32;
        case MBEDTLS_ECP_DP_SECP384R1: return 48;
        case MBEDTLS_ECP_DP_SECP521R1: return 66;
        default: return 0;
    }
}

static int covers(const mbedtls_ecp_group *grp)
{
    return size_of(grp) != 0 && gm_accelerated(GM_ACCEL_ECC);
}

static int negative(const mbedtls_mpi *x)
{
    return mbedtls_mpi_cmp_int(x, 0) < 0;
}

// put_point writes an affine point; it fails for infinity, and for coordinates that are too long.
static int put_point(size_t size, const mbedtls_ecp_point *p, unsigned char buf[MAX_POINT])
{
    buf[0] = 4;
    return mbedtls_mpi_cmp_int(&p->Z, 1) != 0 || negative(&p->X) || negative(&p->Y) ||
           mbedtls_mpi_write_binary(&p->X, buf + 1, size) != 0 ||
           mbedtls_mpi_write_binary(&p->Y, buf + 1 + size, size) != 0;
}

static int get_point(size_t size, mbedtls_ecp_point *p, const unsigned char buf[MAX_POINT])
{
    int ret = mbedtls_mpi_read_binary(&p->X, buf + 1, size);
    if (ret == 0) {
        ret = mbedtls_mpi_read_binary(&p->Y, buf + 1 + size, size);
    }
    return ret != 0 ? ret : mbedtls_mpi_lset(&p->Z, 1);
}

// draw takes from f_rng what the library takes to blind a multiplication, if somebody compares what is drawn next.
static int draw(const mbedtls_ecp_group *grp, gm_rng f_rng, void *p_rng)
{
    mbedtls_mpi l;
    int ret;
    if (!gm_accel_is_exact()) {
        return 0;
    }
    mbedtls_mpi_init(&l);
    ret = mbedtls_mpi_random(&l, 2, &grp->P, f_rng, p_rng);
    mbedtls_mpi_free(&l);
    return ret == MBEDTLS_ERR_MPI_NOT_ACCEPTABLE ? MBEDTLS_ERR_ECP_RANDOM_FAILED : ret;
}

static int mul_weierstrass(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                           const mbedtls_ecp_point *P, gm_rng f_rng, void *p_rng)
{
    unsigned char k[MAX_SIZE], p[MAX_POINT];
    size_t size = size_of(grp);
    int ret = GM_ACCEL_DECLINED;
    if (put_point(size, P, p) == 0 && mbedtls_ecp_check_privkey(grp, m) == 0 &&
        mbedtls_mpi_write_binary(m, k, size) == 0) {
        ret = gombECMul(size, k, p, p);
    }
    if (ret == 0) {
        ret = draw(grp, f_rng, p_rng);
    }
    if (ret == 0) {
        ret = get_point(size, R, p);
    }
    mbedtls_platform_zeroize(k, sizeof(k));
    mbedtls_platform_zeroize(p, sizeof(p));
    return ret;
}

static int mul_x25519(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
                      gm_rng f_rng, void *p_rng)
{
    unsigned char k[32], u[32];
    int ret = GM_ACCEL_DECLINED;
    // RFC 7748 ignores the coordinate's highest bit; the library, at this level, does not.
    if (mbedtls_mpi_cmp_int(&P->Z, 1) == 0 && !negative(&P->X) && mbedtls_mpi_write_binary_le(&P->X, u, 32) == 0 &&
        u[31] < 0x80 && mbedtls_ecp_check_privkey(grp, m) == 0 && mbedtls_mpi_write_binary_le(m, k, 32) == 0) {
        ret = gombX25519(k, u, u);
    }
    if (ret == 0) {
        ret = draw(grp, f_rng, p_rng);
    }
    if (ret == 0 && (ret = mbedtls_mpi_read_binary_le(&R->X, u, 32)) == 0) {
        mbedtls_mpi_free(&R->Y);
        ret = mbedtls_mpi_lset(&R->Z, 1);
    }
    mbedtls_platform_zeroize(k, sizeof(k));
    mbedtls_platform_zeroize(u, sizeof(u));
    return ret;
}

static int mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
               gm_rng f_rng, void *p_rng)
{
    if (f_rng == NULL) {
        return GM_ACCEL_DECLINED;
    }
    if (covers(grp)) {
        return mul_weierstrass(grp, R, m, P, f_rng, p_rng);
    }
    if (grp->id == MBEDTLS_ECP_DP_CURVE25519 && gm_accelerated(GM_ACCEL_X25519)) {
        return mul_x25519(grp, R, m, P, f_rng, p_rng);
    }
    return GM_ACCEL_DECLINED;
}

int __real_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                           const mbedtls_ecp_point *P, gm_rng f_rng, void *p_rng);

int __wrap_mbedtls_ecp_mul(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                           const mbedtls_ecp_point *P, gm_rng f_rng, void *p_rng)
{
    int ret = mul(grp, R, m, P, f_rng, p_rng);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_ecp_mul(grp, R, m, P, f_rng, p_rng) : ret;
}

int __real_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                                       const mbedtls_ecp_point *P, gm_rng f_rng, void *p_rng,
                                       mbedtls_ecp_restart_ctx *rs);

int __wrap_mbedtls_ecp_mul_restartable(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                                       const mbedtls_ecp_point *P, gm_rng f_rng, void *p_rng,
                                       mbedtls_ecp_restart_ctx *rs)
{
    int ret = rs == NULL ? mul(grp, R, m, P, f_rng, p_rng) : GM_ACCEL_DECLINED;
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_ecp_mul_restartable(grp, R, m, P, f_rng, p_rng, rs) : ret;
}

int __real_mbedtls_ecp_gen_keypair_base(mbedtls_ecp_group *grp, const mbedtls_ecp_point *G, mbedtls_mpi *d,
                                        mbedtls_ecp_point *Q, gm_rng f_rng, void *p_rng);

int __wrap_mbedtls_ecp_gen_keypair_base(mbedtls_ecp_group *grp, const mbedtls_ecp_point *G, mbedtls_mpi *d,
                                        mbedtls_ecp_point *Q, gm_rng f_rng, void *p_rng)
{
    int ret;
    if (!covers(grp)) {
        return __real_mbedtls_ecp_gen_keypair_base(grp, G, d, Q, f_rng, p_rng);
    }
    ret = mbedtls_ecp_gen_privkey(grp, d, f_rng, p_rng);
    return ret != 0 ? ret : __wrap_mbedtls_ecp_mul(grp, Q, d, G, f_rng, p_rng);
}

int __wrap_mbedtls_ecp_gen_keypair(mbedtls_ecp_group *grp, mbedtls_mpi *d, mbedtls_ecp_point *Q, gm_rng f_rng,
                                   void *p_rng);

int __wrap_mbedtls_ecp_gen_keypair(mbedtls_ecp_group *grp, mbedtls_mpi *d, mbedtls_ecp_point *Q, gm_rng f_rng,
                                   void *p_rng)
{
    return __wrap_mbedtls_ecp_gen_keypair_base(grp, &grp->G, d, Q, f_rng, p_rng);
}

#if defined(MBEDTLS_ECP_SHORT_WEIERSTRASS_ENABLED)

static int muladd(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m, const mbedtls_ecp_point *P,
                  const mbedtls_mpi *n, const mbedtls_ecp_point *Q)
{
    unsigned char k[MAX_SIZE], l[MAX_SIZE], p[MAX_POINT], q[MAX_POINT];
    size_t size = size_of(grp);
    int ret;
    if (!covers(grp) || put_point(size, P, p) != 0 || put_point(size, Q, q) != 0 || negative(m) || negative(n) ||
        mbedtls_mpi_cmp_mpi(m, &grp->N) >= 0 || mbedtls_mpi_cmp_mpi(n, &grp->N) >= 0 ||
        mbedtls_mpi_write_binary(m, k, size) != 0 || mbedtls_mpi_write_binary(n, l, size) != 0) {
        return GM_ACCEL_DECLINED;
    }
    ret = gombECMulAdd(size, k, p, l, q, p);
    return ret != 0 ? ret : get_point(size, R, p);
}

int __real_mbedtls_ecp_muladd(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                              const mbedtls_ecp_point *P, const mbedtls_mpi *n, const mbedtls_ecp_point *Q);

int __wrap_mbedtls_ecp_muladd(mbedtls_ecp_group *grp, mbedtls_ecp_point *R, const mbedtls_mpi *m,
                              const mbedtls_ecp_point *P, const mbedtls_mpi *n, const mbedtls_ecp_point *Q)
{
    int ret = muladd(grp, R, m, P, n, Q);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_ecp_muladd(grp, R, m, P, n, Q) : ret;
}

#endif

#if defined(MBEDTLS_ECDSA_C)

static int verify_rs(mbedtls_ecp_group *grp, const unsigned char *buf, size_t len, const mbedtls_ecp_point *Q,
                     const mbedtls_mpi *r, const mbedtls_mpi *s)
{
    unsigned char q[MAX_POINT], rs[2 * MAX_SIZE];
    size_t size = size_of(grp);
    if (!covers(grp) || put_point(size, Q, q) != 0 || negative(r) || negative(s) ||
        mbedtls_mpi_write_binary(r, rs, size) != 0 || mbedtls_mpi_write_binary(s, rs + size, size) != 0) {
        return GM_ACCEL_DECLINED;
    }
    return gombECDSAVerifyRS(size, q, (unsigned char *) buf, len, rs);
}

int __real_mbedtls_ecdsa_verify(mbedtls_ecp_group *grp, const unsigned char *buf, size_t len,
                                const mbedtls_ecp_point *Q, const mbedtls_mpi *r, const mbedtls_mpi *s);

int __wrap_mbedtls_ecdsa_verify(mbedtls_ecp_group *grp, const unsigned char *buf, size_t len,
                                const mbedtls_ecp_point *Q, const mbedtls_mpi *r, const mbedtls_mpi *s)
{
    int ret = verify_rs(grp, buf, len, Q, r, s);
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_ecdsa_verify(grp, buf, len, Q, r, s) : ret;
}

int __real_mbedtls_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hlen,
                                        const unsigned char *sig, size_t slen);

int __wrap_mbedtls_ecdsa_read_signature(mbedtls_ecdsa_context *ctx, const unsigned char *hash, size_t hlen,
                                        const unsigned char *sig, size_t slen)
{
    unsigned char q[MAX_POINT];
    size_t size = size_of(&ctx->grp);
    int ret = GM_ACCEL_DECLINED;
    if (covers(&ctx->grp) && put_point(size, &ctx->Q, q) == 0) {
        ret = gombECDSAVerify(size, q, (unsigned char *) hash, hlen, (unsigned char *) sig, slen);
    }
    return ret == GM_ACCEL_DECLINED ? __real_mbedtls_ecdsa_read_signature(ctx, hash, hlen, sig, slen) : ret;
}

// Two numbers and the three headers, of which the outer has up to 3 bytes, and each number a byte for the sign.
#define MAX_SIGNATURE (3 + 2 * (3 + MAX_SIZE))

static int sign(mbedtls_ecp_group *grp, const mbedtls_mpi *d, const unsigned char *hash, size_t hlen,
                mbedtls_md_type_t md, gm_rng f_rng, void *p_rng, unsigned char sig[MAX_SIGNATURE], size_t *len)
{
    int ret = GM_ACCEL_DECLINED;
#if defined(MBEDTLS_ECDSA_DETERMINISTIC)
    unsigned char k[MAX_SIZE];
    size_t size = size_of(grp);
    if (f_rng != NULL && covers(grp) && gm_accel_hashes(md) && !negative(d) &&
        mbedtls_mpi_write_binary(d, k, size) == 0) {
        ret = gombECDSASign(size, k, (unsigned char *) hash, hlen, md, sig, len);
        mbedtls_platform_zeroize(k, sizeof(k));
    }
    if (ret == 0) {
        ret = draw(grp, f_rng, p_rng);
    }
#else  // the library's signatures are not reproducible: Go's would be of another kind
    (void) grp, (void) d, (void) hash, (void) hlen, (void) md, (void) f_rng, (void) p_rng, (void) sig, (void) len;
#endif
    return ret;
}

int __real_mbedtls_ecdsa_write_signature(mbedtls_ecdsa_context *ctx, mbedtls_md_type_t md, const unsigned char *hash,
                                         size_t hlen, unsigned char *sig, size_t size, size_t *slen, gm_rng f_rng,
                                         void *p_rng);

int __wrap_mbedtls_ecdsa_write_signature(mbedtls_ecdsa_context *ctx, mbedtls_md_type_t md, const unsigned char *hash,
                                         size_t hlen, unsigned char *sig, size_t size, size_t *slen, gm_rng f_rng,
                                         void *p_rng)
{
    unsigned char buf[MAX_SIGNATURE];
    size_t len = 0;
    int ret = sign(&ctx->grp, &ctx->d, hash, hlen, md, f_rng, p_rng, buf, &len);
    if (ret == GM_ACCEL_DECLINED) {
        return __real_mbedtls_ecdsa_write_signature(ctx, md, hash, hlen, sig, size, slen, f_rng, p_rng);
    }
    if (ret == 0 && len > size) {
        return MBEDTLS_ERR_ECP_BUFFER_TOO_SMALL;
    }
    if (ret == 0) {
        memcpy(sig, buf, len);
        *slen = len;
    }
    return ret;
}

#if defined(MBEDTLS_ECDSA_DETERMINISTIC)

int __real_mbedtls_ecdsa_sign_det_ext(mbedtls_ecp_group *grp, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d,
                                      const unsigned char *buf, size_t len, mbedtls_md_type_t md, gm_rng f_rng,
                                      void *p_rng);

int __wrap_mbedtls_ecdsa_sign_det_ext(mbedtls_ecp_group *grp, mbedtls_mpi *r, mbedtls_mpi *s, const mbedtls_mpi *d,
                                      const unsigned char *buf, size_t len, mbedtls_md_type_t md, gm_rng f_rng,
                                      void *p_rng)
{
    unsigned char sig[MAX_SIGNATURE], *p = sig;
    size_t slen = 0;
    int ret = sign(grp, d, buf, len, md, f_rng, p_rng, sig, &slen);
    if (ret == GM_ACCEL_DECLINED) {
        return __real_mbedtls_ecdsa_sign_det_ext(grp, r, s, d, buf, len, md, f_rng, p_rng);
    }
    if (ret == 0) {
        const unsigned char *end = sig + slen;
        ret = mbedtls_asn1_get_tag(&p, end, &slen, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE);
        if (ret == 0 && (ret = mbedtls_asn1_get_mpi(&p, end, r)) == 0) {
            ret = mbedtls_asn1_get_mpi(&p, end, s);
        }
    }
    return ret;
}

#endif
#endif
#endif

// pkuse.c has keys sign, verify, encrypt and decrypt.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "pk.h"

#include <mbedtls/asn1write.h>
#include <mbedtls/ecdsa.h>
#include <pk_internal.h>
#include <string.h>

// Of an empty digest, the library would read as many bytes as the hash has, unless it is NULL.
static const unsigned char *digest(const unsigned char *hash, size_t hash_len)
{
    return hash_len == 0 ? NULL : hash;
}

// gm_pk_sign writes at most MBEDTLS_PK_SIGNATURE_MAX_SIZE bytes.
int gm_pk_sign(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, unsigned char *sig,
               size_t *sig_len, void *rng)
{
    return mbedtls_pk_sign(pk, (mbedtls_md_type_t) md, digest(hash, hash_len), hash_len, sig,
                           MBEDTLS_PK_SIGNATURE_MAX_SIZE, sig_len, gm_draw, rng);
}

int gm_pk_sign_ext(int type, mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len,
                   unsigned char *sig, size_t *sig_len, void *rng)
{
    // RSASSA_PSS does not look whether there is a digest, and lengths are cut to an unsigned int.
    if (type == MBEDTLS_PK_RSASSA_PSS && (hash_len == 0 || hash_len > UINT32_MAX)) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    return mbedtls_pk_sign_ext((mbedtls_pk_type_t) type, pk, (mbedtls_md_type_t) md, digest(hash, hash_len), hash_len,
                               sig, MBEDTLS_PK_SIGNATURE_MAX_SIZE, sig_len, gm_draw, rng);
}

#if defined(MBEDTLS_ECDSA_C)
// write_signature writes r and s as ECDSA's signatures are (RFC 3279 section 2.2.3).
static int write_signature(const mbedtls_mpi *r, const mbedtls_mpi *s, unsigned char *sig, size_t *sig_len)
{
    unsigned char buf[MBEDTLS_ECDSA_MAX_LEN];
    unsigned char *p = buf + sizeof(buf);
    int ret, len = 0;

    MBEDTLS_ASN1_CHK_ADD(len, mbedtls_asn1_write_mpi(&p, buf, s));
    MBEDTLS_ASN1_CHK_ADD(len, mbedtls_asn1_write_mpi(&p, buf, r));
    MBEDTLS_ASN1_CHK_ADD(len, mbedtls_asn1_write_len(&p, buf, (size_t) len));
    MBEDTLS_ASN1_CHK_ADD(len, mbedtls_asn1_write_tag(&p, buf, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE));
    memcpy(sig, p, (size_t) len);
    *sig_len = (size_t) len;
    return 0;
}

static int sign_ecdsa(mbedtls_ecp_keypair *ec, int deterministic, int md, const unsigned char *hash, size_t hash_len,
                      mbedtls_mpi *r, mbedtls_mpi *s, void *rng)
{
    if (!deterministic) {
        return mbedtls_ecdsa_sign(&ec->grp, r, s, &ec->d, hash, hash_len, gm_draw, rng);
    }
#if defined(MBEDTLS_ECDSA_DETERMINISTIC)
    return mbedtls_ecdsa_sign_det_ext(&ec->grp, r, s, &ec->d, hash, hash_len, (mbedtls_md_type_t) md, gm_draw, rng);
#else
    (void) md;
    return GM_NOT_BUILT;
#endif
}
#endif

// gm_pk_sign_ecdsa is mbedtls_pk_sign for an EC key, where not the build but the caller says whether it is deterministic.
int gm_pk_sign_ecdsa(mbedtls_pk_context *pk, int deterministic, int md, const unsigned char *hash, size_t hash_len,
                     unsigned char *sig, size_t *sig_len, void *rng)
{
#if defined(MBEDTLS_ECDSA_C)
    mbedtls_ecp_keypair *ec = mbedtls_pk_ec_rw(*pk);
    mbedtls_mpi r, s;
    int ret;

    if (ec == NULL || !mbedtls_pk_can_do(pk, MBEDTLS_PK_ECDSA)) {
        return MBEDTLS_ERR_PK_TYPE_MISMATCH;
    }
    if (hash_len == 0) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    ret = sign_ecdsa(ec, deterministic, md, hash, hash_len, &r, &s, rng);
    if (ret == 0) {
        ret = write_signature(&r, &s, sig, sig_len);
    }
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    return ret;
#else
    (void) pk, (void) deterministic, (void) md, (void) hash, (void) hash_len, (void) sig, (void) sig_len, (void) rng;
    return GM_NOT_BUILT;
#endif
}

int gm_pk_verify(mbedtls_pk_context *pk, int md, const unsigned char *hash, size_t hash_len, const unsigned char *sig,
                 size_t sig_len)
{
    return mbedtls_pk_verify(pk, (mbedtls_md_type_t) md, digest(hash, hash_len), hash_len, sig, sig_len);
}

int gm_pk_verify_ext(int type, int has_options, int mgf1, int salt_len, mbedtls_pk_context *pk, int md,
                     const unsigned char *hash, size_t hash_len, const unsigned char *sig, size_t sig_len)
{
    mbedtls_pk_rsassa_pss_options options = {(mbedtls_md_type_t) mgf1, salt_len};
    return mbedtls_pk_verify_ext((mbedtls_pk_type_t) type, has_options ? &options : NULL, pk, (mbedtls_md_type_t) md,
                                 digest(hash, hash_len), hash_len, sig, sig_len);
}

int gm_pk_decrypt(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *out, size_t size,
                  size_t *out_len, void *rng)
{
    return mbedtls_pk_decrypt(pk, in, in_len, out, out_len, size, gm_draw, rng);
}

// equal_mask is all ones if a is b, else 0, in constant time.
static unsigned char equal_mask(size_t a, size_t b)
{
    size_t d = a ^ b;
    return (unsigned char) (((d | (0 - d)) >> (sizeof(d) * 8 - 1)) - 1);
}

// gm_pk_decrypt_session puts the plaintext in place of key if the padding is right, and it is as long. Else key stays as
// it is, without a sign of that (RFC 8017 section 7.2.2, RFC 3218 section 2.3).
int gm_pk_decrypt_session(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *key,
                          size_t key_len, void *rng)
{
    unsigned char out[MBEDTLS_MPI_MAX_SIZE];
    size_t out_len = 0;
    unsigned char take;
    int ret;

    if (key_len > sizeof(out)) {
        return MBEDTLS_ERR_PK_BAD_INPUT_DATA;
    }
    memset(out, 0, sizeof(out));
    ret = mbedtls_pk_decrypt(pk, in, in_len, out, &out_len, sizeof(out), gm_draw, rng);
    take = equal_mask((size_t) ret, 0) & equal_mask(out_len, key_len);
    for (size_t i = 0; i < key_len; i++) {
        key[i] = (unsigned char) ((key[i] & ~take) | (out[i] & take));
    }
    mbedtls_platform_zeroize(out, sizeof(out));
#if defined(MBEDTLS_RSA_C)
    ret &= ~(int) (signed char) (equal_mask((size_t) ret, (size_t) MBEDTLS_ERR_RSA_INVALID_PADDING));
#endif
    return ret;
}

int gm_pk_encrypt(mbedtls_pk_context *pk, const unsigned char *in, size_t in_len, unsigned char *out, size_t size,
                  size_t *out_len, void *rng)
{
    return mbedtls_pk_encrypt(pk, in, in_len, out, out_len, size, gm_draw, rng);
}

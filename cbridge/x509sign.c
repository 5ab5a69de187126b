// x509sign.c makes keys that sign certificates and requests with a Go closure: at once, unlike the keys of
// signer.c.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "x509.h"
#include "_cgo_export.h"
#include <pk_wrap.h>

typedef struct {
    mbedtls_pk_context pk;  // the first member, which gm_pk_delete frees
    mbedtls_pk_info_t info;
    void *handle;
} closure_key;

// Reached from mbedtls_pk_sign, of mbedtls_x509write_crt_der and mbedtls_x509write_csr_der.
static int sign(mbedtls_pk_context *pk, mbedtls_md_type_t md, const unsigned char *hash, size_t hash_len,
                unsigned char *sig, size_t sig_size, size_t *sig_len, int (*f_rng)(void *, unsigned char *, size_t),
                void *p_rng)
{
    (void) f_rng;
    (void) p_rng;
    return gombClosureSign(((closure_key *) pk)->handle, (int) md, (unsigned char *) hash, hash_len, sig, sig_size, sig_len);
}

static int can_rsa(mbedtls_pk_type_t type)
{
    return type == MBEDTLS_PK_RSA;
}

static int can_ecdsa(mbedtls_pk_type_t type)
{
    return type == MBEDTLS_PK_ECDSA || type == MBEDTLS_PK_ECKEY;
}

// gm_closure_key_new makes a key of a SubjectPublicKeyInfo; with handle NULL, it has no more than that.
int gm_closure_key_new(const unsigned char *spki, size_t len, void *handle, mbedtls_pk_context **out)
{
    closure_key *k = mbedtls_calloc(1, sizeof(*k));
    unsigned char *p = (unsigned char *) spki;
    int ret;

    if (k == NULL) {
        return MBEDTLS_ERR_PK_ALLOC_FAILED;
    }
    mbedtls_pk_init(&k->pk);
    ret = mbedtls_pk_parse_subpubkey(&p, p + len, &k->pk);
    if (ret == 0 && p != spki + len) {
        ret = MBEDTLS_ERR_PK_INVALID_PUBKEY;
    }
    if (ret != 0) {
        gm_pk_delete(&k->pk);
        return ret;
    }
    k->handle = handle;
    k->info = *k->pk.pk_info;
    if (handle == NULL) {
        k->info.sign_func = NULL;
    } else {
        k->info.can_do = k->info.type == MBEDTLS_PK_RSA ? can_rsa : can_ecdsa;
        k->info.sign_func = sign;
    }
    k->info.decrypt_func = NULL;
    k->info.check_pair_func = NULL;
#if defined(MBEDTLS_ECDSA_C) && defined(MBEDTLS_ECP_RESTARTABLE)
    k->info.sign_rs_func = NULL;
#endif
    k->pk.pk_info = &k->info;
    *out = &k->pk;
    return 0;
}

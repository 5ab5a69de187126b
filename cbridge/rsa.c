// rsa.c makes RSA contexts, and says what they are.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "rsa.h"

#if defined(MBEDTLS_RSA_C)
#include <rsa_internal.h>
#endif

mbedtls_rsa_context *gm_rsa_new(void)
{
#if defined(MBEDTLS_RSA_C)
    mbedtls_rsa_context *rsa = mbedtls_calloc(1, sizeof(*rsa));
    if (rsa != NULL) {
        mbedtls_rsa_init(rsa);
    }
    return rsa;
#else
    return NULL;
#endif
}

void gm_rsa_delete(mbedtls_rsa_context *rsa)
{
#if defined(MBEDTLS_RSA_C)
    mbedtls_rsa_free(rsa);
    mbedtls_free(rsa);
#endif
}

#if defined(MBEDTLS_RSA_C)
// copy makes to a key that works as from does, which somebody may be using. Both had better blind with other numbers.
static int copy(mbedtls_rsa_context *to, mbedtls_rsa_context *from)
{
    int ret;
#if defined(MBEDTLS_THREADING_C)
    if ((ret = mbedtls_mutex_lock(&from->mutex)) != 0) {
        return ret;
    }
#endif
    ret = mbedtls_rsa_copy(to, from);
#if defined(MBEDTLS_THREADING_C)
    if (mbedtls_mutex_unlock(&from->mutex) != 0 && ret == 0) {
        ret = MBEDTLS_ERR_THREADING_MUTEX_ERROR;
    }
#endif
    mbedtls_mpi_free(&to->Vi);
    mbedtls_mpi_free(&to->Vf);
    return ret;
}
#endif

// gm_rsa_of_pk fills a context that is empty.
int gm_rsa_of_pk(mbedtls_rsa_context *rsa, const mbedtls_pk_context *pk)
{
#if defined(MBEDTLS_RSA_C)
    mbedtls_rsa_context *from = mbedtls_pk_rsa(*pk);
    return from == NULL ? MBEDTLS_ERR_PK_TYPE_MISMATCH : copy(rsa, from);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_pk_setup_rsa(mbedtls_pk_context *pk, const mbedtls_rsa_context *rsa)
{
#if defined(MBEDTLS_RSA_C)
    int ret = mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA));
    return ret != 0 ? ret : copy(mbedtls_pk_rsa(*pk), (mbedtls_rsa_context *) rsa);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_copy(mbedtls_rsa_context *to, const mbedtls_rsa_context *from)
{
    return GM_IF_RSA(copy(to, (mbedtls_rsa_context *) from));
}

// gm_rsa_forget drops what was computed of numbers that are to change: the library would go on with it.
void gm_rsa_forget(mbedtls_rsa_context *rsa)
{
    (void) rsa;
#if defined(MBEDTLS_RSA_C)
    mbedtls_mpi *const computed[] = {&rsa->DP, &rsa->DQ, &rsa->QP, &rsa->RN, &rsa->RP, &rsa->RQ, &rsa->Vi, &rsa->Vf};
    for (size_t i = 0; i < sizeof(computed) / sizeof(computed[0]); i++) {
        mbedtls_mpi_free(computed[i]);
    }
#endif
}

int gm_rsa_gen_key(mbedtls_rsa_context *rsa, unsigned bits, int exponent, void *rng)
{
#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_GENPRIME)
    int padding = mbedtls_rsa_get_padding_mode(rsa);
    mbedtls_md_type_t md = (mbedtls_md_type_t) mbedtls_rsa_get_md_alg(rsa);
    gm_rsa_forget(rsa);
    int ret = mbedtls_rsa_gen_key(rsa, gm_draw, rng, bits, exponent);
    if (ret != 0) {  // it has freed the context
        mbedtls_rsa_free(rsa);
        mbedtls_rsa_init(rsa);
        (void) mbedtls_rsa_set_padding(rsa, padding, md);
    }
    return ret;
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_check_pubkey(const mbedtls_rsa_context *rsa)
{
    return GM_IF_RSA(mbedtls_rsa_check_pubkey(rsa));
}

int gm_rsa_check_privkey(const mbedtls_rsa_context *rsa)
{
    return GM_IF_RSA(mbedtls_rsa_check_privkey(rsa));
}

int gm_rsa_check_pub_priv(const mbedtls_rsa_context *pub, const mbedtls_rsa_context *prv)
{
    return GM_IF_RSA(mbedtls_rsa_check_pub_priv(pub, prv));
}

int gm_rsa_set_padding(mbedtls_rsa_context *rsa, int padding, int md)
{
    return GM_IF_RSA(mbedtls_rsa_set_padding(rsa, padding, (mbedtls_md_type_t) md));
}

int gm_rsa_padding(const mbedtls_rsa_context *rsa)
{
    return GM_IF_RSA(mbedtls_rsa_get_padding_mode(rsa));
}

int gm_rsa_md(const mbedtls_rsa_context *rsa)
{
    return GM_IF_RSA(mbedtls_rsa_get_md_alg(rsa));
}

size_t gm_rsa_len(const mbedtls_rsa_context *rsa)
{
#if defined(MBEDTLS_RSA_C)
    return mbedtls_rsa_get_len(rsa);
#else
    return 0;
#endif
}

size_t gm_rsa_bitlen(const mbedtls_rsa_context *rsa)
{
#if defined(MBEDTLS_RSA_C)
    return mbedtls_rsa_get_bitlen(rsa);
#else
    return 0;
#endif
}

int gm_rsa_parse_key(mbedtls_rsa_context *rsa, const unsigned char *der, size_t len)
{
    return GM_IF_RSA(mbedtls_rsa_parse_key(rsa, der, len));
}

int gm_rsa_parse_pubkey(mbedtls_rsa_context *rsa, const unsigned char *der, size_t len)
{
    return GM_IF_RSA(mbedtls_rsa_parse_pubkey(rsa, der, len));
}

// gm_rsa_write_key writes to the end of the buffer, as gm_rsa_write_pubkey.
int gm_rsa_write_key(const mbedtls_rsa_context *rsa, unsigned char *buf, size_t size)
{
#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_ASN1_WRITE_C)
    unsigned char *p = buf + size;
    return mbedtls_rsa_write_key(rsa, buf, &p);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_write_pubkey(const mbedtls_rsa_context *rsa, unsigned char *buf, size_t size)
{
#if defined(MBEDTLS_RSA_C) && defined(MBEDTLS_ASN1_WRITE_C)
    unsigned char *p = buf + size;
    return mbedtls_rsa_write_pubkey(rsa, buf, &p);
#else
    return GM_NOT_BUILT;
#endif
}

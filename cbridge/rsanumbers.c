// rsanumbers.c has the numbers of RSA keys go in and out.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "rsa.h"

#if defined(MBEDTLS_RSA_C)
#include <rsa_alt_helpers.h>

#define MAX_NUMBERS GM_RSA_ALL

typedef struct {
    mbedtls_mpi n[MAX_NUMBERS];
    mbedtls_mpi *p[MAX_NUMBERS];  // NULL for one that is not there
} numbers;

static void begin(numbers *v)
{
    for (int i = 0; i < MAX_NUMBERS; i++) {
        mbedtls_mpi_init(&v->n[i]);
        v->p[i] = &v->n[i];
    }
}

static int end(numbers *v, int ret)
{
    for (int i = 0; i < MAX_NUMBERS; i++) {
        mbedtls_mpi_free(&v->n[i]);
    }
    return ret;
}

static int get(numbers *v, int count, const unsigned char *bytes, const size_t *lens)
{
    for (int i = 0; i < count; i++) {
        int ret;
        if (lens[i] == GM_NO_NUMBER) {
            v->p[i] = NULL;
            continue;
        }
        if ((ret = mbedtls_mpi_read_binary(&v->n[i], bytes, lens[i])) != 0) {
            return ret;
        }
        bytes += lens[i];
    }
    return 0;
}

static int put(const mbedtls_mpi *n, int count, unsigned char *out, size_t *lens)
{
    for (int i = 0; i < count; i++) {
        int ret;
        if (lens[i] == GM_NO_NUMBER) {
            continue;
        }
        lens[i] = mbedtls_mpi_size(&n[i]);
        if (lens[i] > GM_NUMBER) {
            return MBEDTLS_ERR_MPI_BUFFER_TOO_SMALL;
        }
        if ((ret = mbedtls_mpi_write_binary(&n[i], out + (size_t) i * GM_NUMBER, lens[i])) != 0) {
            return ret;
        }
    }
    return 0;
}
#endif

int gm_rsa_import(mbedtls_rsa_context *rsa, const unsigned char *bytes, const size_t lens[GM_RSA_CORE])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, GM_RSA_CORE, bytes, lens)) == 0) {
        gm_rsa_forget(rsa);
        ret = mbedtls_rsa_import(rsa, v.p[GM_RSA_N], v.p[GM_RSA_P], v.p[GM_RSA_Q], v.p[GM_RSA_D], v.p[GM_RSA_E]);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_import_raw(mbedtls_rsa_context *rsa, const unsigned char *bytes, const size_t lens[GM_RSA_CORE])
{
#if defined(MBEDTLS_RSA_C)
    const unsigned char *p[GM_RSA_CORE];
    size_t n[GM_RSA_CORE];
    for (int i = 0; i < GM_RSA_CORE; i++) {
        p[i] = lens[i] == GM_NO_NUMBER ? NULL : bytes;
        n[i] = lens[i] == GM_NO_NUMBER ? 0 : lens[i];
        bytes += n[i];
    }
    gm_rsa_forget(rsa);
    return mbedtls_rsa_import_raw(rsa, p[GM_RSA_N], n[GM_RSA_N], p[GM_RSA_P], n[GM_RSA_P], p[GM_RSA_Q], n[GM_RSA_Q],
                                  p[GM_RSA_D], n[GM_RSA_D], p[GM_RSA_E], n[GM_RSA_E]);
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_set_numbers puts numbers where they are, whatever they are: for tests of what checks keys.
int gm_rsa_set_numbers(mbedtls_rsa_context *rsa, size_t len, const unsigned char *bytes, const size_t lens[GM_RSA_ALL])
{
#if defined(MBEDTLS_RSA_C) && !defined(MBEDTLS_RSA_NO_CRT)
    mbedtls_mpi *to[] = {&rsa->N, &rsa->P, &rsa->Q, &rsa->D, &rsa->E, &rsa->DP, &rsa->DQ, &rsa->QP};
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, GM_RSA_ALL, bytes, lens)) == 0) {
        for (int i = 0; i < GM_RSA_ALL; i++) {
            if (v.p[i] != NULL) {
                mbedtls_mpi_swap(to[i], v.p[i]);
            }
        }
        rsa->len = len;
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_complete(mbedtls_rsa_context *rsa)
{
    return GM_IF_RSA(mbedtls_rsa_complete(rsa));
}

// gm_rsa_export gives the numbers whose length is not GM_NO_NUMBER.
int gm_rsa_export(const mbedtls_rsa_context *rsa, unsigned char *out, size_t lens[GM_RSA_CORE])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    for (int i = 0; i < GM_RSA_CORE; i++) {
        if (lens[i] == GM_NO_NUMBER) {
            v.p[i] = NULL;
        }
    }
    ret = mbedtls_rsa_export(rsa, v.p[GM_RSA_N], v.p[GM_RSA_P], v.p[GM_RSA_Q], v.p[GM_RSA_D], v.p[GM_RSA_E]);
    return end(&v, ret != 0 ? ret : put(v.n, GM_RSA_CORE, out, lens));
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_export_raw gives the numbers whose length is not 0, one after the other, as long as lens says.
int gm_rsa_export_raw(const mbedtls_rsa_context *rsa, unsigned char *out, const size_t lens[GM_RSA_CORE])
{
#if defined(MBEDTLS_RSA_C)
    unsigned char *p[GM_RSA_CORE];
    for (int i = 0; i < GM_RSA_CORE; i++) {
        p[i] = lens[i] == 0 ? NULL : out;
        out += lens[i];
    }
    return mbedtls_rsa_export_raw(rsa, p[GM_RSA_N], lens[GM_RSA_N], p[GM_RSA_P], lens[GM_RSA_P], p[GM_RSA_Q],
                                  lens[GM_RSA_Q], p[GM_RSA_D], lens[GM_RSA_D], p[GM_RSA_E], lens[GM_RSA_E]);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_export_crt(const mbedtls_rsa_context *rsa, unsigned char *out, size_t lens[3])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    ret = mbedtls_rsa_export_crt(rsa, &v.n[0], &v.n[1], &v.n[2]);
    return end(&v, ret != 0 ? ret : put(v.n, 3, out, lens));
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_deduce_primes finds P and Q of N, E and D.
int gm_rsa_deduce_primes(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[2])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, 3, bytes, lens)) == 0 &&
        (ret = mbedtls_rsa_deduce_primes(&v.n[0], &v.n[1], &v.n[2], &v.n[3], &v.n[4])) == 0) {
        ret = put(v.n + 3, 2, out, out_lens);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_deduce_private_exponent finds D of P, Q and E.
int gm_rsa_deduce_private_exponent(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[1])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, 3, bytes, lens)) == 0 &&
        (ret = mbedtls_rsa_deduce_private_exponent(&v.n[0], &v.n[1], &v.n[2], &v.n[3])) == 0) {
        ret = put(v.n + 3, 1, out, out_lens);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_deduce_crt finds DP, DQ and QP of P, Q and D.
int gm_rsa_deduce_crt(const unsigned char *bytes, const size_t lens[3], unsigned char *out, size_t out_lens[3])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, 3, bytes, lens)) == 0 &&
        (ret = mbedtls_rsa_deduce_crt(&v.n[0], &v.n[1], &v.n[2], &v.n[3], &v.n[4], &v.n[5])) == 0) {
        ret = put(v.n + 3, 3, out, out_lens);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

int gm_rsa_validate_params(const unsigned char *bytes, const size_t lens[GM_RSA_CORE], int primes, void *rng)
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, GM_RSA_CORE, bytes, lens)) == 0) {
        ret = mbedtls_rsa_validate_params(v.p[GM_RSA_N], v.p[GM_RSA_P], v.p[GM_RSA_Q], v.p[GM_RSA_D], v.p[GM_RSA_E],
                                          primes ? gm_draw : NULL, rng);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

// gm_rsa_validate_crt is for P, Q, D, DP, DQ and QP.
int gm_rsa_validate_crt(const unsigned char *bytes, const size_t lens[6])
{
#if defined(MBEDTLS_RSA_C)
    numbers v;
    int ret;
    begin(&v);
    if ((ret = get(&v, 6, bytes, lens)) == 0) {
        ret = mbedtls_rsa_validate_crt(v.p[0], v.p[1], v.p[2], v.p[3], v.p[4], v.p[5]);
    }
    return end(&v, ret);
#else
    return GM_NOT_BUILT;
#endif
}

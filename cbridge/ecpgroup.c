#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "ec.h"

mbedtls_ecp_group *gm_ecp_group_new(void)
{
    mbedtls_ecp_group *g = mbedtls_calloc(1, sizeof(*g));
    if (g != NULL) {
        mbedtls_ecp_group_init(g);
    }
    return g;
}

void gm_ecp_group_delete(mbedtls_ecp_group *g)
{
    mbedtls_ecp_group_free(g);
    mbedtls_free(g);
}

mbedtls_ecp_point *gm_ecp_point_new(void)
{
    mbedtls_ecp_point *p = mbedtls_calloc(1, sizeof(*p));
    if (p != NULL) {
        mbedtls_ecp_point_init(p);
    }
    return p;
}

void gm_ecp_point_delete(mbedtls_ecp_point *p)
{
    mbedtls_ecp_point_free(p);
    mbedtls_free(p);
}

// coefficient_a is A as the curve's equation has it. The library leaves out -3, and keeps (A + 2) / 4 of Montgomery curves.
static int coefficient_a(const mbedtls_ecp_group *g, mbedtls_mpi *to)
{
    int ret;
    switch (mbedtls_ecp_get_type(g)) {
    case MBEDTLS_ECP_TYPE_MONTGOMERY:
        ret = mbedtls_mpi_copy(to, &g->A);
        if (ret == 0) {
            ret = mbedtls_mpi_shift_l(to, 2);
        }
        return ret == 0 ? mbedtls_mpi_sub_int(to, to, 2) : ret;
    default:
        return g->A.p == NULL ? mbedtls_mpi_sub_int(to, &g->P, 3) : mbedtls_mpi_copy(to, &g->A);
    }
}

// What a group has is copied: much of it is in static memory, which no number may grow out of.
int gm_ecp_group_number(const mbedtls_ecp_group *g, int which, mbedtls_mpi *to)
{
    switch (which) {
    case GM_ECP_P:
        return mbedtls_mpi_copy(to, &g->P);
    case GM_ECP_A:
        return coefficient_a(g, to);
    case GM_ECP_B:
        return mbedtls_mpi_copy(to, &g->B);
    default:
        return mbedtls_mpi_copy(to, &g->N);
    }
}

int gm_ecp_group_generator(const mbedtls_ecp_group *g, mbedtls_ecp_point *to) { return mbedtls_ecp_copy(to, &g->G); }
int gm_ecp_group_id(const mbedtls_ecp_group *g) { return (int) g->id; }
size_t gm_ecp_pbits(const mbedtls_ecp_group *g) { return g->pbits; }
size_t gm_ecp_nbits(const mbedtls_ecp_group *g) { return g->nbits; }

int gm_ecp_point_set(mbedtls_ecp_point *p, const mbedtls_mpi *x, const mbedtls_mpi *y, const mbedtls_mpi *z)
{
    int ret = mbedtls_mpi_copy(&p->X, x);
    if (ret == 0) {
        ret = mbedtls_mpi_copy(&p->Y, y);
    }
    return ret == 0 ? mbedtls_mpi_copy(&p->Z, z) : ret;
}

int gm_ecp_point_get(const mbedtls_ecp_point *p, mbedtls_mpi *x, mbedtls_mpi *y, mbedtls_mpi *z)
{
    int ret = mbedtls_mpi_copy(x, &p->X);
    if (ret == 0) {
        ret = mbedtls_mpi_copy(y, &p->Y);
    }
    return ret == 0 ? mbedtls_mpi_copy(z, &p->Z) : ret;
}

int gm_ecp_tls_read_point(const mbedtls_ecp_group *g, mbedtls_ecp_point *p, const unsigned char *buf, size_t len, size_t *n)
{
    const unsigned char *at = buf;
    int ret = mbedtls_ecp_tls_read_point(g, p, &at, len);
    *n = (size_t) (at - buf);
    return ret;
}

int gm_ecp_tls_read_group(mbedtls_ecp_group *g, const unsigned char *buf, size_t len, size_t *n)
{
    const unsigned char *at = buf;
    int ret = mbedtls_ecp_tls_read_group(g, &at, len);
    *n = (size_t) (at - buf);
    return ret;
}

int gm_ecp_tls_read_group_id(int *id, const unsigned char *buf, size_t len, size_t *n)
{
    const unsigned char *at = buf;
    mbedtls_ecp_group_id found = MBEDTLS_ECP_DP_NONE;
    int ret = mbedtls_ecp_tls_read_group_id(&found, &at, len);
    *id = (int) found;
    *n = (size_t) (at - buf);
    return ret;
}

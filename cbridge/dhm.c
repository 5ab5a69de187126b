#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "dhm.h"

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_DHM_C)
#define IF_DHM(call) (call)
#else
#define IF_DHM(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_ASN1_PARSE_C)
#define IF_DHM_PARSE(call) (call)
#else
#define IF_DHM_PARSE(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_ASN1_PARSE_C) && defined(MBEDTLS_FS_IO)
#define IF_DHM_FILE(call) (call)
#else
#define IF_DHM_FILE(call) GM_NOT_BUILT
#endif

const unsigned char *gm_dhm_group(int index, int generator, size_t *len)
{
#define GROUP(name)                                              \
    static const unsigned char name##_p[] = name##_P_BIN;        \
    static const unsigned char name##_g[] = name##_G_BIN
    GROUP(MBEDTLS_DHM_RFC3526_MODP_2048);
    GROUP(MBEDTLS_DHM_RFC3526_MODP_3072);
    GROUP(MBEDTLS_DHM_RFC3526_MODP_4096);
    GROUP(MBEDTLS_DHM_RFC7919_FFDHE2048);
    GROUP(MBEDTLS_DHM_RFC7919_FFDHE3072);
    GROUP(MBEDTLS_DHM_RFC7919_FFDHE4096);
    GROUP(MBEDTLS_DHM_RFC7919_FFDHE6144);
    GROUP(MBEDTLS_DHM_RFC7919_FFDHE8192);
#define ROW(name) { name##_p, sizeof(name##_p) }, { name##_g, sizeof(name##_g) }
    static const struct {
        const unsigned char *p;
        size_t len;
    } groups[] = {
        ROW(MBEDTLS_DHM_RFC3526_MODP_2048), ROW(MBEDTLS_DHM_RFC3526_MODP_3072), ROW(MBEDTLS_DHM_RFC3526_MODP_4096),
        ROW(MBEDTLS_DHM_RFC7919_FFDHE2048), ROW(MBEDTLS_DHM_RFC7919_FFDHE3072), ROW(MBEDTLS_DHM_RFC7919_FFDHE4096),
        ROW(MBEDTLS_DHM_RFC7919_FFDHE6144), ROW(MBEDTLS_DHM_RFC7919_FFDHE8192),
    };
    size_t row = 2 * (size_t) index + (generator != 0);
    if (index < 0 || row >= sizeof(groups) / sizeof(*groups)) {
        return NULL;
    }
    *len = groups[row].len;
    return groups[row].p;
}

mbedtls_dhm_context *gm_dhm_new(void)
{
#if defined(MBEDTLS_DHM_C)
    mbedtls_dhm_context *c = mbedtls_calloc(1, sizeof(*c));
    if (c != NULL) {
        mbedtls_dhm_init(c);
    }
    return c;
#else
    return NULL;
#endif
}

static void release(mbedtls_dhm_context *c)
{
#if defined(MBEDTLS_DHM_C)
    mbedtls_dhm_free(c);
    mbedtls_dhm_init(c);
#endif
}

void gm_dhm_delete(mbedtls_dhm_context *c)
{
    release(c);
    mbedtls_free(c);
}

// A context is emptied before it gets a group: it keeps what it computed of the one before, and would go on with that.
int gm_dhm_set_group(mbedtls_dhm_context *c, const mbedtls_mpi *p, const mbedtls_mpi *g)
{
    release(c);
    return IF_DHM(mbedtls_dhm_set_group(c, p, g));
}

int gm_dhm_read_params(mbedtls_dhm_context *c, const unsigned char *buf, size_t len, size_t *n)
{
    unsigned char *at = (unsigned char *) buf;
    int ret;
    release(c);
    ret = IF_DHM(mbedtls_dhm_read_params(c, &at, buf + len));
    *n = (size_t) (at - buf);
    return ret;
}

// gm_dhm_params_len is the most that mbedtls_dhm_make_params writes.
size_t gm_dhm_params_len(const mbedtls_dhm_context *c)
{
    return 3 * 2 + 2 * mbedtls_mpi_size(&c->P) + mbedtls_mpi_size(&c->G);
}

// The library does not know the size of the buffer, nor that the numbers' sizes are written in two bytes each.
int gm_dhm_make_params(mbedtls_dhm_context *c, int x_size, unsigned char *buf, size_t len, size_t *olen, void *rng)
{
    if (len < gm_dhm_params_len(c) || mbedtls_mpi_size(&c->P) > 0xFFFF || mbedtls_mpi_size(&c->G) > 0xFFFF) {
        return MBEDTLS_ERR_DHM_BAD_INPUT_DATA;
    }
    return IF_DHM(mbedtls_dhm_make_params(c, x_size, buf, olen, gm_draw, rng));
}

int gm_dhm_read_public(mbedtls_dhm_context *c, const unsigned char *buf, size_t len)
{
    return IF_DHM(mbedtls_dhm_read_public(c, buf, len));
}

int gm_dhm_make_public(mbedtls_dhm_context *c, int x_size, unsigned char *buf, size_t len, void *rng)
{
    return IF_DHM(mbedtls_dhm_make_public(c, x_size, buf, len, gm_draw, rng));
}

// Without a private value the library computes a secret all the same, of no bytes.
int gm_dhm_calc_secret(mbedtls_dhm_context *c, unsigned char *buf, size_t len, size_t *olen, void *rng)
{
    if (mbedtls_mpi_bitlen(&c->X) == 0) {
        return MBEDTLS_ERR_DHM_BAD_INPUT_DATA;
    }
    return IF_DHM(mbedtls_dhm_calc_secret(c, buf, len, olen, gm_draw, rng));
}

size_t gm_dhm_bitlen(const mbedtls_dhm_context *c)
{
#if defined(MBEDTLS_DHM_C)
    return mbedtls_dhm_get_bitlen(c);
#else
    return 0;
#endif
}

size_t gm_dhm_len(const mbedtls_dhm_context *c)
{
#if defined(MBEDTLS_DHM_C)
    return mbedtls_dhm_get_len(c);
#else
    return 0;
#endif
}

int gm_dhm_get_value(const mbedtls_dhm_context *c, int param, mbedtls_mpi *to)
{
    return IF_DHM(mbedtls_dhm_get_value(c, (mbedtls_dhm_parameter) param, to));
}

int gm_dhm_parse(mbedtls_dhm_context *c, const unsigned char *buf, size_t len)
{
    release(c);
    return IF_DHM_PARSE(mbedtls_dhm_parse_dhm(c, buf, len));
}

int gm_dhm_parse_file(mbedtls_dhm_context *c, const char *path)
{
    release(c);
    return IF_DHM_FILE(mbedtls_dhm_parse_dhmfile(c, path));
}

#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "mpi.h"

#include <stdio.h>
#include <unistd.h>

// What an option switches off leaves the parameters of its wrapper unused.
#pragma GCC diagnostic ignored "-Wunused-parameter"

#if defined(MBEDTLS_GENPRIME)
#define IF_GENPRIME(call) (call)
#else
#define IF_GENPRIME(call) GM_NOT_BUILT
#endif

mbedtls_mpi *gm_mpi_new(void)
{
    mbedtls_mpi *x = mbedtls_calloc(1, sizeof(*x));
    if (x != NULL) {
        mbedtls_mpi_init(x);
    }
    return x;
}

void gm_mpi_delete(mbedtls_mpi *x)
{
    mbedtls_mpi_free(x);
    mbedtls_free(x);
}

// gm_mpi_zero is a zero for reading: what was never set.
mbedtls_mpi *gm_mpi_zero(void)
{
    static mbedtls_mpi zero = { .s = 1 };
    return &zero;
}

size_t gm_mpi_limbs(const mbedtls_mpi *x) { return x->n; }
size_t gm_mpi_limb_bits(void) { return 8 * sizeof(mbedtls_mpi_uint); }
void gm_mpi_set_sign(mbedtls_mpi *x, int sign) { x->s = (short) sign; }
int gm_mpi_sign(const mbedtls_mpi *x) { return x->s; }

// normal gives zero its sign, which functions that change bits only leave as it was.
static int normal(mbedtls_mpi *x, int ret)
{
    if (mbedtls_mpi_bitlen(x) == 0) {
        x->s = 1;
    }
    return ret;
}

// The library's small operands have the size of a limb: 32 bits on some targets. Larger ones become numbers there.
#define FITS(v) ((v) == (mbedtls_mpi_sint) (v))

static int set_uint64(mbedtls_mpi *x, uint64_t v)
{
    unsigned char b[8];
    for (int i = 7; i >= 0; i--, v >>= 8) {
        b[i] = (unsigned char) v;
    }
    return mbedtls_mpi_read_binary(x, b, sizeof(b));
}

int gm_mpi_set_int64(mbedtls_mpi *x, int64_t v)
{
    int ret;
    if (FITS(v)) {
        return mbedtls_mpi_lset(x, (mbedtls_mpi_sint) v);
    }
    ret = set_uint64(x, v < 0 ? 0 - (uint64_t) v : (uint64_t) v);
    x->s = v < 0 ? -1 : 1;
    return ret;
}

// gm_mpi_int64 fails if the number does not fit.
int gm_mpi_int64(const mbedtls_mpi *x, int64_t *v)
{
    unsigned char b[8];
    uint64_t u = 0;
    int ret = mbedtls_mpi_write_binary(x, b, sizeof(b));
    if (ret != 0) {
        return ret;
    }
    for (size_t i = 0; i < sizeof(b); i++) {
        u = u << 8 | b[i];
    }
    if (u > (uint64_t) INT64_MAX + (x->s < 0)) {
        return MBEDTLS_ERR_MPI_BUFFER_TOO_SMALL;
    }
    *v = (int64_t) (x->s < 0 ? 0 - u : u);
    return 0;
}

// WITH_INT64 is ret = call, with a number t of the value v.
#define WITH_INT64(v, call)                        \
    do {                                           \
        mbedtls_mpi t;                             \
        mbedtls_mpi_init(&t);                      \
        ret = gm_mpi_set_int64(&t, v);             \
        if (ret == 0) {                            \
            ret = (call);                          \
        }                                          \
        mbedtls_mpi_free(&t);                      \
    } while (0)

int gm_mpi_cmp_int(const mbedtls_mpi *x, int64_t v)
{
    int ret;
    if (FITS(v)) {
        return mbedtls_mpi_cmp_int(x, (mbedtls_mpi_sint) v);
    }
    WITH_INT64(v, mbedtls_mpi_cmp_mpi(x, &t));
    return ret;
}

int gm_mpi_add_int(mbedtls_mpi *x, const mbedtls_mpi *a, int64_t b)
{
    int ret;
    if (FITS(b)) {
        return mbedtls_mpi_add_int(x, a, (mbedtls_mpi_sint) b);
    }
    WITH_INT64(b, mbedtls_mpi_add_mpi(x, a, &t));
    return ret;
}

int gm_mpi_sub_int(mbedtls_mpi *x, const mbedtls_mpi *a, int64_t b)
{
    int ret;
    if (FITS(b)) {
        return mbedtls_mpi_sub_int(x, a, (mbedtls_mpi_sint) b);
    }
    WITH_INT64(b, mbedtls_mpi_sub_mpi(x, a, &t));
    return ret;
}

int gm_mpi_mul_int(mbedtls_mpi *x, const mbedtls_mpi *a, uint64_t b)
{
    mbedtls_mpi t;
    int ret;
    if (b == (mbedtls_mpi_uint) b) {
        return mbedtls_mpi_mul_int(x, a, (mbedtls_mpi_uint) b);
    }
    mbedtls_mpi_init(&t);
    ret = set_uint64(&t, b);
    if (ret == 0) {
        ret = mbedtls_mpi_mul_mpi(x, a, &t);
    }
    mbedtls_mpi_free(&t);
    return ret;
}

// The results of a division go to numbers of its own first: the library writes the quotient before it has read all of the
// dividend, so that with q and a the same the remainder can be wrong, and mbedtls_mpi_mod_mpi never ends if r is b.
static int divided(int ret, mbedtls_mpi *q, mbedtls_mpi *r, mbedtls_mpi *tq, mbedtls_mpi *tr)
{
    if (ret == 0 && q != NULL) {
        mbedtls_mpi_swap(q, tq);
    }
    if (ret == 0 && r != NULL) {
        mbedtls_mpi_swap(r, tr);
    }
    mbedtls_mpi_free(tq);
    mbedtls_mpi_free(tr);
    return ret;
}

int gm_mpi_div(mbedtls_mpi *q, mbedtls_mpi *r, const mbedtls_mpi *a, const mbedtls_mpi *b)
{
    mbedtls_mpi tq, tr;
    int ret;
    mbedtls_mpi_init(&tq);
    mbedtls_mpi_init(&tr);
    ret = mbedtls_mpi_div_mpi(&tq, &tr, a, b);
    return divided(ret, q, r, &tq, &tr);
}

int gm_mpi_div_int(mbedtls_mpi *q, mbedtls_mpi *r, const mbedtls_mpi *a, int64_t b)
{
    mbedtls_mpi tq, tr;
    int ret;
    if (!FITS(b)) {
        WITH_INT64(b, gm_mpi_div(q, r, a, &t));
        return ret;
    }
    mbedtls_mpi_init(&tq);
    mbedtls_mpi_init(&tr);
    ret = mbedtls_mpi_div_int(&tq, &tr, a, (mbedtls_mpi_sint) b);
    return divided(ret, q, r, &tq, &tr);
}

int gm_mpi_mod(mbedtls_mpi *r, const mbedtls_mpi *a, const mbedtls_mpi *b)
{
    mbedtls_mpi t;
    int ret;
    mbedtls_mpi_init(&t);
    ret = mbedtls_mpi_mod_mpi(&t, a, b);
    if (ret == 0) {
        mbedtls_mpi_swap(r, &t);
    }
    mbedtls_mpi_free(&t);
    return ret;
}

// The library's mbedtls_mpi_mod_int is wrong for divisors of more than half a limb, whose remainders it shifts by as much.
int gm_mpi_mod_int(uint64_t *r, const mbedtls_mpi *a, int64_t b)
{
    const int64_t half = (int64_t) 1 << 4 * sizeof(mbedtls_mpi_uint);
    mbedtls_mpi_uint small = 0;
    mbedtls_mpi rest;
    int64_t v = 0;
    int ret;
    if (FITS(b) && b <= half) {
        ret = mbedtls_mpi_mod_int(&small, a, (mbedtls_mpi_sint) b);
        *r = small;
        return ret;
    }
    mbedtls_mpi_init(&rest);
    WITH_INT64(b, mbedtls_mpi_mod_mpi(&rest, a, &t));
    if (ret == 0) {
        ret = gm_mpi_int64(&rest, &v);
        *r = (uint64_t) v;
    }
    mbedtls_mpi_free(&rest);
    return ret;
}

int gm_mpi_set_bit(mbedtls_mpi *x, size_t pos, unsigned char v) { return normal(x, mbedtls_mpi_set_bit(x, pos, v)); }
int gm_mpi_shift_r(mbedtls_mpi *x, size_t count) { return normal(x, mbedtls_mpi_shift_r(x, count)); }

// The library adds the size of the number to count, without a look at the sum.
int gm_mpi_shift_l(mbedtls_mpi *x, size_t count)
{
    if (count > (size_t) MBEDTLS_MPI_MAX_LIMBS * 8 * sizeof(mbedtls_mpi_uint)) {
        return MBEDTLS_ERR_MPI_ALLOC_FAILED;
    }
    return mbedtls_mpi_shift_l(x, count);
}

// The library writes to x while it still reads the others, and takes an rr of zero for one that it has computed.
int gm_mpi_exp_mod(mbedtls_mpi *x, const mbedtls_mpi *a, const mbedtls_mpi *e, const mbedtls_mpi *n, mbedtls_mpi *rr)
{
    mbedtls_mpi t;
    int ret;
    if (rr != NULL && (rr == a || rr == e || rr == n || rr == x)) {
        return MBEDTLS_ERR_MPI_BAD_INPUT_DATA;
    }
    if (rr != NULL && mbedtls_mpi_bitlen(rr) == 0) {
        mbedtls_mpi_free(rr);
    }
    mbedtls_mpi_init(&t);
    ret = mbedtls_mpi_exp_mod(&t, a, e, n, rr);
    if (ret == 0) {
        mbedtls_mpi_swap(x, &t);
    }
    mbedtls_mpi_free(&t);
    return ret;
}

#if defined(MBEDTLS_FS_IO)
// stream is another stream on the file of a descriptor, which reads and writes no more than it is asked for.
static FILE *stream(int fd, const char *mode)
{
    int own = dup(fd);
    FILE *f = own < 0 ? NULL : fdopen(own, mode);
    if (f == NULL && own >= 0) {
        close(own);
    }
    if (f != NULL) {
        setvbuf(f, NULL, _IONBF, 0);
    }
    return f;
}

int gm_mpi_read_file(mbedtls_mpi *x, int radix, int fd)
{
    FILE *f = stream(fd, "r");
    int ret;
    if (f == NULL) {
        return MBEDTLS_ERR_MPI_FILE_IO_ERROR;
    }
    ret = mbedtls_mpi_read_file(x, radix, f);
    fclose(f);
    return ret;
}

int gm_mpi_write_file(const char *prefix, const mbedtls_mpi *x, int radix, int fd)
{
    FILE *f = stream(fd, "w");
    int ret;
    if (f == NULL) {
        return MBEDTLS_ERR_MPI_FILE_IO_ERROR;
    }
    ret = mbedtls_mpi_write_file(prefix, x, radix, f);
    fclose(f);
    return ret;
}
#else
int gm_mpi_read_file(mbedtls_mpi *x, int radix, int fd) { return GM_NOT_BUILT; }
int gm_mpi_write_file(const char *prefix, const mbedtls_mpi *x, int radix, int fd) { return GM_NOT_BUILT; }
#endif

int gm_mpi_fill_random(mbedtls_mpi *x, size_t size, void *rng)
{
    return mbedtls_mpi_fill_random(x, size, gm_draw, rng);
}

// The library clears x before it reads n.
int gm_mpi_random(mbedtls_mpi *x, int64_t min, const mbedtls_mpi *n, void *rng)
{
    if (!FITS(min) || x == n) {
        return MBEDTLS_ERR_MPI_BAD_INPUT_DATA;
    }
    return mbedtls_mpi_random(x, (mbedtls_mpi_sint) min, n, gm_draw, rng);
}

// The library takes a negative number of rounds for a very large one, and for a number with limbs that it does not need, it
// draws witnesses that are too large until it gives up, and says that the number is no prime.
int gm_mpi_is_prime(const mbedtls_mpi *x, int rounds, void *rng)
{
    mbedtls_mpi t;
    int ret;
    if (rounds < 0) {
        return MBEDTLS_ERR_MPI_BAD_INPUT_DATA;
    }
    mbedtls_mpi_init(&t);
    ret = mbedtls_mpi_copy(&t, x);
    if (ret == 0) {
        ret = IF_GENPRIME(mbedtls_mpi_is_prime_ext(&t, rounds, gm_draw, rng));
    }
    mbedtls_mpi_free(&t);
    return ret;
}

int gm_mpi_gen_prime(mbedtls_mpi *x, size_t bits, int flags, void *rng)
{
    return IF_GENPRIME(mbedtls_mpi_gen_prime(x, bits, flags, gm_draw, rng));
}

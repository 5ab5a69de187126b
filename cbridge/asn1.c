// asn1.c reads and writes ASN.1 where Go has the memory: Go's positions become the pointers that the library moves.
#include "asn1.h"

#include <string.h>

#if defined(MBEDTLS_ASN1_PARSE_C)
#define IF_PARSE(call) (call)
#else
#define IF_PARSE(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_ASN1_WRITE_C)
#define IF_WRITE(call) (call)
#else
#define IF_WRITE(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_BASE64_C)
#define IF_BASE64(call) (call)
#else
#define IF_BASE64(call) GM_NOT_BUILT
#endif

// Where Go has no memory at all.
static unsigned char nothing[1];

// GM_READ calls a function that moves p, until end.
#define GM_READ(in, call) \
    unsigned char *const begin = (in)->p == NULL ? nothing : (unsigned char *) (in)->p; \
    unsigned char *p = begin + (in)->pos; \
    const unsigned char *const end = begin + (in)->size; \
    int ret = IF_PARSE(call); \
    (void) end; \
    (in)->pos = (size_t) (p - begin)

int gm_asn1_get_len(gm_input *in, size_t *len)
{
    GM_READ(in, mbedtls_asn1_get_len(&p, end, len));
    return ret;
}

int gm_asn1_get_tag(gm_input *in, size_t *len, int tag)
{
    GM_READ(in, mbedtls_asn1_get_tag(&p, end, len, tag));
    return ret;
}

int gm_asn1_get_bool(gm_input *in, int *v)
{
    GM_READ(in, mbedtls_asn1_get_bool(&p, end, v));
    return ret;
}

int gm_asn1_get_int(gm_input *in, int *v)
{
    GM_READ(in, mbedtls_asn1_get_int(&p, end, v));
    return ret;
}

int gm_asn1_get_enum(gm_input *in, int *v)
{
    GM_READ(in, mbedtls_asn1_get_enum(&p, end, v));
    return ret;
}

#if defined(MBEDTLS_BIGNUM_C)
// get_mpi gives the number's bytes, big-endian, in the C heap.
static int get_mpi(unsigned char **p, const unsigned char *end, unsigned char **bytes, size_t *len)
{
    mbedtls_mpi n;
    int ret;

    mbedtls_mpi_init(&n);
    if ((ret = IF_PARSE(mbedtls_asn1_get_mpi(p, end, &n))) == 0) {
        size_t size = mbedtls_mpi_size(&n);
        *bytes = mbedtls_calloc(1, size + 1);
        *len = *bytes == NULL ? 0 : size;
        ret = *bytes == NULL ? MBEDTLS_ERR_MPI_ALLOC_FAILED : mbedtls_mpi_write_binary(&n, *bytes, size);
    }
    mbedtls_mpi_free(&n);
    return ret;
}
#else
static int get_mpi(unsigned char **p, const unsigned char *end, unsigned char **bytes, size_t *len)
{
    (void) p;
    (void) end;
    (void) bytes;
    (void) len;
    return GM_NOT_BUILT;
}
#endif

int gm_asn1_get_mpi(gm_input *in, unsigned char **bytes, size_t *len)
{
    *bytes = NULL;
    GM_READ(in, get_mpi(&p, end, bytes, len));
    return ret;
}

int gm_asn1_get_bitstring(gm_input *in, gm_element *bits, int *unused)
{
    mbedtls_asn1_bitstring bs = {0, 0, NULL};
    GM_READ(in, mbedtls_asn1_get_bitstring(&p, end, &bs));
    if (ret == 0) {
        *bits = (gm_element) {MBEDTLS_ASN1_BIT_STRING, (size_t) (bs.p - begin), bs.len};
        *unused = bs.unused_bits;
    }
    return ret;
}

int gm_asn1_get_bitstring_null(gm_input *in, size_t *len)
{
    GM_READ(in, mbedtls_asn1_get_bitstring_null(&p, end, len));
    return ret;
}

static int append(gm_elements *elements, gm_element e)
{
    if (elements->n == elements->room) {
        size_t room = 2 * elements->room + 8;
        gm_element *list = mbedtls_calloc(room, sizeof(*list));
        if (list == NULL) {
            return MBEDTLS_ERR_ASN1_ALLOC_FAILED;
        }
        if (elements->n != 0) {
            memcpy(list, elements->list, elements->n * sizeof(*list));
        }
        mbedtls_free(elements->list);
        elements->list = list;
        elements->room = room;
    }
    elements->list[elements->n++] = e;
    return 0;
}

void gm_elements_free(gm_elements *elements)
{
    mbedtls_free(elements->list);
}

#if defined(MBEDTLS_ASN1_PARSE_C)
int gm_asn1_get_sequence_of(gm_input *in, int tag, gm_elements *elements)
{
    mbedtls_asn1_sequence head = {{0, 0, NULL}, NULL};
    GM_READ(in, mbedtls_asn1_get_sequence_of(&p, end, &head, tag));
    for (const mbedtls_asn1_sequence *s = &head; ret == 0 && s != NULL && s->buf.p != NULL; s = s->next) {
        ret = append(elements, (gm_element) {s->buf.tag, (size_t) (s->buf.p - begin), s->buf.len});
    }
    mbedtls_asn1_sequence_free(head.next);
    return ret;
}

typedef struct {
    gm_elements *elements;
    const unsigned char *begin;
} traversal;

// Reached from mbedtls_asn1_traverse_sequence_of. Go's function runs afterwards, so that no Go code runs inside of C.
static int visit(void *ctx, int tag, unsigned char *start, size_t len)
{
    const traversal *t = ctx;
    return append(t->elements, (gm_element) {tag, (size_t) (start - t->begin), len});
}

int gm_asn1_traverse_sequence_of(gm_input *in, unsigned char must_mask, unsigned char must, unsigned char may_mask,
                                 unsigned char may, gm_elements *elements)
{
    traversal t = {elements, in->p == NULL ? nothing : in->p};
    GM_READ(in, mbedtls_asn1_traverse_sequence_of(&p, end, must_mask, must, may_mask, may, visit, &t));
    return ret;
}
#else
int gm_asn1_get_sequence_of(gm_input *in, int tag, gm_elements *elements)
{
    (void) in;
    (void) tag;
    (void) elements;
    (void) append;
    return GM_NOT_BUILT;
}

int gm_asn1_traverse_sequence_of(gm_input *in, unsigned char must_mask, unsigned char must, unsigned char may_mask,
                                 unsigned char may, gm_elements *elements)
{
    (void) in;
    (void) must_mask;
    (void) must;
    (void) may_mask;
    (void) may;
    (void) elements;
    return GM_NOT_BUILT;
}
#endif

static gm_element element(const mbedtls_asn1_buf *buf, const unsigned char *begin)
{
    return (gm_element) {buf->tag, buf->p == NULL ? 0 : (size_t) (buf->p - begin), buf->len};
}

int gm_asn1_get_alg(gm_input *in, gm_element *oid, gm_element *params)
{
    mbedtls_asn1_buf o = {0, 0, NULL}, a = {0, 0, NULL};
    GM_READ(in, mbedtls_asn1_get_alg(&p, end, &o, &a));
    if (ret == 0) {
        *oid = element(&o, begin);
        *params = element(&a, begin);
    }
    return ret;
}

int gm_asn1_get_alg_null(gm_input *in, gm_element *oid)
{
    mbedtls_asn1_buf o = {0, 0, NULL};
    GM_READ(in, mbedtls_asn1_get_alg_null(&p, end, &o));
    if (ret == 0) {
        *oid = element(&o, begin);
    }
    return ret;
}

// GM_WRITE calls a function that moves p backwards, until start. What fails leaves the position where it was.
#define GM_WRITE(out, call) \
    unsigned char *const start = (out)->p == NULL ? nothing : (out)->p; \
    unsigned char *p = start + (out)->pos; \
    int ret = (call); \
    if (ret >= 0) { \
        (out)->pos = (size_t) (p - start); \
    } \
    return ret

int gm_asn1_write_len(gm_output *out, size_t len)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_len(&p, start, len)));
}

int gm_asn1_write_tag(gm_output *out, unsigned char tag)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_tag(&p, start, tag)));
}

int gm_asn1_write_raw_buffer(gm_output *out, const unsigned char *buf, size_t len)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_raw_buffer(&p, start, buf == NULL ? nothing : buf, len)));
}

#if defined(MBEDTLS_ASN1_WRITE_C) && defined(MBEDTLS_BIGNUM_C)
static int write_mpi(unsigned char **p, const unsigned char *start, const unsigned char *bytes, size_t len)
{
    mbedtls_mpi n;
    int ret;

    mbedtls_mpi_init(&n);
    if ((ret = mbedtls_mpi_read_binary(&n, bytes, len)) == 0) {
        ret = mbedtls_asn1_write_mpi(p, start, &n);
    }
    mbedtls_mpi_free(&n);
    return ret;
}
#else
#define write_mpi(p, start, bytes, len) GM_NOT_BUILT
#endif

int gm_asn1_write_mpi(gm_output *out, const unsigned char *bytes, size_t len)
{
    (void) bytes;
    (void) len;
    GM_WRITE(out, write_mpi(&p, start, bytes, len));
}

int gm_asn1_write_null(gm_output *out)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_null(&p, start)));
}

int gm_asn1_write_oid(gm_output *out, const unsigned char *oid, size_t len)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_oid(&p, start, oid == NULL ? "" : (const char *) oid, len)));
}

int gm_asn1_write_algorithm_identifier(gm_output *out, const unsigned char *oid, size_t len, size_t par_len, int has_par)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_algorithm_identifier_ext(&p, start, oid == NULL ? "" : (const char *) oid, len,
                                                                       par_len, has_par)));
}

int gm_asn1_write_bool(gm_output *out, int v)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_bool(&p, start, v)));
}

int gm_asn1_write_int(gm_output *out, int v)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_int(&p, start, v)));
}

int gm_asn1_write_enum(gm_output *out, int v)
{
    GM_WRITE(out, IF_WRITE(mbedtls_asn1_write_enum(&p, start, v)));
}

#if defined(MBEDTLS_ASN1_WRITE_C)
// write_string has a function of the library's for each kind of string that has one.
static int write_string(unsigned char **p, const unsigned char *start, int tag, const char *text, size_t len)
{
    switch (tag) {
        case MBEDTLS_ASN1_OCTET_STRING:
            return mbedtls_asn1_write_octet_string(p, start, (const unsigned char *) text, len);
        case MBEDTLS_ASN1_PRINTABLE_STRING:
            return mbedtls_asn1_write_printable_string(p, start, text, len);
        case MBEDTLS_ASN1_UTF8_STRING:
            return mbedtls_asn1_write_utf8_string(p, start, text, len);
        case MBEDTLS_ASN1_IA5_STRING:
            return mbedtls_asn1_write_ia5_string(p, start, text, len);
        default:
            return mbedtls_asn1_write_tagged_string(p, start, tag, text, len);
    }
}
#endif

int gm_asn1_write_string(gm_output *out, int tag, const unsigned char *text, size_t len)
{
    GM_WRITE(out, IF_WRITE(write_string(&p, start, tag, text == NULL ? "" : (const char *) text, len)));
}

int gm_asn1_write_bitstring(gm_output *out, const unsigned char *bits, size_t n, int named)
{
    bits = bits == NULL ? nothing : bits;
    GM_WRITE(out, IF_WRITE(named ? mbedtls_asn1_write_named_bitstring(&p, start, bits, n)
                                 : mbedtls_asn1_write_bitstring(&p, start, bits, n)));
}

int gm_base64_encode(unsigned char *dst, size_t size, size_t *len, const unsigned char *src, size_t n)
{
    return IF_BASE64(mbedtls_base64_encode(dst, size, len, src, n));
}

int gm_base64_decode(unsigned char *dst, size_t size, size_t *len, const unsigned char *src, size_t n)
{
    return IF_BASE64(mbedtls_base64_decode(dst, size, len, src, n));
}

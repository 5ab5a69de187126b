// asn1.h is asn1.c, for Go: ASN.1 in DER, and base64.
#ifndef GOMBEDTLS_ASN1_H
#define GOMBEDTLS_ASN1_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/asn1.h>
#include <mbedtls/asn1write.h>
#include <mbedtls/base64.h>

// gm_input is what is read: a position in size bytes at p.
typedef struct {
    const unsigned char *p;
    size_t size, pos;
} gm_input;

// gm_element is a part of the input.
typedef struct {
    int tag;
    size_t start, len;
} gm_element;

// gm_elements is a list in the C heap.
typedef struct {
    gm_element *list;
    size_t n, room;
} gm_elements;

int gm_asn1_get_len(gm_input *in, size_t *len);
int gm_asn1_get_tag(gm_input *in, size_t *len, int tag);
int gm_asn1_get_bool(gm_input *in, int *v);
int gm_asn1_get_int(gm_input *in, int *v);
int gm_asn1_get_enum(gm_input *in, int *v);
int gm_asn1_get_mpi(gm_input *in, unsigned char **bytes, size_t *len);
int gm_asn1_get_bitstring(gm_input *in, gm_element *bits, int *unused);
int gm_asn1_get_bitstring_null(gm_input *in, size_t *len);
int gm_asn1_get_sequence_of(gm_input *in, int tag, gm_elements *elements);
int gm_asn1_traverse_sequence_of(gm_input *in, unsigned char must_mask, unsigned char must, unsigned char may_mask,
                                 unsigned char may, gm_elements *elements);
int gm_asn1_get_alg(gm_input *in, gm_element *oid, gm_element *params);
int gm_asn1_get_alg_null(gm_input *in, gm_element *oid);
void gm_elements_free(gm_elements *elements);

// gm_output is what is written, backwards: everything behind pos is, in size bytes at p.
typedef struct {
    unsigned char *p;
    size_t size, pos;
} gm_output;

int gm_asn1_write_len(gm_output *out, size_t len);
int gm_asn1_write_tag(gm_output *out, unsigned char tag);
int gm_asn1_write_raw_buffer(gm_output *out, const unsigned char *buf, size_t len);
int gm_asn1_write_mpi(gm_output *out, const unsigned char *bytes, size_t len);
int gm_asn1_write_null(gm_output *out);
int gm_asn1_write_oid(gm_output *out, const unsigned char *oid, size_t len);
int gm_asn1_write_algorithm_identifier(gm_output *out, const unsigned char *oid, size_t len, size_t par_len, int has_par);
int gm_asn1_write_bool(gm_output *out, int v);
int gm_asn1_write_int(gm_output *out, int v);
int gm_asn1_write_enum(gm_output *out, int v);
int gm_asn1_write_string(gm_output *out, int tag, const unsigned char *text, size_t len);
int gm_asn1_write_bitstring(gm_output *out, const unsigned char *bits, size_t n, int named);

int gm_base64_encode(unsigned char *dst, size_t size, size_t *len, const unsigned char *src, size_t n);
int gm_base64_decode(unsigned char *dst, size_t size, size_t *len, const unsigned char *src, size_t n);

#endif // GOMBEDTLS_FOUND
#endif

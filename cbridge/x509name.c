// x509name.c reads and writes the parts that certificates, requests and revocation lists are made of.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "x509.h"
#include <string.h>
#include <x509_internal.h>

static size_t u32(const unsigned char *p)
{
    return (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
}

// copy gives a new block, also for nothing.
static unsigned char *copy(const unsigned char *p, size_t len)
{
    unsigned char *c = mbedtls_calloc(1, len + 1);
    if (c != NULL && len != 0) {
        memcpy(c, p, len);
    }
    return c;
}

// append adds an attribute at the end of a list of its own memory.
static mbedtls_asn1_named_data *append(mbedtls_asn1_named_data **end, const unsigned char *flat)
{
    size_t oid_len = u32(flat + 2), val_len = u32(flat + 6);
    mbedtls_asn1_named_data *n = mbedtls_calloc(1, sizeof(*n));

    if (n == NULL) {
        return NULL;
    }
    *end = n;
    n->next_merged = flat[0];
    n->oid.tag = MBEDTLS_ASN1_OID;
    n->oid.len = oid_len;
    n->val.tag = flat[1];
    n->val.len = val_len;
    n->oid.p = copy(flat + 10, oid_len);
    n->val.p = copy(flat + 10 + oid_len, val_len);
    return n->oid.p == NULL || n->val.p == NULL ? NULL : n;
}

int gm_names_new(const unsigned char *flat, size_t len, mbedtls_asn1_named_data **head)
{
    mbedtls_asn1_named_data **end = head;
    *head = NULL;
    for (size_t at = 0; at < len; at += 10 + u32(flat + at + 2) + u32(flat + at + 6)) {
        mbedtls_asn1_named_data *n = append(end, flat + at);
        if (n == NULL) {
            gm_names_delete(*head);
            *head = NULL;
            return MBEDTLS_ERR_X509_ALLOC_FAILED;
        }
        end = &n->next;
    }
    return 0;
}

void gm_names_delete(mbedtls_asn1_named_data *head)
{
    mbedtls_asn1_free_named_data_list(&head);
}

int gm_dn_gets(const unsigned char *flat, size_t len, char *buf, size_t size)
{
    mbedtls_asn1_named_data *head;
    mbedtls_x509_name none = { 0 };
    int ret = gm_names_new(flat, len, &head);

    if (ret == 0) {
        ret = mbedtls_x509_dn_gets(buf, size, head != NULL ? head : &none);
        gm_names_delete(head);
    }
    return ret;
}

// gm_x509_get_name parses a Name: the SEQUENCE with its header.
int gm_x509_get_name(const unsigned char *raw, size_t len, gm_name **out)
{
    gm_name *n = mbedtls_calloc(1, sizeof(*n) + len);
    unsigned char *p, *end;
    size_t inner;
    int ret;

    if (n == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    if (len != 0) {
        memcpy(n->raw, raw, len);
    }
    p = n->raw;
    end = p + len;
    if ((ret = mbedtls_asn1_get_tag(&p, end, &inner, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)) != 0) {
        ret = MBEDTLS_ERROR_ADD(MBEDTLS_ERR_X509_INVALID_NAME, ret);
    } else if (p + inner != end) {
        ret = MBEDTLS_ERROR_ADD(MBEDTLS_ERR_X509_INVALID_NAME, MBEDTLS_ERR_ASN1_LENGTH_MISMATCH);
    } else if (inner != 0) { // the library's parser wants one attribute; its callers spare it an empty name
        ret = mbedtls_x509_get_name(&p, end, &n->head);
    }
    if (ret != 0) {
        mbedtls_free(n); // the parser has freed what it hung on it
        return ret;
    }
    *out = n;
    return 0;
}

void gm_name_delete(gm_name *n)
{
    mbedtls_asn1_free_named_data_list_shallow(n->head.next);
    mbedtls_free(n);
}

#if defined(MBEDTLS_X509_CREATE_C)

int gm_string_to_names(const char *s, mbedtls_asn1_named_data **head)
{
    int ret;
    *head = NULL;
    ret = mbedtls_x509_string_to_names(head, s);
    if (ret != 0) { // what it had read until then is left to the caller
        gm_names_delete(*head);
        *head = NULL;
    }
    return ret;
}

// gm_names_write has the list in the order of the library's writers, last attribute first.
int gm_names_write(const unsigned char *flat, size_t len, unsigned char *buf, size_t size, size_t *out)
{
    mbedtls_asn1_named_data *head;
    unsigned char *p = buf + size;
    int ret = gm_names_new(flat, len, &head);

    if (ret != 0) {
        return ret;
    }
    ret = mbedtls_x509_write_names(&p, buf, head);
    gm_names_delete(head);
    if (ret < 0) {
        return ret;
    }
    *out = (size_t) ret;
    memmove(buf, p, *out);
    return 0;
}

#else

int gm_string_to_names(const char *s, mbedtls_asn1_named_data **head)
{
    (void) s;
    *head = NULL;
    return GM_NOT_BUILT;
}

int gm_names_write(const unsigned char *flat, size_t len, unsigned char *buf, size_t size, size_t *out)
{
    (void) flat;
    (void) len;
    (void) buf;
    (void) size;
    (void) out;
    return GM_NOT_BUILT;
}

#endif

// gm_x509_get_time reads the value of a UTCTime or GeneralizedTime, of at most 127 bytes.
int gm_x509_get_time(int tag, const unsigned char *value, size_t len, mbedtls_x509_time *t)
{
    unsigned char buf[2 + 127] = { (unsigned char) tag, (unsigned char) len }, *p = buf;
    if (len > sizeof(buf) - 2) {
        return MBEDTLS_ERROR_ADD(MBEDTLS_ERR_X509_INVALID_DATE, MBEDTLS_ERR_ASN1_INVALID_LENGTH);
    }
    if (len != 0) {
        memcpy(buf + 2, value, len);
    }
    return mbedtls_x509_get_time(&p, buf + 2 + len, t);
}

int gm_x509_get_pss_params(int tag, const unsigned char *params, size_t len, int *md, int *mgf, int *salt)
{
#if defined(MBEDTLS_X509_RSASSA_PSS_SUPPORT)
    mbedtls_x509_buf buf = { .tag = tag, .len = len, .p = (unsigned char *) params };
    mbedtls_md_type_t hash = MBEDTLS_MD_NONE, mask = MBEDTLS_MD_NONE;
    int ret = mbedtls_x509_get_rsassa_pss_params(&buf, &hash, &mask, salt);
    *md = (int) hash;
    *mgf = (int) mask;
    return ret;
#else
    (void) tag;
    (void) params;
    (void) len;
    (void) md;
    (void) mgf;
    (void) salt;
    return GM_NOT_BUILT;
#endif
}

int gm_serial_gets(const unsigned char *serial, size_t len, char *buf, size_t size)
{
    mbedtls_x509_buf b = { .tag = MBEDTLS_ASN1_INTEGER, .len = len, .p = (unsigned char *) serial };
    return mbedtls_x509_serial_gets(buf, size, &b);
}

int gm_parse_san(int tag, const unsigned char *value, size_t len, gm_san **out)
{
    gm_san *s = mbedtls_calloc(1, sizeof(*s) + len + 1);
    int ret;

    if (s == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    if (len != 0) {
        memcpy(s->raw, value, len);
    }
    s->buf.tag = tag;
    s->buf.len = len;
    s->buf.p = s->raw;
    if ((ret = mbedtls_x509_parse_subject_alt_name(&s->buf, &s->san)) != 0) {
        mbedtls_free(s);
        return ret;
    }
    *out = s;
    return 0;
}

void gm_san_delete(gm_san *s)
{
    mbedtls_x509_free_subject_alt_name(&s->san);
    mbedtls_free(s);
}

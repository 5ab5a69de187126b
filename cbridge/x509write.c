// x509write.c writes certificates and requests.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "x509.h"
#include <mbedtls/pem.h>
#include <string.h>

#if !defined(MBEDTLS_X509_CRT_WRITE_C) || !defined(MBEDTLS_X509_CSR_WRITE_C) || !defined(MBEDTLS_PEM_WRITE_C) || \
    !defined(MBEDTLS_MD_CAN_SHA1)
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif

#if defined(MBEDTLS_X509_CRT_WRITE_C)
#define IF_CRT(call) (call)
#else
#define IF_CRT(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_X509_CRT_WRITE_C) && defined(MBEDTLS_MD_CAN_SHA1)
#define IF_KEY_ID(call) (call)
#else
#define IF_KEY_ID(call) GM_NOT_BUILT
#endif

#if defined(MBEDTLS_X509_CSR_WRITE_C)
#define IF_CSR(call) (call)
#else
#define IF_CSR(call) GM_NOT_BUILT
#endif

// A setter without a result.
#define DONE(call) ((call), 0)

static size_t u32(const unsigned char *p)
{
    return (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
}

// An entry of a flat list: a byte that says what it is, its length in four bytes, and its bytes.
static size_t entries(const unsigned char *flat, size_t len)
{
    size_t n = 0;
    for (size_t at = 0; at < len; at += 5 + u32(flat + at + 1)) {
        n++;
    }
    return n;
}

static void free_sans(mbedtls_x509_san_list *sans, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (sans[i].node.type == MBEDTLS_X509_SAN_DIRECTORY_NAME) {
            mbedtls_x509_name *head = &sans[i].node.san.directory_name;
            mbedtls_free(head->oid.p);
            mbedtls_free(head->val.p);
            gm_names_delete(head->next);
        }
    }
    mbedtls_free(sans);
}

// with_sans gives a setter the list of names; those of directories are flat themselves.
static int with_sans(const unsigned char *flat, size_t len, int (*set)(void *, const mbedtls_x509_san_list *), void *w)
{
    size_t n = entries(flat, len);
    mbedtls_x509_san_list *sans = mbedtls_calloc(n + 1, sizeof(*sans));
    int ret = 0;

    if (sans == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    for (size_t i = 0, at = 0; ret == 0 && i < n; i++, at += 5 + u32(flat + at + 1)) {
        mbedtls_x509_subject_alternative_name *san = &sans[i].node;
        if (i > 0) {
            sans[i - 1].next = &sans[i];
        }
        san->type = flat[at];
        if (san->type == MBEDTLS_X509_SAN_DIRECTORY_NAME) {
            mbedtls_asn1_named_data *head = NULL;
            ret = gm_names_new(flat + at + 5, u32(flat + at + 1), &head);
            if (head != NULL) {
                san->san.directory_name = *head;
                mbedtls_free(head);
            }
        } else {
            san->san.unstructured_name.p = (unsigned char *) flat + at + 5;
            san->san.unstructured_name.len = u32(flat + at + 1);
        }
    }
    if (ret == 0) {
        ret = set(w, sans);
    }
    free_sans(sans, n);
    return ret;
}

// replace puts names in the place of a writer's.
static int replace(mbedtls_asn1_named_data **names, const unsigned char *flat, size_t len)
{
    gm_names_delete(*names);
    *names = NULL;
    return gm_names_new(flat, len, names);
}

mbedtls_x509write_cert *gm_crtw_new(void)
{
#if defined(MBEDTLS_X509_CRT_WRITE_C)
    mbedtls_x509write_cert *w = mbedtls_calloc(1, sizeof(*w));
    if (w != NULL) {
        mbedtls_x509write_crt_init(w);
    }
    return w;
#else
    return NULL;
#endif
}

void gm_crtw_delete(mbedtls_x509write_cert *w)
{
#if defined(MBEDTLS_X509_CRT_WRITE_C)
    mbedtls_x509write_crt_free(w);
#endif
    mbedtls_free(w);
}

int gm_crtw_version(mbedtls_x509write_cert *w, int version)
{
    return IF_CRT(DONE(mbedtls_x509write_crt_set_version(w, version)));
}

int gm_crtw_serial(mbedtls_x509write_cert *w, unsigned char *serial, size_t len)
{
    return IF_CRT(mbedtls_x509write_crt_set_serial_raw(w, serial, len));
}

int gm_crtw_validity(mbedtls_x509write_cert *w, const char *before, const char *after)
{
    return IF_CRT(mbedtls_x509write_crt_set_validity(w, before, after));
}

int gm_crtw_issuer(mbedtls_x509write_cert *w, const char *name)
{
    return IF_CRT(mbedtls_x509write_crt_set_issuer_name(w, name));
}

int gm_crtw_subject(mbedtls_x509write_cert *w, const char *name)
{
    return IF_CRT(mbedtls_x509write_crt_set_subject_name(w, name));
}

int gm_crtw_issuer_names(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len)
{
    return replace(&w->issuer, flat, len);
}

int gm_crtw_subject_names(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len)
{
    return replace(&w->subject, flat, len);
}

int gm_crtw_subject_key(mbedtls_x509write_cert *w, mbedtls_pk_context *key)
{
    return IF_CRT(DONE(mbedtls_x509write_crt_set_subject_key(w, key)));
}

int gm_crtw_issuer_key(mbedtls_x509write_cert *w, mbedtls_pk_context *key)
{
    return IF_CRT(DONE(mbedtls_x509write_crt_set_issuer_key(w, key)));
}

int gm_crtw_md(mbedtls_x509write_cert *w, int md)
{
    return IF_CRT(DONE(mbedtls_x509write_crt_set_md_alg(w, (mbedtls_md_type_t) md)));
}

int gm_crtw_extension(mbedtls_x509write_cert *w, const unsigned char *oid, size_t oid_len, int critical,
                      const unsigned char *val, size_t len)
{
    return IF_CRT(mbedtls_x509write_crt_set_extension(w, (const char *) oid, oid_len, critical, val, len));
}

int gm_crtw_basic_constraints(mbedtls_x509write_cert *w, int is_ca, int max_pathlen)
{
    return IF_CRT(mbedtls_x509write_crt_set_basic_constraints(w, is_ca, max_pathlen));
}

// Without the key that it hashes, the library crashes.
int gm_crtw_subject_key_id(mbedtls_x509write_cert *w)
{
    return w->subject_key == NULL ? MBEDTLS_ERR_X509_BAD_INPUT_DATA
                                  : IF_KEY_ID(mbedtls_x509write_crt_set_subject_key_identifier(w));
}

// The same.
int gm_crtw_authority_key_id(mbedtls_x509write_cert *w)
{
    return w->issuer_key == NULL ? MBEDTLS_ERR_X509_BAD_INPUT_DATA
                                 : IF_KEY_ID(mbedtls_x509write_crt_set_authority_key_identifier(w));
}

int gm_crtw_key_usage(mbedtls_x509write_cert *w, unsigned usage)
{
    return IF_CRT(mbedtls_x509write_crt_set_key_usage(w, usage));
}

int gm_crtw_ext_key_usage(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len)
{
    size_t n = entries(flat, len);
    mbedtls_asn1_sequence *list = n == 0 ? NULL : mbedtls_calloc(n, sizeof(*list));
    int ret;

    if (n != 0 && list == NULL) {
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    for (size_t i = 0, at = 0; i < n; i++, at += 5 + u32(flat + at + 1)) {
        if (i > 0) {
            list[i - 1].next = &list[i];
        }
        list[i].buf.tag = flat[at];
        list[i].buf.len = u32(flat + at + 1);
        list[i].buf.p = (unsigned char *) flat + at + 5;
    }
    ret = IF_CRT(mbedtls_x509write_crt_set_ext_key_usage(w, list));
    mbedtls_free(list);
    return ret;
}

int gm_crtw_ns_cert_type(mbedtls_x509write_cert *w, unsigned char type)
{
    return IF_CRT(mbedtls_x509write_crt_set_ns_cert_type(w, type));
}

static int set_crt_sans(void *w, const mbedtls_x509_san_list *sans)
{
    return IF_CRT(mbedtls_x509write_crt_set_subject_alternative_name(w, sans));
}

int gm_crtw_sans(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len)
{
    return with_sans(flat, len, set_crt_sans, w);
}

// complete tells whether the library can write it. Without keys it crashes; without a validity it writes one of zero bytes,
// and without a serial number an INTEGER without bytes, whose sign it takes from what is behind.
static int complete(const mbedtls_x509write_cert *w)
{
    return w->subject_key != NULL && w->issuer_key != NULL && w->not_before[0] != 0 && w->serial_len != 0;
}

// The library leaves the bytes at the end of buf.
int gm_crtw_der(mbedtls_x509write_cert *w, unsigned char *buf, size_t size, void *rng, size_t *len)
{
    int ret = complete(w) ? IF_CRT(mbedtls_x509write_crt_der(w, buf, size, gm_draw, rng)) : MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    if (ret < 0) {
        return ret;
    }
    *len = (size_t) ret;
    return 0;
}

int gm_crtw_pem(mbedtls_x509write_cert *w, unsigned char *buf, size_t size, void *rng, size_t *len)
{
#if defined(MBEDTLS_X509_CRT_WRITE_C) && defined(MBEDTLS_PEM_WRITE_C)
    int ret = complete(w) ? mbedtls_x509write_crt_pem(w, buf, size, gm_draw, rng) : MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    if (ret == 0) {
        *len = strlen((char *) buf);
    }
    return ret;
#else
    return GM_NOT_BUILT;
#endif
}

mbedtls_x509write_csr *gm_csrw_new(void)
{
#if defined(MBEDTLS_X509_CSR_WRITE_C)
    mbedtls_x509write_csr *w = mbedtls_calloc(1, sizeof(*w));
    if (w != NULL) {
        mbedtls_x509write_csr_init(w);
    }
    return w;
#else
    return NULL;
#endif
}

void gm_csrw_delete(mbedtls_x509write_csr *w)
{
#if defined(MBEDTLS_X509_CSR_WRITE_C)
    mbedtls_x509write_csr_free(w);
#endif
    mbedtls_free(w);
}

int gm_csrw_subject(mbedtls_x509write_csr *w, const char *name)
{
    return IF_CSR(mbedtls_x509write_csr_set_subject_name(w, name));
}

int gm_csrw_subject_names(mbedtls_x509write_csr *w, const unsigned char *flat, size_t len)
{
    return replace(&w->subject, flat, len);
}

int gm_csrw_key(mbedtls_x509write_csr *w, mbedtls_pk_context *key)
{
    return IF_CSR(DONE(mbedtls_x509write_csr_set_key(w, key)));
}

int gm_csrw_md(mbedtls_x509write_csr *w, int md)
{
    return IF_CSR(DONE(mbedtls_x509write_csr_set_md_alg(w, (mbedtls_md_type_t) md)));
}

int gm_csrw_extension(mbedtls_x509write_csr *w, const unsigned char *oid, size_t oid_len, int critical,
                      const unsigned char *val, size_t len)
{
    return IF_CSR(mbedtls_x509write_csr_set_extension(w, (const char *) oid, oid_len, critical, val, len));
}

int gm_csrw_key_usage(mbedtls_x509write_csr *w, unsigned char usage)
{
    return IF_CSR(mbedtls_x509write_csr_set_key_usage(w, usage));
}

int gm_csrw_ns_cert_type(mbedtls_x509write_csr *w, unsigned char type)
{
    return IF_CSR(mbedtls_x509write_csr_set_ns_cert_type(w, type));
}

static int set_csr_sans(void *w, const mbedtls_x509_san_list *sans)
{
    return IF_CSR(mbedtls_x509write_csr_set_subject_alternative_name(w, sans));
}

int gm_csrw_sans(mbedtls_x509write_csr *w, const unsigned char *flat, size_t len)
{
    return with_sans(flat, len, set_csr_sans, w);
}

// Without a key, the library crashes.
int gm_csrw_der(mbedtls_x509write_csr *w, unsigned char *buf, size_t size, void *rng, size_t *len)
{
    int ret = w->key != NULL ? IF_CSR(mbedtls_x509write_csr_der(w, buf, size, gm_draw, rng))
                             : MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    if (ret < 0) {
        return ret;
    }
    *len = (size_t) ret;
    return 0;
}

int gm_csrw_pem(mbedtls_x509write_csr *w, unsigned char *buf, size_t size, void *rng, size_t *len)
{
#if defined(MBEDTLS_X509_CSR_WRITE_C) && defined(MBEDTLS_PEM_WRITE_C)
    int ret = w->key != NULL ? mbedtls_x509write_csr_pem(w, buf, size, gm_draw, rng) : MBEDTLS_ERR_X509_BAD_INPUT_DATA;
    if (ret == 0) {
        *len = strlen((char *) buf);
    }
    return ret;
#else
    return GM_NOT_BUILT;
#endif
}

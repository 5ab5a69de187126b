// x509.h declares the wrappers of x509….c, pkcs7.c and oid.c, beyond what connections need (bridge.h).
#ifndef GOMBEDTLS_X509_H
#define GOMBEDTLS_X509_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

#include <mbedtls/oid.h>
#include <mbedtls/pkcs7.h>
#include <mbedtls/x509_csr.h>

// x509parse.c
int gm_crt_parse_der(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len);
int gm_crt_parse_der_with_any_ext(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len);
int gm_crt_parse_der_with_ext_cb(mbedtls_x509_crt *crt, const unsigned char *buf, size_t len, void *handle);
int gm_crl_parse_der(mbedtls_x509_crl *crl, const unsigned char *buf, size_t len);
int gm_crl_info(const mbedtls_x509_crl *crl, const char *prefix, char *buf, size_t size);
mbedtls_x509_csr *gm_csr_new(void);
void gm_csr_delete(mbedtls_x509_csr *csr);
int gm_csr_parse(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len);
int gm_csr_parse_der(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len);
int gm_csr_parse_der_with_ext_cb(mbedtls_x509_csr *csr, const unsigned char *buf, size_t len, void *handle);
int gm_csr_info(const mbedtls_x509_csr *csr, const char *prefix, char *buf, size_t size);
int gm_csr_verify(mbedtls_x509_csr *csr);
int gm_crt_is_revoked(const mbedtls_x509_crt *crt, const mbedtls_x509_crl *crl);
int gm_crt_has_ext_type(const mbedtls_x509_crt *crt, int type);

// x509verify.c
int gm_crt_verify(mbedtls_x509_crt *crt, mbedtls_x509_crt *ca, mbedtls_x509_crl *crl,
                  const mbedtls_x509_crt_profile *profile, const char *name, uint32_t *flags, void *handle, int on,
                  void *rs);
int gm_crt_verify_with_ca_cb(mbedtls_x509_crt *crt, const mbedtls_x509_crt_profile *profile, const char *name,
                             uint32_t *flags, void *handle, int on);
void *gm_crt_restart_new(void);
void gm_crt_restart_delete(void *rs);

// x509name.c. Names go there flat: for each attribute a byte that says whether the next is in the same RDN, the tag of the
// value, the lengths of OID and value in four bytes each, and both.
typedef struct {
    mbedtls_x509_name head;
    unsigned char raw[];
} gm_name;
int gm_x509_get_name(const unsigned char *raw, size_t len, gm_name **out);
void gm_name_delete(gm_name *n);
int gm_dn_gets(const unsigned char *flat, size_t len, char *buf, size_t size);
int gm_names_new(const unsigned char *flat, size_t len, mbedtls_asn1_named_data **head);
int gm_names_write(const unsigned char *flat, size_t len, unsigned char *buf, size_t size, size_t *out);
int gm_string_to_names(const char *s, mbedtls_asn1_named_data **head);
void gm_names_delete(mbedtls_asn1_named_data *head);
int gm_x509_get_time(int tag, const unsigned char *value, size_t len, mbedtls_x509_time *t);
int gm_x509_get_pss_params(int tag, const unsigned char *params, size_t len, int *md, int *mgf, int *salt);
int gm_serial_gets(const unsigned char *serial, size_t len, char *buf, size_t size);
typedef struct {
    mbedtls_x509_subject_alternative_name san;
    mbedtls_x509_buf buf;
    unsigned char raw[];
} gm_san;
int gm_parse_san(int tag, const unsigned char *value, size_t len, gm_san **out);
void gm_san_delete(gm_san *s);

// x509write.c
mbedtls_x509write_cert *gm_crtw_new(void);
void gm_crtw_delete(mbedtls_x509write_cert *w);
int gm_crtw_version(mbedtls_x509write_cert *w, int version);
int gm_crtw_serial(mbedtls_x509write_cert *w, unsigned char *serial, size_t len);
int gm_crtw_validity(mbedtls_x509write_cert *w, const char *before, const char *after);
int gm_crtw_issuer(mbedtls_x509write_cert *w, const char *name);
int gm_crtw_subject(mbedtls_x509write_cert *w, const char *name);
int gm_crtw_issuer_names(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len);
int gm_crtw_subject_names(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len);
int gm_crtw_subject_key(mbedtls_x509write_cert *w, mbedtls_pk_context *key);
int gm_crtw_issuer_key(mbedtls_x509write_cert *w, mbedtls_pk_context *key);
int gm_crtw_md(mbedtls_x509write_cert *w, int md);
int gm_crtw_extension(mbedtls_x509write_cert *w, const unsigned char *oid, size_t oid_len, int critical,
                      const unsigned char *val, size_t len);
int gm_crtw_basic_constraints(mbedtls_x509write_cert *w, int is_ca, int max_pathlen);
int gm_crtw_subject_key_id(mbedtls_x509write_cert *w);
int gm_crtw_authority_key_id(mbedtls_x509write_cert *w);
int gm_crtw_key_usage(mbedtls_x509write_cert *w, unsigned usage);
int gm_crtw_ext_key_usage(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len);
int gm_crtw_ns_cert_type(mbedtls_x509write_cert *w, unsigned char type);
int gm_crtw_sans(mbedtls_x509write_cert *w, const unsigned char *flat, size_t len);
int gm_crtw_der(mbedtls_x509write_cert *w, unsigned char *buf, size_t size, void *rng, size_t *len);
int gm_crtw_pem(mbedtls_x509write_cert *w, unsigned char *buf, size_t size, void *rng, size_t *len);

mbedtls_x509write_csr *gm_csrw_new(void);
void gm_csrw_delete(mbedtls_x509write_csr *w);
int gm_csrw_subject(mbedtls_x509write_csr *w, const char *name);
int gm_csrw_subject_names(mbedtls_x509write_csr *w, const unsigned char *flat, size_t len);
int gm_csrw_key(mbedtls_x509write_csr *w, mbedtls_pk_context *key);
int gm_csrw_md(mbedtls_x509write_csr *w, int md);
int gm_csrw_extension(mbedtls_x509write_csr *w, const unsigned char *oid, size_t oid_len, int critical,
                      const unsigned char *val, size_t len);
int gm_csrw_key_usage(mbedtls_x509write_csr *w, unsigned char usage);
int gm_csrw_ns_cert_type(mbedtls_x509write_csr *w, unsigned char type);
int gm_csrw_sans(mbedtls_x509write_csr *w, const unsigned char *flat, size_t len);
int gm_csrw_der(mbedtls_x509write_csr *w, unsigned char *buf, size_t size, void *rng, size_t *len);
int gm_csrw_pem(mbedtls_x509write_csr *w, unsigned char *buf, size_t size, void *rng, size_t *len);

// x509sign.c
int gm_closure_key_new(const unsigned char *spki, size_t len, void *handle, mbedtls_pk_context **out);

// pkcs7.c
mbedtls_pkcs7 *gm_pkcs7_new(void);
void gm_pkcs7_delete(mbedtls_pkcs7 *p);
int gm_pkcs7_parse_der(mbedtls_pkcs7 *p, const unsigned char *buf, size_t len);
int gm_pkcs7_signed_data_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *data, size_t len);
int gm_pkcs7_signed_hash_verify(mbedtls_pkcs7 *p, const mbedtls_x509_crt *crt, const unsigned char *hash, size_t len);

// oid.c
#define GM_OID_X509_EXT 0
#define GM_OID_PK_ALG 1
#define GM_OID_EC_GRP 2
#define GM_OID_EC_GRP_ALGID 3
#define GM_OID_MD_HMAC 4
#define GM_OID_MD_ALG 5
#define GM_OID_CIPHER_ALG 6
#define GM_OID_SIG_ALG 7
#define GM_OID_PKCS12_PBE_ALG 8
#define GM_OID_ATTR_SHORT_NAME 9
#define GM_OID_EXTENDED_KEY_USAGE 10
#define GM_OID_CERTIFICATE_POLICIES 11
#define GM_OID_SIG_ALG_DESC 12
int gm_oid_lookup(int table, const unsigned char *oid, size_t len, int *a, int *b);
int gm_oid_text(int table, const unsigned char *oid, size_t len, const char **text);
int gm_oid_by(int table, int a, int b, const char **oid, size_t *len);
int gm_oid_get_numeric_string(char *buf, size_t size, const unsigned char *oid, size_t len);
int gm_oid_from_numeric_string(const char *s, size_t len, unsigned char **oid, size_t *oid_len);
const char *gm_cipher_name(int id);
const char *gm_group_name(int id);

#endif // GOMBEDTLS_FOUND
#endif

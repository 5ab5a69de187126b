package cbridge

// #include "x509.h"
import "C"

import "unsafe"

// OIDTable is one of the library's tables of object identifiers.
type OIDTable int

// The tables, by the functions that look into them. What they give is a number, two numbers, or a text.
const (
	OIDX509Ext             OIDTable = C.GM_OID_X509_EXT             // mbedtls_oid_get_x509_ext_type
	OIDPKAlg               OIDTable = C.GM_OID_PK_ALG               // mbedtls_oid_get_pk_alg, …_oid_by_pk_alg
	OIDECGroup             OIDTable = C.GM_OID_EC_GRP               // mbedtls_oid_get_ec_grp, …_oid_by_ec_grp
	OIDECGroupAlg          OIDTable = C.GM_OID_EC_GRP_ALGID         // mbedtls_oid_get_ec_grp_algid, …_oid_by_ec_grp_algid
	OIDHMAC                OIDTable = C.GM_OID_MD_HMAC              // mbedtls_oid_get_md_hmac
	OIDHash                OIDTable = C.GM_OID_MD_ALG               // mbedtls_oid_get_md_alg, …_oid_by_md
	OIDCipher              OIDTable = C.GM_OID_CIPHER_ALG           // mbedtls_oid_get_cipher_alg
	OIDSigAlg              OIDTable = C.GM_OID_SIG_ALG              // mbedtls_oid_get_sig_alg, …_oid_by_sig_alg: key, hash
	OIDPKCS12              OIDTable = C.GM_OID_PKCS12_PBE_ALG       // mbedtls_oid_get_pkcs12_pbe_alg: hash, cipher
	OIDAttributeName       OIDTable = C.GM_OID_ATTR_SHORT_NAME      // mbedtls_oid_get_attr_short_name
	OIDExtKeyUsage         OIDTable = C.GM_OID_EXTENDED_KEY_USAGE   // mbedtls_oid_get_extended_key_usage
	OIDCertificatePolicies OIDTable = C.GM_OID_CERTIFICATE_POLICIES // mbedtls_oid_get_certificate_policies
	OIDSigAlgDescription   OIDTable = C.GM_OID_SIG_ALG_DESC         // mbedtls_oid_get_sig_alg_desc
)

var oidOptions = map[OIDTable]string{OIDECGroup: "MBEDTLS_ECP_C", OIDECGroupAlg: "MBEDTLS_ECP_C",
	OIDCipher: "MBEDTLS_CIPHER_C", OIDPKCS12: "MBEDTLS_PKCS12_C"}

func (t OIDTable) check(ret C.int) error {
	option, ok := oidOptions[t]
	if !ok {
		option = "a build without MBEDTLS_X509_REMOVE_INFO"
	}
	return check(ret, "mbedtls_oid_get", option)
}

// Lookup finds what an OID, as the content of its DER, stands for; ErrOIDNotFound if it is not in the table.
func (t OIDTable) Lookup(oid []byte) (a, b int, err error) {
	var ca, cb C.int
	ret := C.gm_oid_lookup(C.int(t), cbytes(oid), C.size_t(len(oid)), &ca, &cb)
	return int(ca), int(cb), t.check(ret)
}

// Text is Lookup in a table of texts.
func (t OIDTable) Text(oid []byte) (string, error) {
	var text *C.char
	if err := t.check(C.gm_oid_text(C.int(t), cbytes(oid), C.size_t(len(oid)), &text)); err != nil {
		return "", err
	}
	return C.GoString(text), nil
}

// OID is the reverse of Lookup.
func (t OIDTable) OID(a, b int) ([]byte, error) {
	var oid *C.char
	var n C.size_t
	if err := t.check(C.gm_oid_by(C.int(t), C.int(a), C.int(b), &oid, &n)); err != nil {
		return nil, err
	}
	return C.GoBytes(unsafe.Pointer(oid), C.int(n)), nil
}

// OIDString prints an OID: "1.2.840.113549" (mbedtls_oid_get_numeric_string). size is that of the buffer in C, its zero
// byte included.
func OIDString(oid []byte, size int) (string, error) {
	if size <= 0 { // the library would write the zero byte all the same
		return "", newError("mbedtls_oid_get_numeric_string", int(ErrOIDBufTooSmall), nil)
	}
	buf := make([]C.char, size)
	ret := C.gm_oid_get_numeric_string(&buf[0], C.size_t(size), cbytes(oid), C.size_t(len(oid)))
	if ret < 0 {
		return "", newError("mbedtls_oid_get_numeric_string", int(ret), nil)
	}
	return C.GoString(&buf[0]), nil
}

// ParseOID is the reverse of OIDString (mbedtls_oid_from_numeric_string).
func ParseOID(s string) ([]byte, error) {
	p := C.CString(s)
	defer free(p)
	var oid *C.uchar
	var n C.size_t
	if ret := C.gm_oid_from_numeric_string(p, C.size_t(len(s)), &oid, &n); ret != 0 {
		return nil, newError("mbedtls_oid_from_numeric_string", int(ret), nil)
	}
	defer C.mbedtls_free(unsafe.Pointer(oid))
	return goBytes(oid, &n), nil
}

// CipherName is the name of an mbedtls_cipher_type_t, such as "AES-128-CBC", "" if the build lacks it
// (mbedtls_cipher_info_from_type, mbedtls_cipher_info_get_name).
func CipherName(id int) string { return C.GoString(C.gm_cipher_name(C.int(id))) }

// GroupName is the name of an mbedtls_ecp_group_id, such as "secp256r1", "" if the build lacks it
// (mbedtls_ecp_curve_info_from_grp_id).
func GroupName(id int) string { return C.GoString(C.gm_group_name(C.int(id))) }

package oid

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// OID is an object identifier, as the content of its DER: without tag and length.
type OID []byte

// maxText holds any identifier that the library prints: it takes at most 128 components of 10 digits each.
const maxText = 128 * 11

// Parse reads the numbers of an identifier, "1.2.840.113549", at most 128, each below 2^32
// (mbedtls_oid_from_numeric_string).
func Parse(s string) (OID, error) {
	// The library would take 2^32 for 0.
	for number := range strings.SplitSeq(s, ".") {
		if _, err := strconv.ParseUint(number, 10, 32); errors.Is(err, strconv.ErrRange) {
			return nil, &cbridge.Error{Code: cbridge.ErrASN1InvalidData, Op: "mbedtls_oid_from_numeric_string", Cause: err}
		}
	}
	return cbridge.ParseOID(s)
}

// MustParse is Parse for constants: it panics on what is no identifier.
func MustParse(s string) OID {
	o, err := Parse(s)
	if err != nil {
		panic("oid: " + s + ": " + err.Error())
	}
	return o
}

// Text prints the numbers (mbedtls_oid_get_numeric_string).
func (o OID) Text() (string, error) { return cbridge.OIDString(o, maxText) }

// String is Text, or the bytes in hexadecimal after "#" of what is no identifier.
func (o OID) String() string {
	if s, err := o.Text(); err == nil {
		return s
	}
	return "#" + hex.EncodeToString(o)
}

// Equal reports whether both are the same.
func (o OID) Equal(other OID) bool { return bytes.Equal(o, other) }

// ObjectIdentifier is the identifier as the standard library has it; nil if that has no such thing, as for a number that
// does not fit an int.
func (o OID) ObjectIdentifier() (id asn1.ObjectIdentifier) {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagOID, Bytes: o})
	if err != nil {
		return nil
	}
	if _, err := asn1.Unmarshal(der, &id); err != nil {
		return nil
	}
	return id
}

// From takes over an identifier of the standard library.
func From(id asn1.ObjectIdentifier) (OID, error) { return Parse(id.String()) }

// Key is a kind of key.
type Key string

// The kinds of keys.
const (
	KeyRSA       Key = "RSA"
	KeyEC        Key = "EC"         // for any use
	KeyECDH      Key = "EC_DH"      // for key agreement only
	KeyECDSA     Key = "ECDSA"      // as the algorithm of a signature
	KeyRSASSAPSS Key = "RSASSA-PSS" // as the algorithm of a signature
)

// keys are by their mbedtls_pk_type_t.
var keys = map[int]Key{1: KeyRSA, 2: KeyEC, 3: KeyECDH, 4: KeyECDSA, 6: KeyRSASSAPSS}

// KeyOfNumber is the kind of an mbedtls_pk_type_t, "" if it is none.
func KeyOfNumber(pk int) Key { return keys[pk] }

func (k Key) number() int {
	for n, key := range keys {
		if key == k {
			return n
		}
	}
	return 0
}

// Extension is an extension of X.509, as a bit.
type Extension int

// The extensions that the table has (MBEDTLS_OID_X509_EXT_…).
const (
	ExtAuthorityKeyID      Extension = 1 << 0
	ExtSubjectKeyID        Extension = 1 << 1
	ExtKeyUsage            Extension = 1 << 2
	ExtCertificatePolicies Extension = 1 << 3
	ExtSubjectAltName      Extension = 1 << 5
	ExtBasicConstraints    Extension = 1 << 8
	ExtExtendedKeyUsage    Extension = 1 << 11
	ExtNSCertType          Extension = 1 << 16
)

// Extension finds an extension of X.509 (mbedtls_oid_get_x509_ext_type).
func (o OID) Extension() (Extension, error) {
	e, _, err := cbridge.OIDX509Ext.Lookup(o)
	return Extension(e), err
}

// AttributeName finds the short name of an attribute of names, such as "CN" (mbedtls_oid_get_attr_short_name).
func (o OID) AttributeName() (string, error) { return cbridge.OIDAttributeName.Text(o) }

// ExtendedKeyUsage describes a purpose of keys (mbedtls_oid_get_extended_key_usage).
func (o OID) ExtendedKeyUsage() (string, error) { return cbridge.OIDExtKeyUsage.Text(o) }

// CertificatePolicy describes a policy; the library knows anyPolicy (mbedtls_oid_get_certificate_policies).
func (o OID) CertificatePolicy() (string, error) { return cbridge.OIDCertificatePolicies.Text(o) }

// Key finds the kind of a public key (mbedtls_oid_get_pk_alg).
func (o OID) Key() (Key, error) {
	k, _, err := cbridge.OIDPKAlg.Lookup(o)
	return keys[k], err
}

// OfKey is the reverse of [OID.Key] (mbedtls_oid_get_oid_by_pk_alg).
func OfKey(k Key) (OID, error) { return cbridge.OIDPKAlg.OID(k.number(), 0) }

// Signature finds the algorithm of a signature; RSASSA-PSS has its hash in parameters, and 0 here
// (mbedtls_oid_get_sig_alg).
func (o OID) Signature() (Key, crypto.Hash, error) {
	k, h, err := cbridge.OIDSigAlg.Lookup(o)
	return keys[k], cbridge.MDType(h).CryptoHash(), err
}

// SignatureText describes the algorithm of a signature, "ECDSA with SHA256" (mbedtls_oid_get_sig_alg_desc).
func (o OID) SignatureText() (string, error) { return cbridge.OIDSigAlgDescription.Text(o) }

// OfSignature is the reverse of [OID.Signature] (mbedtls_oid_get_oid_by_sig_alg).
func OfSignature(k Key, hash crypto.Hash) (OID, error) {
	return cbridge.OIDSigAlg.OID(k.number(), int(cbridge.MDOf(hash)))
}

// Hash finds a hash (mbedtls_oid_get_md_alg).
func (o OID) Hash() (crypto.Hash, error) {
	h, _, err := cbridge.OIDHash.Lookup(o)
	return cbridge.MDType(h).CryptoHash(), err
}

// OfHash is the reverse of [OID.Hash] (mbedtls_oid_get_oid_by_md).
func OfHash(hash crypto.Hash) (OID, error) { return cbridge.OIDHash.OID(int(cbridge.MDOf(hash)), 0) }

// HMAC finds the hash of an HMAC (mbedtls_oid_get_md_hmac).
func (o OID) HMAC() (crypto.Hash, error) {
	h, _, err := cbridge.OIDHMAC.Lookup(o)
	return cbridge.MDType(h).CryptoHash(), err
}

// Group is an elliptic curve, by its mbedtls_ecp_group_id.
type Group int

// String is the curve's name, such as "secp256r1"; "" if the build lacks it.
func (g Group) String() string { return cbridge.GroupName(int(g)) }

// Group finds a curve, as it stands in the parameters of a key (mbedtls_oid_get_ec_grp), or as the algorithm itself, for
// X25519 and X448 (mbedtls_oid_get_ec_grp_algid).
func (o OID) Group() (Group, error) {
	g, _, err := cbridge.OIDECGroup.Lookup(o)
	if err != nil {
		g, _, err = cbridge.OIDECGroupAlg.Lookup(o)
	}
	return Group(g), err
}

// OfGroup is the reverse of [OID.Group] (mbedtls_oid_get_oid_by_ec_grp, mbedtls_oid_get_oid_by_ec_grp_algid).
func OfGroup(g Group) (OID, error) {
	o, err := cbridge.OIDECGroup.OID(int(g), 0)
	if err != nil {
		o, err = cbridge.OIDECGroupAlg.OID(int(g), 0)
	}
	return o, err
}

// Cipher is a cipher with its mode, by its mbedtls_cipher_type_t.
type Cipher int

// String is the cipher's name, such as "AES-128-CBC"; "" if the build lacks it.
func (c Cipher) String() string { return cbridge.CipherName(int(c)) }

// Cipher finds a cipher (mbedtls_oid_get_cipher_alg).
func (o OID) Cipher() (Cipher, error) {
	c, _, err := cbridge.OIDCipher.Lookup(o)
	return Cipher(c), err
}

// PKCS12 finds a way to encrypt by a password, of PKCS #12 (mbedtls_oid_get_pkcs12_pbe_alg).
func (o OID) PKCS12() (crypto.Hash, Cipher, error) {
	h, c, err := cbridge.OIDPKCS12.Lookup(o)
	return cbridge.MDType(h).CryptoHash(), Cipher(c), err
}

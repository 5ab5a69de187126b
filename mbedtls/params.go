package mbedtls

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Protocol versions, as on the wire: for TLS, the numbers of crypto/tls.
const (
	VersionTLS12  = 0x0303
	VersionTLS13  = 0x0304
	VersionDTLS12 = 0xFEFD
)

// VersionName names a protocol version: "TLS 1.3".
func VersionName(version uint16) string {
	switch version {
	case VersionTLS12:
		return "TLS 1.2"
	case VersionTLS13:
		return "TLS 1.3"
	case VersionDTLS12:
		return "DTLS 1.2"
	}
	return fmt.Sprintf("%#04x", version)
}

// CipherSuites lists the suites of this build by IANA number, in the library's order of preference
// (mbedtls_ssl_list_ciphersuites).
func CipherSuites() []uint16 { return cbridge.Ciphersuites() }

// CipherSuiteName is the library's name of a suite, TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256, or its number if the build
// does not have it.
func CipherSuiteName(id uint16) string {
	if name := cbridge.CiphersuiteName(id); name != "" {
		return name
	}
	return fmt.Sprintf("%#04x", id)
}

// isTLS13Suite tells by the number range of RFC 8446 appendix B.4.
func isTLS13Suite(id uint16) bool { return id>>8 == 0x13 }

// Group is a named group for the key exchange, by its IANA number (RFC 8446 section 4.2.7).
type Group uint16

// The groups that Mbed TLS knows.
const (
	SecP192K1       Group = 0x0012
	SecP192R1       Group = 0x0013
	SecP224K1       Group = 0x0014
	SecP224R1       Group = 0x0015
	SecP256K1       Group = 0x0016
	CurveP256       Group = 0x0017
	CurveP384       Group = 0x0018
	CurveP521       Group = 0x0019
	BrainpoolP256R1 Group = 0x001A
	BrainpoolP384R1 Group = 0x001B
	BrainpoolP512R1 Group = 0x001C
	X25519          Group = 0x001D
	X448            Group = 0x001E
	FFDHE2048       Group = 0x0100
	FFDHE3072       Group = 0x0101
	FFDHE4096       Group = 0x0102
	FFDHE6144       Group = 0x0103
	FFDHE8192       Group = 0x0104
)

// A param is one row of a table of IANA numbers: its name, and the build option it needs.
type param struct{ name, option string }

var groups = map[Group]param{
	SecP192K1:       {"secp192k1", "MBEDTLS_ECP_DP_SECP192K1_ENABLED"},
	SecP192R1:       {"secp192r1", "MBEDTLS_ECP_DP_SECP192R1_ENABLED"},
	SecP224K1:       {"secp224k1", "MBEDTLS_ECP_DP_SECP224K1_ENABLED"},
	SecP224R1:       {"secp224r1", "MBEDTLS_ECP_DP_SECP224R1_ENABLED"},
	SecP256K1:       {"secp256k1", "MBEDTLS_ECP_DP_SECP256K1_ENABLED"},
	CurveP256:       {"secp256r1", "MBEDTLS_ECP_DP_SECP256R1_ENABLED"},
	CurveP384:       {"secp384r1", "MBEDTLS_ECP_DP_SECP384R1_ENABLED"},
	CurveP521:       {"secp521r1", "MBEDTLS_ECP_DP_SECP521R1_ENABLED"},
	BrainpoolP256R1: {"brainpoolP256r1", "MBEDTLS_ECP_DP_BP256R1_ENABLED"},
	BrainpoolP384R1: {"brainpoolP384r1", "MBEDTLS_ECP_DP_BP384R1_ENABLED"},
	BrainpoolP512R1: {"brainpoolP512r1", "MBEDTLS_ECP_DP_BP512R1_ENABLED"},
	X25519:          {"x25519", "MBEDTLS_ECP_DP_CURVE25519_ENABLED"},
	X448:            {"x448", "MBEDTLS_ECP_DP_CURVE448_ENABLED"},
	FFDHE2048:       {"ffdhe2048", "PSA_WANT_DH_RFC7919_2048"},
	FFDHE3072:       {"ffdhe3072", "PSA_WANT_DH_RFC7919_3072"},
	FFDHE4096:       {"ffdhe4096", "PSA_WANT_DH_RFC7919_4096"},
	FFDHE6144:       {"ffdhe6144", "PSA_WANT_DH_RFC7919_6144"},
	FFDHE8192:       {"ffdhe8192", "PSA_WANT_DH_RFC7919_8192"},
}

// String is the IANA name, such as "secp256r1".
func (g Group) String() string {
	if p, ok := groups[g]; ok {
		return p.name
	}
	return fmt.Sprintf("Group(%#04x)", uint16(g))
}

// Groups lists the groups of this build, in the library's order of preference, those last that it does not offer by
// default.
func Groups() []Group {
	return slices.DeleteFunc(slices.Clone(policyGroups), func(g Group) bool { return !cbridge.Feature(groups[g].option) })
}

// SignatureScheme is a signature algorithm, by its IANA number (RFC 8446 section 4.2.3).
type SignatureScheme uint16

// The schemes that Mbed TLS knows.
const (
	PKCS1WithSHA1          SignatureScheme = 0x0201
	ECDSAWithSHA1          SignatureScheme = 0x0203
	PKCS1WithSHA224        SignatureScheme = 0x0301 // TLS 1.2 only
	ECDSAWithSHA224        SignatureScheme = 0x0303 // TLS 1.2 only
	PKCS1WithSHA256        SignatureScheme = 0x0401
	ECDSAWithP256AndSHA256 SignatureScheme = 0x0403
	PKCS1WithSHA384        SignatureScheme = 0x0501
	ECDSAWithP384AndSHA384 SignatureScheme = 0x0503
	PKCS1WithSHA512        SignatureScheme = 0x0601
	ECDSAWithP521AndSHA512 SignatureScheme = 0x0603
	PSSWithSHA256          SignatureScheme = 0x0804
	PSSWithSHA384          SignatureScheme = 0x0805
	PSSWithSHA512          SignatureScheme = 0x0806
)

var signatureSchemes = map[SignatureScheme]param{
	PKCS1WithSHA1:          {"rsa_pkcs1_sha1", "MBEDTLS_SHA1_C"},
	ECDSAWithSHA1:          {"ecdsa_sha1", "MBEDTLS_SHA1_C"},
	PKCS1WithSHA224:        {"rsa_pkcs1_sha224", "MBEDTLS_SHA224_C"},
	ECDSAWithSHA224:        {"ecdsa_sha224", "MBEDTLS_SHA224_C"},
	PKCS1WithSHA256:        {"rsa_pkcs1_sha256", "MBEDTLS_RSA_C"},
	ECDSAWithP256AndSHA256: {"ecdsa_secp256r1_sha256", "MBEDTLS_ECDSA_C"},
	PKCS1WithSHA384:        {"rsa_pkcs1_sha384", "MBEDTLS_SHA384_C"},
	ECDSAWithP384AndSHA384: {"ecdsa_secp384r1_sha384", "MBEDTLS_SHA384_C"},
	PKCS1WithSHA512:        {"rsa_pkcs1_sha512", "MBEDTLS_SHA512_C"},
	ECDSAWithP521AndSHA512: {"ecdsa_secp521r1_sha512", "MBEDTLS_SHA512_C"},
	PSSWithSHA256:          {"rsa_pss_rsae_sha256", "MBEDTLS_X509_RSASSA_PSS_SUPPORT"},
	PSSWithSHA384:          {"rsa_pss_rsae_sha384", "MBEDTLS_X509_RSASSA_PSS_SUPPORT"},
	PSSWithSHA512:          {"rsa_pss_rsae_sha512", "MBEDTLS_X509_RSASSA_PSS_SUPPORT"},
}

// SignatureSchemes lists the signature algorithms of this build, by their numbers, the highest first.
func SignatureSchemes() []SignatureScheme {
	list := slices.Collect(maps.Keys(signatureSchemes))
	list = slices.DeleteFunc(list, func(s SignatureScheme) bool { return !cbridge.Feature(signatureSchemes[s].option) })
	slices.Sort(list)
	slices.Reverse(list)
	return list
}

// String is the IANA name, such as "rsa_pss_rsae_sha256".
func (s SignatureScheme) String() string {
	if p, ok := signatureSchemes[s]; ok {
		return p.name
	}
	return fmt.Sprintf("SignatureScheme(%#04x)", uint16(s))
}

// numbers turns a list of a Config into the library's, after a look at whether it knows each.
func numbers[T ~uint16](field string, list []T, known map[T]param) ([]uint16, error) {
	ids := make([]uint16, len(list))
	for i, v := range list {
		at := fmt.Sprintf("%s[%d]", field, i)
		p, ok := known[v]
		if !ok {
			return nil, badField(at, v, "Mbed TLS does not know it")
		}
		if !cbridge.Feature(p.option) {
			return nil, &ConfigError{Field: at, Value: v, Err: &NotBuiltError{Option: p.option}}
		}
		ids[i] = uint16(v)
	}
	return ids, nil
}

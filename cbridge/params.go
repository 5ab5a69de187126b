package cbridge

// #include "bridge.h"
import "C"

// bit is MBEDTLS_X509_ID_FLAG.
func bit(id int) uint32 { return 1 << (id - 1) }

// Masks for CertProfile.Hashes.
var (
	HashSHA1   = bit(C.MBEDTLS_MD_SHA1)
	HashSHA224 = bit(C.MBEDTLS_MD_SHA224)
	HashSHA256 = bit(C.MBEDTLS_MD_SHA256)
	HashSHA384 = bit(C.MBEDTLS_MD_SHA384)
	HashSHA512 = bit(C.MBEDTLS_MD_SHA512)
)

// Masks for CertProfile.PublicKeys.
var (
	KeyRSA = bit(C.MBEDTLS_PK_RSA) | bit(C.MBEDTLS_PK_RSASSA_PSS)
	KeyEC  = bit(C.MBEDTLS_PK_ECKEY) | bit(C.MBEDTLS_PK_ECKEY_DH) | bit(C.MBEDTLS_PK_ECDSA)
)

// CurveMask is the mask of a named group for CertProfile.Curves; 0 if the library has no such curve
// (mbedtls_ecp_curve_info_from_tls_id).
func CurveMask(group uint16) uint32 {
	for _, c := range curves {
		if c.group == group {
			return bit(c.id)
		}
	}
	return 0
}

var curves = []struct {
	group uint16
	id    int
}{
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP192R1, C.MBEDTLS_ECP_DP_SECP192R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP192K1, C.MBEDTLS_ECP_DP_SECP192K1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP224R1, C.MBEDTLS_ECP_DP_SECP224R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP224K1, C.MBEDTLS_ECP_DP_SECP224K1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, C.MBEDTLS_ECP_DP_SECP256R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP256K1, C.MBEDTLS_ECP_DP_SECP256K1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, C.MBEDTLS_ECP_DP_SECP384R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1, C.MBEDTLS_ECP_DP_SECP521R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_BP256R1, C.MBEDTLS_ECP_DP_BP256R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_BP384R1, C.MBEDTLS_ECP_DP_BP384R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_BP512R1, C.MBEDTLS_ECP_DP_BP512R1},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_X25519, C.MBEDTLS_ECP_DP_CURVE25519},
	{C.MBEDTLS_SSL_IANA_TLS_GROUP_X448, C.MBEDTLS_ECP_DP_CURVE448},
}

// MaxHostNameLen is the longest name that SetHostname takes.
const MaxHostNameLen = C.MBEDTLS_SSL_MAX_HOST_NAME_LEN

// MaxOutContent is the largest payload of a record that this build sends, in bytes (MBEDTLS_SSL_OUT_CONTENT_LEN).
const MaxOutContent = C.MBEDTLS_SSL_OUT_CONTENT_LEN

// MaxRecord bounds what one library call adds to the output outside of a handshake: a full record with its overhead.
const MaxRecord = C.GM_MAX_RECORD

// MaxDatagram is more than what the library takes of a datagram: it ignores what follows.
const MaxDatagram = C.MBEDTLS_SSL_IN_CONTENT_LEN + 2048

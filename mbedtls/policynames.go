package mbedtls

import (
	"crypto"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// policyCiphers are what Mbed TLS may be built with; a short tag is -8.
var policyCiphers = []string{
	"AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305", "AES-256-CCM", "AES-128-CCM", "AES-256-CCM-8", "AES-128-CCM-8",
	"ARIA-256-GCM", "ARIA-128-GCM", "CAMELLIA-256-GCM", "CAMELLIA-128-GCM", "AES-256-CBC", "AES-128-CBC",
	"ARIA-256-CBC", "ARIA-128-CBC", "CAMELLIA-256-CBC", "CAMELLIA-128-CBC", "NULL",
}

// policyCipher is a suite's cipher as policies name it.
func policyCipher(s CipherSuiteInfo) string {
	if s.ShortTag {
		return s.Cipher + "-8"
	}
	return s.Cipher
}

const macAEAD = "AEAD"

var policyMACs = []string{macAEAD, "SHA-384", "SHA-256", "SHA-1", "MD5"}

// policyMAC is a suite's MAC as policies name it.
func policyMAC(s CipherSuiteInfo) string {
	if s.Weak || strings.HasSuffix(s.Cipher, "-CBC") {
		i := slices.IndexFunc(policyMACs, func(name string) bool { return bare(name) == bare(s.Hash) })
		if i >= 0 {
			return policyMACs[i]
		}
		return s.Hash
	}
	return macAEAD
}

// policyKeyExchanges are the methods, and what suites of TLS 1.2 have them.
var policyKeyExchanges = []struct {
	name   string
	suites []KeyExchange
}{
	{"ECDHE", []KeyExchange{KeyExchangeECDHEECDSA, KeyExchangeECDHERSA}},
	{"DHE", []KeyExchange{KeyExchangeDHERSA}},
	{"ECDHE-PSK", []KeyExchange{KeyExchangeECDHEPSK}},
	{"DHE-PSK", []KeyExchange{KeyExchangeDHEPSK}},
	{"PSK", []KeyExchange{KeyExchangePSK}},
	{"ECJPAKE", []KeyExchange{KeyExchangeECJPAKE}},
	{"RSA-PSK", []KeyExchange{KeyExchangeRSAPSK}},
	{"RSA", []KeyExchange{KeyExchangeRSA}},
	{"ECDH", []KeyExchange{KeyExchangeECDHECDSA, KeyExchangeECDHRSA}},
}

func policyKeyExchangeNames() (list []string) {
	for _, m := range policyKeyExchanges {
		list = append(list, m.name)
	}
	return list
}

// policyKeyExchange is a suite's method; "" in TLS 1.3, whose suites do not settle it.
func policyKeyExchange(k KeyExchange) string {
	for _, m := range policyKeyExchanges {
		if slices.Contains(m.suites, k) {
			return m.name
		}
	}
	return ""
}

const (
	methodRSA   = "RSA"
	methodECDSA = "ECDSA"
)

// policySignatureMethods are ways to sign, and the options that they need.
var policySignatureMethods = map[string]string{methodECDSA: "MBEDTLS_ECDSA_C", methodRSA: "MBEDTLS_RSA_C"}

// policyKeyExchangeSignature is how a key exchange of TLS 1.2 is signed; "" if it is not.
var policyKeyExchangeSignature = map[KeyExchange]string{
	KeyExchangeECDHEECDSA: methodECDSA, KeyExchangeECDHERSA: methodRSA, KeyExchangeDHERSA: methodRSA,
}

// policyHashes are those of signatures, and the options that they need.
var policyHashes = map[crypto.Hash]string{
	crypto.SHA512: "MBEDTLS_SHA512_C", crypto.SHA384: "MBEDTLS_SHA384_C", crypto.SHA256: "MBEDTLS_SHA256_C",
	crypto.SHA224: "MBEDTLS_SHA224_C", crypto.SHA1: "MBEDTLS_SHA1_C",
}

// signatureParts are what a signature scheme consists of.
var signatureParts = map[SignatureScheme]struct {
	method string
	hash   crypto.Hash
}{
	PKCS1WithSHA1:          {methodRSA, crypto.SHA1},
	ECDSAWithSHA1:          {methodECDSA, crypto.SHA1},
	PKCS1WithSHA224:        {methodRSA, crypto.SHA224},
	ECDSAWithSHA224:        {methodECDSA, crypto.SHA224},
	PKCS1WithSHA256:        {methodRSA, crypto.SHA256},
	ECDSAWithP256AndSHA256: {methodECDSA, crypto.SHA256},
	PKCS1WithSHA384:        {methodRSA, crypto.SHA384},
	ECDSAWithP384AndSHA384: {methodECDSA, crypto.SHA384},
	PKCS1WithSHA512:        {methodRSA, crypto.SHA512},
	ECDSAWithP521AndSHA512: {methodECDSA, crypto.SHA512},
	PSSWithSHA256:          {methodRSA, crypto.SHA256},
	PSSWithSHA384:          {methodRSA, crypto.SHA384},
	PSSWithSHA512:          {methodRSA, crypto.SHA512},
}

// policySchemes are all signature algorithms.
var policySchemes = []SignatureScheme{
	ECDSAWithP256AndSHA256, ECDSAWithP384AndSHA384, ECDSAWithP521AndSHA512, PSSWithSHA256, PSSWithSHA384, PSSWithSHA512,
	PKCS1WithSHA256, PKCS1WithSHA384, PKCS1WithSHA512, ECDSAWithSHA224, PKCS1WithSHA224, ECDSAWithSHA1, PKCS1WithSHA1,
}

// policySRTPProfiles are the names of RFC 5764 section 4.1.2.
var policySRTPProfiles = map[SRTPProfile]string{
	SRTPAES128CMHMACSHA1_80: "SRTP_AES128_CM_HMAC_SHA1_80", SRTPAES128CMHMACSHA1_32: "SRTP_AES128_CM_HMAC_SHA1_32",
	SRTPNullHMACSHA1_80: "SRTP_NULL_HMAC_SHA1_80", SRTPNullHMACSHA1_32: "SRTP_NULL_HMAC_SHA1_32",
}

// policySRTPOrder is the order in which they are named.
var policySRTPOrder = []SRTPProfile{SRTPAES128CMHMACSHA1_80, SRTPAES128CMHMACSHA1_32, SRTPNullHMACSHA1_80, SRTPNullHMACSHA1_32}

// maxRecordSizeLimit is that of TLS 1.3, with a byte for the kind of the record (RFC 8449 section 4).
const maxRecordSizeLimit = 1<<14 + 1

// certificateX509 is the one type of certificate that Mbed TLS has (RFC 7250).
const certificateX509 = "X509"

var policyCertificateTypes = []string{certificateX509, "RawPublicKey"}

// botanNames are those, without what bare leaves out, that Botan has for something else's.
var botanNames = map[string]string{
	"aes256": "AES-256-CBC", "aes128": "AES-128-CBC", "camellia256": "CAMELLIA-256-CBC", "camellia128": "CAMELLIA-128-CBC",
	"aria256": "ARIA-256-CBC", "aria128": "ARIA-128-CBC",
	"dh": "DHE", "staticrsa": "RSA",
	"brainpool256r1": "brainpoolP256r1", "brainpool384r1": "brainpoolP384r1", "brainpool512r1": "brainpoolP512r1",
	"ffdheietf2048": "ffdhe2048", "ffdheietf3072": "ffdhe3072", "ffdheietf4096": "ffdhe4096", "ffdheietf6144": "ffdhe6144",
	"ffdheietf8192": "ffdhe8192",
	"ecdsasha256":   "ecdsa_secp256r1_sha256", "ecdsasha384": "ecdsa_secp384r1_sha384", "ecdsasha512": "ecdsa_secp521r1_sha512",
	"rsapsssha256": "rsa_pss_rsae_sha256", "rsapsssha384": "rsa_pss_rsae_sha384", "rsapsssha512": "rsa_pss_rsae_sha512",
}

// groupBits are the sizes of the groups, and so of the keys on them.
var groupBits = map[Group]int{
	SecP192K1: 192, SecP192R1: 192, SecP224K1: 225, SecP224R1: 224, SecP256K1: 256, CurveP256: 256, CurveP384: 384, CurveP521: 521,
	BrainpoolP256R1: 256, BrainpoolP384R1: 384, BrainpoolP512R1: 512, X25519: 255, X448: 448,
	FFDHE2048: 2048, FFDHE3072: 3072, FFDHE4096: 4096, FFDHE6144: 6144, FFDHE8192: 8192,
}

func isFFDHE(g Group) bool { return g >= FFDHE2048 && g <= FFDHE8192 }

// certificateCurves are those that keys of certificates may be on.
var certificateCurves = []Group{
	CurveP256, CurveP384, CurveP521, BrainpoolP256R1, BrainpoolP384R1, BrainpoolP512R1, SecP256K1, SecP224R1, SecP224K1, SecP192R1,
	SecP192K1,
}

// policyGroups are all groups, in the order in which Mbed TLS prefers those that it has by default.
var policyGroups = []Group{
	X25519, CurveP256, CurveP384, X448, CurveP521, BrainpoolP256R1, BrainpoolP384R1, BrainpoolP512R1,
	FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192, SecP256K1, SecP224R1, SecP224K1, SecP192R1, SecP192K1,
}

// policyBuild is what a policy must make do with.
type policyBuild struct {
	has    func(option string) bool
	suites []CipherSuiteInfo
}

func thisBuild() policyBuild {
	b := policyBuild{has: cbridge.Feature}
	for _, id := range CipherSuites() {
		if info, ok := CipherSuiteByID(id); ok {
			b.suites = append(b.suites, info)
		}
	}
	return b
}

func (b policyBuild) hasCipher(name string) bool {
	return slices.ContainsFunc(b.suites, func(s CipherSuiteInfo) bool { return policyCipher(s) == name })
}

func (b policyBuild) hasMAC(name string) bool {
	return slices.ContainsFunc(b.suites, func(s CipherSuiteInfo) bool { return policyMAC(s) == name })
}

// tls13KeyExchanges are the options that TLS 1.3 needs for a method.
var tls13KeyExchanges = map[string]string{
	"ECDHE": "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED",
	"DHE":   "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED",
	"PSK":   "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED",

	"ECDHE-PSK": "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED",
	"DHE-PSK":   "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED",
}

func (b policyBuild) hasKeyExchange(name string) bool {
	if option := tls13KeyExchanges[name]; option != "" && b.has("MBEDTLS_SSL_PROTO_TLS1_3") && b.has(option) {
		return !strings.HasPrefix(name, "DHE") || b.has("PSA_WANT_ALG_FFDH")
	}
	return slices.ContainsFunc(b.suites, func(s CipherSuiteInfo) bool { return policyKeyExchange(s.KeyExchange) == name })
}

func (b policyBuild) hasGroup(g Group) bool      { return b.has(groups[g].option) }
func (b policyBuild) hasHash(h crypto.Hash) bool { return b.has(policyHashes[h]) }
func (b policyBuild) hasMethod(name string) bool { return b.has(policySignatureMethods[name]) }

func (b policyBuild) hasScheme(s SignatureScheme) bool    { return b.has(signatureSchemes[s].option) }
func (b policyBuild) hasSRTP(SRTPProfile) bool            { return b.has("MBEDTLS_SSL_DTLS_SRTP") }
func (b policyBuild) hasCertificateType(name string) bool { return name == certificateX509 }

package mbedtls

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Policy decides what connections may use. A [Config] with one is narrowed by it, never widened: of what the Config asks
// for, only what the policy allows is offered and accepted; what the two cannot agree on is a [ConfigError]; and what a
// peer does against it ends the handshake with a [PolicyViolation], also where InsecureSkipVerify lets everything else
// pass, and where a session is resumed.
//
// [DefaultPolicy], [StrictPolicy] and [SuiteBPolicy] are there; a [TextPolicy] is read from a file; and a [PolicyRules] is
// one itself. Keys and their meaning are those of Botan's policy files; what of these Mbed TLS cannot do is a [PolicyError].
type Policy interface {
	// Rules are asked for once by each Config, when it is first used. What they point to must not be changed.
	Rules() PolicyRules
}

// PolicyRules are the rules of a [Policy]; [PolicyText] writes them down, one a line, by the keys below. The zero value
// allows no version of the protocol: begin with another policy's rules and change them.
//
// A list that is nil allows all that the build has, in the order that Mbed TLS prefers. Else its order is the order of
// preference, unless the Config has one of its own.
type PolicyRules struct {
	// AllowTLS12, AllowTLS13 and AllowDTLS12 are the versions (allow_tls12, allow_tls13, allow_dtls12). One for which no
	// suite is left is not offered.
	AllowTLS12, AllowTLS13, AllowDTLS12 bool

	// Ciphers are those of records (ciphers): AES-256-GCM, AES-128-CCM-8 (with a short tag), AES-128-CBC,
	// CHACHA20-POLY1305, NULL, and the same of ARIA and CAMELLIA. Names are told apart by their letters and digits alone.
	Ciphers []string

	// MACs are AEAD, for ciphers that need none, and SHA-384, SHA-256, SHA-1, MD5 (macs).
	MACs []string

	// KeyExchangeMethods are ECDHE, DHE, ECDHE-PSK, DHE-PSK, PSK, ECJPAKE, and without forward secrecy RSA-PSK, RSA, ECDH
	// (key_exchange_methods): what Botan calls ECDH is ECDHE here. In TLS 1.3, a session is resumed with ECDHE or DHE, and
	// with PSK alone if that is allowed.
	KeyExchangeMethods []string

	// KeyExchangeGroups are for the key exchange (key_exchange_groups). In TLS 1.2, the key of an EC certificate must be on
	// one of them, too.
	KeyExchangeGroups []Group

	// KeyExchangeGroupsToOffer are those for which a client of TLS 1.3 sends a key before it knows what the server takes.
	// Mbed TLS sends one, for the first of KeyExchangeGroups: nothing else can be met, but nil, which is that
	// (key_exchange_groups_to_offer).
	KeyExchangeGroupsToOffer []Group

	// SignatureHashes and SignatureMethods, RSA and ECDSA, are what handshakes and certificates are signed with
	// (signature_hashes, signature_methods). Nobody looks at the signature of a trust anchor.
	SignatureHashes  []crypto.Hash
	SignatureMethods []string

	// SignatureSchemes and AcceptableSignatureSchemes are what this end signs handshakes with, and what it takes
	// (signature_schemes, acceptable_signature_schemes). Mbed TLS has one list for both, in which is what both allow.
	SignatureSchemes, AcceptableSignatureSchemes []SignatureScheme

	// AcceptedClientCertificateTypes and AcceptedServerCertificateTypes are X509, and RawPublicKey, which Mbed TLS does not
	// have (accepted_client_certificate_types, accepted_server_certificate_types).
	AcceptedClientCertificateTypes, AcceptedServerCertificateTypes []string

	// CertificateCurves are those of EC keys in certificates (certificate_curves).
	CertificateCurves []Group

	// MinimumDHGroupSize and MinimumECDHGroupSize bound the groups of the key exchange, MinimumECDSAGroupSize and
	// MinimumRSABits the keys of all certificates of a chain, this end's included; all in bits, 0 is no bound
	// (minimum_dh_group_size, minimum_ecdh_group_size, minimum_ecdsa_group_size, minimum_rsa_bits).
	MinimumDHGroupSize, MinimumECDHGroupSize, MinimumECDSAGroupSize, MinimumRSABits int

	// MinimumSignatureStrength bounds the keys of all certificates of a chain, and the hashes of signatures, by the bits of
	// work that it takes to break them: 80 for RSA keys of 1024 bits and for SHA-1, 112 for 2048 bits and SHA-224, 128 for
	// 3072 bits, P-256 and SHA-256, as NIST SP 800-57 has it; 0 is no bound (minimum_signature_strength).
	MinimumSignatureStrength int

	// AllowClientInitiatedRenegotiation and AllowServerInitiatedRenegotiation let a Config have AllowRenegotiation, which
	// needs both, since Mbed TLS has one switch (allow_client_initiated_renegotiation,
	// allow_server_initiated_renegotiation). AllowInsecureRenegotiation lets it have LegacyAllowRenegotiation
	// (allow_insecure_renegotiation).
	AllowClientInitiatedRenegotiation, AllowServerInitiatedRenegotiation, AllowInsecureRenegotiation bool

	// RequireSecureRenegotiation refuses peers of TLS 1.2 without RFC 5746, and RequireExtendedMasterSecret those without
	// RFC 7627 (require_secure_renegotiation, require_extended_master_secret).
	RequireSecureRenegotiation, RequireExtendedMasterSecret bool

	// NegotiateEncryptThenMAC asks for RFC 7366 in TLS 1.2 (negotiate_encrypt_then_mac).
	NegotiateEncryptThenMAC bool

	// UseECCPointCompression must be false: Mbed TLS has none (use_ecc_point_compression).
	UseECCPointCompression bool

	// IncludeTimeInHelloRandom lets hellos begin with the time, as those of TLS 1.2 do in Mbed TLS, but for those of a client
	// that offers TLS 1.3, too (include_time_in_hello_random). HashHelloRandom must be false: what the random generator gives
	// is sent as it is (hash_hello_random).
	IncludeTimeInHelloRandom, HashHelloRandom bool

	// ServerUsesOwnCiphersuitePreferences makes servers follow their own order of suites in TLS 1.2; false makes them
	// follow the client's (server_uses_own_ciphersuite_preferences).
	ServerUsesOwnCiphersuitePreferences bool

	// RequireClientCertificateAuthentication lets servers have no ClientAuth but RequireAndVerifyClientCert, and no clients
	// that a key authenticates (require_client_certificate_authentication).
	RequireClientCertificateAuthentication bool

	// RequireCertRevocationInfo must be false: Mbed TLS lets a chain pass for which it has no list
	// (require_cert_revocation_info).
	RequireCertRevocationInfo bool

	// SupportCertStatusMessage must be false: Mbed TLS has no OCSP stapling (support_cert_status_message).
	SupportCertStatusMessage bool

	// HideUnknownUsers makes servers treat an unknown PSK identity as a wrong key (hide_unknown_users).
	HideUnknownUsers bool

	// SessionTicketLifetime bounds how long a server's tickets may be used, in whole seconds; 0 is no bound
	// (session_ticket_lifetime).
	SessionTicketLifetime time.Duration

	// NewSessionTickets bounds how many tickets a server sends after a TLS 1.3 handshake; 0 is none
	// (new_session_tickets_upon_handshake_success).
	NewSessionTickets int

	// MaximumSessionTicketsPerClientHello bounds how many tickets a client of TLS 1.3 offers at once: Mbed TLS offers one, or
	// with 0 none (maximum_session_tickets_per_client_hello).
	MaximumSessionTicketsPerClientHello int

	// ReuseSessionTickets lets clients use a ticket again. Caches and stores use those of TLS 1.3 once in any case, and with
	// false SetSession does, too; those of TLS 1.2 are used again, so that false needs a policy without that
	// (reuse_session_tickets).
	ReuseSessionTickets bool

	// AllowEarlyData lets clients send, and servers take, data before the handshake (allow_early_data).
	AllowEarlyData bool

	// MiddleboxCompatibility is the mode of RFC 8446 appendix D.4, and must be what the build has
	// (tls_13_middlebox_compatibility_mode).
	MiddleboxCompatibility bool

	// MaximumFragmentLength is what clients ask for in TLS 1.2, and the most that servers send: 512, 1024, 2048 or 4096
	// bytes; 0 is no bound (maximum_fragment_length).
	MaximumFragmentLength int

	// RecordSizeLimit is what this end takes in a record (RFC 8449), and MinimumRecordSize what a peer may ask for, in bytes.
	// Mbed TLS announces what the build has room for, and refuses peers that ask for less than 64 bytes. 0 is no bound
	// (record_size_limit, minimum_record_size).
	RecordSizeLimit, MinimumRecordSize int

	// SRTPProfiles are those that a Config may ask for; an empty list, none in the text, is no SRTP (srtp_profiles).
	SRTPProfiles []SRTPProfile

	// DTLSInitialTimeout and DTLSMaximumTimeout stand for DTLS.HandshakeTimeoutMin and DTLS.HandshakeTimeoutMax where these
	// are 0, in whole milliseconds; 0 is the library's default (dtls_initial_timeout, dtls_maximum_timeout).
	DTLSInitialTimeout, DTLSMaximumTimeout time.Duration

	// MTU is that of DTLS where neither Config.DTLS.MTU nor Conn.SetMTU has one; 0 is no bound (dtls_default_mtu).
	MTU int

	// AllowSSLKeyLogFile lets a Config have a KeyLogWriter (allow_ssl_key_log_file).
	AllowSSLKeyLogFile bool

	// CheckPeerKey is asked about the key of the peer's own certificate, in each handshake that has one; an error ends it,
	// and is found in that of Handshake. The key is nil if package x509 cannot parse the certificate. It is called by
	// several connections at once, and holds an OS thread while it waits. It is not part of the text of a policy.
	CheckPeerKey func(key crypto.PublicKey) error
}

// Rules makes the rules a [Policy].
func (r PolicyRules) Rules() PolicyRules { return r }

// ruled is a policy that depends on the build: of what it lists, it has what is there.
type ruled func() PolicyRules

func (f ruled) Rules() PolicyRules {
	r, build := f(), thisBuild()
	for i := range policyRules {
		if trim := policyRules[i].value.trim; trim != nil {
			trim(&r, build)
		}
	}
	r.MiddleboxCompatibility = cbridge.Feature("MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE")
	return r
}

// The policies that are there. Their lists hold only what the build has.
var (
	// DefaultPolicy is for services that talk to all sorts of peers: all versions, AEAD ciphers, forward secrecy or a
	// pre-shared key, RSA keys of 2048 bits. It is what a TextPolicy begins with.
	DefaultPolicy Policy = ruled(defaultRules)

	// StrictPolicy has ECDHE alone, without pre-shared keys, AES-GCM and ChaCha20-Poly1305, RSA keys from 3072 bits, and
	// takes only such peers of TLS 1.2 as have RFC 5746 and RFC 7627.
	StrictPolicy Policy = ruled(strictRules)

	// SuiteBPolicy is RFC 6460 at 128 bits: TLS 1.2, ECDHE and ECDSA over P-256 and P-384, AES-GCM.
	SuiteBPolicy Policy = ruled(suiteBRules)
)

func defaultRules() PolicyRules {
	return PolicyRules{
		AllowTLS12: true, AllowTLS13: true, AllowDTLS12: true,
		Ciphers: []string{
			"AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305", "AES-256-CCM", "AES-128-CCM", "AES-256-CCM-8", "AES-128-CCM-8",
		},
		MACs:               []string{"AEAD"},
		KeyExchangeMethods: []string{"ECDHE", "DHE", "ECDHE-PSK", "DHE-PSK", "PSK", "ECJPAKE"},
		KeyExchangeGroups: []Group{
			X25519, CurveP256, CurveP384, X448, CurveP521, BrainpoolP256R1, BrainpoolP384R1, BrainpoolP512R1,
			FFDHE2048, FFDHE3072, FFDHE4096, FFDHE6144, FFDHE8192,
		},
		SignatureHashes:                     []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512},
		SignatureMethods:                    []string{"ECDSA", "RSA"},
		MinimumDHGroupSize:                  2048,
		MinimumECDHGroupSize:                255,
		MinimumECDSAGroupSize:               256,
		MinimumRSABits:                      2048,
		MinimumSignatureStrength:            110,
		IncludeTimeInHelloRandom:            true,
		MaximumSessionTicketsPerClientHello: 1,
		ReuseSessionTickets:                 true,
		NegotiateEncryptThenMAC:             true,
		ServerUsesOwnCiphersuitePreferences: true,
		SessionTicketLifetime:               maxTicketLifetime,
		NewSessionTickets:                   16,
	}
}

func strictRules() PolicyRules {
	r := defaultRules()
	r.Ciphers = []string{"AES-256-GCM", "CHACHA20-POLY1305", "AES-128-GCM"}
	r.KeyExchangeMethods = []string{"ECDHE"}
	r.KeyExchangeGroups = []Group{X25519, CurveP384, CurveP256, X448, CurveP521}
	r.MinimumDHGroupSize = 3072
	r.MinimumRSABits = 3072
	r.RequireSecureRenegotiation = true
	r.RequireExtendedMasterSecret = true
	r.HideUnknownUsers = true
	r.SessionTicketLifetime = 24 * time.Hour
	r.NewSessionTickets = 4
	return r
}

func suiteBRules() PolicyRules {
	r := strictRules()
	r.AllowTLS13, r.AllowDTLS12 = false, false
	r.Ciphers = []string{"AES-128-GCM", "AES-256-GCM"}
	r.KeyExchangeGroups = []Group{CurveP256, CurveP384}
	r.SignatureHashes = []crypto.Hash{crypto.SHA256, crypto.SHA384}
	r.SignatureMethods = []string{"ECDSA"}
	r.CertificateCurves = []Group{CurveP256, CurveP384}
	r.MinimumECDHGroupSize = 256
	r.MinimumSignatureStrength = 128
	r.RequireExtendedMasterSecret = false // it is younger than RFC 6460
	return r
}

// PolicyError says which rules of a policy cannot be met by this build. It matches [errors.ErrUnsupported].
type PolicyError struct{ Rules []UnmetRule }

// UnmetRule is a rule that cannot be met.
type UnmetRule struct{ Key, Value, Why string }

// String is the rule and the reason.
func (u UnmetRule) String() string { return fmt.Sprintf("%s = %s: %s", u.Key, u.Value, u.Why) }

// Error lists the rules.
func (e *PolicyError) Error() string {
	list := make([]string, len(e.Rules))
	for i, u := range e.Rules {
		list[i] = u.String()
	}
	return fmt.Sprintf("mbedtls: policy: this build (profile %s) cannot meet: %s", cbridge.Profile, strings.Join(list, "; "))
}

// Is reports whether target is errors.ErrUnsupported.
func (e *PolicyError) Is(target error) bool { return target == errors.ErrUnsupported }

// CheckPolicy reports which rules of p this build cannot meet, for connections over datagrams or over streams: a
// *[PolicyError]. A Config with the policy fails with the same.
func CheckPolicy(p Policy, datagram bool) error {
	r := p.Rules()
	if unmet := r.unmet(thisBuild(), datagram); len(unmet) > 0 {
		return &PolicyError{unmet}
	}
	return nil
}

// ForbidsVersion is the key of the rule that forbids a protocol version, or "".
func (r PolicyRules) ForbidsVersion(version uint16) (key string) {
	return r.forbidden(func(rule *policyRule) bool { return rule.version == nil || rule.version(&r, version) })
}

// ForbidsCipherSuite is the key of the rule that forbids a suite, by IANA number, or "". Of one that the build does not
// have, it is "ciphers".
func (r PolicyRules) ForbidsCipherSuite(id uint16) (key string) {
	info, ok := CipherSuiteByID(id)
	if !ok {
		return "ciphers"
	}
	return r.forbidsSuite(info)
}

func (r *PolicyRules) forbidsSuite(info CipherSuiteInfo) (key string) {
	return r.forbidden(func(rule *policyRule) bool { return rule.suite == nil || rule.suite(r, info) })
}

// ForbidsGroup is the key of the rule that forbids a group for the key exchange, or "".
func (r PolicyRules) ForbidsGroup(g Group) (key string) {
	return r.forbidden(func(rule *policyRule) bool { return rule.group == nil || rule.group(&r, g) })
}

// ForbidsSignatureScheme is the key of the rule that forbids a signature algorithm, or "". Of one that Mbed TLS does not
// have, it is "signature_methods".
func (r PolicyRules) ForbidsSignatureScheme(s SignatureScheme) (key string) {
	return r.forbidden(func(rule *policyRule) bool { return rule.scheme == nil || rule.scheme(&r, s) })
}

func (r *PolicyRules) forbidden(allows func(*policyRule) bool) (key string) {
	if i := slices.IndexFunc(policyRules, func(rule policyRule) bool { return !allows(&rule) }); i >= 0 {
		return policyRules[i].key
	}
	return ""
}

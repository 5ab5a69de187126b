package mbedtls

import (
	"cmp"
	"crypto"
	"fmt"
	"slices"
	"time"
)

// A policyRule is a line of a policy: how it is written, and what it restricts. All that reads, prints, compares,
// compiles and checks policies goes by the table of them.
type policyRule struct {
	key, doc string
	value    policyValue

	// unmet is why the build cannot meet it; "" if it can, as also if it is nil. What value.lacks is unmet, too.
	unmet func(*PolicyRules, policyBuild) string

	// What it allows; nil is everything.
	version func(*PolicyRules, uint16) bool
	suite   func(*PolicyRules, CipherSuiteInfo) bool
	group   func(*PolicyRules, Group) bool
	scheme  func(*PolicyRules, SignatureScheme) bool

	// certificate is what is wrong with a certificate, and the flag for that; "" if nothing is.
	certificate func(*PolicyRules, *certificateFacts) (wrong string, flag VerifyFlags)

	// state is what is wrong with a connection; "" if nothing is.
	state func(r *PolicyRules, st *ConnectionState, server bool) (wrong string)

	// compile brings the rule into the library's config, or says what of the Config is against it.
	compile func(t *policyTarget, rule string) error
}

// in tells whether a list allows v.
func in[T comparable](list []T, v T) bool { return list == nil || slices.Contains(list, v) }

// policyRules are all rules, in the order in which they are printed.
var policyRules = []policyRule{
	{
		key: "allow_tls12", doc: "TLS 1.2; Mbed TLS has nothing older",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowTLS12 }),
		version: func(r *PolicyRules, v uint16) bool {
			return v == VersionTLS12 && r.AllowTLS12 || v == VersionTLS13 || v == VersionDTLS12
		},
	},
	{
		key: "allow_tls13", doc: "TLS 1.3",
		value:   boolValue(func(r *PolicyRules) *bool { return &r.AllowTLS13 }),
		version: func(r *PolicyRules, v uint16) bool { return v != VersionTLS13 || r.AllowTLS13 },
	},
	{
		key: "allow_dtls12", doc: "DTLS 1.2",
		value:   boolValue(func(r *PolicyRules) *bool { return &r.AllowDTLS12 }),
		version: func(r *PolicyRules, v uint16) bool { return v != VersionDTLS12 || r.AllowDTLS12 },
	},
	{
		key: "ciphers", doc: "ciphers of records, in order of preference",
		value: listValue(func(r *PolicyRules) *[]string { return &r.Ciphers }, policyCiphers, policyBuild.hasCipher),
		suite: func(r *PolicyRules, s CipherSuiteInfo) bool { return in(r.Ciphers, policyCipher(s)) },
	},
	{
		key: "macs", doc: "MACs of records; AEAD is for ciphers that need none",
		value: listValue(func(r *PolicyRules) *[]string { return &r.MACs }, policyMACs, policyBuild.hasMAC),
		suite: func(r *PolicyRules, s CipherSuiteInfo) bool { return in(r.MACs, policyMAC(s)) },
	},
	{
		key: "key_exchange_methods", doc: "key exchanges, in order of preference; RSA-PSK, RSA and ECDH have no forward secrecy, nor has PSK",
		value: listValue(func(r *PolicyRules) *[]string { return &r.KeyExchangeMethods }, policyKeyExchangeNames(), policyBuild.hasKeyExchange),
		suite: func(r *PolicyRules, s CipherSuiteInfo) bool {
			if s.KeyExchange == KeyExchangeNone {
				return r.tls13KeyExchange() != 0
			}
			return in(r.KeyExchangeMethods, policyKeyExchange(s.KeyExchange))
		},
		group: func(r *PolicyRules, g Group) bool {
			methods := []string{"ECDHE", "ECDHE-PSK", "ECJPAKE", "ECDH"}
			if isFFDHE(g) {
				methods = []string{"DHE", "DHE-PSK"}
			}
			return slices.ContainsFunc(methods, func(m string) bool { return in(r.KeyExchangeMethods, m) })
		},
		state:   tls13KeyExchangeState,
		compile: (*policyTarget).compileKeyExchange,
	},
	{
		key: "key_exchange_groups", doc: "groups for the key exchange, in order of preference; in TLS 1.2, keys of EC certificates must be on one of them",
		value: listValue(func(r *PolicyRules) *[]Group { return &r.KeyExchangeGroups }, policyGroups, policyBuild.hasGroup),
		group: func(r *PolicyRules, g Group) bool { return in(r.KeyExchangeGroups, g) },
	},
	{
		key: "key_exchange_groups_to_offer", doc: "groups that a TLS 1.3 client sends keys for at once; any is the first of key_exchange_groups, which is all that Mbed TLS can",
		value: orNone(func(r *PolicyRules) *[]Group { return &r.KeyExchangeGroupsToOffer },
			listValue(func(r *PolicyRules) *[]Group { return &r.KeyExchangeGroupsToOffer }, policyGroups, policyBuild.hasGroup)),
		compile: (*policyTarget).compileOffer,
	},
	{
		key: "signature_hashes", doc: "hashes of signatures in handshakes and certificates, in order of preference",
		value: listValue(func(r *PolicyRules) *[]crypto.Hash { return &r.SignatureHashes },
			[]crypto.Hash{crypto.SHA512, crypto.SHA384, crypto.SHA256, crypto.SHA224, crypto.SHA1}, policyBuild.hasHash),
		scheme: func(r *PolicyRules, s SignatureScheme) bool {
			parts, known := signatureParts[s] // what is not known is no method
			return !known || in(r.SignatureHashes, parts.hash)
		},
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			if c.anchor || in(r.SignatureHashes, c.hash) {
				return "", 0
			}
			return "is signed with " + c.signature(), CertBadHash
		},
	},
	{
		key: "signature_methods", doc: "signatures of handshakes and certificates, in order of preference; RSA is PKCS #1 v1.5 and PSS",
		value: listValue(func(r *PolicyRules) *[]string { return &r.SignatureMethods }, []string{methodECDSA, methodRSA}, policyBuild.hasMethod),
		suite: func(r *PolicyRules, s CipherSuiteInfo) bool {
			method := policyKeyExchangeSignature[s.KeyExchange]
			return method == "" || in(r.SignatureMethods, method)
		},
		scheme: func(r *PolicyRules, s SignatureScheme) bool {
			parts, known := signatureParts[s]
			return known && in(r.SignatureMethods, parts.method)
		},
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			if c.anchor || in(r.SignatureMethods, c.method) {
				return "", 0
			}
			return "is signed with " + c.signature(), CertBadPK
		},
	},
	{
		key: "signature_schemes", doc: "signature algorithms of handshakes, in order of preference; Mbed TLS has one list for this and the next",
		value:  listValue(func(r *PolicyRules) *[]SignatureScheme { return &r.SignatureSchemes }, policySchemes, policyBuild.hasScheme),
		scheme: func(r *PolicyRules, s SignatureScheme) bool { return in(r.SignatureSchemes, s) },
	},
	{
		key: "acceptable_signature_schemes", doc: "those that peers may sign handshakes with",
		value:  listValue(func(r *PolicyRules) *[]SignatureScheme { return &r.AcceptableSignatureSchemes }, policySchemes, policyBuild.hasScheme),
		scheme: func(r *PolicyRules, s SignatureScheme) bool { return in(r.AcceptableSignatureSchemes, s) },
	},
	{
		key: "accepted_client_certificate_types", doc: "X509 is the one that Mbed TLS has",
		value: listValue(func(r *PolicyRules) *[]string { return &r.AcceptedClientCertificateTypes }, policyCertificateTypes, policyBuild.hasCertificateType),
	},
	{
		key: "accepted_server_certificate_types", doc: "the same of servers",
		value: listValue(func(r *PolicyRules) *[]string { return &r.AcceptedServerCertificateTypes }, policyCertificateTypes, policyBuild.hasCertificateType),
	},
	{
		key: "certificate_curves", doc: "curves of EC keys in certificates",
		value: listValue(func(r *PolicyRules) *[]Group { return &r.CertificateCurves }, certificateCurves, policyBuild.hasGroup),
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			if c.key != keyEC || in(r.CertificateCurves, c.curve) {
				return "", 0
			}
			return "has a key on " + c.curve.String(), CertBadKey
		},
	},
	{
		key: "minimum_dh_group_size", doc: "bits of the prime, at least",
		value:   intValue(func(r *PolicyRules) *int { return &r.MinimumDHGroupSize }, maxDHBits),
		group:   func(r *PolicyRules, g Group) bool { return !isFFDHE(g) || groupBits[g] >= r.MinimumDHGroupSize },
		compile: (*policyTarget).compileDH,
	},
	{
		key: "minimum_ecdh_group_size", doc: "bits of the curve, at least; X25519 has 255",
		value: intValue(func(r *PolicyRules) *int { return &r.MinimumECDHGroupSize }, 521),
		group: func(r *PolicyRules, g Group) bool { return isFFDHE(g) || groupBits[g] >= r.MinimumECDHGroupSize },
	},
	{
		key: "minimum_ecdsa_group_size", doc: "bits of EC keys in certificates, at least",
		value: intValue(func(r *PolicyRules) *int { return &r.MinimumECDSAGroupSize }, 521),
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			return c.shorter(keyEC, r.MinimumECDSAGroupSize)
		},
	},
	{
		key: "minimum_rsa_bits", doc: "bits of RSA keys in certificates, at least",
		value: intValue(func(r *PolicyRules) *int { return &r.MinimumRSABits }, maxDHBits),
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			return c.shorter(keyRSA, r.MinimumRSABits)
		},
	},
	{
		key: "minimum_signature_strength", doc: "bits of work to break a key or a hash of certificates, or a hash of handshakes, at least; RSA of 2048 bits has 112",
		value: intValue(func(r *PolicyRules) *int { return &r.MinimumSignatureStrength }, 256),
		scheme: func(r *PolicyRules, s SignatureScheme) bool {
			parts, known := signatureParts[s]
			return !known || hashStrength(parts.hash) >= r.MinimumSignatureStrength
		},
		certificate: func(r *PolicyRules, c *certificateFacts) (string, VerifyFlags) {
			return c.weaker(r.MinimumSignatureStrength)
		},
	},
	{
		key: "allow_client_initiated_renegotiation", doc: "in TLS 1.2; a Config that renegotiates needs this and the next",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowClientInitiatedRenegotiation }),
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.config.AllowRenegotiation && !t.AllowClientInitiatedRenegotiation, "AllowRenegotiation", true, rule)
		},
	},
	{
		key: "allow_server_initiated_renegotiation", doc: "in TLS 1.2",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowServerInitiatedRenegotiation }),
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.config.AllowRenegotiation && !t.AllowServerInitiatedRenegotiation, "AllowRenegotiation", true, rule)
		},
	},
	{
		key: "allow_insecure_renegotiation", doc: "with peers without RFC 5746",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowInsecureRenegotiation }),
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.config.LegacyRenegotiation == LegacyAllowRenegotiation && !t.AllowInsecureRenegotiation,
				"LegacyRenegotiation", "LegacyAllowRenegotiation", rule)
		},
	},
	{
		key: "require_secure_renegotiation", doc: "refuse peers of TLS 1.2 without RFC 5746",
		value:   boolValue(func(r *PolicyRules) *bool { return &r.RequireSecureRenegotiation }),
		compile: (*policyTarget).compileSecureRenegotiation,
	},
	{
		key: "require_extended_master_secret", doc: "refuse peers of TLS 1.2 without RFC 7627",
		value: boolValue(func(r *PolicyRules) *bool { return &r.RequireExtendedMasterSecret }),
		unmet: func(r *PolicyRules, b policyBuild) string {
			if r.RequireExtendedMasterSecret && b.has("MBEDTLS_SSL_PROTO_TLS1_2") && (r.AllowTLS12 || r.AllowDTLS12) {
				return b.without("MBEDTLS_SSL_EXTENDED_MASTER_SECRET")
			}
			return ""
		},
		state: func(r *PolicyRules, st *ConnectionState, _ bool) string {
			if r.RequireExtendedMasterSecret && !st.ExtendedMasterSecret {
				return "the peer has no extended master secret"
			}
			return ""
		},
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.RequireExtendedMasterSecret && t.config.DisableExtendedMasterSecret, "DisableExtendedMasterSecret", true, rule)
		},
	},
	{
		key: "negotiate_encrypt_then_mac", doc: "RFC 7366, for CBC ciphers in TLS 1.2",
		value: boolValue(func(r *PolicyRules) *bool { return &r.NegotiateEncryptThenMAC }),
		unmet: func(r *PolicyRules, b policyBuild) string {
			cbc := func(s CipherSuiteInfo) bool {
				return policyMAC(s) != macAEAD && in(r.Ciphers, policyCipher(s)) && in(r.MACs, policyMAC(s))
			}
			if r.NegotiateEncryptThenMAC && slices.ContainsFunc(b.suites, cbc) {
				return b.without("MBEDTLS_SSL_ENCRYPT_THEN_MAC")
			}
			return ""
		},
		compile: (*policyTarget).compileEncryptThenMAC,
	},
	mustBeFalse("use_ecc_point_compression", "Mbed TLS has none",
		func(r *PolicyRules) *bool { return &r.UseECCPointCompression }, "Mbed TLS sends and takes no compressed points"),
	{
		key: "include_time_in_hello_random", doc: "hellos may begin with the time, as in TLS 1.2 they do",
		value: boolValue(func(r *PolicyRules) *bool { return &r.IncludeTimeInHelloRandom }),
		unmet: func(r *PolicyRules, b policyBuild) string {
			timed := (r.AllowTLS12 || r.AllowDTLS12) && b.has("MBEDTLS_SSL_PROTO_TLS1_2") && b.has("MBEDTLS_HAVE_TIME")
			return onlyIf(timed && !r.IncludeTimeInHelloRandom, "Mbed TLS begins hellos of TLS 1.2 with the time")
		},
	},
	mustBeFalse("hash_hello_random", "Mbed TLS sends what the random generator gives",
		func(r *PolicyRules) *bool { return &r.HashHelloRandom }, "Mbed TLS sends what the random generator gives as it is"),
	{
		key: "server_uses_own_ciphersuite_preferences", doc: "false is the client's, in TLS 1.2",
		value: boolValue(func(r *PolicyRules) *bool { return &r.ServerUsesOwnCiphersuitePreferences }),
		compile: func(t *policyTarget, rule string) error {
			if t.server && !t.ServerUsesOwnCiphersuitePreferences {
				return t.cc.SetPreference(true)
			}
			return t.forbids(t.config.PreferClientCipherSuites && t.ServerUsesOwnCiphersuitePreferences, "PreferClientCipherSuites", true, rule)
		},
	},
	{
		key: "require_client_certificate_authentication", doc: "no clients without a certificate that is trusted",
		value: boolValue(func(r *PolicyRules) *bool { return &r.RequireClientCertificateAuthentication }),
		state: func(r *PolicyRules, st *ConnectionState, server bool) string {
			required := r.RequireClientCertificateAuthentication && server
			return onlyIf(required && (len(st.PeerCertificatesDER) == 0 || st.VerifyFlags != 0), "the client has no certificate that was verified")
		},
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.server && t.RequireClientCertificateAuthentication && t.config.ClientAuth != RequireAndVerifyClientCert,
				"ClientAuth", int(t.config.ClientAuth), rule)
		},
	},
	mustBeFalse("require_cert_revocation_info", "Mbed TLS lets a chain pass for which it has no list",
		func(r *PolicyRules) *bool { return &r.RequireCertRevocationInfo }, "Mbed TLS lets a chain pass for which it has no revocation list"),
	mustBeFalse("support_cert_status_message", "Mbed TLS has no OCSP stapling",
		func(r *PolicyRules) *bool { return &r.SupportCertStatusMessage }, "Mbed TLS has no OCSP stapling"),
	{
		key: "hide_unknown_users", doc: "an unknown PSK identity is treated as a wrong key",
		value: boolValue(func(r *PolicyRules) *bool { return &r.HideUnknownUsers }),
	},
	{
		key: "session_ticket_lifetime", doc: "seconds that a server's tickets may be used, at most; 0 is no bound",
		value: durationValue(func(r *PolicyRules) *time.Duration { return &r.SessionTicketLifetime }, time.Second, maxTicketLifetime),
		compile: func(t *policyTarget, rule string) error {
			keys := t.config.TicketKeys
			if keys == nil || t.SessionTicketLifetime == 0 {
				return nil
			}
			return t.forbids(t.server && keys.lifetime > t.SessionTicketLifetime, "TicketKeys", keys.lifetime, rule)
		},
	},
	{
		key: "new_session_tickets_upon_handshake_success", doc: "tickets that a TLS 1.3 server sends, at most; 0 is none",
		value:   intValue(func(r *PolicyRules) *int { return &r.NewSessionTickets }, 1<<16-1),
		compile: (*policyTarget).compileTickets,
	},
	{
		key: "maximum_session_tickets_per_client_hello", doc: "tickets that a TLS 1.3 client offers, at most; Mbed TLS offers one",
		value: intValue(func(r *PolicyRules) *int { return &r.MaximumSessionTicketsPerClientHello }, 1<<16-1),
	},
	{
		key: "reuse_session_tickets", doc: "clients may use a ticket twice, as in TLS 1.2 they do",
		value: boolValue(func(r *PolicyRules) *bool { return &r.ReuseSessionTickets }),
		unmet: func(r *PolicyRules, b policyBuild) string {
			reused := (r.AllowTLS12 || r.AllowDTLS12) && b.has("MBEDTLS_SSL_PROTO_TLS1_2") && b.has("MBEDTLS_SSL_SESSION_TICKETS")
			return onlyIf(reused && !r.ReuseSessionTickets, "clients use the tickets of TLS 1.2 again")
		},
	},
	{
		key: "allow_early_data", doc: "in TLS 1.3; it can be replayed",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowEarlyData }),
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.server && t.config.MaxEarlyData > 0 && !t.AllowEarlyData, "MaxEarlyData", t.config.MaxEarlyData, rule)
		},
	},
	{
		key: "tls_13_middlebox_compatibility_mode", doc: "RFC 8446 appendix D.4; it must be as the build has it",
		value: boolValue(func(r *PolicyRules) *bool { return &r.MiddleboxCompatibility }),
		unmet: func(r *PolicyRules, b policyBuild) string {
			const option = "MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE"
			if !r.AllowTLS13 || !b.has("MBEDTLS_SSL_PROTO_TLS1_3") || b.has(option) == r.MiddleboxCompatibility {
				return ""
			}
			return fmt.Sprintf("%s decides it, and is %t", option, b.has(option))
		},
	},
	{
		key: "maximum_fragment_length", doc: "bytes in a record of TLS 1.2: 512, 1024, 2048 or 4096; 0 is no bound",
		value: intValue(func(r *PolicyRules) *int { return &r.MaximumFragmentLength }, 4096),
		unmet: func(r *PolicyRules, b policyBuild) string {
			switch {
			case r.MaximumFragmentLength == 0:
				return ""
			case maxFragmentCodes[r.MaximumFragmentLength] == 0:
				return "must be 0, 512, 1024, 2048 or 4096"
			}
			return b.without("MBEDTLS_SSL_MAX_FRAGMENT_LENGTH")
		},
		compile: (*policyTarget).compileFragments,
	},
	{
		key: "record_size_limit", doc: "bytes in a record that is received (RFC 8449), at most; 0 is no bound, and so is 16384",
		value: intValue(func(r *PolicyRules) *int { return &r.RecordSizeLimit }, maxRecordSizeLimit),
		unmet: func(r *PolicyRules, _ policyBuild) string {
			return onlyIf(r.RecordSizeLimit > 0 && r.RecordSizeLimit < maxRecordSizeLimit-1, "Mbed TLS announces what the build has room for, and nothing less")
		},
	},
	{
		key: "minimum_record_size", doc: "bytes that a peer may limit records to, at least; 0 is no bound, and Mbed TLS's own is 64",
		value: intValue(func(r *PolicyRules) *int { return &r.MinimumRecordSize }, maxRecordSizeLimit),
		unmet: func(r *PolicyRules, _ policyBuild) string {
			return onlyIf(r.MinimumRecordSize > 64, "Mbed TLS takes all limits of peers from 64 bytes on")
		},
	},
	{
		key: "srtp_profiles", doc: "profiles of DTLS-SRTP (RFC 5764) that a Config may ask for; none is no SRTP",
		value: orNone(func(r *PolicyRules) *[]SRTPProfile { return &r.SRTPProfiles },
			listValue(func(r *PolicyRules) *[]SRTPProfile { return &r.SRTPProfiles }, policySRTPOrder, policyBuild.hasSRTP)),
		state: func(r *PolicyRules, st *ConnectionState, _ bool) string {
			return onlyIf(st.SRTPProfile != 0 && !in(r.SRTPProfiles, st.SRTPProfile), policySRTPProfiles[st.SRTPProfile])
		},
		compile: (*policyTarget).compileSRTP,
	},
	{
		key: "dtls_initial_timeout", doc: "milliseconds before DTLS sends a flight of the handshake again, where nothing else says so; 0 is a second",
		value: durationValue(func(r *PolicyRules) *time.Duration { return &r.DTLSInitialTimeout }, time.Millisecond, maxDuration),
		unmet: func(r *PolicyRules, _ policyBuild) string {
			above := cmp.Or(r.DTLSInitialTimeout, time.Second) > cmp.Or(r.DTLSMaximumTimeout, maxDuration)
			return onlyIf(above, "is above dtls_maximum_timeout")
		},
	},
	{
		key: "dtls_maximum_timeout", doc: "milliseconds that this doubles to, at most; 0 is a minute",
		value: durationValue(func(r *PolicyRules) *time.Duration { return &r.DTLSMaximumTimeout }, time.Millisecond, maxDuration),
	},
	{
		key: "dtls_default_mtu", doc: "bytes of a datagram of DTLS, where nothing else says so; 0 is no bound",
		value: intValue(func(r *PolicyRules) *int { return &r.MTU }, maxMTU),
		unmet: func(r *PolicyRules, _ policyBuild) string {
			if err := checkMTU(r.MTU); r.MTU != 0 && err != nil {
				return err.Error()
			}
			return ""
		},
	},
	{
		key: "allow_ssl_key_log_file", doc: "a Config may have a KeyLogWriter",
		value: boolValue(func(r *PolicyRules) *bool { return &r.AllowSSLKeyLogFile }),
		compile: func(t *policyTarget, rule string) error {
			return t.forbids(t.config.KeyLogWriter != nil && !t.AllowSSLKeyLogFile, "KeyLogWriter", "set", rule)
		},
	},
}

// mustBeFalse is a rule that no build can follow.
func mustBeFalse(key, doc string, field func(*PolicyRules) *bool, why string) policyRule {
	return policyRule{key: key, doc: doc, value: boolValue(field), unmet: func(r *PolicyRules, _ policyBuild) string {
		return onlyIf(*field(r), why)
	}}
}

func onlyIf(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

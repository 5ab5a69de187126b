package mbedtls

import (
	"crypto"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// policyWith is the default policy with something else.
func policyWith(change func(*PolicyRules)) PolicyRules { return policyOf(DefaultPolicy, change) }

// policyOf is a policy with something else.
func policyOf(p Policy, change func(*PolicyRules)) PolicyRules {
	r := p.Rules()
	change(&r)
	return r
}

func TestEverySuiteOfTheBuildHasAPolicysNames(t *testing.T) {
	t.Parallel()
	all := PolicyRules{AllowTLS12: true, AllowTLS13: true, AllowDTLS12: true}
	for _, s := range thisBuild().suites {
		if !slices.Contains(policyCiphers, policyCipher(s)) || !slices.Contains(policyMACs, policyMAC(s)) {
			t.Errorf("%s: cipher %q, MAC %q", s.Name, policyCipher(s), policyMAC(s))
		}
		if s.KeyExchange != KeyExchangeNone && policyKeyExchange(s.KeyExchange) == "" {
			t.Errorf("%s: key exchange %v", s.Name, s.KeyExchange)
		}
		if key := all.ForbidsCipherSuite(s.ID); key != "" {
			t.Errorf("%s is forbidden by %s, where all are allowed", s.Name, key)
		}
	}
}

func TestTablesOfGroupsAndSignaturesAreComplete(t *testing.T) {
	t.Parallel()
	for g := range groups {
		if groupBits[g] == 0 || !slices.Contains(policyGroups, g) {
			t.Errorf("group %v", g)
		}
	}
	for s := range signatureSchemes {
		if p := signatureParts[s]; policyHashes[p.hash] == "" || policySignatureMethods[p.method] == "" {
			t.Errorf("signature scheme %v", s)
		}
	}
}

func TestBuiltInPoliciesAreMetByThisBuild(t *testing.T) {
	t.Parallel()
	for name, p := range namedPolicies {
		if name == "suiteb" && !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
			continue
		}
		if err := CheckPolicy(p, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if cbridge.Feature("MBEDTLS_SSL_PROTO_DTLS") {
		if err := CheckPolicy(DefaultPolicy, true); err != nil {
			t.Error(err)
		}
	}
}

func TestPoliciesForbidWhatTheyDoNotList(t *testing.T) {
	t.Parallel()
	strict := StrictPolicy.Rules()
	for _, tt := range []struct{ got, want, what string }{
		{strict.ForbidsCipherSuite(0xC02B), "", "ECDHE-ECDSA AES-128-GCM"},
		{strict.ForbidsCipherSuite(0x1301), "", "TLS 1.3 AES-128-GCM"},
		{strict.ForbidsCipherSuite(0x1304), "ciphers", "TLS 1.3 AES-128-CCM"},
		{strict.ForbidsCipherSuite(0xC0AE), "ciphers", "ECDHE-ECDSA AES-128-CCM-8"},
		{strict.ForbidsCipherSuite(0xC023), "ciphers", "ECDHE-ECDSA AES-128-CBC"},
		{strict.ForbidsCipherSuite(0x009C), "key_exchange_methods", "RSA AES-128-GCM"},
		{strict.ForbidsCipherSuite(0x009E), "key_exchange_methods", "DHE-RSA AES-128-GCM"},
		{strict.ForbidsCipherSuite(0x0005), "ciphers", "RC4"},
		{strict.ForbidsVersion(VersionTLS12), "", "TLS 1.2"},
		{strict.ForbidsVersion(0x0301), "allow_tls12", "TLS 1.0"},
		{SuiteBPolicy.Rules().ForbidsVersion(VersionTLS13), "allow_tls13", "TLS 1.3"},
		{SuiteBPolicy.Rules().ForbidsVersion(VersionDTLS12), "allow_dtls12", "DTLS 1.2"},
		{SuiteBPolicy.Rules().ForbidsCipherSuite(0xC02F), "signature_methods", "ECDHE-RSA"},
		{strict.ForbidsGroup(X25519), "", "X25519"},
		{strict.ForbidsGroup(FFDHE3072), "key_exchange_methods", "ffdhe3072"},
		{strict.ForbidsGroup(SecP192R1), "key_exchange_groups", "secp192r1"},
		{policyWith(func(r *PolicyRules) { r.MinimumECDHGroupSize = 300 }).ForbidsGroup(CurveP256), "minimum_ecdh_group_size", "secp256r1"},
		{policyWith(func(r *PolicyRules) { r.MinimumDHGroupSize = 3072 }).ForbidsGroup(FFDHE2048), "minimum_dh_group_size", "ffdhe2048"},
		{strict.ForbidsSignatureScheme(PSSWithSHA256), "", "PSS with SHA-256"},
		{strict.ForbidsSignatureScheme(PKCS1WithSHA1), "signature_hashes", "SHA-1"},
		{policyWith(func(r *PolicyRules) { r.SignatureSchemes = []SignatureScheme{PSSWithSHA512} }).ForbidsSignatureScheme(PSSWithSHA256), "signature_schemes", "PSS"},
		{policyWith(func(r *PolicyRules) { r.AcceptableSignatureSchemes = []SignatureScheme{PSSWithSHA512} }).ForbidsSignatureScheme(PSSWithSHA256),
			"acceptable_signature_schemes", "PSS"},
		{policyWith(func(r *PolicyRules) { r.MinimumSignatureStrength = 192 }).ForbidsSignatureScheme(PSSWithSHA256), "minimum_signature_strength", "PSS"},
		{policyWith(func(r *PolicyRules) { r.MinimumSignatureStrength = 192 }).ForbidsSignatureScheme(PSSWithSHA384), "", "PSS with SHA-384"},
		{SuiteBPolicy.Rules().ForbidsSignatureScheme(PSSWithSHA256), "signature_methods", "PSS"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is forbidden by %q, want %q", tt.what, tt.got, tt.want)
		}
	}
}

// unmetKeys are the rules that a build cannot meet.
func unmetKeys(r PolicyRules, b policyBuild, datagram bool) (keys []string) {
	for _, u := range r.unmet(b, datagram) {
		keys = append(keys, u.Key)
	}
	return keys
}

func TestRulesThatABuildCannotMeetAreAllListed(t *testing.T) {
	t.Parallel()
	full := thisBuild()
	lacking := func(options ...string) policyBuild {
		b := full
		b.has = func(option string) bool { return !slices.Contains(options, option) && full.has(option) }
		if slices.Contains(options, "MBEDTLS_SSL_PROTO_TLS1_3") {
			b.suites = slices.DeleteFunc(slices.Clone(b.suites), func(s CipherSuiteInfo) bool { return s.KeyExchange == KeyExchangeNone })
		}
		return b
	}
	withSuites := func(keep func(CipherSuiteInfo) bool) policyBuild {
		b := full
		b.suites = slices.DeleteFunc(slices.Clone(b.suites), func(s CipherSuiteInfo) bool { return !keep(s) })
		return b
	}
	for _, tt := range []struct {
		name     string
		rules    PolicyRules
		build    policyBuild
		datagram bool
		want     []string
	}{
		{"all is well", DefaultPolicy.Rules(), full, false, nil},
		{"TLS 1.3 may be missing", DefaultPolicy.Rules(), lacking("MBEDTLS_SSL_PROTO_TLS1_3"), false, nil},
		{"TLS 1.3 alone", policyWith(func(r *PolicyRules) { r.AllowTLS12 = false }), lacking("MBEDTLS_SSL_PROTO_TLS1_3"), false, []string{"allow_tls13"}},
		{"no version", policyWith(func(r *PolicyRules) { r.AllowTLS12, r.AllowTLS13 = false, false }), full, false, []string{"allow_tls12"}},
		{"no DTLS", SuiteBPolicy.Rules(), full, true, []string{"allow_dtls12"}},
		{"DTLS not built", DefaultPolicy.Rules(), lacking("MBEDTLS_SSL_PROTO_DTLS"), true, []string{"allow_dtls12"}},
		{"a group", DefaultPolicy.Rules(), lacking("MBEDTLS_ECP_DP_CURVE25519_ENABLED"), false, []string{"key_exchange_groups"}},
		{"no group left", policyWith(func(r *PolicyRules) {
			r.KeyExchangeMethods, r.MinimumECDHGroupSize, r.KeyExchangeGroups = []string{"ECDHE"}, 300, []Group{CurveP256}
		}), full, false, []string{"key_exchange_groups"}},
		{"a cipher", DefaultPolicy.Rules(), withSuites(func(s CipherSuiteInfo) bool { return s.Cipher != "CHACHA20-POLY1305" }), false, []string{"ciphers"}},
		{"a key exchange", policyWith(func(r *PolicyRules) { r.KeyExchangeMethods = []string{"ECDHE", "RSA"} }),
			withSuites(func(s CipherSuiteInfo) bool { return s.KeyExchange != KeyExchangeRSA }), false, []string{"key_exchange_methods"}},
		{"a hash", DefaultPolicy.Rules(), lacking("MBEDTLS_SHA512_C"), false, []string{"signature_hashes"}},
		{"a signature method", DefaultPolicy.Rules(), lacking("MBEDTLS_RSA_C"), false, []string{"signature_methods"}},
		{"no suite left", policyWith(func(r *PolicyRules) {
			r.AllowTLS13, r.Ciphers, r.MACs = false, []string{"AES-128-GCM"}, []string{"SHA-256"}
		}), full, false, []string{"ciphers"}},
		{"extended master secret", StrictPolicy.Rules(), lacking("MBEDTLS_SSL_EXTENDED_MASTER_SECRET"), false, []string{"require_extended_master_secret"}},
		{"encrypt-then-MAC", PolicyRules{AllowTLS12: true, NegotiateEncryptThenMAC: true, IncludeTimeInHelloRandom: true, ReuseSessionTickets: true}, lacking("MBEDTLS_SSL_ENCRYPT_THEN_MAC"), false, []string{"negotiate_encrypt_then_mac"}},
		{"encrypt-then-MAC without CBC", DefaultPolicy.Rules(), lacking("MBEDTLS_SSL_ENCRYPT_THEN_MAC"), false, nil},
		{"what nobody has", policyWith(func(r *PolicyRules) {
			r.UseECCPointCompression, r.RequireCertRevocationInfo, r.MiddleboxCompatibility = true, true, !r.MiddleboxCompatibility
		}), full, false, []string{"use_ecc_point_compression", "require_cert_revocation_info", "tls_13_middlebox_compatibility_mode"}},
		{"what Botan has", policyWith(func(r *PolicyRules) {
			r.HashHelloRandom, r.SupportCertStatusMessage, r.IncludeTimeInHelloRandom, r.ReuseSessionTickets = true, true, false, false
			r.RecordSizeLimit, r.MinimumRecordSize = 1000, 65
			r.AcceptedClientCertificateTypes = []string{"X509", "RawPublicKey"}
			r.KeyExchangeGroupsToOffer = []Group{X25519, CurveP256}
		}), full, false, []string{
			"accepted_client_certificate_types", "include_time_in_hello_random", "hash_hello_random", "support_cert_status_message",
			"reuse_session_tickets", "record_size_limit", "minimum_record_size", "key_exchange_groups_to_offer",
		}},
		{"what Botan has, and Mbed TLS does in any case", policyWith(func(r *PolicyRules) {
			r.RecordSizeLimit, r.MinimumRecordSize, r.KeyExchangeGroupsToOffer = 16384, 64, []Group{X25519}
			r.AcceptedServerCertificateTypes, r.MaximumSessionTicketsPerClientHello = []string{"X509"}, 3
		}), full, false, nil},
		{"TLS 1.3 alone", policyWith(func(r *PolicyRules) {
			r.AllowTLS12, r.AllowDTLS12, r.IncludeTimeInHelloRandom, r.ReuseSessionTickets = false, false, false, false
		}), full, false, nil},
		{"no group to offer", policyWith(func(r *PolicyRules) { r.KeyExchangeGroupsToOffer = []Group{} }), full, false, []string{"key_exchange_groups_to_offer"}},
		{"the first group is forbidden", policyWith(func(r *PolicyRules) {
			r.KeyExchangeGroupsToOffer, r.MinimumECDHGroupSize = []Group{CurveP256}, 256
		}), full, false, nil},
		{"timeouts", policyWith(func(r *PolicyRules) { r.DTLSInitialTimeout, r.DTLSMaximumTimeout = 3*time.Second, 2*time.Second }), full, true,
			[]string{"dtls_initial_timeout"}},
		{"SRTP", policyWith(func(r *PolicyRules) { r.SRTPProfiles = []SRTPProfile{SRTPAES128CMHMACSHA1_80} }), lacking("MBEDTLS_SSL_DTLS_SRTP"), true,
			[]string{"srtp_profiles"}},
		{"no SRTP", policyWith(func(r *PolicyRules) { r.SRTPProfiles = []SRTPProfile{} }), lacking("MBEDTLS_SSL_DTLS_SRTP"), true, nil},
		{"values that are none", policyWith(func(r *PolicyRules) {
			r.Ciphers, r.MinimumRSABits, r.SessionTicketLifetime, r.MaximumFragmentLength, r.MTU = []string{"ROT13", "AES-128-GCM"}, -1, time.Millisecond, 600, 5
		}), full, false, []string{"ciphers", "minimum_rsa_bits", "session_ticket_lifetime", "maximum_fragment_length", "dtls_default_mtu"}},
	} {
		if diff := cmp.Diff(tt.want, unmetKeys(tt.rules, tt.build, tt.datagram)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestPolicyErrorListsEveryRule(t *testing.T) {
	setUp(t)
	config := &Config{RootCAs: roots(), Policy: policyWith(func(r *PolicyRules) { r.UseECCPointCompression, r.RequireCertRevocationInfo = true, true })}
	defer config.Close()
	err := config.Validate(false)
	var unmet *PolicyError
	if !errors.As(err, &unmet) || len(unmet.Rules) != 2 || !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("%v, want a PolicyError of two rules", err)
	}
	for _, part := range []string{"Config.Policy", "use_ecc_point_compression = true: Mbed TLS sends", "require_cert_revocation_info = true"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v: want %q in it", err, part)
		}
	}
}

func TestConfigsThatAreAgainstTheirPolicyNameFieldAndRule(t *testing.T) {
	setUp(t)
	short := issue(t, testpki.Leaf{Algorithm: testpki.RSA2048})
	p256Group := []Group{CurveP256}
	for _, tt := range []struct {
		name   string
		server bool
		policy Policy
		change func(*Config)
		field  string
		rule   string
	}{
		{"version", false, SuiteBPolicy, func(c *Config) { c.MinVersion = VersionTLS13 }, "MinVersion", "TLS 1.3"},
		{"version above", false, policyWith(func(r *PolicyRules) { r.AllowTLS12 = false }), func(c *Config) { c.MaxVersion = VersionTLS12 }, "MaxVersion", "TLS 1.2"},
		{"suites", false, StrictPolicy, func(c *Config) { c.CipherSuites = []uint16{0xC0AE, 0x009C} }, "CipherSuites", "ciphers, key_exchange_methods"},
		{"groups", false, policyWith(func(r *PolicyRules) { r.MinimumECDHGroupSize = 384 }), func(c *Config) { c.Groups = p256Group }, "Groups", "minimum_ecdh_group_size = 384"},
		{"signatures", false, SuiteBPolicy, func(c *Config) { c.SignatureAlgorithms = []SignatureScheme{PSSWithSHA256} }, "SignatureAlgorithms", "signature_methods = ECDSA"},
		{"own key", true, StrictPolicy, func(c *Config) { c.Certificates = []Certificate{short} }, "Certificates[0]", "minimum_rsa_bits = 3072"},
		{"PSK", false, StrictPolicy, func(c *Config) { c.PSK = &PSK{Identity: "x", Key: []byte("0123456789abcdef")} }, "PSK", "key_exchange_methods = ECDHE"},
		{"PSK closure", true, StrictPolicy, func(c *Config) { c.GetPSK = func(string) (*PSK, error) { return nil, nil } }, "GetPSK", "key_exchange_methods = ECDHE"},
		{"TLS 1.3 modes", false, StrictPolicy, func(c *Config) { c.TLS13KeyExchange = TLS13PSK }, "TLS13KeyExchange", "key_exchange_methods = ECDHE"},
		{"renegotiation", false, DefaultPolicy, func(c *Config) { c.AllowRenegotiation = true }, "AllowRenegotiation", "allow_client_initiated_renegotiation = false"},
		{"half of it", false, policyWith(func(r *PolicyRules) { r.AllowClientInitiatedRenegotiation = true }), func(c *Config) { c.AllowRenegotiation = true },
			"AllowRenegotiation", "allow_server_initiated_renegotiation = false"},
		{"insecure renegotiation", true, DefaultPolicy, func(c *Config) { c.LegacyRenegotiation = LegacyAllowRenegotiation }, "LegacyRenegotiation", "allow_insecure_renegotiation = false"},
		{"extended master secret", false, StrictPolicy, func(c *Config) { c.DisableExtendedMasterSecret = true }, "DisableExtendedMasterSecret", "require_extended_master_secret = true"},
		{"encrypt-then-MAC", false, DefaultPolicy, func(c *Config) { c.DisableEncryptThenMAC = true }, "DisableEncryptThenMAC", "negotiate_encrypt_then_mac = true"},
		{"order of suites", true, DefaultPolicy, func(c *Config) { c.PreferClientCipherSuites = true }, "PreferClientCipherSuites", "server_uses_own_ciphersuite_preferences = true"},
		{"client auth", true, policyWith(func(r *PolicyRules) { r.RequireClientCertificateAuthentication = true }), func(*Config) {}, "ClientAuth", "require_client_certificate_authentication = true"},
		{"tickets", true, StrictPolicy, func(c *Config) { c.NewSessionTickets = 5 }, "NewSessionTickets", "new_session_tickets_upon_handshake_success = 4"},
		{"key log", false, DefaultPolicy, func(c *Config) { c.KeyLogWriter = io.Discard }, "KeyLogWriter", "allow_ssl_key_log_file = false"},
		{"own key's strength", true, policyWith(func(r *PolicyRules) { r.MinimumSignatureStrength = 128 }),
			func(c *Config) { c.Certificates = []Certificate{short} }, "Certificates[0]", "minimum_signature_strength = 128"},
		{"signature schemes", false, policyWith(func(r *PolicyRules) { r.SignatureSchemes = []SignatureScheme{PSSWithSHA512} }),
			func(c *Config) { c.SignatureAlgorithms = []SignatureScheme{PSSWithSHA256} }, "SignatureAlgorithms", "signature_schemes = rsa_pss_rsae_sha512"},
		{"two lists of schemes", false, policyWith(func(r *PolicyRules) {
			r.SignatureSchemes, r.AcceptableSignatureSchemes = []SignatureScheme{PSSWithSHA512}, []SignatureScheme{PSSWithSHA256}
		}), func(*Config) {}, "SignatureAlgorithms", "acceptable_signature_schemes = rsa_pss_rsae_sha256"},
		{"group to offer", false, policyWith(func(r *PolicyRules) { r.KeyExchangeGroupsToOffer = []Group{X25519} }),
			func(c *Config) { c.Groups = p256Group }, "Groups", "key_exchange_groups_to_offer = x25519"},
		{"early data", true, DefaultPolicy, func(c *Config) { c.MaxEarlyData = 1000 }, "MaxEarlyData", "allow_early_data = false"},
		{"DH group", true, policyWith(func(r *PolicyRules) { r.MinimumDHGroupSize = 3072 }), func(*Config) {}, "DHParams", "minimum_dh_group_size = 3072"},
		{"fragments", true, policyWith(func(r *PolicyRules) { r.MaximumFragmentLength = 1024 }), func(c *Config) { c.MaxFragmentLength = 2048 }, "MaxFragmentLength", "maximum_fragment_length = 1024"},
		{"fragments in TLS 1.3", false, policyWith(func(r *PolicyRules) { r.MaximumFragmentLength = 1024 }), func(*Config) {}, "MaxVersion", "maximum_fragment_length = 1024"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := configs(t)
			c := client
			if tt.server {
				c = server
			}
			c.Policy = tt.policy
			tt.change(c)
			err := c.Validate(tt.server)
			var bad *ConfigError
			if !errors.As(err, &bad) || bad.Field != tt.field || !strings.Contains(err.Error(), tt.rule) {
				t.Errorf("%v, want field %s and %q", err, tt.field, tt.rule)
			}
		})
	}
}

func TestTicketKeysThatOutliveThePolicyAreRefused(t *testing.T) {
	_, server := configs(t)
	keys, err := NewTicketKeys(TicketAES256GCM, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	server.TicketKeys, server.Policy = keys, StrictPolicy
	var bad *ConfigError
	if err := server.Validate(true); !errors.As(err, &bad) || bad.Field != "TicketKeys" {
		t.Errorf("%v, want field TicketKeys", err)
	}
}

// offers are the lists of a Config for one end.
type offers struct {
	Min, Max uint16
	Suites   []string
	Groups   []Group
	Schemes  []SignatureScheme
}

func offered(t *testing.T, c *Config, server bool, transport cbridge.Transport) offers {
	t.Helper()
	cc, err := c.built(server, transport)
	if err != nil {
		t.Fatal(err)
	}
	var o offers
	o.Min, o.Max = cc.Versions()
	for _, id := range CipherSuites() {
		if cc.Offers(id) {
			o.Suites = append(o.Suites, CipherSuiteName(id))
		}
	}
	slices.Sort(o.Suites)
	for _, g := range cc.Groups() {
		o.Groups = append(o.Groups, Group(g))
	}
	for _, s := range cc.SignatureAlgorithms() {
		o.Schemes = append(o.Schemes, SignatureScheme(s))
	}
	return o
}

func TestPolicyNarrowsWhatTheConfigOffers(t *testing.T) {
	setUp(t)
	suiteB := offers{
		VersionTLS12, VersionTLS12,
		[]string{"TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"},
		[]Group{CurveP256, CurveP384}, []SignatureScheme{ECDSAWithP256AndSHA256, ECDSAWithP384AndSHA384},
	}
	scheme := suiteB
	scheme.Schemes = []SignatureScheme{ECDSAWithP384AndSHA384, ECDSAWithP256AndSHA256}
	narrowed := suiteB
	narrowed.Suites, narrowed.Groups = suiteB.Suites[1:], []Group{CurveP384}
	for _, tt := range []struct {
		name      string
		transport cbridge.Transport
		config    *Config
		want      offers
	}{
		{"Suite B", cbridge.Stream, &Config{Policy: SuiteBPolicy}, suiteB},
		{"the preset and the policy", cbridge.Stream, &Config{Policy: SuiteBPolicy, Preset: PresetSuiteB}, suiteB},
		{"signature schemes by preference", cbridge.Stream, &Config{Policy: policyOf(SuiteBPolicy, func(r *PolicyRules) {
			r.SignatureSchemes = []SignatureScheme{PSSWithSHA256, ECDSAWithP384AndSHA384, ECDSAWithP256AndSHA256}
		})}, scheme},
		{"lists of the Config", cbridge.Stream, &Config{
			Policy: SuiteBPolicy, CipherSuites: []uint16{0x1301, 0xC02C, 0xC030}, Groups: []Group{X25519, CurveP384},
		}, narrowed},
		{"TLS 1.3 and DTLS 1.2", cbridge.Datagram, &Config{Policy: policyWith(func(r *PolicyRules) {
			r.AllowTLS12, r.KeyExchangeMethods, r.Ciphers = false, []string{"PSK"}, []string{"AES-128-CCM-8"}
			r.KeyExchangeGroups, r.SignatureMethods, r.SignatureHashes = []Group{CurveP256}, []string{"ECDSA"}, []crypto.Hash{crypto.SHA256}
		})}, offers{VersionTLS12, VersionTLS12, []string{"TLS-PSK-WITH-AES-128-CCM-8"},
			// Nothing that is allowed needs a group.
			nil, []SignatureScheme{ECDSAWithP256AndSHA256}}},
		{"a version without suites", cbridge.Stream, &Config{Policy: policyWith(func(r *PolicyRules) {
			r.Ciphers, r.MACs, r.KeyExchangeMethods = []string{"AES-128-CBC"}, []string{"SHA-256"}, []string{"ECDHE"}
			r.KeyExchangeGroups, r.SignatureMethods, r.SignatureHashes = []Group{CurveP256}, []string{"ECDSA"}, []crypto.Hash{crypto.SHA256}
		})}, offers{VersionTLS12, VersionTLS12, []string{"TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256"},
			[]Group{CurveP256}, []SignatureScheme{ECDSAWithP256AndSHA256}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.config.RootCAs = roots()
			defer tt.config.Close()
			got := offered(t, tt.config, false, tt.transport)
			if tt.want.Groups == nil {
				got.Groups = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClientWithAKeyAloneOffersNoCertificatesUnderAPolicy(t *testing.T) {
	setUp(t)
	config := &Config{PSK: &PSK{Identity: "x", Key: []byte("0123456789abcdef")}, MaxVersion: VersionTLS12, Policy: DefaultPolicy}
	defer config.Close()
	for _, name := range offered(t, config, false, cbridge.Stream).Suites {
		if !strings.Contains(name, "-PSK-WITH-") {
			t.Errorf("%s is offered", name)
		}
	}
}

package mbedtls

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var namedPolicies = map[string]Policy{"default": DefaultPolicy, "strict": StrictPolicy, "suiteb": SuiteBPolicy}

// ignoreClosures leaves out what is not part of a policy's text.
var ignoreClosures = cmpopts.IgnoreFields(PolicyRules{}, "CheckPeerKey")

func readText(t *testing.T, text string) *TextPolicy {
	t.Helper()
	p, err := ReadPolicy(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicyTextReadsBackAsItWas(t *testing.T) {
	t.Parallel()
	for name, p := range namedPolicies {
		for form, text := range map[string]string{"text": PolicyText(p), "explained": ExplainPolicy(p)} {
			got := readText(t, text)
			if diff := cmp.Diff(p.Rules(), got.Rules(), ignoreClosures); diff != "" {
				t.Errorf("%s, %s: %s", name, form, diff)
			}
			if PolicyText(got) != PolicyText(p) {
				t.Errorf("%s, %s: the text changes", name, form)
			}
		}
	}
}

func TestPolicyTextHasEveryRuleOnce(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, rule := range policyRules {
		if seen[rule.key] {
			t.Errorf("%s is there twice", rule.key)
		}
		seen[rule.key] = true
		if rule.doc == "" {
			t.Errorf("%s is not explained", rule.key)
		}
	}
	for line := range strings.Lines(PolicyText(DefaultPolicy)) {
		key, _, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok || !seen[key] {
			t.Errorf("line %q", line)
		}
		delete(seen, key)
	}
	if len(seen) > 0 {
		t.Errorf("left out: %v", seen)
	}
}

func TestPolicyTextSetsWhatItNames(t *testing.T) {
	t.Parallel()
	got := readText(t, `
# of a gateway
allow_tls13 = false   # its devices have none
ciphers = AES-128/CCM(8), aes-256-gcm	CHACHA20POLY1305
key_exchange_methods = ECDHE_PSK PSK
key_exchange_groups=any
signature_hashes = SHA-256
minimum_rsa_bits = 4096
session_ticket_lifetime = 90
`).Rules()
	want := DefaultPolicy.Rules()
	want.AllowTLS13 = false
	want.Ciphers = []string{"AES-128-CCM-8", "AES-256-GCM", "CHACHA20-POLY1305"}
	want.KeyExchangeMethods = []string{"ECDHE-PSK", "PSK"}
	want.KeyExchangeGroups = nil
	want.SignatureHashes = want.SignatureHashes[:1]
	want.MinimumRSABits = 4096
	want.SessionTicketLifetime = 90 * time.Second
	if diff := cmp.Diff(want, got, ignoreClosures); diff != "" {
		t.Error(diff)
	}
}

// Botan has other names for some things, and numbers.
func TestPolicyTextTakesWhatBotanWrites(t *testing.T) {
	t.Parallel()
	got := readText(t, `
allow_ssl_key_log_file = true
ciphers = ChaCha20Poly1305 AES-256/GCM AES-128
key_exchange_methods = DH ECDHE_PSK STATIC_RSA
key_exchange_groups = x25519 0x0017 brainpool256r1 ffdhe/ietf/2048
key_exchange_groups_to_offer = none
signature_schemes = ECDSA_SHA256 RSA_PSS_SHA384 RSA_PKCS1_SHA256
acceptable_signature_schemes = RSA_PSS_SHA384
accepted_client_certificate_types = X509 RawPublicKey
accepted_server_certificate_types = X509
minimum_signature_strength = 128
include_time_in_hello_random = false
hash_hello_random = true
support_cert_status_message = true
maximum_session_tickets_per_client_hello = 3
reuse_session_tickets = false
record_size_limit = 4097
minimum_record_size = 128
srtp_profiles = 1 0x0006
dtls_initial_timeout = 1500
dtls_maximum_timeout = 30000
`).Rules()
	want := policyWith(func(r *PolicyRules) {
		r.AllowSSLKeyLogFile = true
		r.Ciphers = []string{"CHACHA20-POLY1305", "AES-256-GCM", "AES-128-CBC"}
		r.KeyExchangeMethods = []string{"DHE", "ECDHE-PSK", "RSA"}
		r.KeyExchangeGroups = []Group{X25519, CurveP256, BrainpoolP256R1, FFDHE2048}
		r.KeyExchangeGroupsToOffer = []Group{}
		r.SignatureSchemes = []SignatureScheme{ECDSAWithP256AndSHA256, PSSWithSHA384, PKCS1WithSHA256}
		r.AcceptableSignatureSchemes = []SignatureScheme{PSSWithSHA384}
		r.AcceptedClientCertificateTypes, r.AcceptedServerCertificateTypes = []string{"X509", "RawPublicKey"}, []string{"X509"}
		r.MinimumSignatureStrength = 128
		r.IncludeTimeInHelloRandom, r.HashHelloRandom, r.SupportCertStatusMessage = false, true, true
		r.MaximumSessionTicketsPerClientHello, r.ReuseSessionTickets = 3, false
		r.RecordSizeLimit, r.MinimumRecordSize = 4097, 128
		r.SRTPProfiles = []SRTPProfile{SRTPAES128CMHMACSHA1_80, SRTPNullHMACSHA1_32}
		r.DTLSInitialTimeout, r.DTLSMaximumTimeout = 1500*time.Millisecond, 30*time.Second
	})
	if diff := cmp.Diff(want, got, ignoreClosures); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, readText(t, got.String()).Rules(), ignoreClosures); diff != "" {
		t.Errorf("its text reads back otherwise: %s", diff)
	}
	if list := DiffPolicies(DefaultPolicy, got); len(list) != 20 {
		t.Errorf("%d rules are different, want 20: %v", len(list), list)
	}
}

func TestPolicyTextSaysWhereItIsWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"allow_tls14 = true", "policy:1: allow_tls14 = true: there is no such rule"},
		{"\n\nallow_tls13 = yes", "policy:3: allow_tls13 = yes: must be true or false"},
		{"allow_tls13", "policy:1: allow_tls13: has no = and no value"},
		{"ciphers =", `policy:1: ciphers: names nothing: all are "any"`},
		{"ciphers = AES-128-GCM RC4", `policy:1: ciphers = AES-128-GCM RC4: "RC4" is none of: AES-256-GCM`},
		{"ciphers = AES-128-GCM AES-128/GCM", `"AES-128/GCM" is there twice`},
		{"key_exchange_groups = any x25519", `"any" is none of`},
		{"minimum_rsa_bits = -1", "must be a number from 0 to 8192"},
		{"minimum_rsa_bits = 2048 bits", "must be a number from 0 to 8192"},
		{"session_ticket_lifetime = 604801", "must be whole seconds from 0 to 604800"},
		{"dtls_initial_timeout = 1.5", "must be whole milliseconds from 0 to 4294967295"},
		{"srtp_profiles = 3", `"3" is none of: SRTP_AES128_CM_HMAC_SHA1_80`},
		{"ciphers = none", `"none" is none of`},
		{"allow_tls13 = true\nallow_tls13 = true", "policy:2: allow_tls13 = true: line 1 has it already"},
		{"include other", "policy:1: include other: there are no files beside this text"},
		{"include", "policy:1: include : names no file"},
	} {
		_, err := ReadPolicy(strings.NewReader(tt.text))
		var syntax *PolicySyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func TestPolicyIncludesAreRelativeToTheirFile(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"fleet/gateway.policy": {Data: []byte("include ../base/common\nminimum_rsa_bits = 3072\n")},
		"base/common":          {Data: []byte("minimum_rsa_bits = 2048\ninclude groups\n")},
		"base/groups":          {Data: []byte("key_exchange_groups = secp256r1\n")},
	}
	want := DefaultPolicy.Rules()
	want.MinimumRSABits, want.KeyExchangeGroups = 3072, []Group{CurveP256}

	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func() (*TextPolicy, error){
		"fs":   func() (*TextPolicy, error) { return LoadPolicyFS(files, "fleet/gateway.policy") },
		"disk": func() (*TextPolicy, error) { return LoadPolicy(filepath.Join(dir, "fleet", "gateway.policy")) },
	} {
		got, err := load()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got.Rules(), ignoreClosures); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(got.Files) != 3 {
			t.Errorf("%s: files %v", name, got.Files)
		}
	}
}

func TestPolicyIncludesThatLeadNowhereAreErrors(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"self":    {Data: []byte("include self\n")},
		"a":       {Data: []byte("# first\ninclude b\n")},
		"b":       {Data: []byte("include a\n")},
		"missing": {Data: []byte("include nothing\n")},
		"broken":  {Data: []byte("include deeper\n")},
		"deeper":  {Data: []byte("\nciphers = ROT13\n")},
	}
	for file, want := range map[string]string{
		"self":    "self:1: include self: a loop: self includes self",
		"a":       "a loop: a includes b includes a",
		"missing": "missing:1: include nothing: open nothing: file does not exist",
		"broken":  "deeper:2: ciphers = ROT13",
	} {
		_, err := LoadPolicyFS(files, file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
	if _, err := LoadPolicyFS(files, "missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
	if _, err := LoadPolicy(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestPoliciesDifferInWhatTheDiffLists(t *testing.T) {
	t.Parallel()
	a, b := DefaultPolicy.Rules(), DefaultPolicy.Rules()
	b.MinimumRSABits, b.AllowTLS12, b.Ciphers = 3072, false, nil
	want := []PolicyDifference{
		{"allow_tls12", "true", "false"},
		{"ciphers", names(a.Ciphers), "any"},
		{"minimum_rsa_bits", "2048", "3072"},
	}
	if diff := cmp.Diff(want, DiffPolicies(a, b)); diff != "" {
		t.Error(diff)
	}
	if list := DiffPolicies(StrictPolicy, readText(t, PolicyText(StrictPolicy))); list != nil {
		t.Errorf("a policy differs from itself: %v", list)
	}
}

func FuzzTextPolicy(f *testing.F) {
	for _, p := range namedPolicies {
		f.Add(PolicyText(p))
		f.Add(ExplainPolicy(p))
	}
	f.Add("ciphers = any\nminimum_rsa_bits=1 # one\n")
	f.Add("include policy")
	f.Add("srtp_profiles = 1 2\nkey_exchange_groups_to_offer = none\nsignature_schemes = ECDSA_SHA256\ndtls_initial_timeout = 10\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPolicy(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := ReadPolicy(strings.NewReader(p.String()))
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, p, err)
		}
		if diff := cmp.Diff(p.Rules(), again.Rules(), ignoreClosures); diff != "" {
			t.Fatal(diff)
		}
	})
}

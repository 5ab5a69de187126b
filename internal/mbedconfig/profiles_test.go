package mbedconfig

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const profiles = "../../config/profiles"

func TestProfilesPassUpstreamsRules(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(profiles)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		names = append(names, e.Name())
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			cfg, err := Apply(vendored(t), filepath.Join(profiles, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if err := cfg.Check(compiler(t)); err != nil {
				t.Error(err)
			}
		})
	}
	if diff := cmp.Diff([]string{"default", "full", "iot-dtls", "iot-dtls-draft", "minimal", "tls13"}, names); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

func TestCommittedHeaderIsCurrent(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile("../../config/mbedtls_config.h")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := Apply(vendored(t), filepath.Join(profiles, "default"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cfg.Header(), string(committed)); diff != "" {
		t.Errorf("run ./build.sh config (-want +got):\n%s", diff)
	}
}

// Profile full is what upstream's own script makes of upstream's own header, apart from the lines in the profile.
func TestFullIsUpstreamsFull(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("upstream's scripts/config.py needs python3")
	}
	c := vendored(t)
	header, err := os.ReadFile(filepath.Join(c.Source, optionHeaders[0]))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "mbedtls_config.h")
	if err := os.WriteFile(copied, header, 0o600); err != nil {
		t.Fatal(err)
	}
	script := exec.Command(python, "-B", filepath.Join(c.Source, configScript), "-f", copied, "full")
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("config.py: %v\n%s", err, out)
	}
	if header, err = os.ReadFile(copied); err != nil {
		t.Fatal(err)
	}
	upstream := &Catalogue{byName: map[string]int{}}
	upstream.addHeader(optionHeaders[0], string(header))
	want := map[string]string{}
	for _, o := range upstream.Options {
		if o.On {
			want[o.Name] = o.Value
		}
	}
	for _, o := range c.Options { // the script leaves psa/crypto_config.h as it is
		if o.PSA() && o.On {
			want[o.Name] = o.Value
		}
	}

	for name, differs := range map[string]struct{ on bool }{
		"MBEDTLS_PLATFORM_MS_TIME_ALT":    {true},  // the bridge supplies the clock
		"MBEDTLS_PSA_CRYPTO_BUILTIN_KEYS": {false}, // would need a function of the application's
		"MBEDTLS_TEST_HOOKS":              {false}, // would need upstream's test code
		"MBEDTLS_ENTROPY_NV_SEED":         {false}, // would need a seed file
		"MBEDTLS_PLATFORM_NV_SEED_ALT":    {false}, // goes with it
	} {
		if _, on := want[name]; on == differs.on {
			t.Errorf("upstream agrees on %s: it is no exception", name)
		}
		if differs.on {
			want[name] = ""
		} else {
			delete(want, name)
		}
	}

	cfg, err := Apply(c, filepath.Join(profiles, "full"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range cfg.Settings {
		if s.On {
			got[s.Name] = s.Value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("profile full against upstream's full (-want +got):\n%s", diff)
	}
}

// What the Go side and the requirements name, by profile.
func TestProfileFeatures(t *testing.T) {
	t.Parallel()
	everywhere := []string{"MBEDTLS_THREADING_C", "MBEDTLS_THREADING_PTHREAD", "MBEDTLS_PLATFORM_C",
		"MBEDTLS_PLATFORM_MEMORY", "MBEDTLS_HAVE_TIME", "MBEDTLS_HAVE_TIME_DATE", "MBEDTLS_PLATFORM_TIME_ALT",
		"MBEDTLS_PLATFORM_MS_TIME_ALT", "MBEDTLS_ERROR_C", "MBEDTLS_DEBUG_C", "MBEDTLS_VERSION_C",
		"MBEDTLS_VERSION_FEATURES", "MBEDTLS_FS_IO", "MBEDTLS_PEM_PARSE_C", "MBEDTLS_PKCS5_C", "MBEDTLS_ENTROPY_C",
		"MBEDTLS_CTR_DRBG_C", "MBEDTLS_PSA_CRYPTO_C", "MBEDTLS_X509_CRL_PARSE_C", "MBEDTLS_AESNI_C", "MBEDTLS_AESCE_C",
		"MBEDTLS_SHA256_USE_ARMV8_A_CRYPTO_IF_PRESENT", "MBEDTLS_SHA512_USE_A64_CRYPTO_IF_PRESENT"}
	tests := map[string]struct{ on, off []string }{
		"default": {
			on: []string{"MBEDTLS_SSL_PROTO_TLS1_2", "MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_SSL_PROTO_DTLS",
				"MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_ENABLED", "MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED",
				"MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED", "MBEDTLS_SSL_EARLY_DATA",
				"MBEDTLS_SSL_DTLS_CONNECTION_ID", "MBEDTLS_SSL_DTLS_SRTP", "MBEDTLS_SSL_CONTEXT_SERIALIZATION",
				"MBEDTLS_SSL_KEYING_MATERIAL_EXPORT", "MBEDTLS_SSL_ASYNC_PRIVATE",
				"MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK", "MBEDTLS_KEY_EXCHANGE_PSK_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED", "MBEDTLS_KEY_EXCHANGE_DHE_PSK_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_RSA_PSK_ENABLED", "MBEDTLS_KEY_EXCHANGE_RSA_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_DHE_RSA_ENABLED", "MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED", "MBEDTLS_KEY_EXCHANGE_ECDH_RSA_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_ECDH_ECDSA_ENABLED", "MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED",
				"MBEDTLS_SSL_RENEGOTIATION", "MBEDTLS_SSL_SESSION_TICKETS", "MBEDTLS_SSL_TICKET_C", "MBEDTLS_SSL_CACHE_C",
				"MBEDTLS_SSL_MAX_FRAGMENT_LENGTH", "MBEDTLS_SSL_RECORD_SIZE_LIMIT", "MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH",
				"MBEDTLS_SSL_ALPN", "MBEDTLS_SSL_SERVER_NAME_INDICATION", "MBEDTLS_SSL_KEEP_PEER_CERTIFICATE",
				"MBEDTLS_X509_CSR_PARSE_C", "MBEDTLS_X509_CRT_WRITE_C", "MBEDTLS_X509_CSR_WRITE_C", "MBEDTLS_PKCS7_C",
				"MBEDTLS_PKCS12_C", "MBEDTLS_NET_C", "MBEDTLS_TIMING_C"},
			off: []string{"MBEDTLS_ECP_RESTARTABLE", "MBEDTLS_USE_PSA_CRYPTO"},
		},
		"full": {on: []string{"MBEDTLS_ECP_RESTARTABLE", "MBEDTLS_USE_PSA_CRYPTO", "MBEDTLS_NET_C", "MBEDTLS_TIMING_C"}},
		"iot-dtls": {
			on: []string{"MBEDTLS_SSL_PROTO_DTLS", "MBEDTLS_SSL_DTLS_CONNECTION_ID", "MBEDTLS_KEY_EXCHANGE_PSK_ENABLED",
				"MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED", "MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED", "MBEDTLS_NET_C",
				"MBEDTLS_TIMING_C"},
			off: []string{"MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_RSA_C"},
		},
		"minimal": {
			on:  []string{"MBEDTLS_SSL_CLI_C", "MBEDTLS_SSL_PROTO_TLS1_2", "MBEDTLS_X509_CRT_PARSE_C", "MBEDTLS_GCM_C"},
			off: []string{"MBEDTLS_SSL_SRV_C", "MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_SSL_PROTO_DTLS"},
		},
		"tls13": {
			on:  []string{"MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_SSL_EARLY_DATA", "MBEDTLS_NET_C", "MBEDTLS_TIMING_C"},
			off: []string{"MBEDTLS_SSL_PROTO_TLS1_2", "MBEDTLS_SSL_PROTO_DTLS"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Apply(vendored(t), filepath.Join(profiles, name))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"MBEDTLS_X509_REMOVE_INFO": "off"}
			for state, options := range map[string][]string{"on": append(tt.on, everywhere...), "off": tt.off} {
				for _, option := range options {
					want[option] = state
				}
			}
			got := maps.Clone(want)
			for option := range want {
				s, err := cfg.Setting(option)
				if err != nil {
					t.Fatal(err)
				}
				got[option] = cfg.State(s)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

package cbridge

import (
	"slices"
	"testing"
)

func TestQueryConfig(t *testing.T) {
	for _, test := range []struct {
		name, want string
		on         bool
	}{
		{"MBEDTLS_SSL_TLS_C", "", true},
		{"MBEDTLS_CONFIG_FILE", "", false},
		{"MBEDTLS_IGNORE_RETURN", "MBEDTLS_IGNORE_RETURN", true}, // has a parameter
		{"MBEDTLS_PLATFORM_STD_NV_SEED_FILE", `"seedfile"`, true},
		{"PSA_WANT_ALG_SHA_256", "1", true},
		{"MBEDTLS_NO_PLATFORM_ENTROPY", "", false},
		{"MBEDTLS_SSL_CIPHERSUITES", "", false},
		{"NO_SUCH_OPTION", "", false},
		{"", "", false},
	} {
		if got, on := QueryConfig(test.name); got != test.want || on != test.on {
			t.Errorf("%q: %q, %t; want %q, %t", test.name, got, on, test.want, test.on)
		}
		if Feature(test.name) != test.on || slices.Contains(Configs(), test.name) != test.on {
			t.Errorf("%q: Feature and Configs say otherwise", test.name)
		}
	}
	list := Configs()
	list[0] = "changed"
	if Configs()[0] == "changed" {
		t.Error("Configs gives its own list away")
	}
}

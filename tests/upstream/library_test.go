package upstream

import (
	"fmt"
	"os"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Suites of what is not of one module.
func init() {
	const internals = "about the library's inside, which no public function shows"
	notMapped(internals, "alignment", "common", "constant_time", "constant_time_hmac", "mps", "test_helpers", "platform_printf",
		"platform_unix", "platform_util", "block_cipher", "bignum_core", "bignum_mod", "bignum_mod_raw")
	notMapped("says which options are on, and runs nothing", "config")
	notMapped("an allocator for machines without a heap: the bridge has one of its own", "memory_buffer_alloc")
	notMapped("Go has clocks and mutexes of its own", "platform", "platform_threading", "timing")

	register("error", functions{
		"error_strerror": func(t *suites.T, code int, want string) { t.Equal("text", cbridge.Code(code).Text(), want) },
	}, nil)
	register("version", functions{
		"check_compiletime_version": func(t *suites.T, want string) { t.Equal("release", cbridge.Release, want) },
		"check_runtime_version":     func(t *suites.T, want string) { t.Equal("version", cbridge.Version(), want) },
		"check_feature": func(t *suites.T, feature string, want int) {
			got := -1
			if cbridge.Feature(feature) {
				got = 0
			}
			t.Equal(fmt.Sprintf("feature %q", feature), got, want)
		},
	}, nil)
}

func readFile(t *suites.T, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return data
}

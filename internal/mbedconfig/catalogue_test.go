package mbedconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadCatalogueForms(t *testing.T) {
	t.Parallel()
	c := toy(t, nil)
	const main, psa = "include/mbedtls/mbedtls_config.h", "include/psa/crypto_config.h"
	want := &Catalogue{Release: "9.8.7", Options: []Option{
		{Name: "MBEDTLS_APPLE", Kind: OnOff, On: true, File: main, Line: 2},
		{Name: "MBEDTLS_PEAR", Kind: OnOff, File: main, Line: 3},
		{Name: "MBEDTLS_PLUM", Kind: OnOff, File: main, Line: 4},
		{Name: "MBEDTLS_STONES", Kind: Valued, Value: "7", File: main, Line: 5},
		{Name: "MBEDTLS_CRATE", Kind: Valued, On: true, Value: `"a b"`, File: main, Line: 6},
		{Name: "MBEDTLS_PEEL", Params: "( fruit )", Kind: Valued, Value: "((void) (fruit))", File: main, Line: 7},
		{Name: "MBEDTLS_PSA_CRYPTO_CONFIG", Kind: OnOff, File: main, Line: 8},
		{Name: "MBEDTLS_CONFIG_FILE", Kind: Valued, Value: `"mbedtls/mbedtls_config.h"`, File: main, Line: 9},
		{Name: "PSA_WANT_JAM", Kind: OnOff, On: true, Value: "1", File: psa, Line: 2},
		{Name: "PSA_WANT_JUICE", Kind: OnOff, Value: "1", File: psa, Line: 3},
	}}
	if diff := cmp.Diff(want, c, cmpopts.IgnoreUnexported(Catalogue{}), cmpopts.IgnoreFields(Catalogue{}, "Source")); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}
}

func TestReadCatalogueVendored(t *testing.T) {
	t.Parallel()
	c := vendored(t)
	if len(c.Options) < 300 {
		t.Errorf("%d options, want more than 300", len(c.Options))
	}
	if !strings.HasPrefix(c.Release, "3.6.") {
		t.Errorf("release %q", c.Release)
	}
	want := []Option{
		{Name: "MBEDTLS_SSL_PROTO_TLS1_2", Kind: OnOff, On: true},
		{Name: "MBEDTLS_THREADING_C", Kind: OnOff},
		{Name: "MBEDTLS_PKCS7_ALLOW_WEAK_SIGNATURES", Kind: OnOff}, // upstream writes "// #define"
		{Name: "MBEDTLS_SSL_DTLS_CONNECTION_ID_COMPAT", Kind: Valued, On: true, Value: "0"},
		{Name: "MBEDTLS_SSL_IN_CONTENT_LEN", Kind: Valued, Value: "16384"},
		{Name: "MBEDTLS_PLATFORM_STD_MEM_HDR", Kind: Valued, Value: "<stdlib.h>"},
		{Name: "MBEDTLS_PLATFORM_MS_TIME_TYPE_MACRO", Kind: Valued, Value: "int64_t"}, // two comments on the line
		{Name: "MBEDTLS_IGNORE_RETURN", Params: "( result )", Kind: Valued, Value: "((void) !(result))"},
		{Name: "PSA_WANT_ALG_JPAKE", Kind: OnOff, On: true, Value: "1"},
		{Name: "PSA_WANT_KEY_TYPE_DH_KEY_PAIR_DERIVE", Kind: OnOff, Value: "1"},
	}
	for _, w := range want {
		got, ok := c.Lookup(w.Name)
		if !ok {
			t.Errorf("%s is missing", w.Name)
			continue
		}
		if diff := cmp.Diff(w, got, cmpopts.IgnoreFields(Option{}, "File", "Line")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.Name, diff)
		}
	}
}

func TestReadCatalogueMissing(t *testing.T) {
	t.Parallel()
	_, err := ReadCatalogue(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "run ./build.sh vendor") {
		t.Errorf("error %v does not say how to get the tree", err)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	c := vendored(t)
	for name, want := range map[string]string{
		"MBEDTLS_SSL_EARLY_DATE": "MBEDTLS_SSL_EARLY_DATA",
		"THREADING_PTHREAD":      "MBEDTLS_THREADING_PTHREAD",
		"MBEDTLS_DTLS_SRTP":      "MBEDTLS_SSL_DTLS_SRTP",
		"PSA_WANT_ALG_JPAK":      "PSA_WANT_ALG_JPAKE",
	} {
		if near := c.nearest(name); len(near) == 0 || near[0] != want {
			t.Errorf("nearest(%s) = %v, want %s first", name, near, want)
		}
	}
	if near := c.nearest("XYZZY"); len(near) != 0 {
		t.Errorf("nearest(XYZZY) = %v, want none", near)
	}
}

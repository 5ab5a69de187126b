package mbedconfig

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vendored reads the catalogue of the real tree.
func vendored(t *testing.T) *Catalogue {
	t.Helper()
	c, err := ReadCatalogue("../../third_party/mbedtls/src")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// toyTree is an upstream tree of a few options, for cases that the real one has none of.
var toyTree = map[string]string{
	"include/mbedtls/build_info.h": `
#define MBEDTLS_VERSION_STRING "9.8.7"
#include MBEDTLS_CONFIG_FILE
#include "mbedtls/config_adjust_ssl.h"
#include "mbedtls/check_config.h"
`,
	"include/mbedtls/mbedtls_config.h": `
#define MBEDTLS_APPLE
//#define MBEDTLS_PEAR
  // # define MBEDTLS_PLUM   /* dark */
//#define MBEDTLS_STONES   7 /**< how many */
#define MBEDTLS_CRATE "a b" // with lid
//#define MBEDTLS_PEEL( fruit ) ((void) (fruit))
//#define MBEDTLS_PSA_CRYPTO_CONFIG
//#define MBEDTLS_CONFIG_FILE "mbedtls/mbedtls_config.h"
#define MBEDTLS_APPLE 2
#define OTHER_THING
`,
	"include/psa/crypto_config.h": `
#define PSA_WANT_JAM  1
//#define PSA_WANT_JUICE 1 /* not yet */
`,
	"include/mbedtls/check_config.h": `
#ifndef MBEDTLS_CHECK_CONFIG_H
#define MBEDTLS_CHECK_CONFIG_H
#if defined(MBEDTLS_PEAR) && \
    !defined(MBEDTLS_APPLE) /* why: see
                               above */
#error "pears " \
       "need apples"
#endif
#ifdef MBEDTLS_STONES
#if MBEDTLS_STONES > 8
#error "too many stones, see https://example.org/stones"
#elif MBEDTLS_STONES < 2
#error "too few stones"
#else
#if !defined(MBEDTLS_APPLE)
#error "stones of what?"
#endif
#endif
#endif
#undef MBEDTLS_TEMPORARY
#endif
`,
	"include/mbedtls/config_adjust_ssl.h": `
#if !defined(MBEDTLS_APPLE)
#undef MBEDTLS_PLUM
#endif
`,
	"scripts/config.py": `
EXCLUDE_FROM_FULL = frozenset([
    'MBEDTLS_PEAR', # not 'MBEDTLS_PLUM'
])

def is_seamless_alt(name):
    if name in (
            'MBEDTLS_PLATFORM_X_ALT',
    ):
        return False
`,
}

// toy writes the toy tree, with some of its files replaced, and reads its catalogue.
func toy(t *testing.T, replaced map[string]string) *Catalogue {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, toyTree)
	writeFiles(t, dir, replaced)
	c, err := ReadCatalogue(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// profile writes a profile named p, and files that it includes, and applies it.
func profile(t *testing.T, c *Catalogue, text string, included map[string]string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"p": text})
	writeFiles(t, dir, included)
	cfg, err := Apply(c, filepath.Join(dir, "p"))
	if err != nil {
		// The folder's name changes from run to run.
		err = plainError(strings.ReplaceAll(err.Error(), filepath.ToSlash(dir)+"/", ""))
	}
	return cfg, err
}

type plainError string

func (e plainError) Error() string { return string(e) }

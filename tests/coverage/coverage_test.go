// Package coverage_test finds every public function and callback type of the library's headers, those of TLS, of the other
// modules and of PSA, called by the bridge, or excepted with a reason.
package coverage_test

import (
	"testing"

	"github.com/gombedtls/gombedtls/internal/coverage"
)

func TestEverySymbolIsBoundOrExcepted(t *testing.T) {
	root, err := coverage.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	table, err := coverage.Measure(root)
	if err != nil {
		t.Fatal(err)
	}
	symbols := map[string]int{}
	for _, r := range table.Rows {
		symbols[r.Header]++
	}
	for header, least := range least {
		if symbols[header] < least {
			t.Errorf("%s has %d symbols, not %d: the parser does not see them all", header, symbols[header], least)
		}
	}
	if len(table.Rows) < leastOfAll {
		t.Errorf("the headers have %d symbols, not %d: the parser does not see them all", len(table.Rows), leastOfAll)
	}
	for _, r := range table.Missing() {
		t.Errorf("%s: %s %s: bind it, or list it in internal/coverage/exceptions.txt", r.Header, r.Kind, r.Name)
	}
	for _, s := range table.Stale {
		t.Errorf("internal/coverage/exceptions.txt: %s", s)
	}
}

// leastOfAll is a little less than the 1,110 symbols of 3.6.7, of which a release may take some away.
const leastOfAll = 1090

// least is the same for the largest headers.
var least = map[string]int{
	"mbedtls/ssl.h": 153, "psa/crypto.h": 98, "mbedtls/ecp.h": 51, "mbedtls/bignum.h": 47, "mbedtls/x509_crt.h": 43, "mbedtls/pk.h": 42,
	"psa/crypto_extra.h": 42, "mbedtls/cipher.h": 35, "mbedtls/rsa.h": 34, "psa/crypto_se_driver.h": 30, "mbedtls/md.h": 21,
}

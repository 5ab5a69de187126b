// Package coverage_test finds every public function and callback type of the library's TLS headers called by the bridge,
// or excepted with a reason.
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
	if len(table.Rows) < 150 {
		t.Errorf("the headers have %d symbols: the parser does not see them all", len(table.Rows))
	}
	for _, r := range table.Missing() {
		t.Errorf("%s: %s %s: bind it, or list it in internal/coverage/exceptions.txt", r.Header, r.Kind, r.Name)
	}
	for _, s := range table.Stale {
		t.Errorf("internal/coverage/exceptions.txt: %s", s)
	}
}

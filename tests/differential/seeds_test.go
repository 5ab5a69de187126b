package differential

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/suites"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

const source = "../../third_party/mbedtls/src"

var hexArgument = regexp.MustCompile(`^"((?:[0-9a-fA-F]{2})+)"$`)

// vectors are the arguments in hex of the suites whose name begins with prefix.
func vectors(f *testing.F, prefix string) (list [][]byte) {
	f.Helper()
	all, err := suites.Load(source)
	if err != nil {
		f.Fatal(err)
	}
	begins := regexp.MustCompile("^" + regexp.QuoteMeta(prefix))
	for _, s := range all.List {
		if !begins.MatchString(s.Name) {
			continue
		}
		for _, c := range s.Cases {
			for _, arg := range c.Args {
				if m := hexArgument.FindStringSubmatch(arg); m != nil {
					b, err := hex.DecodeString(m[1])
					if err != nil {
						f.Fatal(err)
					}
					list = append(list, b)
				}
			}
		}
	}
	if list == nil {
		f.Fatalf("no suite %s… has an argument in hex", prefix)
	}
	return list
}

// bothTake reports whether both sides take an input. If one alone does, a row must explain it.
func bothTake(t *testing.T, what string, input []byte, ours, std error, rows []difference) bool {
	t.Helper()
	if (ours == nil) != (std == nil) {
		oneTakes(t, what, input, ours, std, rows)
	}
	return ours == nil && std == nil
}

// oneTakes is for input that one side alone takes: a row must explain it.
func oneTakes(t *testing.T, what string, input []byte, ours, std error, rows []difference) {
	t.Helper()
	d := oneSided{input, ours, std}
	switch {
	case d.explainedBy(rows) != "":
	case ours == nil:
		t.Errorf("%s: only Mbed TLS takes %x: %v", what, input, std)
	default:
		t.Errorf("%s: only the standard library takes %x: %v", what, input, ours)
	}
}

// files are the contents of upstream's files for tests that match the pattern.
func files(f *testing.F, pattern string) (list [][]byte) {
	f.Helper()
	names, err := filepath.Glob(filepath.Join(source, "framework/data_files", pattern))
	if err != nil || len(names) == 0 {
		f.Fatalf("no files %s: %v", pattern, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

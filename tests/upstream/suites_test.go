package upstream

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

var (
	selected = flag.String("suites", "", "run the suites whose name matches this `REGEXP`, such as ^x509")
	reasons  = flag.Bool("reasons", false, "print why cases are not mapped")
	jsonFile = flag.String("json", "", "write the report to this `file`, too")
)

// leastRun is how many cases must run in profile default.
const leastRun = 10000

type (
	functions = map[string]any    // by the name of the test function in C
	unmapped  = map[string]string // reasons
)

var mappings = map[string]*suites.Mapping{}

// register adds mapped functions of a .function file, and reasons for others. Several files may do so for one.
func register(file string, mapped functions, not unmapped) {
	m := mappings[file]
	if m == nil {
		m = &suites.Mapping{Functions: functions{}, Unmapped: unmapped{}}
		mappings[file] = m
	}
	for name, f := range mapped {
		if m.Functions[name] != nil {
			panic(file + ": " + name + " is mapped twice")
		}
		m.Functions[name] = f
	}
	for name, reason := range not {
		if m.Unmapped[name] != "" {
			panic(file + ": " + name + " has two reasons")
		}
		m.Unmapped[name] = reason
	}
}

// notMapped gives suites that are about no Go API as a whole their reason.
func notMapped(reason string, files ...string) {
	for _, file := range files {
		mappings[file] = &suites.Mapping{Reason: reason}
	}
}

func TestEachFunctionIsMappedOrHasAReason(t *testing.T) {
	all, _ := load(t)
	for _, problem := range all.Check(mappings) {
		t.Error(problem)
	}
}

// TestCasesPass runs every case that a Go function stands for.
func TestCasesPass(t *testing.T) {
	all, root := load(t)
	pattern, err := regexp.Compile(*selected)
	if err != nil {
		t.Fatalf("-suites: %v", err)
	}
	report, err := filepath.Abs(*jsonFile)
	if err != nil {
		t.Fatal(err)
	}
	wanted := func(suite string) bool { return pattern.MatchString(suite) }
	if err := all.Evaluate(context.Background(), root, t.TempDir(), wanted); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(root, source, "tests")) // where the cases' file names begin
	r, err := all.Run(mappings, wanted, func(r suites.Result) {
		for _, f := range r.Failures {
			t.Errorf("%s, %v", r.Suite, f)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Release, r.Profile = cbridge.Release, cbridge.Profile
	if err := r.Write(os.Stdout, *reasons); err != nil {
		t.Error(err)
	}
	if *jsonFile != "" {
		text, err := json.MarshalIndent(r, "", "\t")
		if err == nil {
			err = os.WriteFile(report, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if total := r.Total(); *selected == "" && cbridge.Profile == "default" && total.Run < leastRun {
		t.Errorf("%d cases ran, want at least %d", total.Run, leastRun)
	}
}

const source = "third_party/mbedtls/src"

func load(t *testing.T) (all *suites.Suites, root string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err == nil {
		all, err = suites.Load(filepath.Join(root, source))
	}
	if err != nil {
		t.Fatal(fmt.Errorf("the suites cannot be read: %w", err))
	}
	return all, root
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func parseAll(parse parser, lines ...string) []record {
	var all []record
	for _, line := range lines {
		if r, ok := parse(line); ok {
			all = append(all, r)
		}
	}
	return all
}

func TestParseOutcome(t *testing.T) {
	t.Parallel()
	got := parseAll(parseOutcome,
		"linux;full;ssl-opt;Default, TLS 1.2;PASS;",
		"linux;full;tls13-misc;A name; with a semicolon;FAIL;pattern 'a;b;PASS;c' MUST be present in the Server output",
		"linux;full;sample;Sample: ssl_client1, ssl_server2;SKIP;",
		"no record",
	)
	want := []record{
		{test{"ssl-opt", "Default, TLS 1.2"}, passed, ""},
		{test{"tls13-misc", "A name; with a semicolon"}, failed, "pattern 'a;b;PASS;c' MUST be present in the Server output"},
		{test{"sample", "Sample: ssl_client1, ssl_server2"}, skipped, ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
		t.Error(diff)
	}
}

func TestPrintedParser(t *testing.T) {
	t.Parallel()
	got := parseAll(printedParser("context-info"),
		"Default configuration, server ........................................ PASS",
		"MTU=10000 ............................................................ FAIL",
		"    Error: pattern 'ERROR' MUST NOT be present in the output",
		"Wrong base64 format .................................................. PASS",
		"",
		"FAILED ( 1 / 3 tests )",
	)
	want := []record{
		{test{"context-info", "Default configuration, server"}, passed, ""},
		{test{"context-info", "MTU=10000"}, failed, "pattern 'ERROR' MUST NOT be present in the output"},
		{test{"context-info", "Wrong base64 format"}, passed, ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
		t.Error(diff)
	}
}

func TestAnnounced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, output string
		want         int
	}{
		{"ssl-opt", "x ..... PASS\n------\nPASSED (2083 / 2083 tests (2053 skipped))\n", 2083},
		{"compat", "------\nFAILED (1 / 12 tests (3 skipped))\n", 12},
		{"context-info passed", "\nPASSED ( 29 tests )\n", 29},
		{"context-info failed", "\nFAILED ( 2 / 29 tests )\n", 29},
		{"broken off", "x ..... PASS\ntests/ssl-opt.sh: 412: syntax error\n", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "output")
			if err := os.WriteFile(file, []byte(test.output), 0o666); err != nil {
				t.Fatal(err)
			}
			if got := announced(file); got != test.want {
				t.Errorf("%d, not %d", got, test.want)
			}
		})
	}
}

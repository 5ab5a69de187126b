package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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

func TestPrinted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, output string
		total        int
		retried      map[int]string
	}{
		{"ssl-opt", "x ..... PASS\n------\nPASSED (2083 / 2083 tests (2053 skipped))\n", 2083, nil},
		{"compat", "------\nFAILED (1 / 12 tests (3 skipped))\n", 12, nil},
		{"context-info passed", "\nPASSED ( 29 tests )\n", 29, nil},
		{"context-info failed", "\nFAILED ( 2 / 29 tests )\n", 29, nil},
		{"broken off", "x ..... PASS\ntests/ssl-opt.sh: 412: syntax error\n", -1, nil},
		{
			"retried",
			"a ..... PASS\nb ..... RETRY(resend) RETRY(client-timeout) PASS\nc ..... FAIL\n  ! must PASS the test\n" +
				"d ..... ssl-opt.sh: kill: No such process\n\nRETRY(client-timeout) FAIL\ne  SKIP\n---\nFAILED (3 / 5 tests (1 skipped))\n",
			5, map[int]string{2: "RETRY(resend) RETRY(client-timeout)", 4: "RETRY(client-timeout)"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			total, retried := printed([]byte(test.output))
			if total != test.total {
				t.Errorf("%d tests, not %d", total, test.total)
			}
			if diff := cmp.Diff(test.retried, retried, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

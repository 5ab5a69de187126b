package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcomes makes a report of results named by letter. "FP" is a failure that passed when it was repeated.
func outcomes(of map[string]string) *report {
	words := map[byte]string{'P': passed, 'F': failed, 'S': skipped}
	r := &report{Script: "ssl-opt", Programs: "go"}
	for _, name := range strings.Split("abcdefghij", "") {
		o, ok := of[name]
		if !ok {
			continue
		}
		res := &result{test: test{"ssl-opt", name}, attempt: attempt{Outcome: words[o[0]]}}
		if len(o) > 1 {
			res.Repeat = &attempt{Outcome: words[o[1]]}
		}
		r.Results = append(r.Results, res)
	}
	return r
}

func TestCompare(t *testing.T) {
	t.Parallel()
	ours := outcomes(map[string]string{"a": "P", "b": "F", "c": "FP", "d": "FF", "e": "S", "f": "F", "g": "P", "h": "P", "j": "F"})
	c := outcomes(map[string]string{"a": "P", "b": "P", "c": "P", "d": "FP", "e": "P", "f": "F", "g": "F", "h": "S", "i": "P"})
	known := []knownDifference{
		{"ssl-opt", "go", test{"ssl-opt", "b"}, "because"},
		{"ssl-opt", "go-server", test{"ssl-opt", "d"}, "another combination"},
		{"ssl-opt", "go", test{"ssl-opt", "a"}, "was mended"},
	}
	found := compare(ours, c, known)
	var names []string
	for _, d := range found {
		names = append(names, d.Name+" "+d.known)
	}
	// g passes where C fails, c passed when it was repeated, f fails with both.
	if diff := cmp.Diff([]string{"b because", "d ", "e ", "h ", "j "}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]test{{"ssl-opt", "i"}}, lost(ours, c)); diff != "" {
		t.Error(diff)
	}
	if old := stale(known, ours, found); len(old) != 1 || old[0].reason != "was mended" {
		t.Errorf("stale: %v", old)
	}
	ours.Selection = "sample"
	if old := stale(known, ours, found); old != nil {
		t.Errorf("stale after a part of the tests: %v", old)
	}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		ours, c  map[string]string
		known    []knownDifference
		ok       bool
		contains []string
		last     string
	}{
		{
			"the same", map[string]string{"a": "P", "b": "S"}, map[string]string{"a": "P", "b": "S"}, nil, true, nil,
			"ssl-opt: 1 passed, 0 failed, 1 skipped; C: 1 passed, 0 failed, 1 skipped; differing: 0",
		},
		{
			"flaky", map[string]string{"a": "FP"}, map[string]string{"a": "P"}, nil, true, []string{"FLAKY ssl-opt: a\n"},
			"ssl-opt: 1 passed, 0 failed, 0 skipped, flaky: 1; C: 1 passed, 0 failed, 0 skipped; differing: 0",
		},
		{
			"worse", map[string]string{"a": "FF"}, map[string]string{"a": "P"}, nil, false, []string{"FAIL ssl-opt: a\n", "  C: PASS"},
			"ssl-opt: 0 passed, 1 failed, 0 skipped; C: 1 passed, 0 failed, 0 skipped; differing: 1",
		},
		{
			"worse, for a reason", map[string]string{"a": "FF"}, map[string]string{"a": "P"},
			[]knownDifference{{"ssl-opt", "go", test{"ssl-opt", "a"}, "no such thing in Go"}}, true, []string{"  known: no such thing in Go\n"},
			"ssl-opt: 0 passed, 1 failed, 0 skipped; C: 1 passed, 0 failed, 0 skipped; differing: 1 (1 known)",
		},
		{
			"stale", map[string]string{"a": "P"}, map[string]string{"a": "P"},
			[]knownDifference{{"ssl-opt", "go", test{"ssl-opt", "a"}, "no such thing in Go"}}, false, []string{"STALE ssl-opt: a\n"},
			"ssl-opt: 1 passed, 0 failed, 0 skipped; C: 1 passed, 0 failed, 0 skipped; differing: 0",
		},
		{
			"lost", map[string]string{}, map[string]string{"a": "P"}, nil, false, []string{"LOST ssl-opt: a\n"},
			"ssl-opt: 0 passed, 0 failed, 0 skipped; C: 1 passed, 0 failed, 0 skipped; differing: 1",
		},
		{
			"without a comparison", map[string]string{"a": "F", "b": "FP", "c": "P"}, nil, nil, true,
			[]string{"FAIL ssl-opt: a\nFLAKY ssl-opt: b\n"}, "ssl-opt: 2 passed, 1 failed, 0 skipped, flaky: 1",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			var c *report
			if test.c != nil {
				c = outcomes(test.c)
			}
			s := &session{suite: suites["ssl-opt"], w: &out}
			if ok := s.conclude(outcomes(test.ours), c, test.known); ok != test.ok {
				t.Errorf("%v, not %v", ok, test.ok)
			}
			lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			if diff := cmp.Diff(test.last, lines[len(lines)-1]); diff != "" {
				t.Error(diff)
			}
			for _, text := range test.contains {
				if !strings.Contains(out.String(), text) {
					t.Errorf("no %q in\n%s", text, &out)
				}
			}
		})
	}
}

func TestReadKnown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, err string
		want            []knownDifference
	}{
		{"entries", "# why\n\nssl-opt | go | tls13-misc;A: b, c|the reason | with a bar\ncompat|go-client|compat;m->m tls12,no X|r\n", "", []knownDifference{
			{"ssl-opt", "go", test{"tls13-misc", "A: b, c"}, "the reason | with a bar"},
			{"compat", "go-client", test{"compat", "m->m tls12,no X"}, "r"},
		}},
		{"no reason", "ssl-opt | go | ssl-opt;A |\n", "want script | programs", nil},
		{"unknown script", "ssl | go | ssl-opt;A | r\n", "no such script", nil},
		{"unknown programs", "\nssl-opt | rust | ssl-opt;A | r\n", ":2: no such script", nil},
		{"no suite", "ssl-opt | go | A | r\n", "no such script, programs or test", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "known.txt")
			if err := os.WriteFile(file, []byte(test.text), 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := readKnown(file)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("%v, not %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(knownDifference{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

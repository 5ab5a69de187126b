package main

import (
	"regexp"
	"strings"
)

// record is a test's end, as a script tells it.
type record struct {
	test
	outcome, reason string
}

// A parser turns a line into a record, if one is complete with it.
type parser func(line string) (record, bool)

var outcomeLine = regexp.MustCompile(`^[^;]*;[^;]*;([^;]*);(.*?);(PASS|FAIL|SKIP);(.*)$`)

// parseOutcome reads the lines of upstream's outcome files: platform, configuration, suite, description, outcome, reason.
func parseOutcome(line string) (record, bool) {
	m := outcomeLine.FindStringSubmatch(line)
	if m == nil {
		return record{}, false
	}
	return record{test{m[1], m[2]}, m[3], m[4]}, true
}

var printedLine = regexp.MustCompile(`^(.*?) \.* ?(PASS|FAIL)$`)

// printedParser reads what context-info.sh prints, which writes no outcome file: a line with the description and the
// outcome, and the reason of a failure in the next.
func printedParser(suite string) parser {
	var failing *record
	return func(line string) (record, bool) {
		if reason, ok := strings.CutPrefix(line, "    Error: "); ok && failing != nil {
			r := *failing
			r.reason, failing = reason, nil
			return r, true
		}
		m := printedLine.FindStringSubmatch(line)
		if m == nil {
			return record{}, false
		}
		r := record{test: test{suite, m[1]}, outcome: m[2]}
		if r.outcome == failed {
			failing = &r
			return record{}, false
		}
		return r, true
	}
}

package main

import (
	"fmt"
	"io"
)

// conclude prints what differs and the final line.
func (s *session) conclude(ours, c *report, known []knownDifference) bool {
	for _, r := range ours.Results {
		switch {
		case r.flaky():
			describe(s.w, "FLAKY", r.test, &r.attempt)
		case c == nil && r.Outcome == failed:
			describe(s.w, r.Outcome, r.test, r.last())
		}
	}
	if c == nil {
		fmt.Fprintf(s.w, "%s: %s\n", s.suite.name, ours.counts())
		return true
	}
	found := compare(ours, c, known)
	unknown := 0
	for _, d := range found {
		describe(s.w, d.last().Outcome, d.test, d.last())
		switch {
		case d.c == nil:
			fmt.Fprintln(s.w, "  C: not run")
		default:
			fmt.Fprintf(s.w, "  C: %s %s\n", d.c.last().Outcome, d.c.last().Reason)
		}
		if d.known != "" {
			fmt.Fprintln(s.w, "  known:", d.known)
		} else {
			unknown++
		}
	}
	missing := lost(ours, c)
	for _, t := range missing {
		fmt.Fprintf(s.w, "LOST %s\n  only run with the C programs\n", t)
	}
	old := stale(known, ours, found)
	for _, k := range old {
		fmt.Fprintf(s.w, "STALE %s\n  tests/upstream/known.txt lists it for %s, and it does not differ\n", k.test, k.programs)
	}
	line := fmt.Sprintf("%s: %s; C: %s; differing: %d", s.suite.name, ours.counts(), c.counts(), len(found)+len(missing))
	if n := len(found) - unknown; n > 0 {
		line += fmt.Sprintf(" (%d known)", n)
	}
	fmt.Fprintln(s.w, line)
	return unknown == 0 && len(missing) == 0 && len(old) == 0
}

// describe prints what came of a test, with its reason and logs.
func describe(w io.Writer, what string, t test, a *attempt) {
	fmt.Fprintf(w, "%s %s\n", what, t)
	if a.Reason != "" {
		fmt.Fprintln(w, "  "+a.Reason)
	}
	for _, log := range a.Logs {
		fmt.Fprintln(w, "  "+log)
	}
}

package main

import (
	"fmt"
	"io"
)

// conclude prints what differs and the final line.
func (s *session) conclude(ours, c *report, known []knownDifference) bool {
	if c == nil {
		for _, r := range ours.Results {
			if r.last().Outcome == failed {
				describe(s.w, r)
			}
		}
		fmt.Fprintf(s.w, "%s: %s\n", s.suite.name, ours.counts())
		return true
	}
	found := compare(ours, c, known)
	unknown := 0
	for _, d := range found {
		describe(s.w, d.result)
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

// describe prints a result with its reason and logs.
func describe(w io.Writer, r *result) {
	fmt.Fprintf(w, "%s %s\n", r.last().Outcome, r.test)
	if r.last().Reason != "" {
		fmt.Fprintln(w, "  "+r.last().Reason)
	}
	for _, log := range r.last().Logs {
		fmt.Fprintln(w, "  "+log)
	}
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// difference is a test that came to something else than with the C programs. C is nil if it was not run with them.
type difference struct {
	*result
	c     *result
	known string // the reason in the list of known ones
}

// compare returns what differs in ours from c. A failure that is only c's is no difference: the target is that no test
// that passes with the C programs fails.
func compare(ours, c *report, known []knownDifference) []difference {
	var found []difference
	of := c.byTest()
	for _, r := range ours.Results {
		other := of[r.test]
		switch {
		case other != nil && r.last().Outcome == other.last().Outcome:
		case other != nil && r.last().Outcome == passed && other.last().Outcome == failed:
		default:
			d := difference{result: r, c: other}
			for _, k := range known {
				if k.applies(ours, r.test) {
					d.known = k.reason
				}
			}
			found = append(found, d)
		}
	}
	return found
}

// lost returns the tests that only c has.
func lost(ours, c *report) []test {
	var missing []test
	have := ours.byTest()
	for _, r := range c.Results {
		if have[r.test] == nil {
			missing = append(missing, r.test)
		}
	}
	return missing
}

// knownDifference is a line of the list of differences that cannot be helped.
type knownDifference struct {
	script, programs string
	test             test
	reason           string
}

func (k knownDifference) applies(r *report, t test) bool {
	return k.script == r.Script && k.programs == r.Programs && k.test == t
}

// stale returns the entries for a run of all tests that none of its differences needs.
func stale(known []knownDifference, r *report, found []difference) []knownDifference {
	var old []knownDifference
	if r.Selection != "" {
		return nil
	}
	needed := map[test]bool{}
	for _, d := range found {
		needed[d.test] = true
	}
	for _, k := range known {
		if k.script == r.Script && k.programs == r.Programs && !needed[k.test] {
			old = append(old, k)
		}
	}
	return old
}

// readKnown reads lines of a script, the programs, the test as --list-test-cases writes it, and a reason, separated by
// bars. No file is an empty list.
func readKnown(path string) ([]knownDifference, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var known []knownDifference
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, "|", 4)
		for i := range fields {
			fields[i] = strings.TrimSpace(fields[i])
		}
		if len(fields) != 4 || fields[3] == "" {
			return nil, fmt.Errorf("%s:%d: want script | programs | suite;description | reason", path, n)
		}
		suite, name, ok := strings.Cut(fields[2], ";")
		if _, err := goPaths(fields[1]); err != nil || !ok || suites[fields[0]] == nil {
			return nil, fmt.Errorf("%s:%d: no such script, programs or test: %s", path, n, line)
		}
		known = append(known, knownDifference{fields[0], fields[1], test{suite, name}, fields[3]})
	}
	return known, lines.Err()
}

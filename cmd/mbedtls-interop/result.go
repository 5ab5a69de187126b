package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A test is named as upstream's --list-test-cases does: by the file it is in, and its description there.
type test struct {
	Suite string `json:"suite"`
	Name  string `json:"name"`
}

func (t test) String() string { return t.Suite + ": " + t.Name }

// The words of upstream's outcome files.
const (
	passed  = "PASS"
	failed  = "FAIL"
	skipped = "SKIP"
)

// attempt is one execution of a test.
type attempt struct {
	Outcome string   `json:"outcome"`
	Reason  string   `json:"reason,omitempty"`
	Seconds float64  `json:"seconds"`
	Logs    []string `json:"logs,omitempty"`
	Retried string   `json:"retried,omitempty"` // why ssl-opt.sh ran it more than once before it said so
}

// result is what a test came to: one execution, and a second one if that failed.
type result struct {
	Number int `json:"number"` // what the script's execution counted
	test
	attempt
	Repeat *attempt `json:"repeat,omitempty"`
}

// last is the attempt that counts.
func (r *result) last() *attempt {
	if r.Repeat != nil {
		return r.Repeat
	}
	return &r.attempt
}

func (r *result) flaky() bool { return r.Repeat != nil && r.Repeat.Outcome != r.Outcome }

// report is a run, as it is kept in a JSON file.
type report struct {
	Script    string    `json:"script"`
	Programs  string    `json:"programs"`
	Profile   string    `json:"profile"`
	Selection string    `json:"selection,omitempty"` // empty: all tests
	Key       string    `json:"key"`                 // of what the result depends on, apart from the programs
	Began     time.Time `json:"began"`
	Seconds   float64   `json:"seconds"`
	Results   []*result `json:"results"`
}

// counts is the text that the final line has for a run.
func (r *report) counts() string {
	n := map[string]int{}
	flaky := 0
	for _, result := range r.Results {
		n[result.last().Outcome]++
		if result.flaky() {
			flaky++
		}
	}
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", n[passed], n[failed], n[skipped])
	if flaky > 0 {
		text += fmt.Sprintf(", flaky: %d", flaky)
	}
	return text
}

func (r *report) byTest() map[test]*result {
	m := make(map[test]*result, len(r.Results))
	for _, result := range r.Results {
		m[result.test] = result
	}
	return m
}

// readReport returns nil if there is none.
func readReport(path string) (*report, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(report)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *report) write(path string) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

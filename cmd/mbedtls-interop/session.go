package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// session is one call of this program.
type session struct {
	options
	suite     *suite
	kind      string // of the selection; empty: all
	selection selection
	key       string
	w         io.Writer
}

// makeKey hashes what the result of the C programs depends on: their build, the scripts and how they are called, the
// peers and the selection.
func (s *session) makeKey() (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, filepath.Base(s.build), environment, compatPeers, s.selection)
	files, err := filepath.Glob(filepath.Join(s.source, "tests/opt-testcases/*.sh"))
	if err != nil {
		return "", err
	}
	for _, file := range append(files, filepath.Join(s.source, "tests", s.suite.script), filepath.Join(s.build, "bin/.stamp")) {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		h.Write(data)
	}
	for _, command := range [][]string{{"openssl", "version"}, {"gnutls-cli", "--version"}, {"gnutls-serv", "--version"}} {
		out, err := exec.Command(command[0], command[1:]...).Output()
		if err != nil {
			return "", fmt.Errorf("%s: %w", strings.Join(command, " "), err)
		}
		h.Write(out)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// path is that of a run's result, without its extension.
func (s *session) path(programs string) string {
	name := s.suite.name + "-" + programs + "-" + s.profile
	if s.kind != "" {
		name += "-" + s.kind
	}
	return filepath.Join(s.out, name)
}

// baseline returns the C programs' result: one that is kept, or else a new one.
func (s *session) baseline(ctx context.Context) (*report, error) {
	for _, all := range []session{{options: s.options, suite: s.suite}, *s} {
		key, err := all.makeKey()
		if err != nil {
			return nil, err
		}
		c, err := readReport(all.path("c") + ".json")
		if err != nil {
			return nil, err
		}
		if c == nil || c.Key != key {
			continue
		}
		return s.only(ctx, c)
	}
	return s.runC(ctx)
}

// only returns the part of a report that the selection has.
func (s *session) only(ctx context.Context, c *report) (*report, error) {
	if s.kind == "" || c.Selection != "" {
		return c, nil
	}
	part := *c
	part.Results = nil
	keep, err := s.selected(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range c.Results {
		if keep(r.test) {
			part.Results = append(part.Results, r)
		}
	}
	return &part, nil
}

// selected returns whether a test is selected, before it is run.
func (s *session) selected(ctx context.Context) (func(test) bool, error) {
	if s.selection.list != nil {
		return func(t test) bool { return slices.Contains(s.selection.list, t) }, nil
	}
	switch s.suite.name {
	case "ssl-opt":
		r := &runner{suite: s.suite, release: s.source}
		tests, err := r.listTests(ctx, s.selection.filter)
		return func(t test) bool { return slices.Contains(tests, t) }, err
	case "compat":
		return func(t test) bool {
			_, cipher, err := parseCompat(t.Name)
			return err == nil && grep(ctx, s.selection.filter, cipher)
		}, nil
	}
	return func(t test) bool { return strings.Contains(t.Name, s.selection.filter) }, nil
}

// grep is what the script asks.
func grep(ctx context.Context, pattern, text string) bool {
	cmd := exec.CommandContext(ctx, "grep", "-q", "-e", pattern)
	cmd.Stdin = strings.NewReader(text)
	return cmd.Run() == nil
}

func (s *session) runC(ctx context.Context) (*report, error) {
	return s.execute(ctx, "c", cPrograms(s.build), nil)
}

func (s *session) runGo(ctx context.Context, c *report) (*report, error) {
	paths, err := goPaths(s.programs)
	if err != nil {
		return nil, err
	}
	folder := s.bin
	if folder == "" {
		if folder, err = os.MkdirTemp(s.out, ".programs"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(folder)
		if err := s.buildGo(ctx, folder, paths); err != nil {
			return nil, err
		}
	}
	p := cPrograms(s.build)
	for _, path := range paths {
		file := filepath.Join(folder, filepath.Base(path))
		if _, err := os.Stat(file); err != nil {
			fmt.Fprintf(s.w, "%s: the C program is used\n", err)
			continue
		}
		p[path] = file
	}
	return s.execute(ctx, s.programs, p, c)
}

// buildGo makes the Go programs in folder. The environment says with which archives.
func (s *session) buildGo(ctx context.Context, folder string, paths []string) error {
	args := []string{"build", "-o", folder + string(filepath.Separator)}
	for _, path := range paths {
		args = append(args, "./cmd/"+filepath.Base(path))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.root, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// execute runs the selected tests, and those that failed once more. Of the latter it leaves out those that fail in c.
func (s *session) execute(ctx context.Context, name string, p programs, c *report) (*report, error) {
	path := s.path(name)
	logs := filepath.Join(path, "logs")
	lock, err := os.Create(path + ".lock")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another run of the same tests writes to %s", path)
	}
	if err := errors.Join(os.RemoveAll(path), os.MkdirAll(logs, 0o777)); err != nil {
		return nil, err
	}
	began := time.Now()
	total := 0
	if c != nil {
		total = len(c.Results)
	}
	r := &runner{
		suite: s.suite, release: s.source, programs: p, logs: logs, keepLogs: s.keepLogs, ports: new(ports),
		progress: newProgress(s.w, s.suite.name+" "+name, total),
	}
	out := &report{Script: s.suite.name, Programs: name, Profile: s.profile, Selection: s.kind, Key: s.key, Began: began.UTC().Truncate(time.Second)}
	results, err := r.runAll(ctx, s.selection, s.jobs)
	out.Results = results
	if err == nil && !s.noCompare {
		err = s.repeat(ctx, r, results, c)
	}
	r.progress.end()
	out.Seconds = since(began)
	if err != nil {
		return nil, err
	}
	file := path + ".json"
	if s.json != "" && name == s.programs {
		file = s.json
	}
	return out, out.write(file)
}

// repeat runs what failed once more, one test at a time.
func (s *session) repeat(ctx context.Context, r *runner, results []*result, c *report) error {
	again := map[test]*result{}
	var list []test
	var of map[test]*result
	if c != nil {
		of = c.byTest()
	}
	for _, res := range results {
		if other := of[res.test]; res.Outcome == failed && (other == nil || other.last().Outcome != failed) {
			again[res.test] = res
			list = append(list, res.test)
		}
	}
	if len(list) == 0 {
		return nil
	}
	r.logs = filepath.Join(r.logs, "repeat")
	if err := os.MkdirAll(r.logs, 0o777); err != nil {
		return err
	}
	r.progress.end()
	r.progress = newProgress(s.w, r.progress.label+", repeated", len(list))
	second, err := r.runAll(ctx, selection{list: list}, 1)
	for _, res := range second {
		again[res.test].Repeat = &res.attempt
	}
	return err
}

// runAll runs what is selected.
func (r *runner) runAll(ctx context.Context, s selection, jobs int) ([]*result, error) {
	units, err := r.suite.units(ctx, r, s, jobs)
	if err != nil {
		return nil, err
	}
	parts := make([][]*result, len(units))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, u := range units {
		group.Go(func() (err error) {
			parts[i], err = r.run(ctx, u)
			return err
		})
	}
	err = group.Wait()
	results := slices.Concat(parts...)
	if r.suite.numbered {
		slices.SortFunc(results, func(a, b *result) int { return a.Number - b.Number })
	}
	if err == nil && len(results) == 0 {
		err = fmt.Errorf("no test of %s is selected", r.suite.script)
	}
	return results, err
}

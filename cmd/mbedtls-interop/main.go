package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// options are those of the command line.
type options struct {
	suite, programs, profile, filter string
	source, build, out, root, bin    string
	json                             string
	jobs                             int
	sample, keepLogs, noCompare      bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	ok, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mbedtls-interop:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("upstream ssl-opt|compat|context-info", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.programs, "programs", "go", "which programs are Go's: `go, c, go-server or go-client`")
	flags.StringVar(&o.profile, "profile", "full", "`profile` of the build")
	flags.StringVar(&o.filter, "f", "", "only tests that match `filter`: of ssl-opt names, of compat ciphersuites (basic regular expressions), of context-info part of a name")
	flags.BoolVar(&o.sample, "sample", false, "only the tests in tests/upstream/sample.txt")
	flags.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "how many tests run at a time")
	flags.StringVar(&o.json, "json", "", "the result's `file`")
	flags.StringVar(&o.bin, "bin", "", "take the Go programs that this `folder` has, and for others the C ones, instead of building them")
	flags.BoolVar(&o.keepLogs, "keep-logs", false, "keep the logs of tests that pass, too")
	flags.BoolVar(&o.noCompare, "no-compare", false, "do not compare with the C programs, and run nothing twice")
	flags.StringVar(&o.root, "root", ".", "the `folder` of the repository")
	flags.StringVar(&o.source, "source", "third_party/mbedtls/src", "the unpacked release's `folder`")
	flags.StringVar(&o.build, "build", "", "the `folder` of the archives, with the C programs")
	flags.StringVar(&o.out, "out", "build/upstream", "the `folder` for results")
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.suite, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	_, err := goPaths(o.programs)
	switch {
	case suites[o.suite] == nil:
		err = fmt.Errorf("which suite? ssl-opt, compat or context-info")
	case flags.NArg() > 0:
		err = fmt.Errorf("what is %q?", flags.Arg(0))
	case o.jobs < 1:
		err = fmt.Errorf("no jobs, no tests")
	case o.sample && o.filter != "":
		err = fmt.Errorf("a filter or the sample, not both")
	}
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-interop:", err)
		return o, err
	}
	for _, path := range []*string{&o.root, &o.source, &o.build, &o.out, &o.bin, &o.json} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return o, err
		}
	}
	return o, nil
}

// selection of the options: a name of it for files, and the tests.
func (o options) selection() (string, selection, error) {
	switch {
	case o.sample:
		data, err := os.ReadFile(filepath.Join(o.root, "tests/upstream/sample.txt"))
		if err != nil {
			return "", selection{}, err
		}
		all, err := parseTests(data)
		list := []test{}
		for _, t := range all {
			if scriptOf(t) == o.suite {
				list = append(list, t)
			}
		}
		return "sample", selection{list: list}, err
	case o.filter != "":
		return "filtered", selection{filter: o.filter}, nil
	}
	return "", selection{}, nil
}

// scriptOf is the script that runs a test: ssl-opt.sh runs suites of several names.
func scriptOf(t test) string {
	if suites[t.Suite] != nil {
		return t.Suite
	}
	return "ssl-opt"
}

// run returns whether all is as it should be.
func run(ctx context.Context, o options, w io.Writer) (bool, error) {
	kind, sel, err := o.selection()
	if err != nil {
		return false, err
	}
	known, err := readKnown(filepath.Join(o.root, "tests/upstream/known.txt"))
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return false, err
	}
	s := &session{options: o, suite: suites[o.suite], kind: kind, selection: sel, w: w}
	if s.key, err = s.makeKey(); err != nil {
		return false, err
	}
	if o.programs == "c" {
		c, err := s.runC(ctx)
		if err != nil {
			return false, err
		}
		return s.conclude(c, nil, nil), nil
	}
	var c *report
	if !o.noCompare {
		if c, err = s.baseline(ctx); err != nil {
			return false, err
		}
	}
	ours, err := s.runGo(ctx, c)
	if err != nil {
		return false, err
	}
	return s.conclude(ours, c, known), nil
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/cdriver"
)

// workerVerb is the first argument of a process that does a workload.
const workerVerb = "worker"

func main() {
	if len(os.Args) > 2 && os.Args[1] == workerVerb {
		if err := workerMain(os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	if err := o.run(ctx, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "mbedtls-bench:", err)
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	quick            bool
	json, cpuProfile string
	clock            string
	only             *regexp.Regexp
	modes            []string
	root             string
	rounds           int
	round            time.Duration
	idleConns        int
}

var modesOf = map[string][]string{"both": {accelerated, stock}, accelerated: {accelerated}, stock: {stock}}

func parseOptions(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.quick, "quick", false, "fewer rows and turns: less than two minutes")
	flags.StringVar(&o.json, "json", "build/bench.json", "the result's `file`")
	only := flags.String("run", "", "only tasks whose names match the regular `expression`")
	mode := flags.String("mode", "both", "`accelerated`, stock or both")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "write CPU profiles of this binding, one for each task and mode: `file`, with their names in its own")
	flags.StringVar(&o.clock, "clock", wallClock, "for what one thread does in memory: wall, or processor, which others on the machine disturb less, but which counts what the Go runtime does beside (`clock`)")
	flags.IntVar(&o.rounds, "rounds", 0, "`number` of turns of each stack; 0 is 15, and 7 with -quick")
	flags.DurationVar(&o.round, "time", 0, "`duration` of a turn; 0 is 70ms, and 40ms with -quick")
	flags.IntVar(&o.idleConns, "conns", 0, "`number` of idle connections; 0 is 10000 with TLS, 1000 with DTLS")
	flags.StringVar(&o.root, "root", ".", "the `folder` of the repository")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	var err error
	o.only, err = regexp.Compile(*only)
	o.modes = modesOf[*mode]
	switch {
	case err != nil:
	case o.modes == nil:
		err = fmt.Errorf("-mode %s: accelerated, stock or both", *mode)
	case o.clock != wallClock && o.clock != processorClock:
		err = fmt.Errorf("-clock %s: wall or processor", o.clock)
	case flags.NArg() > 0:
		err = fmt.Errorf("what is %q?", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-bench:", err)
		return nil, err
	}
	if o.rounds == 0 {
		o.rounds = map[bool]int{false: 15, true: 7}[o.quick]
	}
	if o.round == 0 {
		o.round = map[bool]time.Duration{false: 70 * time.Millisecond, true: 40 * time.Millisecond}[o.quick]
	}
	return o, nil
}

// run measures and prints. It fails, after all of it, if a stack did.
func (o *options) run(ctx context.Context, w, progress io.Writer) error {
	temp, err := os.MkdirTemp("", "mbedtls-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b := &bench{modes: o.modes, rounds: o.rounds, round: o.round, idleConns: o.idleConns, driver: filepath.Join(temp, "driver"),
		chains: temp, cpuProfile: o.cpuProfile, clock: o.clock}
	if cbridge.AvailableAcceleration() == 0 && len(b.modes) > 1 {
		fmt.Fprintln(progress, "bench: this build has no acceleration: mode stock alone")
		b.modes = []string{stock}
	}
	if err := cdriver.Compile(ctx, o.root, filepath.Join(o.root, "tests/bench/driver"), b.driver, "-O2"); err != nil {
		return err
	}
	if err := b.writeChains(); err != nil {
		return err
	}
	r := &report{Machine: thisMachine()}
	var errs []error
	for _, t := range tasks() {
		if o.quick && !t.quick || !o.only.MatchString(t.name) {
			continue
		}
		if what := t.work.lacks(); what != "" {
			fmt.Fprintf(progress, "bench: %s: skipped: this build is without %s\n", t.name, what)
			continue
		}
		fmt.Fprintf(progress, "bench: %s\n", t.name)
		m, failed := b.measure(ctx, t)
		for _, err := range failed {
			fmt.Fprintln(progress, "bench:", err)
		}
		errs = append(errs, failed...)
		r.Rows = append(r.Rows, b.results(t, m)...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	r.sort(b.modes)
	r.print(w, b.modes)
	if len(errs) > 0 {
		errs = []error{fmt.Errorf("%d failures, which stand above", len(errs))}
	}
	return errors.Join(append(errs, r.write(o.json))...)
}

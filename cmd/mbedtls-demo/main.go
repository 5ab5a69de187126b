package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mbedtls-demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	pattern := flags.String("run", "", "only rows whose \"peer role version\" matches `REGEXP`")
	size := flags.Int("size", 1<<20, "`BYTES` to move each way")
	verbose := flags.Bool("v", false, "tell more about each row")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	chosen, err := choose(*pattern)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case *size < 1:
		err = fmt.Errorf("-size %d: nothing to move", *size)
	case len(chosen) == 0:
		err = fmt.Errorf("-run %s: no row matches", *pattern)
	}
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-demo:", err)
		return 2
	}
	ok, err := demonstrate(ctx, chosen, *size, *verbose, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-demo:", err)
	}
	if err != nil || !ok {
		return 1
	}
	return 0
}

func choose(pattern string) (chosen []row, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	for _, r := range rows() {
		if re.MatchString(r.String()) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

// demonstrate runs the rows one by one, and tells whether all went well.
func demonstrate(ctx context.Context, chosen []row, size int, verbose bool, stdout io.Writer) (bool, error) {
	dir, err := os.MkdirTemp("", "mbedtls-demo-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	e, err := newEnvironment(dir, size)
	if err != nil {
		return false, err
	}
	defer e.close()
	progress := newProgress(stdout, len(chosen))
	results := make([]result, len(chosen))
	for i, r := range chosen {
		progress.show(i+1, r.String())
		results[i] = r.timed(ctx, e)
		if err := ctx.Err(); err != nil {
			progress.clear()
			return false, errors.New("interrupted")
		}
	}
	progress.clear()
	return printTable(stdout, chosen, results, verbose), nil
}

// timed runs a row that may take three minutes, and a second for each MB of data: with datagrams in turn, a busy machine has
// to wake the other side a thousand times for one.
func (r row) timed(ctx context.Context, e *environment) result {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute+time.Duration(e.size/1e6)*time.Second)
	defer cancel()
	return r.run(ctx, e, r.version)
}

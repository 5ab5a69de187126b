// Command docker-check lints the Dockerfile and replays it without a container engine: see package replay. With -h it lists
// its options. It is what "build.sh docker-check" runs.
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
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gombedtls/gombedtls/tools/internal/replay"
)

const usage = `usage: docker-check [OPTION…]
Lints the Dockerfile; builds its stages in root folders that debootstrap makes, as no container engine is needed; runs
the image's program, and its HEALTHCHECK with and without it. All but linting needs root.

`

// arguments are the --build-arg options.
type arguments map[string]string

func (a arguments) String() string { return "" }

func (a arguments) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("must be NAME=VALUE")
	}
	a[name] = value
	return nil
}

type options struct {
	file, work, target, platform    string
	lintOnly, noTest, long, verbose bool
	arguments                       arguments
}

func main() {
	replay.Worker()
	o := options{arguments: arguments{}}
	flags := flag.NewFlagSet("docker-check", flag.ContinueOnError)
	flags.StringVar(&o.file, "file", "Dockerfile", "the `FILE`; its folder is the context")
	flags.StringVar(&o.work, "work", "build/docker-check", "the `FOLDER` for bases, caches, logs and layers")
	flags.StringVar(&o.target, "target", "", "build this `STAGE` alone, and run nothing")
	flags.StringVar(&o.platform, "platform", "", "build for this `PLATFORM`, such as linux/arm64; it is not run if it is foreign")
	flags.BoolVar(&o.lintOnly, "lint", false, "only lint")
	flags.BoolVar(&o.noTest, "no-test", false, "leave out the stage test, the long one")
	flags.BoolVar(&o.long, "long", false, "run all of the tests in the stage test: otherwise TEST_OPTIONS=--short")
	flags.BoolVar(&o.verbose, "verbose", false, "show what the programs print; it is in FOLDER/log in any case")
	flags.Var(o.arguments, "build-arg", "set an ARG to a value: `NAME=VALUE`; may be repeated")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	err := flags.Parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil && flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "docker-check: unknown argument %s\n", flags.Arg(0))
		os.Exit(2)
	case err != nil:
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "docker-check: %v\n", err)
		os.Exit(1)
	}
}

func (o *options) run(ctx context.Context) error {
	path, err := filepath.Abs(o.file)
	if err != nil {
		return err
	}
	if _, set := o.arguments["TEST_OPTIONS"]; !set && !o.long {
		o.arguments["TEST_OPTIONS"] = "--short"
	}
	file := &replay.File{Path: path, Context: filepath.Dir(path), BuildArgs: o.arguments, Platform: o.platform}
	if err := o.lint(ctx, file); err != nil || o.lintOnly {
		return err
	}
	if err := o.build(ctx, file); err != nil {
		return err
	}
	return ctx.Err()
}

func (o *options) lint(ctx context.Context, file *replay.File) error {
	findings, ran, missing, err := file.Lint(ctx)
	if err != nil {
		return err
	}
	for _, f := range findings {
		fmt.Printf("%s:%d: %s: %s\n", o.file, f.Line, f.Rule, f.Text)
	}
	if len(findings) > 0 {
		return fmt.Errorf("lint: %d findings", len(findings))
	}
	without := ""
	if len(missing) > 0 {
		without = ", without " + strings.Join(missing, " and ") + " (not installed)"
	}
	fmt.Printf("lint: nothing found by %s%s\n", strings.Join(ran, ", "), without)
	return nil
}

func (o *options) build(ctx context.Context, file *replay.File) (err error) {
	began := time.Now()
	work, err := filepath.Abs(o.work)
	if err != nil {
		return err
	}
	unlock, err := prepare(work)
	if err != nil {
		return err
	}
	defer unlock()
	if err := replay.Supported(ctx, work); err != nil {
		return fmt.Errorf("building cannot be done here: %w (--lint can)", err)
	}
	env, err := replay.MachineEnv(ctx)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(work, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	end := &tail{to: log}
	if o.verbose {
		end.to = io.MultiWriter(log, os.Stdout)
	}
	r := &replay.Replay{
		File: file, Work: work, Bases: &replay.Bases{Folder: filepath.Join(work, "bases"), Env: env},
		Progress: os.Stdout, Output: end,
	}
	defer func() {
		err = errors.Join(err, r.Close())
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "%s\n\nall of it is in %s\n", end, log.Name())
		}
	}()
	image, err := r.Build(ctx, o.target)
	if err != nil {
		return err
	}
	switch {
	case o.target != "":
	case !file.Native():
		fmt.Printf("[run] left out: this machine is not %s\n", o.platform)
	default:
		if err := r.CheckHealth(ctx, image); err != nil {
			return err
		}
	}
	if o.target == "" && !o.noTest {
		if _, err := r.Build(ctx, "test"); err != nil {
			return err
		}
	}
	left, err := r.Unbuilt(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		fmt.Printf("not built: %s\n", strings.Join(left, ", "))
	}
	fmt.Printf("docker-check: passed in %.0f s\n", time.Since(began).Seconds())
	return nil
}

// prepare makes the folder, which is for one run at a time, and removes what a killed one left.
func prepare(work string) (unlock func(), err error) {
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	lock, err := os.Create(filepath.Join(work, ".lock"))
	if err != nil {
		return nil, err
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return nil, fmt.Errorf("another docker-check is at work in %s", work)
	}
	// Go's "./..." does not look into another module. There is Go code in the layers.
	if err := os.WriteFile(filepath.Join(work, "go.mod"), []byte("module work\n"), 0o644); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(work, "run-*"))
	if err != nil {
		return nil, err
	}
	for _, folder := range left {
		if err := os.RemoveAll(folder); err != nil {
			return nil, err
		}
	}
	return func() { lock.Close() }, nil
}

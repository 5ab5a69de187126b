package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"github.com/gombedtls/gombedtls/internal/mbedbuild"
	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// command is one invocation.
type command struct {
	target, profile, release string
	clone                    string // its root; empty for the user's cache
	sanitize                 bool
	programs                 string // the sets of C programs
	selected                 bool

	prefix  string
	output  string
	system  bool
	environ mbedbuild.EnvOptions

	home    *mbedbuild.Home
	options mbedbuild.Options
	stdout  io.Writer
}

// A verb says which flags it has, beside those that choose the release and where everything is.
type verb struct {
	do    func(*command, context.Context) error
	flags []string
}

var common = []string{"release", "clone"}

var verbs = map[string]verb{
	"vendor":  {(*command).vendor, nil},
	"lib":     {(*command).lib, []string{"target", "profile", "asan", "programs", "select"}},
	"env":     {(*command).env, []string{"target", "profile", "asan", "flags", "system", "here", "reproducible", "o"}},
	"install": {(*command).install, []string{"target", "profile", "prefix"}},
	"targets": {(*command).targets, nil},
}

const usage = "usage: mbedtls-build vendor|lib|env|install|targets [flags]; mbedtls-build VERB -h lists a verb's"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintln(stderr, usage)
		return 2
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		fmt.Fprintln(stdout, usage)
		return 0
	}
	v, ok := verbs[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "mbedtls-build: unknown verb %s; %s\n", args[0], usage)
		return 2
	}
	c := &command{stdout: stdout}
	if err := c.parse(args[0], v, args[1:], stderr); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintf(stderr, "mbedtls-build: %s: %v; mbedtls-build %s -h lists the flags\n", args[0], err, args[0])
		return 2
	}
	progress := mbedbuild.NewProgress(stderr)
	err := c.prepare(v, progress)
	if err == nil {
		err = v.do(c, ctx)
	}
	progress.Clear()
	if ctx.Err() != nil {
		return 130
	}
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-build:", err)
		return 1
	}
	return 0
}

func (c *command) parse(name string, v verb, args []string, stderr io.Writer) error {
	all := flag.NewFlagSet(name, flag.ContinueOnError)
	all.StringVar(&c.release, "release", os.Getenv("MBEDTLS_VERSION"), "`version` of Mbed TLS, a row of sources.txt")
	all.StringVar(&c.clone, "clone", "", "keep everything in this clone, given its root `folder`, and not in the user's cache")
	all.StringVar(&c.target, "target", "", "`target`, such as linux/arm; see the verb targets")
	all.StringVar(&c.profile, "profile", "default", "`name` of a profile, or the path of one of your own")
	all.BoolVar(&c.sanitize, "asan", false, "with address and undefined-behaviour sanitizers")
	all.StringVar(&c.programs, "programs", "", "also build the C programs of these `sets`: bin, or bin,suites")
	all.BoolVar(&c.selected, "select", false, "make it the build that the clone's packages use")
	all.StringVar(&c.prefix, "prefix", "", "install below this `folder`")
	all.BoolVar(&c.environ.Flags, "flags", false, "do without pkg-config")
	all.BoolVar(&c.environ.Here, "here", false, "for programs that run on this machine")
	all.BoolVar(&c.system, "system", false, "use the Mbed TLS that pkg-config knows of")
	all.BoolVar(&c.environ.Reproducible, "reproducible", false, "equal sources give equal programs")
	all.StringVar(&c.output, "o", "", "write to this `file`")

	own := flag.NewFlagSet(name, flag.ContinueOnError)
	all.VisitAll(func(f *flag.Flag) {
		if slices.Contains(v.flags, f.Name) || slices.Contains(common, f.Name) {
			own.Var(f.Value, f.Name, f.Usage)
		}
	})
	own.SetOutput(io.Discard)
	err := own.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		own.SetOutput(stderr)
		own.PrintDefaults()
		return err
	}
	switch {
	case err != nil:
		return err
	case own.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", own.Arg(0))
	case slices.Contains(v.flags, "prefix") && c.prefix == "":
		return errors.New("--prefix is needed")
	case c.selected && c.clone == "":
		return errors.New("--select needs --clone")
	case c.programs != "" && c.clone == "":
		return errors.New("--programs needs --clone")
	case c.environ.Flags && c.system:
		return errors.New("--flags and --system exclude each other")
	}
	for set := range strings.SplitSeq(c.programs, ",") {
		if _, ok := mbedbuild.Programs[set]; set != "" && !ok {
			return fmt.Errorf("--programs: there is no set %q", set)
		}
	}
	return nil
}

// prepare turns names into what they stand for.
func (c *command) prepare(v verb, p *mbedbuild.Progress) (err error) {
	if c.options.Release, err = pin.Find(c.release); err != nil {
		return err
	}
	if slices.Contains(v.flags, "target") {
		find := mbedbuild.FindTarget
		if c.system {
			find = mbedbuild.SystemTarget
		}
		if c.options.Target, err = find(c.target); err != nil {
			return err
		}
	}
	c.options.Profile, c.options.Sanitize = c.profile, c.sanitize
	if c.clone == "" {
		c.home, err = mbedbuild.UserHome(p)
	} else {
		c.home, err = mbedbuild.CloneHome(c.clone, p)
	}
	return err
}

func (c *command) vendor(ctx context.Context) error {
	tree, err := c.home.Vendor(ctx, c.options.Release)
	if err == nil {
		fmt.Fprintln(c.stdout, tree)
	}
	return err
}

func (c *command) lib(ctx context.Context) error {
	b, err := c.home.Build(ctx, c.options)
	if err != nil {
		return err
	}
	for set := range strings.SplitSeq(c.programs, ",") {
		if set == "" {
			continue
		}
		if err := c.home.BuildPrograms(ctx, b, set, filepath.Join(c.clone, "cbridge/platform_time.c")); err != nil {
			return err
		}
	}
	if c.selected {
		if err := c.home.Select(ctx, b, c.clone); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.stdout, b.Folder)
	return nil
}

func (c *command) install(ctx context.Context) error {
	b, err := c.home.Build(ctx, c.options)
	if err != nil {
		return err
	}
	prefix, err := filepath.Abs(c.prefix)
	if err != nil {
		return err
	}
	if err := b.Install(ctx, prefix); err != nil {
		return err
	}
	c.home.Progress.Say("installed; PKG_CONFIG_PATH=%s mbedtls-build env --system prints the environment for go build", filepath.Join(prefix, "lib/pkgconfig"))
	return nil
}

func (c *command) env(ctx context.Context) error {
	vars, err := c.environment(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	if info, ok := debug.ReadBuildInfo(); ok {
		fmt.Fprintf(&text, "# mbedtls-build %s\n", info.Main.Version)
	}
	for _, v := range vars {
		fmt.Fprintf(&text, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	if c.output != "" {
		return os.WriteFile(c.output, []byte(text.String()), 0o644)
	}
	_, err = io.WriteString(c.stdout, text.String())
	return err
}

func (c *command) environment(ctx context.Context) ([]mbedbuild.Variable, error) {
	if c.system {
		return c.home.SystemEnvironment(ctx, c.options.Target, c.environ)
	}
	b, err := c.home.Build(ctx, c.options)
	if err != nil {
		return nil, err
	}
	return b.Environment(ctx, c.environ)
}

func (c *command) targets(context.Context) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tC LIBRARY\tEMULATOR")
	for _, t := range mbedbuild.Targets {
		libc := "glibc"
		if t.Musl {
			libc = "musl, static"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", t.Name, libc, cmp.Or(t.Emulator(), "none is needed"))
	}
	return w.Flush()
}

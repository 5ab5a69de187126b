package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gombedtls/gombedtls/internal/mbedconfig"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// command is one invocation: its flags, and the places that the module root decides.
type command struct {
	check, list, diff bool
	explain           string

	profile, output, source, compiler string

	root      string
	catalogue *mbedconfig.Catalogue
	stdout    io.Writer
}

// errStale says that the diff is printed and nothing is left to say but the exit code.
var errStale = errors.New("stale header")

func run(args []string, stdout, stderr io.Writer) int {
	c := command{stdout: stdout}
	flags := flag.NewFlagSet("mbedtls-config", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.profile, "profile", "default", "`name` under config/profiles, or a path")
	flags.StringVar(&c.output, "o", "", "header `file` to write, or to compare with --check")
	flags.StringVar(&c.source, "source", "", "Mbed TLS `tree` (default third_party/mbedtls/src in the module)")
	flags.StringVar(&c.compiler, "cc", cmp.Or(os.Getenv("CC"), "cc"), "C compiler `command`")
	flags.BoolVar(&c.check, "check", false, "exit 1 with a diff when the header is stale")
	flags.BoolVar(&c.list, "list", false, "print every option")
	flags.BoolVar(&c.diff, "diff", false, "print how profiles A and B differ")
	flags.StringVar(&c.explain, "explain", "", "print what decides `OPTION`")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	verb, err := c.verb(flags.Args())
	if err != nil {
		fmt.Fprintln(stderr, "mbedtls-config:", err)
		return 2
	}
	if err = c.prepare(); err == nil {
		err = verb()
	}
	if err != nil {
		if !errors.Is(err, errStale) {
			fmt.Fprintln(stderr, "mbedtls-config:", err)
		}
		return 1
	}
	return 0
}

// verb picks what to do; the arguments are those behind the flags.
func (c *command) verb(args []string) (func() error, error) {
	var chosen []func() error
	for _, v := range []struct {
		asked bool
		do    func() error
	}{
		{c.check, c.checkHeader},
		{c.list, c.listOptions},
		{c.diff, func() error { return c.diffProfiles(args[0], args[1]) }},
		{c.explain != "", c.explainOption},
	} {
		if v.asked {
			chosen = append(chosen, v.do)
		}
	}
	switch {
	case len(chosen) > 1:
		return nil, errors.New("--check, --list, --diff and --explain exclude each other")
	case c.diff && len(args) != 2:
		return nil, errors.New("--diff needs two profiles, after all flags: --diff A B")
	case !c.diff && len(args) > 0:
		return nil, fmt.Errorf("unexpected argument %q", args[0])
	case len(chosen) == 0:
		return c.generate, nil
	}
	return chosen[0], nil
}

// prepare finds the module and reads the option catalogue.
func (c *command) prepare() (err error) {
	if c.root, err = moduleRoot(); err != nil {
		return err
	}
	c.source = cmp.Or(c.source, filepath.Join(c.root, "third_party/mbedtls/src"))
	c.catalogue, err = mbedconfig.ReadCatalogue(c.source)
	return err
}

// moduleRoot is the nearest folder upward that holds go.mod, relative to the working directory: messages stay short.
func moduleRoot() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Rel(here, dir)
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a Go module", here)
		}
	}
}

// apply reads the named profile.
func (c *command) apply(profile string) (*mbedconfig.Config, error) {
	if !strings.Contains(filepath.ToSlash(profile), "/") {
		profile = filepath.Join(c.root, "config/profiles", profile)
	}
	return mbedconfig.Apply(c.catalogue, profile)
}

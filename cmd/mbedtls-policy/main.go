package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/gombedtls/gombedtls/mbedtls"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	conforms = 0
	violates = 1
	unknown  = 2 // also wrong usage
)

// command is one invocation.
type command struct {
	ctx    context.Context
	stdout io.Writer
	json   bool
	docs   bool // -v

	probeOptions
}

// verbs are what can be done, with how many arguments each takes.
var verbs = map[string]struct {
	usage     string
	arguments int
	flags     func(*command, *flag.FlagSet)
	do        func(*command, []string) (ok bool, err error)
}{
	"print": {"[-v] POLICY", 1, (*command).printFlags, (*command).print},
	"check": {"[--json] POLICY", 1, (*command).outputFlags, (*command).check},
	"diff":  {"[--json] A B", 2, (*command).outputFlags, (*command).diff},
	"probe": {"[flags] POLICY HOST:PORT | --listen ADDR POLICY", 2, (*command).probeFlags, (*command).probe},
}

const usage = "usage: mbedtls-policy print|check|diff|probe [flags] POLICY, and what follows it"

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &command{ctx: ctx, stdout: stdout}
	ok, err := c.dispatch(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return conforms
	case errors.Is(err, errFlags): // and flag has said why
		return unknown
	case err != nil:
		fmt.Fprintln(stderr, "mbedtls-policy:", err)
		return unknown
	case !ok:
		return violates
	}
	return conforms
}

var errFlags = errors.New("wrong flags")

func (c *command) dispatch(args []string, stderr io.Writer) (ok bool, err error) {
	if len(args) == 0 {
		return false, errors.New(usage)
	}
	verb, known := verbs[args[0]]
	if !known {
		return false, fmt.Errorf("no verb %q; %s", args[0], usage)
	}
	flags := flag.NewFlagSet("mbedtls-policy "+args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: mbedtls-policy %s %s\n", args[0], verb.usage)
		flags.PrintDefaults()
	}
	verb.flags(c, flags)
	operands, err := parse(flags, args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return false, err
	case err != nil:
		return false, errFlags
	}
	want := verb.arguments
	if c.listen != "" {
		want = 1
	}
	if len(operands) != want {
		return false, fmt.Errorf("%s takes %d arguments, not %d: mbedtls-policy %s %s", args[0], want, len(operands), args[0], verb.usage)
	}
	return verb.do(c, operands)
}

// parse takes flags wherever they stand.
func parse(flags *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		if args = flags.Args(); len(args) == 0 {
			return operands, nil
		}
		operands, args = append(operands, args[0]), args[1:]
	}
}

func (c *command) outputFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.json, "json", false, "print JSON")
}

func (c *command) printFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.docs, "v", false, "explain each rule")
}

var policies = map[string]mbedtls.Policy{
	"default": mbedtls.DefaultPolicy, "strict": mbedtls.StrictPolicy, "suiteb": mbedtls.SuiteBPolicy,
}

// policy finds a policy by its name, or reads it.
func policy(name string) (mbedtls.Policy, error) {
	if p := policies[name]; p != nil {
		return p, nil
	}
	p, err := mbedtls.LoadPolicy(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%q is neither default, strict nor suiteb, nor a file: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// writeJSON prints v with line breaks.
func (c *command) writeJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

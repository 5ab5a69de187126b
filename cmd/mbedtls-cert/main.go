package main

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// The exit codes.
const (
	good   = 0
	bad    = 1
	failed = 2 // also wrong usage
)

// command is one invocation.
type command struct {
	stdin  io.Reader
	input  []byte // what was read of stdin
	stdout io.Writer

	json, der bool
	output    string
	password  string // the file

	issueOptions
	verifyOptions
	keyOptions
}

// verb is something that can be done.
type verb struct {
	usage       string
	least, most int // arguments
	flags       func(*command, *flag.FlagSet)
	do          func(*command, []string) (ok bool, err error)
}

const issueUsage = "--subject NAME --key FILE | --ca CERT --ca-key FILE --csr FILE [flags]"

const unlimited = 1 << 30

var verbs = map[string]verb{
	"inspect":      {"[--json] FILE...", 1, unlimited, (*command).inspectFlags, (*command).inspect},
	"verify":       {"--ca FILE|DIR [flags] FILE", 1, 1, (*command).verifyFlags, (*command).verify},
	"issue":        {issueUsage, 0, 0, (*command).issueFlags, (*command).issue},
	"csr create":   {"--subject NAME --key FILE [flags]", 0, 0, (*command).requestFlags, (*command).createRequest},
	"csr inspect":  {"[--json] FILE", 1, 1, (*command).inspectFlags, (*command).inspectRequest},
	"crl inspect":  {"[--json] FILE", 1, 1, (*command).inspectFlags, (*command).inspectCRL},
	"crl check":    {"--ca FILE|DIR CRL CERT", 2, 2, (*command).checkFlags, (*command).checkCRL},
	"key generate": {"[--type TYPE] [-o FILE]", 0, 0, (*command).generateFlags, (*command).generateKey},
	"key convert":  {"[--public] [--der] FILE", 1, 1, (*command).convertFlags, (*command).convertKey},
	"key inspect":  {"[--json] FILE", 1, 1, (*command).keyInspectFlags, (*command).inspectKey},
	"key check":    {"FILE CERT|KEY", 2, 2, (*command).passwordFlag, (*command).checkKey},
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &command{stdin: stdin, stdout: stdout}
	ok, err := c.dispatch(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return good
	case errors.Is(err, errFlags): // and flag has said why
		return failed
	case err != nil:
		fmt.Fprintln(stderr, "mbedtls-cert:", err)
		return failed
	case !ok:
		return bad
	}
	return good
}

var errFlags = errors.New("wrong flags")

// usageError says how the program is called.
func usageError() error {
	var names []string
	for name := range verbs {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("usage: mbedtls-cert VERB [flags] [FILE...], where VERB is one of: %s", strings.Join(names, ", "))
}

func (c *command) dispatch(args []string, stderr io.Writer) (ok bool, err error) {
	if len(args) == 0 {
		return false, usageError()
	}
	if slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprintln(stderr, usageError())
		return false, flag.ErrHelp
	}
	name, rest := args[0], args[1:]
	if _, known := verbs[name]; !known && len(rest) > 0 {
		name, rest = name+" "+rest[0], rest[1:]
	}
	v, known := verbs[name]
	if !known {
		return false, fmt.Errorf("no verb %q; %w", name, usageError())
	}
	flags := flag.NewFlagSet("mbedtls-cert "+name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "usage: mbedtls-cert %s %s\n", name, v.usage)
		flags.PrintDefaults()
	}
	v.flags(c, flags)
	operands, err := parse(flags, rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return false, err
	case err != nil:
		return false, errFlags
	case len(operands) < v.least || len(operands) > v.most:
		return false, fmt.Errorf("wrong number of arguments: mbedtls-cert %s %s", name, v.usage)
	}
	return v.do(c, operands)
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

// list is a flag that may be given several times.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func (c *command) inspectFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.json, "json", false, "print JSON")
}

func (c *command) outputFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.der, "der", false, "write DER, not PEM")
	flags.StringVar(&c.output, "o", "", "`file` to write, not standard output")
}

func (c *command) passwordFlag(flags *flag.FlagSet) {
	flags.StringVar(&c.password, "password-file", "", "`file` whose first line opens the private key, but not a CA's")
}

// read reads a file, or standard input, which may be asked for again.
func (c *command) read(name string) (data []byte, err error) {
	if name != "-" {
		return os.ReadFile(name)
	}
	if c.input == nil {
		c.input, err = io.ReadAll(c.stdin)
	}
	return bytes.Clone(c.input), err
}

// write writes what was made, in the form that is asked for.
func (c *command) write(der []byte, kind string, mode os.FileMode) error {
	if !c.der {
		der = pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	return c.writeRaw(der, mode)
}

func (c *command) writeRaw(data []byte, mode os.FileMode) error {
	if c.output == "" {
		_, err := c.stdout.Write(data)
		return err
	}
	if mode == private {
		// A file that is there keeps its mode: nobody else may read it from now on.
		if info, err := os.Stat(c.output); err == nil && info.Mode().IsRegular() {
			if err := os.Chmod(c.output, mode); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(c.output, data, mode)
}

// The modes of files: of what all may read, and of private keys.
const (
	public  = 0o644
	private = 0o600
)

// writeJSON prints v with line breaks.
func (c *command) writeJSON(v any) error {
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

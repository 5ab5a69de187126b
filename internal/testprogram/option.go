package testprogram

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// option is one row of the table of options.
type option struct {
	name string
	ends end
	set  func(value string) error
	help string // what it does, its values and its default
}

// end is a set of the two programs.
type end int

const (
	client end = 1 << iota
	server

	both = client | server
)

// group is what help prints under one heading.
type group struct {
	title   string
	options []option
}

// UsageError is a command line that a program does not take.
type UsageError struct {
	Text   string
	Status int // of the program
}

func (e *UsageError) Error() string { return e.Text }

// Usage is a UsageError with the usual exit status.
func Usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...), 1} }

// ErrHelp says that the program has printed what was asked for, and that this is all.
var ErrHelp = errors.New("help was printed")

var errValue = errors.New("not a value of the option")

// parse takes a command line of name=value, or name value. own are arguments that stand alone.
func parse(groups []group, ends end, args []string, own map[string]func() error) error {
	table := map[string]option{}
	for _, g := range groups {
		for _, o := range g.options {
			if o.ends&ends != 0 {
				table[o.name] = o
			}
		}
	}
	for len(args) > 0 {
		name, value, found := strings.Cut(args[0], "=")
		args = args[1:]
		if f := own[name]; f != nil && !found {
			return f()
		}
		o, known := table[name]
		switch {
		case found:
		case known && len(args) > 0:
			value, args = args[0], args[1:]
		default:
			return Usage("param requires a value: '%s'", name)
		}
		if !known {
			return Usage("unrecognized param: '%s'", name)
		}
		if err := o.set(value); errors.Is(err, errValue) {
			return Usage("unrecognized value for '%s': '%s'", name, value)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// printHelp lists the options of a program.
func printHelp(w io.Writer, program string, groups []group, ends end) {
	fmt.Fprintf(w, "usage: %s [param=value] [...]\n", program)
	for _, g := range groups {
		fmt.Fprintf(w, "\n%s:\n", g.title)
		for _, o := range g.options {
			if o.ends&ends != 0 {
				fmt.Fprintf(w, "    %-22s %s\n", o.name+"=", strings.ReplaceAll(o.help, "\n", "\n"+strings.Repeat(" ", 27)))
			}
		}
	}
	fmt.Fprintln(w, "\nhelp lists the options, and help_ciphersuites the suites of this build.")
}

// The kinds of values. A pointer that stays nil leaves the matter to the library.

func text(to *string) func(string) error {
	return func(s string) error { *to = s; return nil }
}

func optional[T any](to **T, set func(*T) func(string) error) func(string) error {
	return func(s string) error { *to = new(T); return set(*to)(s) }
}

// list is comma-separated.
func list(to *[]string) func(string) error {
	return func(s string) error { *to = strings.Split(s, ","); return nil }
}

func number[T int | int64 | uint64](to *T, minimum, maximum T) func(string) error {
	return func(s string) error {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil || T(n) < minimum || T(n) > maximum || n < 0 && minimum >= 0 {
			return errValue
		}
		*to = T(n)
		return nil
	}
}

func optionalNumber(to **int, minimum, maximum int) func(string) error {
	return func(s string) error {
		var n int
		if err := number(&n, minimum, maximum)(s); err != nil {
			return err
		}
		*to = &n
		return nil
	}
}

func boolean(to *bool) func(string) error {
	return func(s string) error {
		var n int
		err := number(&n, 0, 1)(s)
		*to = n == 1
		return err
	}
}

// nonzero takes any number for a boolean.
func nonzero(to *bool) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		*to = n != 0
		if err != nil {
			return errValue
		}
		return nil
	}
}

func milliseconds(to *time.Duration) func(string) error {
	return func(s string) error {
		var n int64
		err := number(&n, 0, 1<<32-1)(s)
		*to = time.Duration(n) * time.Millisecond
		return err
	}
}

func oneOf[T any](to *T, values map[string]T) func(string) error {
	return func(s string) error {
		v, ok := values[s]
		if !ok {
			return errValue
		}
		*to = v
		return nil
	}
}

// names lists the options of a program, for a test.
func names(groups []group, ends end) (all []string) {
	for _, g := range groups {
		for _, o := range g.options {
			if o.ends&ends != 0 {
				all = append(all, o.name)
			}
		}
	}
	slices.Sort(all)
	return all
}

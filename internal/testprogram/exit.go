package testprogram

import (
	"errors"
	"io"
)

// Run is a program: it parses the command line, runs what that asks for, prints how it ended, and returns the exit status.
func Run(isServer bool, args []string, w io.Writer, run func(*Options, *Output) error) int {
	o, err := Parse(isServer, args, w)
	if errors.Is(err, ErrHelp) {
		return 0
	}
	out := NewOutput(w)
	if err == nil {
		err = run(o, out)
	}
	return out.status(err)
}

// status prints why a program ends, if that is not its orderly end.
func (o *Output) status(err error) int {
	if err == nil {
		return 0
	}
	if usage := (*UsageError)(nil); errors.As(err, &usage) {
		if usage.Text != "" {
			o.Printf("%s\nhelp lists what there is\n", usage.Text)
		}
		return usage.Status
	}
	var exit *ExitError
	if !errors.As(err, &exit) {
		exit = &ExitError{Text: err.Error(), Err: err}
	}
	if exit.Text != "" {
		o.Printf("%s\n", exit.Text)
	}
	if code, ok := libraryCode(exit.Err); ok && code != 0 {
		o.Printf("Last error was: -0x%X - %s\n\n", -int(code), Strerror(code))
	}
	return 1
}

// Failed prints that a call failed that the program cannot go on without, by the library's number; what has none, in words.
func (o *Output) Failed(function string, err error) error {
	o.Printf(" failed\n  ! %s returned %s\n\n", function, Hex(Code(err)))
	if _, ok := libraryCode(err); !ok {
		o.Printf("  ! %v\n", err)
	}
	return &ExitError{Err: err}
}

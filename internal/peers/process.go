package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	Name           string // as the user knows it, such as "openssl s_server"
	Stdin          io.WriteCloser
	Stdout, Stderr *Output

	cmd     *exec.Cmd
	stop    context.CancelFunc
	exited  chan struct{}
	exitErr error // of exited
}

// killAfter is how long a process may take to end once it is asked to.
const killAfter = 2 * time.Second

// Start runs a program. It ends, at the latest, with ctx: by SIGTERM, and if that does not help, by SIGKILL.
func Start(ctx context.Context, name, program string, args ...string) (*Process, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%s is missing: run ./build.sh test", filepath.Base(program))
	}
	ctx, stop := context.WithCancel(ctx)
	p := &Process{
		Name:   name,
		Stdout: newOutput(),
		Stderr: newOutput(),
		cmd:    exec.CommandContext(ctx, path, args...),
		stop:   stop,
		exited: make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.Stdout, p.Stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = killAfter
	if p.Stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		stop()
		return nil, err
	}
	go func() {
		p.exitErr = p.cmd.Wait()
		p.Stdout.end()
		p.Stderr.end()
		close(p.exited)
	}()
	return p, nil
}

// Pid is the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends the process a signal, unless it has ended: that is [os.ErrProcessDone].
func (p *Process) Signal(sig os.Signal) error { return p.cmd.Process.Signal(sig) }

// Wait waits for the process to end by itself; an exit code other than 0 is an error with its output.
func (p *Process) Wait() error {
	<-p.exited
	p.stop()
	return p.Explain(p.exitErr)
}

// Stop ends the process, and waits for that. It may be called more than once.
func (p *Process) Stop() {
	p.stop()
	<-p.exited
}

// AwaitOutput waits until one line of stdout or stderr matches, and returns the groups of the match.
func (p *Process) AwaitOutput(o *Output, re *regexp.Regexp) ([]string, error) {
	groups, err := o.awaitMatch(re)
	if err != nil {
		return nil, p.Explain(fmt.Errorf("no output matches %q: %w", re, err))
	}
	return groups, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.exited }

// Explain adds the output to an error. It leaves nil, and what has the output, alone.
func (p *Process) Explain(err error) error {
	var explained *Error
	if err == nil || errors.As(err, &explained) {
		return err
	}
	return &Error{Process: p, Err: err}
}

// Error is a failure of a peer, or with one.
type Error struct {
	Process *Process
	Err     error
}

// Error tells the program, what failed, and the end of its output.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: %v\n%s", e.Process.Name, e.Err, e.Process.Report())
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// What a report shows of each output at most: the last lines, and the beginning of each.
const (
	reportLines = 30
	reportWidth = 200
)

// Report is the end of the output, for people.
func (p *Process) Report() string {
	var b strings.Builder
	for _, o := range []struct {
		name   string
		output *Output
	}{{"stdout", p.Stdout}, {"stderr", p.Stderr}} {
		text := strings.TrimSpace(strings.ToValidUTF8(o.output.String(), "·"))
		if text == "" {
			continue
		}
		fmt.Fprintf(&b, "--- %s of %s\n", o.name, p.Name)
		lines := strings.Split(text, "\n")
		for _, line := range lines[max(0, len(lines)-reportLines):] {
			if len(line) > reportWidth {
				line = line[:reportWidth] + "…"
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// Run runs a program to its end, and returns its stdout.
func Run(ctx context.Context, program string, args ...string) ([]byte, error) {
	p, err := Start(ctx, program, program, args...)
	if err != nil {
		return nil, err
	}
	if err := p.Stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		p.Stop()
		return nil, err
	}
	err = p.Wait()
	return p.Stdout.Bytes(), err
}

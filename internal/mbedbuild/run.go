package mbedbuild

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// ErrMissing is what errors about a tool that is not there, and cannot be installed, wrap.
var ErrMissing = errors.New("missing")

// need installs the Debian packages of the tools that are missing, when it may, and else says what to install.
func need(ctx context.Context, p *Progress, tools []tool) error {
	var missing, packages []string
	for _, t := range tools {
		if _, err := exec.LookPath(t.command); err != nil {
			missing = append(missing, t.command)
			packages = append(packages, t.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return install(ctx, p, missing, packages)
}

// install installs the packages of what is missing, or says what to install.
func install(ctx context.Context, p *Progress, missing, packages []string) error {
	list := strings.Join(packages, " ")
	if _, err := exec.LookPath("apt-get"); os.Geteuid() != 0 || err != nil {
		return fmt.Errorf("%w %s: run apt-get install %s as root (or your system's equivalent)", ErrMissing, strings.Join(missing, " "), list)
	}
	p.Say("installing %s", list)
	install := append([]string{"install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=600"}, packages...)
	_, err := run(ctx, nil, "apt-get", install...)
	if err != nil {
		// The package lists of a fresh image are absent, and those of an old one may name files that are gone.
		if _, err = run(ctx, nil, "apt-get", "-q", "update"); err == nil {
			_, err = run(ctx, nil, "apt-get", install...)
		}
	}
	if err != nil {
		return fmt.Errorf("apt-get install %s failed: %w", list, err)
	}
	return nil
}

// A tool is a command and the Debian package that brings it.
type tool struct{ command, pkg string }

// run runs a command and returns its output. The error is what the command said last.
func run(ctx context.Context, w *workplace, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // apt-get may not be killed in the middle
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if w != nil {
		cmd.Dir, cmd.ExtraFiles = w.dir, []*os.File{w.lock}
	}
	var stdout, all bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Stderr = &all
	err := cmd.Run()
	all.Write(stdout.Bytes())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = errors.New(reason(all.String(), err.Error()))
	}
	return stdout.String(), err
}

// oneLineOf makes one line of joined errors.
func oneLineOf(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), "\n", ", "))
}

// reason is the line of a program's output that says why it failed. Of apt that is the one after the address that did.
func reason(output, otherwise string) string {
	lines := strings.FieldsFunc(output, func(r rune) bool { return r == '\n' })
	for i, line := range lines {
		if strings.HasPrefix(line, "Err:") && i+1 < len(lines) {
			return strings.TrimSpace(lines[i+1])
		}
	}
	for _, line := range lines {
		for _, mark := range []string{"E: ", "error: ", "*** ", "undefined reference"} {
			if strings.Contains(line, mark) {
				return strings.TrimSpace(line)
			}
		}
	}
	if len(lines) == 0 {
		return otherwise
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

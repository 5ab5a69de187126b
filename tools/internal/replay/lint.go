package replay

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// Finding is what a linter has to say about a line. Line 0 is the file as a whole.
type Finding struct {
	Line       int
	Rule, Text string
}

// linter looks at a Dockerfile. A program that is not installed is exec.ErrNotFound.
type linter struct {
	name  string
	check func(*File, context.Context, []byte) ([]Finding, error)
}

var linters = []linter{
	{"buildkit", (*File).lintBuildKit}, // docker build --check
	{"image", (*File).lintImage},
	{"shellcheck", (*File).lintShell},
	{"hadolint", (*File).lintHadolint},
}

// Lint returns what the linters found, the names of those that ran, and of those that are not installed.
func (f *File) Lint(ctx context.Context) (findings []Finding, ran, missing []string, err error) {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, l := range linters {
		found, err := l.check(f, ctx, text)
		if errors.Is(err, exec.ErrNotFound) {
			missing = append(missing, l.name)
			continue
		}
		if err != nil {
			return nil, nil, nil, fmt.Errorf("%s: %w", l.name, err)
		}
		ran = append(ran, l.name)
		findings = append(findings, found...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return findings, ran, missing, nil
}

func (f *File) lintBuildKit(ctx context.Context, text []byte) ([]Finding, error) {
	opt, err := f.options("", text)
	if err != nil {
		return nil, err
	}
	images := new(resolver)
	opt.MetaResolver = images
	results, err := dockerfile2llb.DockerfileLint(ctx, text, opt)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, w := range results.Warnings {
		line := 0
		if ranges := w.Location.GetRanges(); len(ranges) > 0 {
			line = int(ranges[0].Start.Line)
		}
		found = append(found, Finding{line, w.RuleName, w.Detail})
	}
	if results.Error != nil {
		return append(found, Finding{0, "error", results.Error.Message}), nil
	}
	slices.Sort(images.asked)
	for _, ref := range slices.Compact(images.asked) {
		if _, tag := split(ref); tag == "" || tag == "latest" {
			found = append(found, Finding{0, "UnpinnedImage", ref + " may be another image tomorrow: name a tag or a digest"})
		}
	}
	return found, nil
}

var numericUser = regexp.MustCompile(`^[1-9][0-9]*(:[0-9]+)?$`)

// lintImage looks at what the last stage becomes.
func (f *File) lintImage(ctx context.Context, _ []byte) ([]Finding, error) {
	_, image, err := f.convert(ctx, "")
	if err != nil {
		return nil, nil // which BuildKit's linter has told
	}
	var found []Finding
	for _, rule := range []struct {
		holds      bool
		name, text string
	}{
		{numericUser.MatchString(image.Config.User), "NumericUser",
			fmt.Sprintf("USER is %q: it must be a number other than 0, which Kubernetes can tell from root", image.Config.User)},
		{image.Config.Healthcheck != nil && len(image.Config.Healthcheck.Test) > 1, "Healthcheck", "there is no HEALTHCHECK"},
		{len(image.Config.ExposedPorts) > 0, "Expose", "there is no EXPOSE"},
		{image.Config.Labels["org.opencontainers.image.licenses"] != "", "Labels", "there is no LABEL org.opencontainers.image.licenses"},
	} {
		if !rule.holds {
			found = append(found, Finding{0, rule.name, rule.text})
		}
	}
	return found, nil
}

// lintShell has ShellCheck read each RUN.
func (f *File) lintShell(ctx context.Context, text []byte) ([]Finding, error) {
	file, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, nil // which BuildKit's linter has told
	}
	stages, _, err := instructions.Parse(file.AST, nil)
	if err != nil {
		return nil, nil
	}
	var found []Finding
	shells := map[string][]string{} // of stages, which the stages that begin as these have too
	for _, stage := range stages {
		shell := shells[strings.ToLower(stage.BaseName)]
		if shell == nil {
			shell = []string{"/bin/sh", "-c"}
		}
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.ShellCommand:
				shell = c.Shell
			case *instructions.RunCommand:
				if !c.PrependShell {
					continue
				}
				comments, err := shellcheck(ctx, shell, c)
				if err != nil {
					return nil, err
				}
				found = append(found, comments...)
			}
		}
		shells[strings.ToLower(stage.Name)] = shell
	}
	return found, nil
}

// shellcheck reads one RUN. Its lines are one by now, and what SHELL says about the shell is told in a line before.
func shellcheck(ctx context.Context, shell []string, run *instructions.RunCommand) ([]Finding, error) {
	script := "set " + strings.Join(shell[1:len(shell)-1], " ") + "\n" + strings.Join(run.CmdLine, "\n") + "\n"
	for _, file := range run.Files {
		script += file.Data + file.Name + "\n"
	}
	// SC2154 is about variables that are not set in the script: ARG and ENV do that.
	cmd := exec.CommandContext(ctx, "shellcheck", "--shell="+filepath.Base(shell[0]), "--exclude=SC2154", "--format=json", "-")
	cmd.Stdin = strings.NewReader(script)
	var comments []struct {
		Code    int
		Message string
	}
	if err := runForJSON(cmd, &comments); err != nil {
		return nil, err
	}
	var found []Finding
	for _, c := range comments {
		found = append(found, Finding{run.Location()[0].Start.Line, fmt.Sprintf("SC%d", c.Code), c.Message})
	}
	return found, nil
}

func (f *File) lintHadolint(ctx context.Context, text []byte) ([]Finding, error) {
	cmd := exec.CommandContext(ctx, "hadolint", "--no-color", "--format", "json", "-")
	cmd.Stdin = bytes.NewReader(text)
	var comments []struct {
		Line                 int
		Code, Message, Level string
	}
	if err := runForJSON(cmd, &comments); err != nil {
		return nil, err
	}
	var found []Finding
	for _, c := range comments {
		if c.Level == "error" || c.Level == "warning" { // the others are about taste
			found = append(found, Finding{c.Line, c.Code, c.Message})
		}
	}
	return found, nil
}

// runForJSON runs a linter, whose status is not 0 also if it has found something.
func runForJSON(cmd *exec.Cmd, to any) error {
	var said bytes.Buffer
	cmd.Stderr = &said
	text, err := cmd.Output()
	if bad := json.Unmarshal(text, to); bad != nil {
		if err == nil {
			err = bad
		}
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// process is a stack at work.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Scanner
	stderr bytes.Buffer
	port   string
}

// start starts one and waits until it is ready.
func start(ctx context.Context, env []string, program string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := p.line()
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(line, "ready") {
		p.stop()
		return nil, fmt.Errorf("not ready: %q", line)
	}
	_, p.port, _ = strings.Cut(line, "port=")
	return p, nil
}

// answerLimit is how long a process may take for an answer: a stack that hangs costs one row, not the run.
const answerLimit = 2 * time.Minute

func (p *process) scan() bool {
	defer time.AfterFunc(answerLimit, func() { _ = p.cmd.Process.Kill() }).Stop()
	return p.out.Scan()
}

// line is the next one of its output; if there is none, the process has ended.
func (p *process) line() (string, error) {
	if !p.scan() {
		p.in.Close()
		return "", fmt.Errorf("it ended: %v: %s", p.cmd.Wait(), lastLines(p.stderr.String(), 12))
	}
	return p.out.Text(), nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// ask sends a command and returns the answer.
func (p *process) ask(format string, args ...any) (values, error) {
	if err := p.tell(format, args...); err != nil {
		return nil, err
	}
	return p.answer()
}

func (p *process) tell(format string, args ...any) error {
	_, err := fmt.Fprintf(p.in, format+"\n", args...)
	return err
}

func (p *process) answer() (values, error) {
	line, err := p.line()
	if err != nil {
		return nil, err
	}
	return parseValues(line)
}

// stop lets it end.
func (p *process) stop() {
	p.in.Close()
	for p.scan() {
	}
	_ = p.cmd.Wait() // what it measured is there
}

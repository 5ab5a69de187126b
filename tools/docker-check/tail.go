package main

import (
	"io"
	"strings"
)

// tail keeps the last lines of what is written to it, for the report of a failure.
type tail struct {
	to    io.Writer // gets everything
	lines []string
	open  string
}

const tailLines = 25

func (t *tail) Write(text []byte) (int, error) {
	parts := strings.Split(t.open+string(text), "\n")
	t.open = parts[len(parts)-1]
	t.lines = append(t.lines, parts[:len(parts)-1]...)
	t.lines = t.lines[max(0, len(t.lines)-tailLines):]
	return t.to.Write(text)
}

// String is the lines.
func (t *tail) String() string { return strings.TrimSpace(strings.Join(append(t.lines, t.open), "\n")) }

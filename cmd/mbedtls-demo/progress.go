package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// progress is a line that is overwritten, on a terminal; elsewhere there is none.
type progress struct {
	w     io.Writer // nil: no terminal
	total int
}

func newProgress(w io.Writer, total int) progress {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return progress{w, total}
	}
	return progress{}
}

func (p progress) show(step int, what string) { p.print(fmt.Sprintf("%d/%d %s", step, p.total, what)) }

func (p progress) clear() { p.print("") }

func (p progress) print(line string) {
	if p.w != nil {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	}
}

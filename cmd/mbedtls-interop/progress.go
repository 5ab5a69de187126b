package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// progress shows how far a run is: on a terminal a line that is overwritten, elsewhere a line for each tenth.
type progress struct {
	mu           sync.Mutex
	w            io.Writer
	live         bool
	label        string
	total        int // 0: unknown
	done, failed int
}

func newProgress(w io.Writer, label string, total int) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, live: ok && term.IsTerminal(int(f.Fd())), label: label, total: total}
}

// step counts a test that has ended.
func (p *progress) step(r *result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if r.Outcome == failed {
		p.failed++
	}
	tenth := max(p.total/10, 100)
	switch {
	case p.live:
		fmt.Fprintf(p.w, "\r\x1b[K%s %.60s", p.text(), r.Name)
	case p.done%tenth == 0:
		fmt.Fprintln(p.w, p.text())
	}
}

func (p *progress) text() string {
	count := fmt.Sprint(p.done)
	if p.total > 0 {
		count += fmt.Sprintf("/%d", p.total)
	}
	return fmt.Sprintf("%s: %s, %d failed", p.label, count, p.failed)
}

// end clears the line.
func (p *progress) end() {
	if p.live {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

package mbedbuild

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Progress tells a user what goes on, a line at a time. A terminal also sees a line that changes.
type Progress struct {
	w        io.Writer
	terminal bool

	mu   sync.Mutex
	open bool // the changing line is on the screen
}

// NewProgress writes to w.
func NewProgress(w io.Writer) *Progress {
	f, isFile := w.(*os.File)
	return &Progress{w: w, terminal: isFile && term.IsTerminal(int(f.Fd()))}
}

// Say writes a line.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// Clear ends the line that changes, for whoever else writes to the terminal.
func (p *Progress) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Progress) clear() {
	if p.open {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.open = false
	}
}

// live changes the line.
func (p *Progress) live(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
		p.open = true
	}
}

// steps reads lines, each of which is one step of total. A terminal sees each, a pipe the quarters.
func (p *Progress) steps(label string, total int, lines *bufio.Scanner) error {
	defer p.Clear()
	quarter := 1
	for done := 1; lines.Scan(); done++ {
		if p.terminal {
			p.live("%s: %d/%d %s", label, done, total, lines.Text())
		} else if total > 20 && done*4 >= total*quarter && quarter < 4 {
			p.Say("%s: %d/%d", label, done, total)
			quarter++
		}
	}
	return lines.Err()
}

// bytes shows how much of total has been read from r.
func (p *Progress) bytes(label string, total int64, r io.Reader) io.Reader {
	return &counted{Reader: r, p: p, label: label, total: total}
}

type counted struct {
	io.Reader
	p           *Progress
	label       string
	done, total int64
}

func (c *counted) Read(buf []byte) (int, error) {
	n, err := c.Reader.Read(buf)
	c.done += int64(n)
	c.p.live("%s: %d%%", c.label, c.done*100/max(c.total, 1))
	return n, err
}

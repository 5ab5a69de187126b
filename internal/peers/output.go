package peers

import (
	"bytes"
	"errors"
	"regexp"
	"sync"
)

// Output is what a process has written so far.
type Output struct {
	mu      sync.Mutex
	data    []byte
	ended   bool
	changed chan struct{} // closed by the next change
}

func newOutput() *Output { return &Output{changed: make(chan struct{})} }

// Write is for the process.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data = append(o.data, p...)
	o.wake()
	return len(p), nil
}

func (o *Output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	o.wake()
}

func (o *Output) wake() {
	close(o.changed)
	o.changed = make(chan struct{})
}

// Bytes is the output so far. It must not be changed.
func (o *Output) Bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data
}

// String is the output so far.
func (o *Output) String() string { return string(o.Bytes()) }

var errEnded = errors.New("the process ended")

// await waits until the output satisfies ok, or has ended.
func (o *Output) await(ok func([]byte) bool) error {
	for {
		o.mu.Lock()
		data, ended, changed := o.data, o.ended, o.changed
		o.mu.Unlock()
		switch {
		case ok(data):
			return nil
		case ended:
			return errEnded
		}
		<-changed
	}
}

// awaitMatch waits for a match, and returns its groups.
func (o *Output) awaitMatch(re *regexp.Regexp) (groups []string, err error) {
	err = o.await(func(data []byte) bool {
		for _, g := range re.FindSubmatch(data) {
			groups = append(groups, string(g))
		}
		return groups != nil
	})
	return groups, err
}

// awaitText waits for bytes as they are.
func (o *Output) awaitText(text []byte) error {
	return o.await(func(data []byte) bool { return len(data) >= len(text) && bytes.Contains(data, text) })
}

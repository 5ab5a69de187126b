package transcript

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"time"
)

// lane carries records, or datagrams, from one end to the other, notes them, and does to them what the rules say.
// driver/link.c is the same in C.
type lane struct {
	from     string
	arrow    string
	datagram bool
	rules    []rule
	note     func(line string)

	emitted int
	queue   [][]byte
	held    []heldUnit
	eof     bool // nothing comes after the queue
	muted   bool
	part    []byte // of a stream, a record that is not whole
}

type heldUnit struct {
	p    []byte
	left int // units to let pass
}

func (l *lane) send(p []byte) {
	switch {
	case l.muted:
		return
	case l.datagram:
		l.emit(p)
		return
	}
	for l.part = append(l.part, p...); len(l.part) >= 5; {
		record := 5 + int(l.part[3])<<8 + int(l.part[4])
		if len(l.part) < record {
			return
		}
		l.emit(l.part[:record])
		l.part = l.part[record:]
	}
}

func (l *lane) emit(p []byte) {
	l.note(l.arrow + " " + hex.EncodeToString(p))
	unit, hold, copies, eof := slices.Clone(p), -1, 1, false
	var after []byte
	for _, r := range l.rules {
		if r.from != l.from || r.index != l.emitted {
			continue
		}
		at := r.a
		if at < 0 {
			at += len(unit)
		}
		switch r.what {
		case "drop":
			copies = 0
		case "dup":
			copies = 2
		case "flip":
			if at < len(unit) {
				unit[at] ^= byte(r.b)
			}
		case "cut":
			unit = unit[:min(at, len(unit))]
		case "hold":
			hold = r.a
		case "eof":
			eof = true
		case "before":
			l.put(unhex(r.data))
		case "after":
			after = unhex(r.data)
		default:
			panic("no such rule: " + r.what)
		}
	}
	l.emitted++
	for range copies {
		if hold >= 0 {
			l.held = append(l.held, heldUnit{unit, hold})
		} else {
			l.put(unit)
		}
	}
	l.put(after)
	l.held = slices.DeleteFunc(l.held, func(u heldUnit) bool { return u.left == 0 && l.put(u.p) })
	for i := range l.held {
		l.held[i].left--
	}
	l.eof = l.eof || eof
}

func unhex(s string) []byte {
	p, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return p
}

func (l *lane) put(p []byte) bool {
	if !l.eof && len(p) > 0 {
		l.queue = append(l.queue, slices.Clone(p))
	}
	return true
}

func (l *lane) recv(p []byte) int {
	n := copy(p, l.queue[0])
	if l.queue[0] = l.queue[0][n:]; l.datagram || len(l.queue[0]) == 0 {
		l.queue = l.queue[1:]
	}
	return n
}

var errStuck = errors.New("nothing will ever come")

// turn is one end's part in the alternation: it runs between a receive from resume and a send to yield, which whoever waits
// for the other end does in Read.
type turn struct {
	resume, yield chan struct{}
	in, out       *lane
	started, done bool
	stuck         bool
	deadline      time.Time
}

func newTurn(in, out *lane) *turn {
	return &turn{in: in, out: out, resume: make(chan struct{}), yield: make(chan struct{})}
}

// run lets the end go on until it waits, or is done.
func (t *turn) run() {
	t.started = true
	t.resume <- struct{}{}
	<-t.yield
}

func (t *turn) runnable() bool {
	return !t.done && (!t.started || len(t.in.queue) > 0 || t.in.eof && !t.in.datagram)
}

// alternate runs both ends to their end, or until they are stuck.
func alternate(client, server *turn) {
	for {
		ran := false
		for _, t := range []*turn{client, server} {
			if t.runnable() {
				t.run()
				ran = true
			}
		}
		if ran {
			continue
		}
		var next *turn
		for _, t := range []*turn{client, server} {
			if !t.done && !t.deadline.IsZero() && (next == nil || t.deadline.Before(next.deadline)) {
				next = t
			}
		}
		if next == nil {
			return
		}
		time.Sleep(time.Until(next.deadline)) // the clock stands still while anything runs
		next.run()
	}
}

// conn is what an end has for a network.
type conn struct {
	*turn
	local, remote addr
}

type addr string

func (a addr) Network() string { return "memory" }
func (a addr) String() string  { return string(a) }

func (c conn) Read(p []byte) (int, error) {
	for {
		switch {
		case c.stuck:
			return 0, errStuck
		case len(c.in.queue) > 0:
			return c.in.recv(p), nil
		case c.in.eof && !c.in.datagram:
			return 0, io.EOF
		case !c.deadline.IsZero() && !time.Now().Before(c.deadline):
			return 0, os.ErrDeadlineExceeded
		}
		c.yield <- struct{}{}
		<-c.resume
	}
}

func (c conn) Write(p []byte) (int, error) {
	c.out.send(p)
	return len(p), nil
}

func (c conn) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

func (c conn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }
func (c conn) SetWriteDeadline(time.Time) error { return nil }
func (c conn) Close() error                     { return nil }
func (c conn) LocalAddr() net.Addr              { return c.local }
func (c conn) RemoteAddr() net.Addr             { return c.remote }

var _ net.Conn = conn{}

// String is a rule for a failure's report.
func (r rule) String() string {
	return fmt.Sprintf("%s %d %s %d %d %s", r.from, r.index, r.what, r.a, r.b, r.data)
}

package transcript

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// play runs a session on package mbedtls, and returns its transcript.
func play(t *testing.T, s *session) (lines []string) {
	synctest.Test(t, func(t *testing.T) {
		now := clock()
		cbridge.SetClock(&cbridge.Clock{Now: now, MS: func() int64 { return now().UnixMilli() }})
		defer cbridge.SetClock(nil)
		w, err := newWorld(s, now)
		defer w.close()
		if err != nil {
			t.Fatal(err)
		}
		w.note("session " + s.name)
		for i := range s.connections {
			w.note("connection")
			if err := w.connect(t, &s.connections[i]); err != nil {
				t.Fatal(err)
			}
		}
		w.note("end")
		lines = w.lines
	})
	return lines
}

// end is one end of a connection.
type end struct {
	*turn
	w       *world
	conn    *mbedtls.Conn
	name    string
	which   int
	script  []op
	at      int
	written int
}

func (w *world) connect(t *testing.T, c *connection) error {
	client, server := c.ends(w.session)
	lanes := [2]*lane{}
	for i, from := range []string{"client", "server"} {
		lanes[i] = &lane{from: from, arrow: []string{"c>s", "s>c"}[i], datagram: w.session.datagram, rules: c.rules, note: w.note}
	}
	turns := [2]*turn{newTurn(lanes[1], lanes[0]), newTurn(lanes[0], lanes[1])}
	ends := [2]*end{}
	for i, e := range []*endpoint{client, server} {
		config, err := w.config(e, i == 1)
		if err != nil {
			return fmt.Errorf("%s: %w", lanes[i].from, err)
		}
		over := conn{turn: turns[i], local: addr(lanes[i].from), remote: addr(lanes[1-i].from)}
		make := [2][2]func(net.Conn, *mbedtls.Config) *mbedtls.Conn{
			{mbedtls.Client, mbedtls.Server}, {mbedtls.ClientDTLS, mbedtls.ServerDTLS},
		}[number(w.session.datagram)][i]
		ends[i] = &end{turn: turns[i], w: w, conn: make(over, config), name: lanes[i].from, which: i,
			script: ops([]string{c.client, c.server}[i])}
	}
	if c.resume && w.kept != nil {
		if err := ends[0].conn.SetSession(w.kept); err != nil {
			return err
		}
	}
	for _, e := range ends {
		go e.run()
	}
	alternate(turns[0], turns[1])
	for _, e := range ends {
		if !e.done {
			w.note(fmt.Sprintf("%s %s stuck", e.name, e.script[e.at].name))
		}
		e.stuck, e.out.muted = true, true
	}
	for _, e := range ends {
		if !e.done {
			e.turn.run()
		}
		c.check(t, e)
	}
	for _, r := range c.rules {
		if l := lanes[number(r.from == "server")]; r.index >= l.emitted {
			t.Errorf("the rule %v is for something that the %s never sent", r, r.from)
		}
	}
	return nil
}

// check compares what the handshake settled with what the session is about.
func (c *connection) check(t *testing.T, e *end) {
	st := e.conn.ConnectionState()
	if !st.HandshakeComplete {
		return
	}
	if st.DidResume != c.resumed {
		t.Errorf("%s: resumed: %v, want %v", e.name, st.DidResume, c.resumed)
	}
	if st.EarlyData != c.early && (e.which == 0 || c.early != mbedtls.EarlyDataRejected) {
		t.Errorf("%s: early data: %v, want %v", e.name, st.EarlyData, c.early)
	}
}

// run plays the end's part, in its turns.
func (e *end) run() {
	<-e.resume
	for ; e.at < len(e.script); e.at++ {
		o := e.script[e.at]
		result, err := e.do(o)
		if e.stuck {
			break
		}
		if err != nil {
			e.w.note(fmt.Sprintf("%s %s %s", e.name, o.name, outcome(err)))
			break
		}
		if result != "" {
			e.w.note(fmt.Sprintf("%s %s %s", e.name, o.name, result))
		}
	}
	e.out.muted = true
	rng := *e.w.rng[e.which]
	e.conn.Close()
	*e.w.rng[e.which] = rng // the close_notify that nobody sees may have used some
	e.done, e.out.eof = true, true
	e.yield <- struct{}{}
}

// outcome is an error as the driver prints it.
func outcome(err error) string {
	var e *mbedtls.Error
	switch {
	case err == io.EOF:
		return "eof"
	case errors.As(err, &e) && e.Code == mbedtls.ErrSSLPeerCloseNotify:
		return "eof"
	case errors.As(err, &e) && e.Code != mbedtls.ErrSSLConnEOF:
		return fmt.Sprintf("-%04x", -int(e.Code))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	}
	return err.Error()
}

func (e *end) fill(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte((e.written+i)*31 + e.which)
	}
	return p
}

// do carries out one operation.
func (e *end) do(o op) (string, error) {
	run, ok := map[string]func(op) (string, error){
		"handshake": e.handshake, "write": e.write, "read": e.read, "eof": e.eof, "close": e.closeWrite, "alert": e.alert,
		"renegotiate": e.renegotiate, "early": e.early, "keep": e.keep, "wait": e.wait, "mtu": e.mtu,
	}[o.name]
	if !ok {
		panic("no such operation: " + o.name)
	}
	return run(o)
}

func (e *end) handshake(op) (string, error) {
	if err := e.conn.Handshake(); err != nil {
		return "", err
	}
	st := e.conn.ConnectionState()
	version := st.Version
	if version == mbedtls.VersionDTLS12 {
		version = mbedtls.VersionTLS12 // the library's number for both
	}
	return fmt.Sprintf("ok %04x %04x", version, st.CipherSuite), nil
}

func (e *end) write(o op) (string, error) {
	n, err := e.conn.Write(e.fill(o.a))
	e.written += n
	return "ok", err
}

func (e *end) early(o op) (string, error) {
	n, err := e.conn.WriteEarlyData(e.fill(o.a))
	e.written += n
	return "ok", err
}

func (e *end) read(o op) (string, error) {
	h, buf := fnv.New64a(), make([]byte, o.a)
	for n := 0; n < o.a; {
		m, err := e.conn.Read(buf[n:min(o.a, n+1<<16)])
		if err != nil {
			return "", err
		}
		h.Write(buf[n : n+m])
		n += m
	}
	return fmt.Sprintf("ok %d %016x", o.a, h.Sum64()), nil
}

func (e *end) eof(op) (string, error) {
	if _, err := e.conn.Read(make([]byte, 1)); err != io.EOF {
		return "data", err
	}
	return "ok", nil
}

func (e *end) closeWrite(op) (string, error) { return "ok", e.conn.CloseWrite() }

func (e *end) alert(o op) (string, error) {
	return "ok", e.conn.SendAlert(mbedtls.AlertLevel(o.a), mbedtls.AlertError(o.b))
}

func (e *end) renegotiate(op) (string, error) { return "ok", e.conn.Renegotiate() }

func (e *end) keep(op) (string, error) {
	s, err := e.conn.Session()
	if err != nil {
		return "", err
	}
	e.w.kept = s
	return "ok", nil
}

func (e *end) wait(o op) (string, error) {
	time.Sleep(time.Duration(o.a) * time.Millisecond)
	return "", nil
}

func (e *end) mtu(o op) (string, error) { return "", e.conn.SetMTU(o.a) }

// failures are the outcomes in a transcript that are no success.
func failures(lines []string) (list []string) {
	for _, l := range lines {
		if f := strings.Fields(l); len(f) >= 3 && (f[0] == "client" || f[0] == "server") && f[2] != "ok" {
			list = append(list, l)
		}
	}
	return list
}

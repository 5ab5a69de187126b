package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// parallelDials is how many clients of an idle server are on their way at a time. With DTLS it is one: the driver in C, as
// the C programs do, gives its socket to the client that it accepts, and opens another one for the next.
const parallelDials = 16

// clients are the other ends of idle connections: crypto/tls's, or with DTLS ours.
type clients struct {
	stack *stack
	work  *workload
	addr  string
	conns []conn
}

func newClients(w *workload, port string) (*clients, error) {
	name := cryptoTLS
	if w.isDTLS() {
		name = ours
	}
	s, err := stacks[name](w)
	if err != nil {
		return nil, err
	}
	return &clients{stack: s, work: w, addr: net.JoinHostPort("127.0.0.1", port)}, nil
}

// dial adds n connections.
func (c *clients) dial(n int) error {
	parallel := parallelDials
	if c.work.isDTLS() {
		parallel = 1
	}
	first := len(c.conns)
	c.conns = append(c.conns, make([]conn, n)...)
	return c.each(first, parallel, func(i int) (err error) {
		c.conns[i], err = c.stack.dial(c.addr)
		return err
	})
}

// each calls f for all connections from the first on, some at a time.
func (c *clients) each(first, parallel int, f func(i int) error) error {
	var all sync.WaitGroup
	errs := make([]error, parallel)
	for k := range parallel {
		all.Go(func() {
			for i := first + k; i < len(c.conns) && errs[k] == nil; i += parallel {
				errs[k] = f(i)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// tries is how often a message is sent, with DTLS, until its echo comes; each waits for patience.
const (
	tries    = 10
	patience = time.Second
)

// talk sends a message on each connection and waits for its echo.
func (c *clients) talk() error {
	return c.each(0, parallelDials, func(i int) (err error) {
		out, in := make([]byte, c.work.Size), make([]byte, c.work.Size)
		for range tries {
			if c.work.isDTLS() { // where messages get lost
				if err := c.conns[i].SetReadDeadline(time.Now().Add(patience)); err != nil {
					return err
				}
			}
			if _, err := c.conns[i].Write(out); err != nil {
				return err
			}
			if _, err = io.ReadFull(c.conns[i], in); !errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
		}
		return err
	})
}

func (c *clients) close() {
	for _, conn := range c.conns {
		if conn != nil {
			conn.Close()
		}
	}
	c.stack.close()
}

// measureIdle takes a server of idle connections through its stages. One connection comes first, so that what is made
// once is not counted.
func measureIdle(p *process, w *workload) (values, error) {
	c, err := newClients(w, p.port)
	if err != nil {
		return nil, err
	}
	defer c.close()
	stage := func(command string, n int, work func() error) (values, error) {
		if err := p.tell("%s %d", command, n); err != nil {
			return nil, err
		}
		if err := work(); err != nil {
			return nil, fmt.Errorf("clients: %w", err)
		}
		return p.answer()
	}
	if _, err := stage("accept", 1, func() error { return c.dial(1) }); err != nil {
		return nil, err
	}
	base, err := stage("echo", 1, c.talk)
	if err != nil {
		return nil, err
	}
	all := values{}
	for _, s := range []struct {
		name, command string
		n             int
		work          func() error
	}{
		{idleStages[0], "accept", w.Conns - 1, func() error { return c.dial(w.Conns - 1) }},
		{idleStages[1], "echo", w.Conns, c.talk},
	} {
		v, err := stage(s.command, s.n, s.work)
		if err != nil {
			return nil, err
		}
		each := values{"threads": v["threads"]}
		for _, name := range []string{"c-heap", "go-heap", "stack", "resident"} {
			// Of what a stack does not have, noise may be less than nothing.
			each[name] = max(0, (v[name]-base[name])/float64(w.Conns-1))
		}
		each["total"] = each["c-heap"] + each["go-heap"] + each["stack"]
		for name, x := range each {
			all["after-"+s.name+"/"+name] = x
		}
	}
	return all, nil
}

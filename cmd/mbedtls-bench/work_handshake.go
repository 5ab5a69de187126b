package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// prepareHandshake is for handshakes one after the other, both ends in this process.
func prepareHandshake(w *workload, s *stack) (*job, error) {
	memory := newMemPair()
	inMem := func(after func(c, s conn) error) error {
		memory.reset()
		c, err := s.client(&memory[0])
		if err != nil {
			return err
		}
		v, err := s.server(&memory[1])
		if err != nil {
			return err
		}
		err = handshakes(c, v)
		if err == nil {
			err = after(c, v)
		}
		c.Close()
		v.Close() // the other end may be gone
		return err
	}
	if !w.isDTLS() {
		if w.Resumed == 1 {
			if err := inMem(s.primeWith); err != nil {
				return nil, err
			}
		}
		if err := inMem(func(c, _ conn) error { return s.check(c) }); err != nil {
			return nil, err
		}
	}
	if w.Transport == inMemory {
		one := func() error { return inMem(func(_, _ conn) error { return nil }) }
		return timed(func(d time.Duration) (values, error) { return repeat(w, d, one) }, func() {}), nil
	}
	l, err := s.listen()
	if err != nil {
		return nil, err
	}
	served, buf := make(chan struct{}), make([]byte, 1)
	go func() {
		defer close(served)
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			// The client reports what fails.
			if c.(conn).Handshake() == nil && w.isDTLS() {
				_, _ = c.Read(buf) // the client's close_notify; this end's might come before the end of its handshake
			}
			c.Close()
		}
	}()
	checked := false
	one := func() error {
		c, err := s.dial(l.Addr().String())
		if err == nil && !checked {
			err = s.check(c)
			checked = true
		}
		if err != nil {
			return err
		}
		c.Close() // the other end may be gone
		return nil
	}
	run := func(d time.Duration) (values, error) { return repeat(w, d, one) }
	return timed(run, func() { l.Close(); <-served }), nil
}

// primeWith lets the client receive TLS 1.3's ticket.
func (s *stack) primeWith(client, server conn) error {
	if _, err := server.Write([]byte{1}); err != nil {
		return err
	}
	if _, err := client.Read(make([]byte, 1)); err != nil {
		return err
	}
	return s.prime(client)
}

// repeat gives the rate at which one can be done, over d, by the workload's clock.
func repeat(w *workload, d time.Duration, one func() error) (values, error) {
	clock := int32(unix.CLOCK_MONOTONIC)
	if w.Clock == processorClock {
		clock = unix.CLOCK_PROCESS_CPUTIME_ID
	}
	began, err := read(clock)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		if err := one(); err != nil {
			return nil, err
		}
		now, err := read(clock)
		if err != nil {
			return nil, err
		}
		if took := now - began; took >= d {
			return values{"rate": float64(n) / took.Seconds()}, nil
		}
	}
}

func read(clock int32) (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(clock, &t)
	return time.Duration(t.Nano()), err
}

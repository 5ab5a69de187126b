package main

import (
	"errors"
	"fmt"
	"net"
)

// Stacks, by the keys of the JSON file.
const (
	ours      = "ours"
	driver    = "c"
	cryptoTLS = "cryptotls"
	pionDTLS  = "pion"
)

// conn is a connection of a stack.
type conn interface {
	net.Conn
	Handshake() error
}

// stack is a way to do a workload. For TLS it wraps connections, for DTLS it listens and dials.
type stack struct {
	client, server func(net.Conn) (conn, error)

	listen func() (listener, error)
	dial   func(addr string) (conn, error)

	// check fails if a client's connection after its handshake is not what the workload asks for.
	check func(conn) error

	// prime makes the clients that follow resume the session of this one. The server has written something.
	prime func(conn) error

	close func()
}

type listener interface {
	Accept() (net.Conn, error)
	Close() error
	Addr() net.Addr
}

var stacks = map[string]func(*workload) (*stack, error){ours: newOurs, cryptoTLS: newCryptoTLS, pionDTLS: newPion}

// overStreams adds listen and dial over TCP.
func (s *stack) overStreams() *stack {
	s.listen = func() (listener, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		return &tlsListener{l, s}, err
	}
	s.dial = func(addr string) (conn, error) {
		raw, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, err
		}
		c, err := s.client(raw)
		if err == nil {
			err = c.Handshake()
		}
		if err != nil {
			raw.Close()
			return nil, err
		}
		return c, nil
	}
	return s
}

type tlsListener struct {
	net.Listener
	stack *stack
}

// Accept returns a connection before its handshake.
func (l *tlsListener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.stack.server(raw)
}

// negotiated is what a handshake settled.
type negotiated struct {
	version, suite uint16
	group          string // "" if that is not known
	resumed        bool
}

func (w *workload) check(got negotiated) error {
	if got.group == "" || w.Resumed == 1 {
		got.group = w.Group
	}
	want := negotiated{w.wire(), uint16(w.Suite), w.Group, w.Resumed == 1}
	if got != want {
		return fmt.Errorf("negotiated %+v, not %+v", got, want)
	}
	return nil
}

// pair connects both ends and completes their handshakes, over TCP or UDP.
func (s *stack) pair(l listener) (client, server conn, err error) {
	accepted := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			server = c.(conn)
			err = server.Handshake()
		}
		accepted <- err
	}()
	client, err = s.dial(l.Addr().String())
	if err != nil {
		l.Close() // Accept may wait
	}
	if err := errors.Join(err, <-accepted); err != nil {
		return nil, nil, err
	}
	return client, server, nil
}

// handshakes completes those of both ends of a connection in memory.
func handshakes(client, server conn) error {
	done := make(chan error, 1)
	go func() { done <- server.Handshake() }()
	err := client.Handshake()
	return errors.Join(err, <-done)
}

// one listens, and makes one connection that has agreed on what it should.
func (s *stack) one() (l listener, client, server conn, err error) {
	if l, err = s.listen(); err != nil {
		return nil, nil, nil, err
	}
	client, server, err = s.pair(l)
	if err == nil {
		err = s.check(client)
	}
	if err != nil {
		l.Close()
	}
	return l, client, server, err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"os/signal"
	"syscall"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// server is one run of the program.
type server struct {
	*testprogram.Program
	listener *testprogram.Listener
	conn     *mbedtls.Conn // nil between two clients

	names []sniEntry // the last one of the option first
	async asyncKeys
	cache *cbridge.SessionCache // nil: not in this build
}

func runServer(o *testprogram.Options, out *testprogram.Output) (err error) {
	p, err := testprogram.New(o, out)
	s := &server{Program: p}
	defer func() {
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	if err == nil && o.SNI != "" {
		err = out.Step("  . Setting up SNI information...", s.loadNames)
	}
	if err == nil {
		err = out.Step("  . Setting up the SSL/TLS structure...", s.setUp)
	}
	if err != nil {
		return err
	}
	return s.run()
}

// run is everything on the network. SIGTERM closes the sockets, which ends whatever waits for them.
func (s *server) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := s.bind(); err != nil {
		return err
	}
	defer s.listener.Close()
	defer context.AfterFunc(ctx, func() { s.listener.Close() })()
	for {
		s.Output.Printf("  . Waiting for a remote connection ...")
		socket, err := s.listener.Accept()
		if ctx.Err() != nil {
			s.Output.Printf(" interrupted by SIGTERM\n")
			return nil
		}
		if err != nil {
			return s.Output.Failed("mbedtls_net_accept", mbedtls.ErrNetAcceptFailed)
		}
		s.Output.Printf(" ok\n")
		err = s.serve(socket)
		if ctx.Err() != nil {
			s.Output.Printf(" interrupted by SIGTERM\n")
			return nil
		}
		if exit := (*testprogram.ExitError)(nil); errors.As(err, &exit) {
			return err
		}
		if code := testprogram.Code(err); code != 0 {
			s.Output.Printf("Last error was: %d - %s\n\n", int(code), testprogram.Strerror(code))
		}
	}
}

func (s *server) bind() (err error) {
	s.Output.Printf("  . Bind on %s://%s:%s/ ...", s.Network(), cmp.Or(s.ServerAddr, "*"), s.ServerPort)
	if s.listener, err = s.Listen(); err != nil {
		return s.Output.Failed("mbedtls_net_bind", mbedtls.ErrNetBindFailed)
	}
	s.Output.Printf(" ok (%s)\n", s.listener.Addr())
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// row is one line of the table.
type row struct {
	peer, role string // role is Go's
	version    uint16
	run        func(ctx context.Context, e *environment, version uint16) result
}

// String is what -run matches.
func (r row) String() string {
	return fmt.Sprintf("%s %s %s", r.peer, r.role, mbedtls.VersionName(r.version))
}

// result is what came of a row.
type result struct {
	state    mbedtls.ConnectionState // of Go's end; of the client if both are
	transfer peers.Transfer
	compared string
	err      error
}

func rows() (all []row) {
	for _, r := range []row{
		{peer: "package mbedtls", role: "both ends", run: withItself},
		{peer: peers.MbedTLS.ServerProgram, role: "client", run: withServer(peers.MbedTLS)},
		{peer: peers.MbedTLS.ClientProgram, role: "server", run: withClient(peers.MbedTLS)},
		{peer: peers.OpenSSL.ServerProgram, role: "client", run: withServer(peers.OpenSSL)},
		{peer: peers.OpenSSL.ClientProgram, role: "server", run: withClient(peers.OpenSSL)},
	} {
		for _, r.version = range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13, mbedtls.VersionDTLS12} {
			all = append(all, r)
		}
	}
	return all
}

func withItself(ctx context.Context, e *environment, version uint16) (r result) {
	exchange := peers.Exchange
	if r.compared = peers.ComparedStreams; version == mbedtls.VersionDTLS12 {
		exchange, r.compared = peers.ExchangeDatagrams, peers.ComparedDatagrams
	}
	config := e.forGo(version)
	defer config.Close()
	l, err := listen(ctx, version, config)
	if err != nil {
		return result{err: err}
	}
	defer l.Close()
	var client, server *mbedtls.Conn
	var g errgroup.Group
	g.Go(func() (err error) {
		client, err = mbedtls.DialContext(ctx, network(version), l.Addr().String(), config)
		return err
	})
	g.Go(func() (err error) {
		server, err = accept(ctx, l)
		return err
	})
	err = g.Wait()
	for _, c := range []*mbedtls.Conn{client, server} {
		if c != nil {
			defer closeWith(ctx, c)()
		}
	}
	if err != nil {
		return result{err: err}
	}
	r.state = client.ConnectionState()
	if r.transfer, r.err = exchange(client, server, e.size); r.err == nil {
		r.err = errors.Join(endOf(server, client.CloseWrite), endOf(client, server.CloseWrite))
	}
	return r
}

// withServer is for a Go client.
func withServer(program peers.Program) func(context.Context, *environment, uint16) result {
	return func(ctx context.Context, e *environment, version uint16) result {
		config := e.forGo(version)
		defer config.Close()
		peer, err := program.Server(ctx, e.forPeer(version))
		if err != nil {
			return result{err: err}
		}
		defer peer.Stop()
		conn, err := mbedtls.DialContext(ctx, network(version), peer.Addr, config)
		if err != nil {
			return result{err: peer.Explain(err)}
		}
		return exchange(ctx, program, peer, conn)
	}
}

// withClient is for a Go server.
func withClient(program peers.Program) func(context.Context, *environment, uint16) result {
	return func(ctx context.Context, e *environment, version uint16) result {
		config := e.forGo(version)
		defer config.Close()
		l, err := listen(ctx, version, config)
		if err != nil {
			return result{err: err}
		}
		defer l.Close()
		peer, err := program.Client(ctx, l.Addr().String(), e.forPeer(version))
		if err != nil {
			return result{err: err}
		}
		defer peer.Stop()
		go func() { // a client that never comes
			<-peer.Done()
			l.Close()
		}()
		conn, err := accept(ctx, l)
		if err != nil {
			return result{err: peer.Explain(err)}
		}
		r := exchange(ctx, program, peer, conn)
		if r.err == nil {
			r.err = peer.Wait()
		}
		return r
	}
}

// exchange moves the data, lets the peer hang up, and closes conn.
func exchange(ctx context.Context, program peers.Program, peer *peers.Peer, conn *mbedtls.Conn) (r result) {
	defer closeWith(ctx, conn)()
	r.compared, r.state = program.Compared, conn.ConnectionState()
	if r.state.Version == mbedtls.VersionDTLS12 {
		r.compared = peers.ComparedDatagrams
	}
	if r.transfer, r.err = peer.Exchange(conn); r.err == nil {
		r.err = peer.Explain(endOf(conn, func() error { return peer.HangUp(conn) }))
	}
	return r
}

// endOf lets the other end hang up, and expects to see it.
func endOf(conn *mbedtls.Conn, hangUp func() error) error {
	if err := hangUp(); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		return fmt.Errorf("the other end hung up, and Read returned %v", err)
	}
	return nil
}

func network(version uint16) string {
	if version == mbedtls.VersionDTLS12 {
		return "udp"
	}
	return "tcp"
}

// listen is for one connection; ctx ends the wait for it.
func listen(ctx context.Context, version uint16, config *mbedtls.Config) (net.Listener, error) {
	l, err := mbedtls.Listen(network(version), "127.0.0.1:0", config)
	if err == nil {
		context.AfterFunc(ctx, func() { l.Close() })
	}
	return l, err
}

func accept(ctx context.Context, l net.Listener) (*mbedtls.Conn, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	conn := c.(*mbedtls.Conn)
	if err := conn.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// closeWith closes conn when ctx ends, or when the function that it returns is called.
func closeWith(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return func() {
		stop()
		conn.Close()
	}
}

package storetest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// patient is longer than any call takes on a slow machine.
const patient = 10 * time.Second

// world is a CA and a server's certificate.
type world struct {
	t     testing.TB
	ctx   context.Context
	ca    *testpki.CA
	cert  tls.Certificate
	own   mbedtls.Certificate
	roots *mbedtls.CertPool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, time.Minute)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, ca: testpki.NewCA(testpki.P256, "root"), roots: mbedtls.NewCertPool()}
	w.cert = w.ca.Issue(testpki.Leaf{})
	var err error
	if w.own, err = mbedtls.FromTLSCertificate(w.cert); err != nil {
		t.Fatal(err)
	}
	w.roots.AddCert(w.ca.Cert)
	return w
}

// client and server make configs that are closed with the test.
func (w *world) client(store mbedtls.SessionStore, version uint16) *mbedtls.Config {
	return w.closed(&mbedtls.Config{RootCAs: w.roots, ServerName: "localhost", SessionStore: store, MinVersion: version, MaxVersion: version})
}

func (w *world) server(store mbedtls.SessionStore, version uint16) *mbedtls.Config {
	return w.closed(&mbedtls.Config{
		Certificates: []mbedtls.Certificate{w.own}, SessionStore: store, MinVersion: version, MaxVersion: version,
	})
}

func (w *world) closed(c *mbedtls.Config) *mbedtls.Config {
	c.SessionStoreTimeout = patient
	w.t.Cleanup(func() { c.Close() })
	return c
}

// withTickets makes a server issue tickets.
func (w *world) withTickets(c *mbedtls.Config) *mbedtls.Config {
	w.t.Helper()
	keys, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { keys.Close() })
	c.TicketKeys = keys
	return c
}

// listen listens at a port of this machine, until the test ends.
func (w *world) listen() net.Listener {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	return l
}

// serve lets a server make the next connection of l and answer one byte; it returns whether that was resumed.
func serve(l net.Listener, server func(net.Conn) net.Conn) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		raw, err := l.Accept()
		if err != nil {
			done <- outcome{err: err}
			return
		}
		conn := server(raw)
		defer conn.Close()
		_, err = io.CopyN(conn, conn, 1)
		done <- outcome{resumed(conn), err}
	}()
	return done
}

type outcome struct {
	resumed bool
	err     error
}

func resumed(conn net.Conn) bool {
	switch c := conn.(type) {
	case *mbedtls.Conn:
		return c.ConnectionState().DidResume
	case *tls.Conn:
		return c.ConnectionState().DidResume
	}
	return false
}

// ours and theirs are servers for serve.
func ours(config *mbedtls.Config) func(net.Conn) net.Conn {
	return func(raw net.Conn) net.Conn { return mbedtls.Server(raw, config) }
}

func (w *world) theirs(version uint16) func(net.Conn) net.Conn {
	config := &tls.Config{Certificates: []tls.Certificate{w.cert}, MinVersion: version, MaxVersion: version}
	return func(raw net.Conn) net.Conn { return tls.Server(raw, config) }
}

// visit makes one connection, lets a byte go both ways, so that tickets that were sent have been read, and closes it. It
// returns whether both ends resumed a session, and how long the handshake took.
func (w *world) visit(l net.Listener, client *mbedtls.Config, server func(net.Conn) net.Conn) (did bool, took time.Duration) {
	w.t.Helper()
	far := serve(l, server)
	conn, took := w.dial(l.Addr().String(), client)
	_, err := conn.Write([]byte("x"))
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, 1))
	}
	did = resumed(conn)
	conn.Close()
	o := <-far
	if err := errors.Join(err, o.err); err != nil {
		w.t.Fatal(err)
	}
	if o.resumed != did {
		w.t.Errorf("the client resumed: %t, the server: %t", did, o.resumed)
	}
	return did, took
}

func (w *world) dial(addr string, client *mbedtls.Config) (conn *mbedtls.Conn, took time.Duration) {
	w.t.Helper()
	began := time.Now()
	conn, err := mbedtls.DialContext(w.ctx, "tcp", addr, client)
	if err != nil {
		w.t.Fatal(err)
	}
	return conn, time.Since(began)
}

// peerOptions are for a program that serves with the certificate.
func (w *world) peerOptions(version uint16, args ...string) peers.Options {
	w.t.Helper()
	files, err := testpki.Write(w.t.TempDir(), "server", w.cert)
	if err != nil {
		w.t.Fatal(err)
	}
	return peers.Options{Version: version, Cert: files.Cert, Key: files.Key, Size: 1, Args: args}
}

// caFile is the CA's certificate, and a place for a session.
func (w *world) caFile() (ca, session string) {
	w.t.Helper()
	dir := w.t.TempDir()
	ca, err := w.ca.Write(dir, "ca")
	if err != nil {
		w.t.Fatal(err)
	}
	return ca, filepath.Join(dir, "session.pem")
}

// Package interop_test runs package mbedtls against other implementations of TLS and DTLS: crypto/tls, pion/dtls, OpenSSL,
// GnuTLS, libcoap, and Mbed TLS's own C programs.
package interop_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

var versions = []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13}

// testTimeout bounds every wait of a test.
var testTimeout = emulator.Patience(30 * time.Second)

// world is a CA that both sides of a test trust.
type world struct {
	t      *testing.T
	ctx    context.Context
	dir    string
	ca     *testpki.CA
	caFile string
	pool   *mbedtls.CertPool
}

func newWorld(t *testing.T, algorithm testpki.Algorithm) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	t.Cleanup(cancel)
	w := &world{t: t, ctx: ctx, dir: t.TempDir(), ca: testpki.NewCA(algorithm, "root "+t.Name())}
	var err error
	if w.caFile, err = w.ca.Write(w.dir, "ca"); err != nil {
		t.Fatal(err)
	}
	w.pool = mbedtls.NewCertPool()
	w.pool.AddCert(w.ca.Cert)
	return w
}

// config is for either end of ours, with certificates of the CA. It is closed with the test, after its connections.
func (w *world) config(leaves ...testpki.Leaf) *mbedtls.Config {
	w.t.Helper()
	c := &mbedtls.Config{RootCAs: w.pool, ClientCAs: w.pool, ServerName: "localhost"}
	for _, leaf := range leaves {
		c.Certificates = append(c.Certificates, own(w.t, w.ca.Issue(leaf)))
	}
	w.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return c
}

func own(t *testing.T, cert tls.Certificate) mbedtls.Certificate {
	t.Helper()
	c, err := mbedtls.FromTLSCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// options are for a peer that trusts nobody and has a certificate of the CA.
func (w *world) options(leaf testpki.Leaf) peers.Options { return w.optionsWith(w.ca.Issue(leaf)) }

func (w *world) optionsWith(cert tls.Certificate) peers.Options {
	w.t.Helper()
	files, err := testpki.Write(w.dir, fmt.Sprintf("peer-%x", cert.Leaf.SerialNumber), cert)
	if err != nil {
		w.t.Fatal(err)
	}
	return peers.Options{Cert: files.Cert, Key: files.Key, Size: 1 << 17}
}

func (w *world) file(name string, data []byte) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// server starts a peer for our clients.
func (w *world) server(p peers.Program, o peers.Options) *peers.Peer {
	w.t.Helper()
	peer, err := p.Server(w.ctx, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(peer.Stop)
	return peer
}

// client starts a peer that connects to a server of ours.
func (w *world) client(p peers.Program, addr string, o peers.Options) *peers.Peer {
	w.t.Helper()
	peer, err := p.Client(w.ctx, addr, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(peer.Stop)
	return peer
}

// network is what a version goes over.
func network(version uint16) string {
	if version == mbedtls.VersionDTLS12 {
		return "udp"
	}
	return "tcp"
}

// dial connects a client of ours.
func (w *world) dial(addr string, c *mbedtls.Config) (*mbedtls.Conn, error) {
	return w.dialNetwork("tcp", addr, c)
}

func (w *world) dialNetwork(network, addr string, c *mbedtls.Config) (*mbedtls.Conn, error) {
	conn, err := mbedtls.DialContext(w.ctx, network, addr, c)
	if err == nil {
		w.bound(conn)
	}
	return conn, err
}

// mustDial connects a client of ours with a peer, which tells why if that fails.
func (w *world) mustDial(far witness, network, addr string, c *mbedtls.Config) *mbedtls.Conn {
	w.t.Helper()
	conn, err := w.dialNetwork(network, addr, c)
	if err != nil {
		w.t.Fatal(far.Explain(err))
	}
	return conn
}

// bound closes conn with the test, and lets nothing on it wait longer than the test may.
func (w *world) bound(conn net.Conn) {
	w.t.Helper()
	w.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(testTimeout)); err != nil {
		w.t.Error(err)
	}
}

// listener is a server of ours for one connection after the other.
type listener struct {
	net.Listener
	w *world
}

func (w *world) listen(c *mbedtls.Config) *listener {
	w.t.Helper()
	return w.listenNetwork("tcp", c)
}

func (w *world) listenNetwork(network string, c *mbedtls.Config) *listener {
	w.t.Helper()
	listen := mbedtls.Listen
	if network == "udp" {
		listen = func(network, addr string, c *mbedtls.Config) (net.Listener, error) {
			return mbedtls.ListenDTLS(network, addr, c)
		}
	}
	l, err := listen(network, "127.0.0.1:0", c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	context.AfterFunc(w.ctx, func() { l.Close() })
	return &listener{l, w}
}

func (l *listener) addr() string { return l.Addr().String() }

// handshake accepts, and gives back the error of the handshake.
func (l *listener) handshake() (*mbedtls.Conn, error) {
	l.w.t.Helper()
	conn := l.accept()
	return conn, conn.HandshakeContext(l.w.ctx)
}

// mustHandshake is handshake with a peer that tells why if that fails.
func (l *listener) mustHandshake(far witness) *mbedtls.Conn {
	l.w.t.Helper()
	conn, err := l.handshake()
	if err != nil {
		l.w.t.Fatal(far.Explain(err))
	}
	return conn
}

// accept takes a connection before its handshake.
func (l *listener) accept() *mbedtls.Conn {
	l.w.t.Helper()
	c, err := l.Accept()
	if err != nil {
		l.w.t.Fatal(err)
	}
	l.w.bound(c)
	return c.(*mbedtls.Conn)
}

// served is what became of a server of crypto/tls.
type served struct {
	conn *tls.Conn
	err  error
}

// cryptoServer is a server of crypto/tls for one connection.
func (w *world) cryptoServer(c *tls.Config) (addr string, result <-chan served) {
	w.t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	results := make(chan served, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			results <- served{nil, err}
			return
		}
		w.bound(conn)
		results <- served{conn.(*tls.Conn), conn.(*tls.Conn).HandshakeContext(w.ctx)}
	}()
	return l.Addr().String(), results
}

// cryptoConfig is for either end of crypto/tls.
func (w *world) cryptoConfig(version uint16, certs ...tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: certs, RootCAs: w.ca.Pool(), ClientCAs: w.ca.Pool(), ServerName: "localhost",
		MinVersion: version, MaxVersion: version,
	}
}

// witness adds to an error what it has seen.
type witness interface{ Explain(error) error }

// farEnd is a peer that is connected with one of ours.
type farEnd interface {
	witness
	Exchange(peers.Conn) (peers.Transfer, error)
	HangUp(peers.Conn) error
}

// goodbye lets the peer hang up, if it can, and expects to see that as an orderly end.
func goodbye(t *testing.T, far farEnd, conn peers.Conn) {
	t.Helper()
	err := far.HangUp(conn)
	if errors.Is(err, peers.ErrStays) {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		return
	}
	if err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Error(far.Explain(fmt.Errorf("the peer hung up, and Read returns %v, not EOF", err)))
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// exchange moves data both ways, and ends the connection in an orderly way.
func exchange(t *testing.T, far farEnd, conn peers.Conn) {
	t.Helper()
	if _, err := far.Exchange(conn); err != nil {
		t.Fatal(err)
	}
	goodbye(t, far, conn)
}

// verifyFlags are those of a handshake's error.
func verifyFlags(err error) mbedtls.VerifyFlags {
	var failed *mbedtls.VerifyError
	if errors.As(err, &failed) {
		return failed.Flags
	}
	return 0
}

// alertOf is the alert that a handshake of ours failed over.
func alertOf(err error) mbedtls.AlertError {
	var alert mbedtls.AlertError
	errors.As(err, &alert)
	return alert
}

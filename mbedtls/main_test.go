package mbedtls

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, func() {
		serverCertificate, authority = nil, nil
		cbridge.Shutdown()
	}, cbridge.Held)
}

var (
	setUpMu           sync.Mutex
	authority         *testpki.CA
	serverCertificate *Certificate
)

// setUp makes the CA and the server's certificate once.
func setUp(t testing.TB) {
	t.Helper()
	setUpMu.Lock()
	defer setUpMu.Unlock()
	if authority != nil {
		return
	}
	authority = testpki.NewCA(testpki.P256, "Test Root")
	c := issue(t, testpki.Leaf{})
	serverCertificate = &c
}

func issue(t testing.TB, l testpki.Leaf) Certificate {
	t.Helper()
	c, err := FromTLSCertificate(authority.Issue(l))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// roots is a pool of the test CA.
func roots() *CertPool {
	p := NewCertPool()
	p.AddCert(authority.Cert)
	return p
}

// configs are a client's and a server's that trust each other, closed when the test ends.
func configs(t testing.TB) (client, server *Config) {
	t.Helper()
	setUp(t)
	client = &Config{RootCAs: roots(), ServerName: "localhost"}
	server = &Config{Certificates: []Certificate{*serverCertificate}}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// tcpPair is two ends of a TCP connection over loopback.
func tcpPair(t testing.TB) (a, b net.Conn) {
	t.Helper()
	return streamPair(t, "tcp", "127.0.0.1:0")
}

// streamPair is two ends of a connection to a listener at addr.
func streamPair(t testing.TB, network, addr string) (a, b net.Conn) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		a.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

// ends makes two connections of a TCP connection, before the handshake.
func ends(t testing.TB, client, server *Config) (c, s *Conn) {
	t.Helper()
	a, b := tcpPair(t)
	c, s = Client(a, client), Server(b, server)
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s
}

// connected is ends after the handshake.
func connected(t testing.TB, client, server *Config) (c, s *Conn) {
	t.Helper()
	c, s = ends(t, client, server)
	mustHandshake(t, c, s)
	return c, s
}

type handshaker interface {
	HandshakeContext(context.Context) error
	net.Conn
}

var (
	_ handshaker = (*Conn)(nil)
	_ handshaker = (*tls.Conn)(nil)
)

// handshakes runs both ends' handshakes. An end that fails closes its connection, as any user does.
func handshakes(client, server handshaker) (clientErr, serverErr error) {
	done := make(chan error, 1)
	go func() {
		err := server.HandshakeContext(context.Background())
		if err != nil {
			server.Close()
		}
		done <- err
	}()
	clientErr = client.HandshakeContext(context.Background())
	if clientErr != nil {
		client.Close()
	}
	return clientErr, <-done
}

// versions runs a test for each protocol version.
func versions(t *testing.T, f func(t *testing.T, version uint16)) {
	for _, v := range []uint16{VersionTLS12, VersionTLS13} {
		t.Run(VersionName(v), func(t *testing.T) { f(t, v) })
	}
}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

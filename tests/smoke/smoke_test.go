// Package smoke completes one handshake for each end and version that a build of the library has. build.sh test runs it
// on every profile; the peer is crypto/tls, which does not depend on that.
package smoke

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

var versions = []struct {
	version uint16
	option  string
}{
	{mbedtls.VersionTLS12, "MBEDTLS_SSL_PROTO_TLS1_2"},
	{mbedtls.VersionTLS13, "MBEDTLS_SSL_PROTO_TLS1_3"},
}

func TestSmokeHandshakes(t *testing.T) {
	t.Logf("Mbed TLS %s, profile %s", cbridge.Version(), cbridge.Profile)
	ca := testpki.NewCA(testpki.P256, "Smoke Root")
	chain := ca.Issue(testpki.Leaf{})
	cert, err := mbedtls.FromTLSCertificate(chain)
	if err != nil {
		t.Fatal(err)
	}
	roots := mbedtls.NewCertPool()
	roots.AddCert(ca.Cert)
	ends := []struct {
		name, option string
		dial         func(net.Conn, uint16) net.Conn // the end under test
		serve        func(net.Conn, uint16) net.Conn
	}{
		{"client", "MBEDTLS_SSL_CLI_C",
			func(c net.Conn, v uint16) net.Conn {
				return mbedtls.Client(c, &mbedtls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: v, MaxVersion: v})
			},
			func(c net.Conn, v uint16) net.Conn {
				return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{chain}})
			}},
		{"server", "MBEDTLS_SSL_SRV_C",
			func(c net.Conn, v uint16) net.Conn {
				return tls.Client(c, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost", MinVersion: v, MaxVersion: v})
			},
			func(c net.Conn, v uint16) net.Conn {
				return mbedtls.Server(c, &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}})
			}},
	}
	done := 0
	for _, end := range ends {
		for _, v := range versions {
			t.Run(end.name+" "+mbedtls.VersionName(v.version), func(t *testing.T) {
				a, b := tcpPair(t)
				client, server := end.dial(a, v.version), end.serve(b, v.version)
				defer client.Close()
				defer server.Close()
				has := cbridge.Feature(end.option) && cbridge.Feature(v.option)
				err := echo(client, server)
				if has && err != nil {
					t.Error(err)
				}
				if !has && err == nil {
					t.Errorf("a build without %s and %s: %v", end.option, v.option, err)
				}
				if has {
					done++
				}
			})
		}
	}
	if done == 0 {
		t.Error("the build has no end and version that was tried")
	}
}

// tcpPair is two ends of a TCP connection over loopback.
func tcpPair(t *testing.T) (a, b net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

// echo sends a line to and fro.
func echo(client, server net.Conn) error {
	served := make(chan error, 1)
	go func() {
		defer server.Close()
		_, err := io.CopyN(server, server, 6)
		served <- err
	}()
	_, err := io.WriteString(client, "smoke\n")
	if err == nil {
		_, err = io.ReadFull(client, make([]byte, 6))
	}
	client.Close()
	return errors.Join(err, <-served)
}

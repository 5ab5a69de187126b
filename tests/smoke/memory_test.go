package smoke

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// maxIdle bounds what an idle connection may hold of the C heap, in bytes, whatever the profile.
const maxIdle = 16 << 10

// Idle connections are small. The test's log is where the README's figures for each profile are from.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const connections = 50
	for _, test := range []struct {
		name, option string
		ends         int64 // that are ours
		connect      func(t *testing.T, mode mbedtls.BufferMode) (connect func() (net.Conn, io.Closer))
	}{
		{"TLS client", "MBEDTLS_SSL_CLI_C", 1, idleTLS},
		{"DTLS client and server, PSK", "MBEDTLS_SSL_PROTO_DTLS", 2, idleDTLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !cbridge.Feature(test.option) {
				t.Skipf("profile %s has no %s", cbridge.Profile, test.option)
			}
			held := map[mbedtls.BufferMode]int64{}
			for _, mode := range []mbedtls.BufferMode{mbedtls.BufferDynamic, mbedtls.BufferStatic} {
				connect := test.connect(t, mode)
				a, b := connect() // what is made once is there after that
				cbridge.Trim()
				before := cbridge.Allocations().LiveBytes
				for range connections {
					a, b := connect()
					defer a.Close()
					defer b.Close()
				}
				cbridge.Trim()
				held[mode] = (cbridge.Allocations().LiveBytes - before) / connections / test.ends
				a.Close()
				b.Close()
			}
			t.Logf("profile %s: an idle connection holds %d bytes of C heap, with static buffers %d", cbridge.Profile,
				held[mbedtls.BufferDynamic], held[mbedtls.BufferStatic])
			if held[mbedtls.BufferDynamic] > maxIdle {
				t.Errorf("want at most %d", maxIdle)
			}
		})
	}
}

// idleTLS connects clients to crypto/tls.
func idleTLS(t *testing.T, mode mbedtls.BufferMode) func() (net.Conn, io.Closer) {
	ca := testpki.NewCA(testpki.P256, "Smoke Root")
	roots := mbedtls.NewCertPool()
	roots.AddCert(ca.Cert)
	client := &mbedtls.Config{RootCAs: roots, ServerName: "localhost", BufferMode: mode}
	t.Cleanup(func() { client.Close() })
	server := &tls.Config{Certificates: []tls.Certificate{ca.Issue(testpki.Leaf{})}}
	return func() (net.Conn, io.Closer) {
		a, b := tcpPair(t)
		c, s := mbedtls.Client(a, client), tls.Server(b, server)
		sayOnce(t, c, s)
		return c, s
	}
}

// idleDTLS connects ends with a pre-shared key, over UDP.
func idleDTLS(t *testing.T, mode mbedtls.BufferMode) func() (net.Conn, io.Closer) {
	config := &mbedtls.Config{PSK: &mbedtls.PSK{Identity: "smoke", Key: []byte("sixteen byte key")}, BufferMode: mode}
	l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); config.Close() })
	return func() (net.Conn, io.Closer) {
		accepted := make(chan net.Conn, 1)
		go func() {
			s, err := l.Accept()
			if err == nil {
				err = s.(*mbedtls.Conn).Handshake()
			}
			if err != nil {
				t.Error(err)
			}
			accepted <- s
		}()
		c, err := mbedtls.DialDTLS("udp", l.Addr().String(), config)
		s := <-accepted
		if err != nil {
			t.Fatal(err)
		}
		sayOnce(t, c, s)
		return c, s
	}
}

// sayOnce sends a byte to and fro.
func sayOnce(t *testing.T, client, server net.Conn) {
	t.Helper()
	go func() { _, _ = io.CopyN(server, server, 1) }()
	b := make([]byte, 1)
	if _, err := client.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(client, b); err != nil {
		t.Fatal(err)
	}
}

package mbedtls

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// datagramStacks are this package and, for a ratio in the same run, pion/dtls, as crypto/tls has no DTLS. connect makes a
// connection over loopback, and close ends what it needed.
var datagramStacks = []struct {
	name    string
	connect func(b *testing.B, psk bool) (dial func() (c, s net.Conn), close func())
}{
	{"mbedtls", connectOurs},
	{"pion", connectPion},
}

// benchKey is for the suites with a pre-shared key alone, TLS-PSK-WITH-AES-128-CCM-8.
var benchKey = &PSK{Identity: "bench", Key: []byte("sixteen byte key")}

const benchPSKSuite = 0xC0A8

func connectOurs(b *testing.B, psk bool) (func() (c, s net.Conn), func()) {
	setUp(b)
	client, server := &Config{RootCAs: roots(), ServerName: "localhost"}, &Config{Certificates: []Certificate{*serverCertificate}}
	if psk {
		client = &Config{PSK: benchKey, CipherSuites: []uint16{benchPSKSuite}}
		server = client.Clone()
	}
	l := listenDTLS(b, new(DTLSListenConfig), server)
	dial := func() (net.Conn, net.Conn) {
		accepted := make(chan *Conn, 1)
		go func() {
			conn, err := accept(l)
			if err != nil {
				b.Error(err)
			}
			accepted <- conn
		}()
		c, err := DialDTLS("udp", l.Addr().String(), client)
		s := <-accepted
		if err != nil {
			b.Fatal(err)
		}
		return c, s
	}
	return dial, func() { l.Close(); client.Close(); server.Close() }
}

func connectPion(b *testing.B, psk bool) (func() (c, s net.Conn), func()) {
	setUp(b)
	chain := authority.Issue(testpki.Leaf{})
	options := pion.Options{Certificate: &chain, Roots: authority.Pool(), ServerName: "localhost"}
	if psk {
		options = pion.Options{Identity: benchKey.Identity, PSK: benchKey.Key}
	}
	l, err := pion.Listen(options)
	if err != nil {
		b.Fatal(err)
	}
	dial := func() (net.Conn, net.Conn) {
		ctx := context.Background()
		accepted := make(chan net.Conn, 1)
		go func() {
			conn, err := l.Handshake(ctx)
			if err != nil {
				b.Error(err)
			}
			accepted <- conn
		}()
		c, err := pion.Dial(ctx, l.Addr().String(), options)
		s := <-accepted
		if err != nil {
			b.Fatal(err)
		}
		return c, s
	}
	return dial, func() { l.Close() }
}

// BenchmarkDTLSHandshake is a full handshake with cookies, both ends, over loopback.
func BenchmarkDTLSHandshake(b *testing.B) {
	for _, credential := range []string{"P-256", "PSK"} {
		for _, stack := range datagramStacks {
			b.Run(fmt.Sprintf("%s/%s", credential, stack.name), func(b *testing.B) {
				dial, end := stack.connect(b, credential == "PSK")
				defer end()
				for b.Loop() {
					c, s := dial()
					c.Close()
					s.Close()
				}
			})
		}
	}
}

// BenchmarkDTLSRoundTrip is a record of 1 KiB to the server, and one back.
func BenchmarkDTLSRoundTrip(b *testing.B) {
	for _, stack := range datagramStacks {
		b.Run(stack.name, func(b *testing.B) {
			dial, end := stack.connect(b, true)
			defer end()
			c, s := dial()
			defer c.Close()
			go func() {
				defer s.Close()
				_ = echoRecords(s) // ends with the connection
			}()
			out, in := make([]byte, 1024), make([]byte, 2048)
			b.SetBytes(2 * int64(len(out)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(out); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Read(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

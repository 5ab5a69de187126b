package mbedtls

import (
	"crypto/tls"
	"io"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// stacks are this package and, for a ratio in the same run, crypto/tls.
var stacks = []struct {
	name   string
	client func(net.Conn, uint16) handshaker
	server func(net.Conn) handshaker
}{
	{"mbedtls",
		func(c net.Conn, v uint16) handshaker { return Client(c, benchClient[v]) },
		func(c net.Conn) handshaker { return Server(c, benchServer) }},
	{"crypto-tls",
		func(c net.Conn, v uint16) handshaker {
			return tls.Client(c, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MinVersion: v, MaxVersion: v})
		},
		func(c net.Conn) handshaker {
			return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{benchChain}, SessionTicketsDisabled: true})
		}},
}

var (
	benchChain  tls.Certificate
	benchServer *Config
	benchClient map[uint16]*Config
)

func benchSetUp(b *testing.B) {
	setUp(b)
	benchChain = authority.Issue(testpki.Leaf{})
	cert, err := FromTLSCertificate(benchChain)
	if err != nil {
		b.Fatal(err)
	}
	benchServer = &Config{Certificates: []Certificate{cert}}
	benchClient = map[uint16]*Config{}
	for _, v := range []uint16{VersionTLS12, VersionTLS13} {
		benchClient[v] = &Config{RootCAs: roots(), ServerName: "localhost", MinVersion: v, MaxVersion: v}
	}
	b.Cleanup(func() {
		benchServer.Close()
		for _, c := range benchClient {
			c.Close()
		}
		benchServer, benchClient = nil, nil
	})
}

// BenchmarkHandshake is a full handshake, both ends, P-256, over loopback.
func BenchmarkHandshake(b *testing.B) {
	benchSetUp(b)
	for _, stack := range stacks {
		for _, v := range []uint16{VersionTLS12, VersionTLS13} {
			b.Run(stack.name+"/"+VersionName(v), func(b *testing.B) {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				for b.Loop() {
					x, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						b.Fatal(err)
					}
					y, err := l.Accept()
					if err != nil {
						b.Fatal(err)
					}
					c, s := stack.client(x, v), stack.server(y)
					if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
						b.Fatal(cErr, sErr)
					}
					c.Close()
					s.Close()
				}
			})
		}
	}
}

// BenchmarkBulk is data one way over loopback, in Writes of 64 KiB.
func BenchmarkBulk(b *testing.B) {
	benchSetUp(b)
	for _, stack := range stacks {
		for _, v := range []uint16{VersionTLS12, VersionTLS13} {
			b.Run(stack.name+"/"+VersionName(v), func(b *testing.B) {
				x, y := tcpPair(b)
				c, s := stack.client(x, v), stack.server(y)
				if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
					b.Fatal(cErr, sErr)
				}
				received := make(chan error, 1)
				go func() {
					_, err := io.Copy(io.Discard, struct{ io.Reader }{s})
					received <- err
				}()
				buf := make([]byte, 64<<10)
				b.SetBytes(int64(len(buf)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Write(buf); err != nil {
						b.Fatal(err)
					}
				}
				c.Close()
				if err := <-received; err != nil {
					b.Fatal(err)
				}
				s.Close()
			})
		}
	}
}

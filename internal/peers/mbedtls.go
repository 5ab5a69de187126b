package peers

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

var mbedtlsVersions = map[uint16][]string{
	0:                {"min_version=tls12", "max_version=tls13"},
	tls.VersionTLS12: {"force_version=tls12"},
	tls.VersionTLS13: {"force_version=tls13"},
}

// MbedTLSProgram is the path of a program of the vendored tree: where build.sh says, or else where it puts them.
func MbedTLSProgram(name string) (string, error) {
	if dir := os.Getenv("GOMBEDTLS_PROGRAMS"); dir != "" {
		return filepath.Join(dir, name), nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "third_party/mbedtls/build", runtime.GOOS+"-"+runtime.GOARCH, "bin", name), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is missing: GOMBEDTLS_PROGRAMS is not set, and this is no folder of the module", name)
		}
		dir = filepath.Dir(dir)
	}
}

// mbedtlsArgs are what both programs understand alike. Without a certificate of ours they would use one of their own.
func mbedtlsArgs(o Options) []string {
	args := append([]string{"exchanges=" + strconv.Itoa(o.exchanges())}, mbedtlsProtocol(o)...)
	args = append(args, "crt_file="+cmp.Or(o.Cert, "none"), "key_file="+cmp.Or(o.Key, "none"))
	if o.CA != "" {
		return append(args, "ca_file="+o.CA, "auth_mode=required")
	}
	return append(args, "ca_file=none", "auth_mode=none")
}

func mbedtlsProtocol(o Options) []string {
	if !o.Datagram {
		return mbedtlsVersions[o.Version]
	}
	args := []string{"dtls=1"}
	if o.MTU > 0 {
		args = append(args, "mtu="+strconv.Itoa(o.MTU))
	}
	return args
}

var mbedtlsReady = regexp.MustCompile(`Waiting for a remote connection \.\.\.`)

// mbedtlsClosed is the end of a connection, and the next wait, with which the program flushes its output.
var mbedtlsClosed = regexp.MustCompile(`Closing the connection\.\.\. done\s+\. Waiting`)

func mbedtlsServer(ctx context.Context, o Options) (*Peer, error) {
	program, err := MbedTLSProgram("ssl_server2")
	if err != nil {
		return nil, err
	}
	return withFreePort(o.network(), func(port string) (*Peer, error) {
		length := strconv.Itoa(o.lineLen())
		args := append([]string{"server_addr=127.0.0.1", "server_port=" + port, "buffer_size=" + length, "response_size=" + length},
			mbedtlsArgs(o)...)
		if o.Linger {
			args = append(args, "exchanges="+strconv.Itoa(o.exchanges()+1))
		}
		p, err := Start(ctx, "ssl_server2", program, append(args, o.Args...)...)
		if err != nil {
			return nil, err
		}
		if _, err := p.AwaitOutput(p.Stdout, mbedtlsReady); err != nil {
			p.Stop()
			if strings.Contains(p.Stdout.String(), "mbedtls_net_bind returned") {
				err = errors.Join(errPortTaken, err)
			}
			return nil, err
		}
		return &Peer{
			Process: p, Addr: net.JoinHostPort("127.0.0.1", port), size: o.exchanges() * o.lineLen(),
			line: o.lineLen(), datagram: o.Datagram, linger: o.Linger, exchange: exchangeAsClient, hangUp: nothing,
		}, nil
	})
}

func mbedtlsClient(ctx context.Context, addr string, o Options) (*Peer, error) {
	program, err := MbedTLSProgram("ssl_client2")
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	args := append([]string{"server_addr=" + host, "server_port=" + port, "server_name=" + o.serverName(), "request_size=" + strconv.Itoa(o.lineLen())},
		mbedtlsArgs(o)...)
	p, err := Start(ctx, "ssl_client2", program, append(args, o.Args...)...)
	if err != nil {
		return nil, err
	}
	return &Peer{
		Process: p, size: o.exchanges() * o.lineLen(), line: o.lineLen(), datagram: o.Datagram, exchange: exchangeAsServer, hangUp: nothing,
	}, nil
}

// exchangeAsClient sends ssl_server2 its requests, each a line, and takes the responses. The server hangs up after the
// last one, and then waits for the next client: with that, all its output is there.
func exchangeAsClient(p *Peer, conn Conn) error {
	there, back := payload(p.size, p.line), make([]byte, 0, p.size)
	for line := range slices.Chunk(there, p.line) {
		if err := sendAll(conn, line); err != nil {
			return err
		}
		got, err := p.read(conn, p.line)
		if err != nil {
			return err
		}
		back = append(back, got...)
	}
	if p.linger {
		last := there[:p.line]
		if err := sendAll(conn, last); err != nil {
			return err
		}
		_, _ = p.read(conn, p.line) // it may be lost
		there = append(there, last...)
	}
	if err := p.Stdout.await(mbedtlsClosed.Match); err != nil {
		return err
	}
	return compareDumps(p, there, back)
}

// exchangeAsServer takes the requests of ssl_client2, and answers each with a line. The client hangs up after the last
// one, and ends.
func exchangeAsServer(p *Peer, conn Conn) error {
	there, back := payload(p.size, p.line), make([]byte, 0, p.size)
	for line := range slices.Chunk(there, p.line) {
		got, err := p.read(conn, p.line)
		if err != nil {
			return err
		}
		back = append(back, got...)
		if err := sendAll(conn, line); err != nil {
			return err
		}
	}
	if err := p.Wait(); err != nil {
		return err
	}
	return compareDumps(p, there, back)
}

// compareDumps compares with what the program prints.
func compareDumps(p *Peer, there, back []byte) error {
	out := p.Stdout.Bytes()
	if err := compare(dumps(out, "read"), there); err != nil {
		return fmt.Errorf("to the peer: %w", err)
	}
	written := dumps(out, "written")
	if p.linger {
		written = written[:min(len(back), len(written))]
	}
	if err := compare(back, written); err != nil {
		return fmt.Errorf("from the peer: %w", err)
	}
	return nil
}

var mbedtlsDump = regexp.MustCompile(` (\d+) bytes (read|written)[^\n]*\n\n`)

// dumps joins the data that the programs print behind "8192 bytes read" and "8192 bytes written in 1 fragments".
func dumps(out []byte, verb string) []byte {
	var data bytes.Buffer
	for {
		m := mbedtlsDump.FindSubmatchIndex(out)
		if m == nil {
			return data.Bytes()
		}
		n, err := strconv.Atoi(string(out[m[2]:m[3]]))
		if err != nil || n > len(out)-m[1] {
			return data.Bytes()
		}
		if string(out[m[4]:m[5]]) == verb {
			data.Write(out[m[1] : m[1]+n])
		}
		out = out[m[1]+n:]
	}
}

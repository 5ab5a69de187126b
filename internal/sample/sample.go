// Package sample is what our programs for upstream's sample suite have in common. They are named after upstream's, do what
// those do, and take no options: servers answer on port 4433, clients ask localhost. What the suite looks for in their
// output is the counts of bytes, the name of the suite, and that no word says that something went wrong.
package sample

import (
	"cmp"
	"fmt"
	"net"
	"os"

	"github.com/gombedtls/gombedtls/internal/testcreds"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// PortVariable names another port than 4433, for tests.
const PortVariable = "GOMBEDTLS_SAMPLE_PORT"

// Port is where servers listen.
func Port() string { return cmp.Or(os.Getenv(PortVariable), "4433") }

// Server makes a server's Config with upstream's own certificate.
func Server() (*mbedtls.Config, error) {
	chain, key, err := testcreds.Server().Load()
	if err != nil {
		return nil, err
	}
	certificate, err := mbedtls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	return &mbedtls.Config{Certificates: []mbedtls.Certificate{certificate}}, nil
}

// Client makes a client's Config that knows upstream's CAs, and goes on with whatever the server shows: that the suite's
// servers have certificates of other names and CAs is no fault. ShowVerification tells of it.
func Client() (*mbedtls.Config, error) {
	all, err := testcreds.CAsByStrength()
	if err != nil {
		return nil, err
	}
	pool := mbedtls.NewCertPool()
	for _, der := range all {
		pool.AddDER(der)
	}
	return &mbedtls.Config{RootCAs: pool, ServerName: "localhost", InsecureSkipVerify: true}, nil
}

// ShowVerification prints what is wrong with the server's certificate.
func ShowVerification(c *mbedtls.Conn) {
	flags := c.ConnectionState().VerifyFlags
	if flags == 0 {
		fmt.Println("  . Verifying peer X.509 certificate... ok")
		return
	}
	fmt.Println("  . Verifying peer X.509 certificate... failed")
	for _, reason := range flags.Reasons() {
		fmt.Println("  !", reason)
	}
}

const page = "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" +
	"<h1>Mbed TLS in Go</h1>\r\n" +
	"<p>Successful connection using: %s</p>\r\n"

// Answer takes a request of HTTP, sends a page that names the ciphersuite, and closes the connection. who begins each line
// that it prints.
func Answer(c *mbedtls.Conn, who string) error {
	defer c.Close()
	fmt.Printf("%s  . Performing the SSL/TLS handshake\n", who)
	if err := c.Handshake(); err != nil {
		return err
	}
	buf := make([]byte, 1024)
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	fmt.Printf("%s  < Read from client: %d bytes read\n\n%s", who, n, buf[:n])
	text := fmt.Sprintf(page, mbedtls.CipherSuiteName(c.ConnectionState().CipherSuite))
	if n, err = c.Write([]byte(text)); err != nil {
		return err
	}
	fmt.Printf("%s  > Write to client: %d bytes written\n\n%s\n", who, n, text)
	return c.Close()
}

// Each accepts connections until the listener fails, and tells what went wrong with one.
func Each(l net.Listener, serve func(net.Conn) error) error {
	defer l.Close()
	for {
		fmt.Println("  . Waiting for a remote connection ...")
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if err := serve(c); err != nil {
			fmt.Printf("  ! %v\n\n", err)
		}
	}
}

// Main runs a program: an error is its last line, and exit code 1.
func Main(run func() error) {
	if err := run(); err != nil {
		fmt.Printf("  ! %v\n\n", err)
		os.Exit(1)
	}
}

// Dtls_server is a small DTLS server, as upstream's program of that name: it echoes one datagram to each client, one after
// the other.
package main

import (
	"fmt"
	"net"
	"time"

	"github.com/gombedtls/gombedtls/internal/sample"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const patience = 10 * time.Second

func main() { sample.Main(run) }

func run() error {
	config, err := sample.Server()
	if err != nil {
		return err
	}
	defer config.Close()
	config.ReadTimeout = patience
	l, err := mbedtls.ListenDTLS("udp", ":"+sample.Port(), config)
	if err != nil {
		return err
	}
	return sample.Each(l, func(c net.Conn) error { return echo(c.(*mbedtls.Conn)) })
}

func echo(c *mbedtls.Conn) error {
	defer c.Close()
	fmt.Println("  . Performing the DTLS handshake")
	if err := c.Handshake(); err != nil {
		return err
	}
	buf := make([]byte, 1024)
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	fmt.Printf("  < Read from client: %d bytes read\n\n%s\n\n", n, buf[:n])
	if n, err = c.Write(buf[:n]); err != nil {
		return err
	}
	fmt.Printf("  > Write to client: %d bytes written\n\n%s\n\n", n, buf[:n])
	return c.Close()
}

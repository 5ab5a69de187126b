// Ssl_client1 is a small HTTPS client, as upstream's program of that name.
package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/internal/sample"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const request = "GET / HTTP/1.0\r\n\r\n"

func main() { sample.Main(run) }

func run() error {
	config, err := sample.Client()
	if err != nil {
		return err
	}
	defer config.Close()
	fmt.Printf("  . Connecting to tcp/localhost/%s\n", sample.Port())
	c, err := mbedtls.Dial("tcp", "localhost:"+sample.Port(), config)
	if err != nil {
		return err
	}
	defer c.Close()
	sample.ShowVerification(c)
	n, err := c.Write([]byte(request))
	if err != nil {
		return err
	}
	fmt.Printf("  > Write to server: %d bytes written\n\n%s", n, request)
	for buf := make([]byte, 1024); ; {
		n, err := c.Read(buf)
		if errors.Is(err, io.EOF) {
			fmt.Println("\n  . The server closed the connection first")
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("  < Read from server: %d bytes read\n\n%s", n, buf[:n])
	}
}

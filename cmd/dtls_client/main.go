// Dtls_client is a small DTLS client, as upstream's program of that name: it wants its datagram echoed.
package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gombedtls/gombedtls/internal/sample"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const (
	message     = "Echo this"
	patience    = time.Second
	repetitions = 5 // of the message, which may get lost, as may the echo
)

func main() { sample.Main(run) }

func run() error {
	config, err := sample.Client()
	if err != nil {
		return err
	}
	defer config.Close()
	config.ReadTimeout = patience
	fmt.Printf("  . Connecting to udp/localhost/%s\n", sample.Port())
	c, err := mbedtls.DialDTLS("udp", "localhost:"+sample.Port(), config)
	if err != nil {
		return err
	}
	defer c.Close()
	sample.ShowVerification(c)
	buf := make([]byte, 1024)
	for range 1 + repetitions {
		n, err := c.Write([]byte(message))
		if err != nil {
			return err
		}
		fmt.Printf("  > Write to server: %d bytes written\n\n%s\n\n", n, message)
		n, err = c.Read(buf)
		switch {
		case err == nil:
			fmt.Printf("  < Read from server: %d bytes read\n\n%s\n\n", n, buf[:n])
			return nil
		case errors.Is(err, io.EOF):
			fmt.Println("  . The server closed the connection")
			return nil
		case !errors.Is(err, mbedtls.ErrSSLTimeout):
			return err
		}
		fmt.Println("  < Read from server: timeout")
	}
	return mbedtls.ErrSSLTimeout
}

// Ssl_pthread_server is a small HTTPS server, as upstream's program of that name, which has a thread for each client: here
// it is a goroutine.
package main

import (
	"fmt"
	"net"

	"github.com/gombedtls/gombedtls/internal/sample"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func main() { sample.Main(run) }

func run() error {
	config, err := sample.Server()
	if err != nil {
		return err
	}
	defer config.Close()
	l, err := mbedtls.Listen("tcp", ":"+sample.Port(), config)
	if err != nil {
		return err
	}
	clients := 0
	return sample.Each(l, func(c net.Conn) error {
		clients++
		who := fmt.Sprintf("  [ #%d ]", clients)
		go func() {
			if err := sample.Answer(c.(*mbedtls.Conn), who); err != nil {
				fmt.Printf("%s  ! %v\n\n", who, err)
			}
		}()
		return nil
	})
}

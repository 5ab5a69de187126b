// Ssl_server is a small HTTPS server, as upstream's program of that name: one client after the other.
package main

import (
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
	if config.ServerSessionCache, err = mbedtls.NewSessionCache(0, 0); err != nil {
		return err
	}
	l, err := mbedtls.Listen("tcp", ":"+sample.Port(), config)
	if err != nil {
		return err
	}
	return sample.Each(l, func(c net.Conn) error { return sample.Answer(c.(*mbedtls.Conn), "") })
}

// Command ssl_server2 is upstream's server program on package mbedtls, with its command line, for the test suites of Mbed
// TLS. "help" lists the options. It serves one client after another, until SIGTERM.
package main

import (
	"io"
	"os"

	"github.com/gombedtls/gombedtls/internal/testprogram"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

func run(args []string, w io.Writer) int { return testprogram.Run(true, args, w, runServer) }

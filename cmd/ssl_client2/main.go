// Command ssl_client2 is upstream's client program on package mbedtls, with its command line, for the test suites of Mbed
// TLS. "help" lists the options.
package main

import (
	"io"
	"os"

	"github.com/gombedtls/gombedtls/internal/testprogram"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

func run(args []string, w io.Writer) int { return testprogram.Run(false, args, w, runClient) }

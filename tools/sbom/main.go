// Command sbom writes a software bill of materials of the binding, in CycloneDX 1.6 as JSON: the Go modules that its
// packages and programs are made of, as cyclonedx-gomod finds them, and Mbed TLS with what it bundles. Equal sources give
// equal bytes. With -h it lists its options. It is what "build.sh sbom" runs.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

const usage = `usage: sbom [OPTION…]
Writes a software bill of materials of the module, in CycloneDX 1.6 as JSON. Mbed TLS must have been unpacked
(./build.sh vendor). With $SOURCE_DATE_EPOCH set, the document has that time stamp, else none.

`

func main() {
	flags := flag.NewFlagSet("sbom", flag.ContinueOnError)
	root := flags.String("root", ".", "the `FOLDER` of the module")
	profile := flags.String("profile", "default", "the `NAME` of the profile that Mbed TLS is built with")
	output := flags.String("o", "-", "the `FILE` to write; - is standard output")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	err := flags.Parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err == nil && flags.NArg() > 0:
		fmt.Fprintf(os.Stderr, "sbom: unknown argument %s\n", flags.Arg(0))
		os.Exit(2)
	case err != nil:
		os.Exit(2)
	}
	if err := run(*root, *profile, *output); err != nil {
		fmt.Fprintf(os.Stderr, "sbom: %v\n", err)
		os.Exit(1)
	}
}

func run(root, profile, output string) error {
	var stamp time.Time
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return fmt.Errorf("SOURCE_DATE_EPOCH=%s: must be seconds since 1970", epoch)
		}
		stamp = time.Unix(seconds, 0).UTC()
	}
	bom, err := generate(root, profile)
	if err != nil {
		return err
	}
	text, err := encode(bom, stamp)
	if err != nil {
		return err
	}
	if output == "-" {
		_, err = os.Stdout.Write(text)
		return err
	}
	return os.WriteFile(output, text, 0o644)
}

// Mbedtls-coverage prints which public functions and callback types of Mbed TLS's TLS headers the bridge binds, header by
// header, and the reason for each that it does not.
//
//	go run ./cmd/mbedtls-coverage [-v]
//
// With -v it lists what is bound, too. The exit code is 1 if something is neither bound nor excepted.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/gombedtls/gombedtls/internal/coverage"
)

func main() {
	all := flag.Bool("v", false, "list what is bound, too")
	flag.Parse()
	missing, err := run(os.Stdout, *all)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mbedtls-coverage:", err)
	}
	if err != nil || missing {
		os.Exit(1)
	}
}

func run(w io.Writer, all bool) (missing bool, err error) {
	root, err := coverage.Root(".")
	if err != nil {
		return false, err
	}
	table, err := coverage.Measure(root)
	if err != nil {
		return false, err
	}
	return len(table.Missing()) > 0, write(w, table, all)
}

// write prints, for each header, the counts and the symbols.
func write(w io.Writer, table *coverage.Table, all bool) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, header := range append(coverage.Headers, "") {
		var total, bound, excepted int
		for _, r := range table.Rows {
			if header != "" && r.Header != header {
				continue
			}
			total++
			switch {
			case r.Used:
				bound++
			case r.Reason != "":
				excepted++
			}
		}
		fmt.Fprintf(tab, "%s\t%d symbols\t%d bound, %d excepted, %d missing\n",
			cmp.Or(header, "all"), total, bound, excepted, total-bound-excepted)
		for _, r := range table.Rows {
			if r.Header != header || r.Used && !all {
				continue
			}
			state := cmp.Or(r.Reason, "MISSING")
			if r.Used {
				state = "bound"
			}
			fmt.Fprintf(tab, "  %s\t%s\t%s\n", r.Name, r.Kind, state)
		}
	}
	return tab.Flush()
}

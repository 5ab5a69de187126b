// Mbedtls-coverage prints which public functions and callback types of Mbed TLS's headers the bridge binds, header by
// header, and what replaces each that it does not, or why it is out of scope.
//
//	go run ./cmd/mbedtls-coverage [-v]
//
// With -v it lists what is bound, too. The exit code is 1 if something is nothing of the three.
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
	for _, header := range append(table.Headers, "") {
		total, count := 0, map[coverage.State]int{}
		for _, r := range table.Rows {
			if header == "" || r.Header == header {
				total++
				count[r.State]++
			}
		}
		fmt.Fprintf(tab, "%s\t%d symbols\t%d bound, %d replaced by Go, %d out of scope, %d missing\n", cmp.Or(header, "all headers"), total,
			count[coverage.Bound], count[coverage.Replaced], count[coverage.OutOfScope], count[coverage.Missing])
		for _, r := range table.Rows {
			if r.Header != header || r.State == coverage.Bound && !all {
				continue
			}
			fmt.Fprintf(tab, "  %s\t%s\t%s\n", r.Name, r.Kind, describe(r))
		}
	}
	return tab.Flush()
}

func describe(r coverage.Row) string {
	switch r.State {
	case coverage.Replaced:
		return "replaced by " + r.Reason
	case coverage.OutOfScope:
		return "out of scope: " + r.Reason
	default:
		return string(r.State)
	}
}

package main

import (
	"fmt"
	"io"
	"strconv"
)

func (m machine) String() string {
	return fmt.Sprintf("%s, %d cores, Linux %s, %s, Mbed TLS %s, profile %s, %s",
		m.CPU, m.Cores, m.Kernel, m.Go, m.MbedTLS, m.Profile, m.Date)
}

// titles of modes.
var titles = map[string]string{
	accelerated: "ACCELERATED: primitives by Go where it has faster ones",
	stock:       "STOCK: all primitives by the library (MBEDTLS_ACCEL=off)",
}

// print prints a table for each mode.
func (r *report) print(w io.Writer, modes []string) {
	fmt.Fprintln(w, r.Machine)
	fmt.Fprintln(w, "Medians of turns. × is a ratio to another stack: above 1, this binding is better, also where less is better.")
	width := 0
	for _, row := range r.Rows {
		width = max(width, len(row.Name), len(row.section))
	}
	line := func(name string, cells ...string) {
		fmt.Fprintf(w, "%-*s", width, name)
		for _, c := range cells[:len(cells)-1] {
			fmt.Fprintf(w, " %12s", c)
		}
		fmt.Fprintf(w, "  %s\n", cells[len(cells)-1])
	}
	for _, mode := range modes {
		fmt.Fprintf(w, "\n%s\n", titles[mode])
		section := ""
		for _, row := range r.Rows {
			if row.Mode != mode {
				continue
			}
			if row.section != section {
				section = row.section
				fmt.Fprintln(w)
				line(section, "ours", "C", "crypto/tls", "pion", "× C", "× crypto/tls", "× pion", "unit")
			}
			line(row.Name, number(row.Ours), number(row.C), number(row.CryptoTLS), number(row.Pion),
				ratio(row.RatioC), ratio(row.RatioCryptoTLS), ratio(row.RatioPion), row.Unit)
		}
	}
	fmt.Fprintln(w)
	for _, mode := range modes {
		for _, of := range []judgement{ofHandshakes, ofBulk} {
			r.printWorst(w, mode, of)
		}
	}
}

// printWorst tells the lowest ratios of a mode.
func (r *report) printWorst(w io.Writer, mode string, of judgement) {
	for _, other := range []struct {
		name  string
		ratio func(*result) *float64
	}{
		{"C", func(r *result) *float64 { return r.RatioC }},
		{"crypto/tls", func(r *result) *float64 { return r.RatioCryptoTLS }},
	} {
		var worst *result
		for i := range r.Rows {
			row := &r.Rows[i]
			if x := other.ratio(row); row.Mode == mode && row.of == of && x != nil && (worst == nil || *x < *other.ratio(worst)) {
				worst = row
			}
		}
		if worst != nil {
			fmt.Fprintf(w, "%s, %s: worst × %s is %.2f, of %s\n", mode, of, other.name, *other.ratio(worst), worst.Name)
		}
	}
}

func number(x *float64) string {
	switch {
	case x == nil:
		return "-"
	case *x >= 1000:
		return strconv.FormatFloat(*x, 'f', 0, 64)
	}
	return strconv.FormatFloat(*x, 'g', 3, 64)
}

func ratio(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x, 'f', 2, 64)
}

package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// printTable prints the rows, then what is wrong with those that failed. It tells whether none did.
func printTable(w io.Writer, rows []row, results []result, verbose bool) (ok bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PEER\tGO IS\tVERSION\tSUITE\tGROUP\tVERIFY\tBYTES EACH WAY\tMB/S")
	for i, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.peer, r.role, mbedtls.VersionName(r.version), strings.Join(results[i].cells(), "\t"))
	}
	t.Flush()
	failed := 0
	for i, r := range rows {
		switch {
		case results[i].err != nil:
			failed++
			fmt.Fprintf(w, "\n%s failed: %v\n", r, results[i].err)
		case verbose:
			fmt.Fprintf(w, "\n%s\n%s", r, results[i].details())
		}
	}
	if failed > 0 {
		fmt.Fprintf(w, "\n%d of %d rows failed\n", failed, len(rows))
	}
	return failed == 0
}

// cells are those of suite, group, verify result, bytes and speed.
func (r *result) cells() []string {
	st := r.state
	cells := []string{"-", "-", "-", "-", "FAILED"}
	if st.HandshakeComplete {
		cells[0], cells[2] = mbedtls.CipherSuiteName(st.CipherSuite), st.VerifyFlags.String()
		if st.Group != 0 {
			cells[1] = st.Group.String()
		}
	}
	if r.err == nil {
		cells[3], cells[4] = fmt.Sprint(r.transfer.Bytes), fmt.Sprintf("%.0f", r.transfer.MBPerSecond())
	}
	return cells
}

func (r *result) details() string {
	var b strings.Builder
	for _, cert := range r.state.PeerCertificates {
		fmt.Fprintf(&b, "  certificate of the peer: %s, by %s\n", cert.Subject, cert.Issuer)
	}
	fmt.Fprintf(&b, "  extended master secret %t, record expansion %d, payload of a record at most %d out, %d in\n",
		r.state.ExtendedMasterSecret, r.state.RecordExpansion, r.state.MaxOutPayload, r.state.MaxInPayload)
	fmt.Fprintf(&b, "  %s, in %v\n", r.compared, r.transfer.Elapsed)
	return b.String()
}

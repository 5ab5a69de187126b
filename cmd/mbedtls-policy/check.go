package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/gombedtls/gombedtls/mbedtls"
)

func (c *command) print(args []string) (bool, error) {
	p, err := policy(args[0])
	if err != nil {
		return false, err
	}
	text := mbedtls.PolicyText
	if c.docs {
		text = mbedtls.ExplainPolicy
	}
	_, err = io.WriteString(c.stdout, text(p))
	return true, err
}

func (c *command) diff(args []string) (bool, error) {
	a, err := policy(args[0])
	if err != nil {
		return false, err
	}
	b, err := policy(args[1])
	if err != nil {
		return false, err
	}
	list := mbedtls.DiffPolicies(a, b)
	if c.json {
		return len(list) == 0, c.writeJSON(append([]mbedtls.PolicyDifference{}, list...))
	}
	if len(list) > 0 {
		t := c.table("RULE", args[0], args[1])
		for _, d := range list {
			t.row(d.Key, d.A, d.B)
		}
		return false, t.Flush()
	}
	return true, nil
}

// table is aligned text.
type table struct{ *tabwriter.Writer }

func (c *command) table(head ...string) table {
	t := table{tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)}
	t.row(head...)
	return t
}

func (t table) row(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) }

// checked is what a policy comes to for one end.
type checked struct {
	End, Transport string
	Versions       []string
	CipherSuites   []string
	Unmet          []mbedtls.UnmetRule `json:",omitempty"`
	Forbidden      string              `json:",omitempty"` // the rule that forbids it as a whole
	Error          string              `json:",omitempty"`
}

func (r checked) ok() bool { return len(r.Unmet) == 0 && r.Error == "" }

// result is the last cell of the table.
func (r checked) result() string {
	switch {
	case r.Forbidden != "":
		return "forbidden by " + r.Forbidden
	case len(r.Unmet) > 0:
		return fmt.Sprintf("cannot be met: %d", len(r.Unmet))
	case r.Error != "":
		return r.Error
	}
	return "ok"
}

func (c *command) check(args []string) (bool, error) {
	p, err := policy(args[0])
	var syntax *mbedtls.PolicySyntaxError
	if errors.As(err, &syntax) {
		fmt.Fprintln(c.stdout, err)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var results []checked
	usable := false
	for _, end := range []string{"client", "server"} {
		for _, transport := range []string{"TLS", "DTLS"} {
			r := checkEnd(p, end, transport)
			results = append(results, r)
			usable = usable || r.Forbidden == ""
		}
	}
	ok := usable && !slices.ContainsFunc(results, func(r checked) bool { return !r.ok() })
	if c.json {
		return ok, c.writeJSON(results)
	}
	return ok, c.printChecked(results)
}

func (c *command) printChecked(results []checked) error {
	t := c.table("END", "TRANSPORT", "VERSIONS", "SUITES", "RESULT")
	var unmet []mbedtls.UnmetRule
	for _, r := range results {
		versions := strings.Join(r.Versions, ", ")
		if versions == "" {
			versions = "-"
		}
		t.row(r.End, r.Transport, versions, fmt.Sprint(len(r.CipherSuites)), r.result())
		for _, u := range r.Unmet {
			if !slices.Contains(unmet, u) {
				unmet = append(unmet, u)
			}
		}
	}
	if err := t.Flush(); err != nil || len(unmet) == 0 {
		return err
	}
	fmt.Fprintln(c.stdout)
	t = c.table("RULE", "VALUE", "CANNOT BE MET, SINCE")
	for _, u := range unmet {
		t.row(u.Key, u.Value, u.Why)
	}
	return t.Flush()
}

var transportVersions = map[string][]uint16{
	"TLS": {mbedtls.VersionTLS12, mbedtls.VersionTLS13}, "DTLS": {mbedtls.VersionDTLS12},
}

// checkEnd compiles a policy for one end.
func checkEnd(p mbedtls.Policy, end, transport string) checked {
	r := checked{End: end, Transport: transport, Versions: []string{}, CipherSuites: []string{}}
	rules := p.Rules()
	var versions []uint16
	for _, v := range transportVersions[transport] {
		if key := rules.ForbidsVersion(v); key != "" {
			r.Forbidden = key
		} else {
			versions = append(versions, v)
		}
	}
	if len(versions) > 0 {
		r.Forbidden = ""
	} else {
		return r
	}
	var unmet *mbedtls.PolicyError
	if err := mbedtls.CheckPolicy(p, transport == "DTLS"); errors.As(err, &unmet) {
		r.Unmet = unmet.Rules
		return r
	}
	if err := validate(p, end, transport); err != nil {
		r.Error = err.Error()
	}
	for _, v := range versions {
		suites := allowedSuites(&rules, v)
		if len(suites) > 0 {
			r.Versions = append(r.Versions, mbedtls.VersionName(v))
		}
		r.CipherSuites = append(r.CipherSuites, suites...)
	}
	return r
}

// allowedSuites are those of the build for a version.
func allowedSuites(rules *mbedtls.PolicyRules, version uint16) (list []string) {
	for _, id := range mbedtls.CipherSuites() {
		if isFor(id, version) && rules.ForbidsCipherSuite(id) == "" {
			list = append(list, mbedtls.CipherSuiteName(id))
		}
	}
	return list
}

// isFor tells whether a suite is for a version.
func isFor(id, version uint16) bool {
	info, ok := mbedtls.CipherSuiteByID(id)
	if version == mbedtls.VersionDTLS12 {
		return ok && !info.NoDTLS && info.MinVersion <= mbedtls.VersionTLS12
	}
	return ok && info.MinVersion <= version && version <= info.MaxVersion
}

// validate makes a Config with the policy, and with credentials that it allows.
func validate(p mbedtls.Policy, end, transport string) error {
	configs := clientConfigs(p)
	if end == "server" {
		configs = serverConfigs(p)
	}
	var first error
	for config := range configs {
		err := validator(config, transport == "DTLS")(end == "server")
		config.Close()
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

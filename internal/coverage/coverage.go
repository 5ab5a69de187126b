package coverage

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Headers are those that the bridge covers.
var Headers = []string{"ssl.h", "ssl_ticket.h", "ssl_cache.h", "ssl_cookie.h", "ssl_ciphersuites.h", "net_sockets.h"}

//go:embed exceptions.txt
var exceptions string

// Row is a symbol and what became of it.
type Row struct {
	Symbol
	Header string
	Used   bool   // the bridge calls the function, or one that takes the callback
	Reason string // why not; "" if there is none
}

// Table has a row for each symbol, header by header.
type Table struct {
	Rows  []Row
	Stale []string // names in exceptions.txt that are used after all, or that no header has
}

// Measure reads the sources of the module in root.
func Measure(root string) (*Table, error) {
	used, err := Used(filepath.Join(root, "cbridge"))
	if err != nil {
		return nil, err
	}
	headers := map[string]string{}
	for _, name := range Headers {
		text, err := os.ReadFile(filepath.Join(root, "third_party/mbedtls/src/include/mbedtls", name))
		if err != nil {
			return nil, fmt.Errorf("%w: run ./build.sh vendor first", err)
		}
		headers[name] = string(text)
	}
	reasons, err := parseExceptions(exceptions)
	if err != nil {
		return nil, err
	}
	return measure(headers, used, reasons), nil
}

func measure(headers map[string]string, used map[string]bool, reasons map[string]string) *Table {
	t := new(Table)
	for _, name := range Headers {
		for _, s := range ParseHeader(headers[name]) {
			t.Rows = append(t.Rows, Row{Symbol: s, Header: name})
		}
	}
	known := map[string]bool{}
	for i := range t.Rows {
		r := &t.Rows[i]
		r.Used = used[r.Name]
		if r.Kind == Callback {
			r.Used = slices.ContainsFunc(t.Rows, func(f Row) bool {
				return f.Kind == Function && used[f.Name] && slices.Contains(identifier.FindAllString(f.Text, -1), r.Name)
			})
		}
		known[r.Name] = true
		r.Reason = reasons[r.Name]
		if r.Used && r.Reason != "" {
			t.Stale = append(t.Stale, r.Name+": the bridge uses it")
		}
	}
	for name := range reasons {
		if !known[name] {
			t.Stale = append(t.Stale, name+": no header has it")
		}
	}
	slices.Sort(t.Stale)
	return t
}

// Missing are the rows that are neither used nor excepted.
func (t *Table) Missing() []Row {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(r Row) bool { return r.Used || r.Reason != "" })
}

// parseExceptions reads lines of a name and, behind it, the reason. A group, [reason], gives the lines below it theirs.
func parseExceptions(text string) (map[string]string, error) {
	reasons, group := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			group = strings.Trim(line, "[]")
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if reason = strings.TrimSpace(reason); reason == "" {
			reason = group
		}
		switch {
		case reason == "":
			return nil, fmt.Errorf("exceptions.txt: %s has no reason", name)
		case reasons[name] != "":
			return nil, fmt.Errorf("exceptions.txt: %s stands there twice", name)
		}
		reasons[name] = reason
	}
	return reasons, nil
}

// Root finds the module's folder, from dir upwards.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is no folder of the module")
		}
	}
}

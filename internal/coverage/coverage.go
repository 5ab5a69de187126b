package coverage

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed exceptions.txt
var exceptions string

// State is what became of a symbol.
type State string

// The states.
const (
	Bound      State = "bound"        // the bridge calls the function, or one that takes the callback
	Replaced   State = "replaced"     // by something of Go's, which the reason names
	OutOfScope State = "out of scope" // for the reason given
	Missing    State = "MISSING"
)

// Row is a symbol and what became of it.
type Row struct {
	Symbol
	Header string // below include, such as mbedtls/ssl.h
	State  State
	Reason string // of Replaced and OutOfScope
}

// Table has a row for each symbol, header by header.
type Table struct {
	Headers []string // that declare something
	Rows    []Row
	Stale   []string // names in exceptions.txt that are used after all, or that no header has
}

// Measure reads the sources of the module in root: all public headers of the library, and the bridge.
func Measure(root string) (*Table, error) {
	used, err := Used(filepath.Join(root, "cbridge"))
	if err != nil {
		return nil, err
	}
	include := filepath.Join(root, "third_party/mbedtls/src/include")
	headers := map[string]string{}
	for _, folder := range []string{"mbedtls", "psa"} {
		files, err := filepath.Glob(filepath.Join(include, folder, "*.h"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("no headers in %s: run ./build.sh vendor first", filepath.Join(include, folder))
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			headers[folder+"/"+filepath.Base(file)] = string(text)
		}
	}
	reasons, err := parseExceptions(exceptions)
	if err != nil {
		return nil, err
	}
	return measure(headers, used, reasons), nil
}

func measure(headers map[string]string, used map[string]bool, reasons map[string]exception) *Table {
	t := new(Table)
	types, known := map[string]bool{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		before := len(t.Rows)
		for _, s := range ParseHeader(headers[name], types) {
			if !known[s.Name] { // some are declared in one header, and defined in another
				t.Rows = append(t.Rows, Row{Symbol: s, Header: name})
			}
			known[s.Name] = true
		}
		if len(t.Rows) > before {
			t.Headers = append(t.Headers, name)
		}
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		isUsed := used[r.Name]
		if r.Kind == Callback {
			isUsed = slices.ContainsFunc(t.Rows, func(f Row) bool {
				return f.Kind == Function && used[f.Name] && slices.Contains(identifier.FindAllString(f.Text, -1), r.Name)
			})
		}
		e, excepted := reasons[r.Name]
		switch {
		case isUsed:
			r.State = Bound
		case excepted:
			r.State, r.Reason = e.state, e.reason
		default:
			r.State = Missing
		}
		if isUsed && excepted {
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

// Missing are the rows that nothing became of.
func (t *Table) Missing() []Row {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(r Row) bool { return r.State != Missing })
}

// exception is why the bridge does not call something.
type exception struct {
	state  State
	reason string
}

// parseExceptions reads lines of a name and, behind it, the reason. A group, [reason], gives the lines below it theirs. A
// reason begins with "replaced by" or with "out of scope:".
func parseExceptions(text string) (map[string]exception, error) {
	reasons, group := map[string]exception{}, ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			group = strings.Trim(line, "[]")
			continue
		}
		name, own, _ := strings.Cut(line, " ")
		reason := cmp.Or(strings.TrimSpace(own), group)
		if _, twice := reasons[name]; twice {
			return nil, fmt.Errorf("exceptions.txt: %s stands there twice", name)
		}
		if by, ok := strings.CutPrefix(reason, "replaced by "); ok {
			reasons[name] = exception{Replaced, by}
		} else if why, ok := strings.CutPrefix(reason, "out of scope: "); ok {
			reasons[name] = exception{OutOfScope, why}
		} else {
			return nil, fmt.Errorf("exceptions.txt: the reason of %s, %q, is none of the two kinds", name, reason)
		}
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

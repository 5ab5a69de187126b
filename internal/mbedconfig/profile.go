package mbedconfig

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// statement is one line of a profile that does something.
type statement struct {
	verb  string // start, set or unset
	name  string // option, or the set that start names
	value string
	Place
}

// Place is where a statement stands.
type Place struct {
	File string // as reached from the profile, slash-separated
	Line int
	From *Place // the include statement that led here; nil in the profile itself
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// errorf describes what is wrong with the statement, in the form that editors understand.
func (p Place) errorf(text, format string, args ...any) error {
	return fmt.Errorf("%s: %s: "+format, append([]any{p, text}, args...)...)
}

func (s statement) text() string {
	if s.value != "" {
		return s.verb + " " + s.name + " = " + s.value
	}
	return s.verb + " " + s.name
}

// assignment splits "NAME" and "NAME = value".
var assignment = regexp.MustCompile(`^(\w+)\s*(?:=\s*(\S.*))?$`)

// readProfile returns the statements of a profile in the order in which they act, includes expanded.
func readProfile(path string) ([]statement, error) {
	r := profileReader{}
	if err := r.read(path, nil); err != nil {
		return nil, err
	}
	return r.statements, nil
}

type profileReader struct {
	statements []statement
	open       []string // chain of files being read, outermost first
}

func (r *profileReader) read(path string, from *Place) error {
	for i, outer := range r.open {
		if outer == path {
			chain := strings.Join(append(r.open[i:], path), " -> ")
			return from.errorf("include "+path, "files include each other: %s", chain)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		if from == nil {
			return err
		}
		return from.errorf("include "+path, "%w", err)
	}
	r.open = append(r.open, path)
	defer func() { r.open = r.open[:len(r.open)-1] }()

	decided := map[string]statement{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := stripNote(lines.Text())
		if line == "" {
			continue
		}
		place := Place{filepath.ToSlash(path), n, from}
		verb, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if verb == "include" {
			if rest == "" {
				return place.errorf(line, "include needs a file name")
			}
			if err := r.read(filepath.Join(filepath.Dir(path), filepath.FromSlash(rest)), &place); err != nil {
				return err
			}
			continue
		}
		s, err := parseStatement(line, verb, rest, place)
		if err != nil {
			return err
		}
		if earlier, again := decided[s.name]; again && earlier.text() != s.text() {
			return place.errorf(line, "contradicts line %d: %s", earlier.Line, earlier.text())
		}
		decided[s.name] = s
		r.statements = append(r.statements, s)
	}
	return lines.Err()
}

// stripNote drops a comment: a # at the start of the line or after white space. The # of a C token such as
// "a#b" stays.
func stripNote(line string) string {
	line = strings.TrimSpace(strings.ReplaceAll(line, "\t", " "))
	if strings.HasPrefix(line, "#") {
		return ""
	}
	line, _, _ = strings.Cut(line, " #")
	return strings.TrimSpace(line)
}

func parseStatement(line, verb, rest string, place Place) (statement, error) {
	switch verb {
	case "start", "set", "unset":
	default:
		return statement{}, place.errorf(line, "not a statement: a line is include, start, set or unset")
	}
	m := assignment.FindStringSubmatch(rest)
	if m == nil {
		return statement{}, place.errorf(line, "want %s", statementForms[verb])
	}
	if m[2] != "" && verb != "set" {
		return statement{}, place.errorf(line, "only set takes a value: want %s", statementForms[verb])
	}
	return statement{verb: verb, name: m[1], value: m[2], Place: place}, nil
}

var statementForms = map[string]string{
	"start": "start default, start full or start empty",
	"set":   "set NAME or set NAME = value",
	"unset": "unset NAME",
}

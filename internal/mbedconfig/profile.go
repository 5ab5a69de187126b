package mbedconfig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gombedtls/gombedtls/config"
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

// builtInFolder is where the built-in profiles stand in the repository, and what messages call it elsewhere.
const builtInFolder = "config/profiles"

// readBuiltIn reads one of the profiles that the program holds.
func readBuiltIn(path string) ([]byte, error) {
	name, err := filepath.Rel(builtInFolder, path)
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(config.Profiles(), filepath.ToSlash(name))
}

// readBeside reads files on disk. What an include names and is not beside the profile may be a built-in one.
func readBeside(profile string) func(path string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) && path != profile {
			if name, _ := filepath.Rel(filepath.Dir(profile), path); filepath.IsLocal(name) {
				if builtIn, err := readBuiltIn(filepath.Join(builtInFolder, name)); err == nil {
					return builtIn, nil
				}
			}
		}
		return text, err
	}
}

type profileReader struct {
	readFile   func(path string) ([]byte, error)
	statements []statement // in the order in which they act, includes expanded
	open       []string    // chain of files being read, outermost first
}

func (r *profileReader) read(path string, from *Place) error {
	for i, outer := range r.open {
		if outer == path {
			chain := strings.Join(append(r.open[i:], path), " -> ")
			return from.errorf("include "+path, "files include each other: %s", chain)
		}
	}
	text, err := r.readFile(path)
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

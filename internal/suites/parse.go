package suites

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Suite is one .data file with the .function file that serves it.
type Suite struct {
	Name      string // such as gcm.aes128_de
	Functions *FunctionFile
	Cases     []Case
}

// Case is a test case of a .data file.
type Case struct {
	Line        int // of the description
	Description string
	DependsOn   []string
	Function    string
	Args        []string // as in the file, escapes included
}

// FunctionFile is what is of interest in a .function file.
type FunctionFile struct {
	Name      string   // such as gcm
	Header    string   // C code before the functions
	DependsOn []string // of all functions
	Functions map[string]*Function
}

// Function is a test function's parameters and what it depends on.
type Function struct {
	DependsOn []string
	Params    []Kind
}

// Kind is a kind of parameter.
type Kind string

// The kinds.
const (
	Integer Kind = "integer" // int, an enumeration, or any other number
	Text    Kind = "char *"
	Data    Kind = "data_t *" // hex
)

// Suites are those of a source tree.
type Suites struct {
	List   []Suite
	folder string // tests of the source tree
	values map[expression]int64
}

const prefix = "test_suite_"

// Load reads the suites of an Mbed TLS source tree.
func Load(source string) (*Suites, error) {
	all := &Suites{folder: filepath.Join(source, "tests")}
	files, err := filepath.Glob(filepath.Join(all.folder, "suites", prefix+"*.data"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no suites in %s: run ./build.sh vendor first", all.folder)
	}
	functions := map[string]*FunctionFile{}
	for _, file := range files {
		s := Suite{Name: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), prefix), ".data")}
		base, _, _ := strings.Cut(s.Name, ".")
		if s.Functions = functions[base]; s.Functions == nil {
			if s.Functions, err = loadFunctions(all.folder, base); err != nil {
				return nil, err
			}
			functions[base] = s.Functions
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if s.Cases, err = parseData(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, c := range s.Cases {
			f := s.Functions.Functions[c.Function]
			if f == nil || len(f.Params) != len(c.Args) {
				return nil, fmt.Errorf("%s:%d: no function %s with %d parameters", file, c.Line, c.Function, len(c.Args))
			}
		}
		all.List = append(all.List, s)
	}
	return all, nil
}

const dependsOn = "depends_on:"

func parseData(text string) (cases []Case, err error) {
	var c Case
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		switch dependencies, isDependency := strings.CutPrefix(line, dependsOn); {
		case line == "" && c.Line != 0:
			return nil, fmt.Errorf("line %d: the case has no function", c.Line)
		case line == "" || line[0] == '#':
		case c.Line == 0:
			c = Case{Line: number, Description: line}
		case isDependency:
			c.DependsOn = strings.Split(dependencies, ":")
		default:
			parts := split(line)
			c.Function, c.Args = parts[0], parts[1:]
			cases, c = append(cases, c), Case{}
		}
	}
	if c.Line != 0 {
		return nil, fmt.Errorf("line %d: the case has no function", c.Line)
	}
	return cases, nil
}

// split cuts at each colon that has no backslash before it. Empty parts do not count.
func split(line string) []string {
	var parts []string
	start := 0
	for i := 0; i <= len(line); i++ {
		switch {
		case i == len(line) || line[i] == ':':
			if i > start {
				parts = append(parts, line[start:i])
			}
			start = i + 1
		case line[i] == '\\':
			i++
		}
	}
	return parts
}

var escape = regexp.MustCompile(`\\(.)`)

// unquote is the string that an argument stands for.
func unquote(arg string) (string, error) {
	if len(arg) < 2 || arg[0] != '"' || arg[len(arg)-1] != '"' {
		return "", fmt.Errorf("%s is no string", arg)
	}
	return escape.ReplaceAllStringFunc(arg[1:len(arg)-1], func(s string) string {
		if s[1] == 'n' {
			return "\n"
		}
		return s[1:]
	}), nil
}

var (
	headerBlock     = regexp.MustCompile(`(?s)/\* BEGIN_HEADER \*/\n(.*?)/\* END_HEADER \*/`)
	dependencyBlock = regexp.MustCompile(`(?s)/\* BEGIN_DEPENDENCIES(.*?)END_DEPENDENCIES`)
	dependencyLine  = regexp.MustCompile(dependsOn + `(\S+)`)
	caseBlock       = regexp.MustCompile(`(?s)/\* BEGIN_CASE\s*(?:` + dependsOn + `\s*(\S+?))?\s*\*/\s*(.*?)/\* END_CASE`)
	signature       = regexp.MustCompile(`(?s)^\s*void\s+(\w+)\s*\((.*?)\)\s*\{`)
	comment         = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
)

func loadFunctions(folder, name string) (*FunctionFile, error) {
	file := filepath.Join(folder, "suites", prefix+name+".function")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	f := parseFunctions(string(text))
	f.Name = name
	if len(f.Functions) == 0 {
		return nil, fmt.Errorf("%s: no test function", file)
	}
	return f, nil
}

func parseFunctions(text string) *FunctionFile {
	f := &FunctionFile{Functions: map[string]*Function{}}
	for _, m := range headerBlock.FindAllStringSubmatch(text, -1) {
		f.Header += m[1]
	}
	for _, block := range dependencyBlock.FindAllStringSubmatch(text, -1) {
		for _, m := range dependencyLine.FindAllStringSubmatch(block[1], -1) {
			f.DependsOn = append(f.DependsOn, strings.Split(m[1], ":")...)
		}
	}
	for _, block := range caseBlock.FindAllStringSubmatch(text, -1) {
		m := signature.FindStringSubmatch(comment.ReplaceAllString(block[2], ""))
		if m == nil {
			continue
		}
		function := new(Function)
		if block[1] != "" {
			function.DependsOn = strings.Split(block[1], ":")
		}
		if params := strings.TrimSpace(m[2]); params != "" && params != "void" {
			for _, p := range strings.Split(params, ",") {
				function.Params = append(function.Params, kindOf(p))
			}
		}
		f.Functions[m[1]] = function
	}
	return f
}

func kindOf(param string) Kind {
	switch {
	case !strings.Contains(param, "*"):
		return Integer
	case slices.Contains(strings.Fields(strings.ReplaceAll(param, "*", " ")), "data_t"):
		return Data
	default:
		return Text
	}
}

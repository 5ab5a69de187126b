package suites

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/internal/cdriver"
)

// expression is what only the C compiler knows, in a .function file's context: a number, or whether a dependency is met.
type expression struct{ function, text string }

// dependency separates the two: no expression of C begins with it.
const dependency = "#"

var number = regexp.MustCompile(`^-?(0[xX][0-9a-fA-F]+|[1-9][0-9]*|0)$`)

// literal is the value of a plain number.
func literal(arg string) (int64, bool) {
	if !number.MatchString(arg) {
		return 0, false
	}
	v, err := strconv.ParseInt(arg, 0, 64)
	return v, err == nil
}

// Evaluate has the C compiler give each expression and each dependency of the suites named its value, with the headers of
// the archives that Go links. Root is the repository, and folder one for the program that does it, both absolute. One that
// cannot be compiled is an error.
func (s *Suites) Evaluate(ctx context.Context, root, folder string, wanted func(suite string) bool) error {
	files := map[string]*FunctionFile{}
	texts := map[string]map[string]bool{}
	add := func(function, text string) {
		if texts[function] == nil {
			texts[function] = map[string]bool{}
		}
		texts[function][text] = true
	}
	for _, suite := range s.List {
		if !wanted(suite.Name) {
			continue
		}
		f := suite.Functions
		files[f.Name] = f
		for _, d := range f.DependsOn {
			add(f.Name, dependency+d)
		}
		for _, c := range suite.Cases {
			for _, d := range slices.Concat(c.DependsOn, f.Functions[c.Function].DependsOn) {
				add(f.Name, dependency+d)
			}
			for i, kind := range f.Functions[c.Function].Params {
				if _, plain := literal(c.Args[i]); kind == Integer && !plain {
					add(f.Name, c.Args[i])
				}
			}
		}
	}
	helpers, err := os.ReadFile(filepath.Join(s.folder, "suites/helpers.function"))
	if err != nil {
		return err
	}
	var list []expression
	calls, declarations := "", ""
	for name, set := range texts {
		var dependencies, numbers strings.Builder
		for text := range set {
			if d, ok := strings.CutPrefix(text, dependency); ok {
				fmt.Fprintf(&dependencies, "#if %s\nprintf(\"%d 1\\n\");\n#else\nprintf(\"%[2]d 0\\n\");\n#endif\n", condition(d), len(list))
			} else {
				// An assignment, as upstream has it: some expressions end with a semicolon.
				fmt.Fprintf(&numbers, "v = %s; printf(\"%d %%lld\\n\", v);\n", text, len(list))
			}
			list = append(list, expression{name, text})
		}
		// What is declared for a suite is there only if its dependencies are met.
		guard := "1"
		for _, d := range files[name].DependsOn {
			guard += " && " + condition(d)
		}
		source := fmt.Sprintf("%s\n#if %[2]s\n%s\n#endif\nvoid evaluate_%s(void)\n{\nlong long v;\n%s\n#if %[2]s\n%[6]s\n#endif\n}\n",
			helpers, guard, files[name].Header, name, dependencies.String(), numbers.String())
		if err := os.WriteFile(filepath.Join(folder, name+".c"), []byte(source), 0o600); err != nil {
			return err
		}
		declarations += fmt.Sprintf("void evaluate_%s(void);\n", name)
		calls += fmt.Sprintf("evaluate_%s();\n", name)
	}
	main := fmt.Sprintf("%sint main(void)\n{\n%sreturn 0;\n}\n", declarations, calls)
	if err := os.WriteFile(filepath.Join(folder, "main.c"), []byte(main), 0o600); err != nil {
		return err
	}
	program := filepath.Join(folder, "evaluate")
	// What nothing calls is left out, and with it what that would need.
	err = cdriver.Compile(ctx, root, folder, program, "-w", "-g0", "-DMBEDTLS_ALLOW_PRIVATE_ACCESS",
		"-I"+filepath.Join(s.folder, "include"), "-I"+filepath.Join(s.folder, "../framework/tests/include"),
		"-I"+filepath.Join(s.folder, "../library"), "-I"+s.folder,
		"-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-Wl,-z,muldefs")
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, program).Output()
	if err != nil {
		return fmt.Errorf("evaluating the expressions of the suites: %w", err)
	}
	return s.readValues(out, list)
}

var comparison = regexp.MustCompile(`^(!?)(\w+)\s*([=<>!]=?.*)?$`)

// condition is a dependency for #if: an option, or one compared with something, negated or not.
func condition(d string) string {
	m := comparison.FindStringSubmatch(d)
	if m == nil {
		return d
	}
	if m[3] == "" {
		return m[1] + "defined(" + m[2] + ")"
	}
	return m[1] + "(" + m[2] + m[3] + ")"
}

func (s *Suites) readValues(out []byte, list []expression) error {
	s.values = map[expression]int64{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var i int
		var v int64
		if _, err := fmt.Sscan(lines.Text(), &i, &v); err != nil || i >= len(list) {
			return fmt.Errorf("evaluating the expressions of the suites: line %q", lines.Text())
		}
		s.values[list[i]] = v
	}
	return nil
}

// met reports whether all dependencies of a case are met.
func (s *Suites) met(f *FunctionFile, c *Case) (bool, error) {
	for _, d := range slices.Concat(f.DependsOn, f.Functions[c.Function].DependsOn, c.DependsOn) {
		switch v, ok := s.values[expression{f.Name, dependency + d}]; {
		case !ok:
			return false, fmt.Errorf("dependency %s has no value", d)
		case v == 0:
			return false, nil
		}
	}
	return true, nil
}

func (s *Suites) integer(f *FunctionFile, arg string) (int64, error) {
	if v, ok := literal(arg); ok {
		return v, nil
	}
	v, ok := s.values[expression{f.Name, arg}]
	if !ok {
		return 0, fmt.Errorf("expression %s has no value", arg)
	}
	return v, nil
}

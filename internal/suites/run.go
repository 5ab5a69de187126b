package suites

import (
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Mapping says what stands for the test functions of a .function file.
type Mapping struct {
	// Functions are, by the name in C, Go functions with a *[T] and the parameters of the C function.
	Functions map[string]any

	// Unmapped says why nothing stands for the others.
	Unmapped map[string]string

	// Reason, if not "", says why nothing stands for any.
	Reason string
}

// Check compares the mappings, by the names of .function files, with the suites: each function must be in one, once, and
// with the parameters that it has in C.
func (s *Suites) Check(mappings map[string]*Mapping) (problems []string) {
	files := map[string]*FunctionFile{}
	for _, suite := range s.List {
		files[suite.Functions.Name] = suite.Functions
	}
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, file := range slices.Sorted(maps.Keys(files)) {
		m := mappings[file]
		if m == nil {
			problem("%s: no mapping, and no reason", file)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(files[file].Functions)) {
			f, mapped := m.Functions[name]
			reason, unmapped := m.Unmapped[name]
			switch {
			case mapped && (unmapped || m.Reason != ""):
				problem("%s: %s is mapped, and has a reason not to be", file, name)
			case mapped:
				if err := fits(reflect.TypeOf(f), files[file].Functions[name].Params); err != nil {
					problem("%s: %s: %v", file, name, err)
				}
			case reason == "" && m.Reason == "":
				problem("%s: %s is not mapped, without a reason", file, name)
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(mappings)) {
		if files[file] == nil {
			problem("%s: no such suite", file)
			continue
		}
		names := slices.Sorted(maps.Keys(mappings[file].Functions))
		for _, name := range append(names, slices.Sorted(maps.Keys(mappings[file].Unmapped))...) {
			if files[file].Functions[name] == nil {
				problem("%s: no such function as %s", file, name)
			}
		}
	}
	return problems
}

var bytesType = reflect.TypeFor[[]byte]()

func fits(f reflect.Type, params []Kind) error {
	if f.Kind() != reflect.Func || f.NumIn() == 0 || f.In(0) != reflect.TypeFor[*T]() || f.NumOut() != 0 {
		return fmt.Errorf("%v is no func(*suites.T, …)", f)
	}
	if f.NumIn()-1 != len(params) {
		return fmt.Errorf("%v has not the %d parameters of the function in C", f, len(params))
	}
	for i, kind := range params {
		p := f.In(i + 1)
		got := Kind(p.String())
		switch {
		case p == bytesType:
			got = Data
		case p.Kind() == reflect.String:
			got = Text
		case reflect.Zero(p).CanInt() || reflect.Zero(p).CanUint():
			got = Integer
		}
		if got != kind {
			return fmt.Errorf("parameter %d is of type %v, and stands for %s", i, p, kind)
		}
	}
	return nil
}

// Run runs the cases of the suites that are wanted, one after the other. progress is called after each suite. Their
// expressions must have been evaluated.
func (s *Suites) Run(mappings map[string]*Mapping, wanted func(suite string) bool, progress func(Result)) (*Report, error) {
	report := new(Report)
	for _, suite := range s.List {
		if !wanted(suite.Name) {
			continue
		}
		m := mappings[suite.Functions.Name]
		if m == nil {
			m = &Mapping{Reason: "nobody thought of the suite"}
		}
		r, err := s.runSuite(&suite, m)
		if err != nil {
			return nil, err
		}
		report.Suites = append(report.Suites, r)
		progress(r)
	}
	return report, nil
}

func (s *Suites) runSuite(suite *Suite, m *Mapping) (Result, error) {
	r := Result{Suite: suite.Name, Cases: len(suite.Cases), Reasons: map[string]int{}}
	for i := range suite.Cases {
		c := &suite.Cases[i]
		// What no function stands for needs no dependencies.
		f, mapped := m.Functions[c.Function]
		if !mapped {
			r.unmapped(c.Function + ": " + m.reason(c.Function))
			continue
		}
		met, err := s.met(suite.Functions, c)
		if err != nil {
			return r, fmt.Errorf("%s:%d: %w", suite.Name, c.Line, err)
		}
		if !met {
			r.NotInBuild++
			continue
		}
		args, err := s.arguments(suite.Functions, c, reflect.TypeOf(f))
		if err != nil {
			return r, fmt.Errorf("%s:%d: %w", suite.Name, c.Line, err)
		}
		failed, skipped := run(func(t *T) {
			args[0] = reflect.ValueOf(t)
			reflect.ValueOf(f).Call(args)
		})
		switch {
		case skipped != "":
			r.unmapped(c.Function + ": " + skipped)
			continue
		case failed != "":
			r.Failures = append(r.Failures, Failure{c.Line, c.Description, c.Function, failed})
		default:
			r.Passed++
		}
		r.Run++
	}
	return r, nil
}

func (m *Mapping) reason(function string) string {
	if reason := m.Unmapped[function]; reason != "" {
		return reason
	}
	return m.Reason
}

// arguments are those of a case, behind a place for the T.
func (s *Suites) arguments(file *FunctionFile, c *Case, f reflect.Type) ([]reflect.Value, error) {
	args := make([]reflect.Value, f.NumIn())
	for i, kind := range file.Functions[c.Function].Params {
		v := reflect.New(f.In(i + 1)).Elem()
		args[i+1] = v
		if kind == Integer {
			n, err := s.integer(file, c.Args[i])
			if err != nil {
				return nil, err
			}
			if v.CanInt() {
				v.SetInt(n)
			} else {
				v.SetUint(uint64(n)) // drops high bits, as C does
			}
			continue
		}
		text, err := unquote(c.Args[i])
		if err != nil {
			return nil, err
		}
		if kind == Text {
			v.SetString(text)
			continue
		}
		data, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
		v.SetBytes(data)
	}
	return args, nil
}

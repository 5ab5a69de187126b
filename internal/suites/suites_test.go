package suites

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
)

func TestDataFileIsRead(t *testing.T) {
	got, err := parseData("# a comment\nOne: with a colon\ndepends_on:A:!B\nf:\"a\\:b\":1 + 2:\"00ff\"\n\nTwo\ng:\nThree\nh\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Case{
		{Line: 2, Description: "One: with a colon", DependsOn: []string{"A", "!B"}, Function: "f", Args: []string{`"a\:b"`, "1 + 2", `"00ff"`}},
		{Line: 6, Description: "Two", Function: "g", Args: []string{}},
		{Line: 8, Description: "Three", Function: "h", Args: []string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, text := range []string{"One\n", "One\n\nf:1\n"} {
		if _, err := parseData(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestFunctionFileIsRead(t *testing.T) {
	got := parseFunctions(`/* BEGIN_HEADER */
#define X 1
/* END_HEADER */
/* BEGIN_DEPENDENCIES
 * depends_on:A:B
 * END_DEPENDENCIES
 */
/* BEGIN_CASE */
void one(void)
{
}
/* END_CASE */
/* BEGIN_CASE depends_on:C:!D*/
// a comment
void two(data_t *a, const char *b,
         int c /* why */, psa_status_t d)
{
}
/* END_CASE */`)
	want := &FunctionFile{Header: "#define X 1\n", DependsOn: []string{"A", "B"}, Functions: map[string]*Function{
		"one": {},
		"two": {DependsOn: []string{"C", "!D"}, Params: []Kind{Data, Text, Integer, Integer}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnquote(t *testing.T) {
	for arg, want := range map[string]string{`""`: "", `"a\:b"`: "a:b", `"\\\n\""`: "\\\n\"", `"\?"`: "?"} {
		if got, err := unquote(arg); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", arg, got, err, want)
		}
	}
	for _, arg := range []string{"", `"`, "x", `"x`} {
		if _, err := unquote(arg); err == nil {
			t.Errorf("%s is taken", arg)
		}
	}
}

func TestCondition(t *testing.T) {
	for dependency, want := range map[string]string{
		"A": "defined(A)", "!A": "!defined(A)", "A>=3": "(A>=3)", "A == (B + 1)": "(A== (B + 1))", "!A<2": "!(A<2)",
	} {
		if got := condition(dependency); got != want {
			t.Errorf("%s: %s, want %s", dependency, got, want)
		}
	}
}

// one is a suite of a function with a parameter of each kind, whose cases all do the same.
func one(args ...[]string) *Suites {
	file := &FunctionFile{Name: "f", DependsOn: []string{"SUITE"}, Functions: map[string]*Function{
		"f": {DependsOn: []string{"FUNCTION"}, Params: []Kind{Integer, Integer, Text, Data}},
	}}
	s := &Suites{List: []Suite{{Name: "f.x", Functions: file}}, values: map[expression]int64{
		{"f", "#SUITE"}: 1, {"f", "#FUNCTION"}: 1, {"f", "#ON"}: 1, {"f", "#OFF"}: 0, {"f", "BIG"}: 1 << 32, {"f", "MINUS"}: -2,
	}}
	for _, a := range args {
		s.List[0].Cases = append(s.List[0].Cases, Case{Description: a[0], DependsOn: []string{a[1]}, Function: "f", Args: a[2:]})
	}
	return s
}

func all(string) bool { return true }

func TestEachCaseIsCountedOnce(t *testing.T) {
	s := one(
		[]string{"passes", "ON", "1", "MINUS", `"text"`, `"00ff"`},
		[]string{"off", "OFF", "1", "MINUS", `"text"`, `"00ff"`},
		[]string{"fails", "ON", "2", "MINUS", `"text"`, `"00ff"`},
		[]string{"panics", "ON", "3", "MINUS", `"text"`, `""`},
		[]string{"skips", "ON", "4", "MINUS", `"text"`, `""`},
		[]string{"drops high bits", "ON", "5 ", "BIG", `"text"`, `"00ff"`},
	)
	s.values[expression{"f", "5 "}] = 5
	type named uint8
	got := map[int]any{}
	m := map[string]*Mapping{"f": {Functions: map[string]any{"f": func(t *T, a int64, b named, c string, d []byte) {
		got[int(a)] = []any{int(b), c, d}
		switch a {
		case 2:
			t.Equal("bytes", d, []byte{1})
		case 3:
			_ = d[1]
		case 4:
			t.Skip("why not")
		}
	}}}}
	r, err := s.Run(m, all, func(Result) {})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]any{
		1: []any{254, "text", []byte{0, 255}}, 2: []any{254, "text", []byte{0, 255}}, 3: []any{254, "text", []byte{}},
		4: []any{254, "text", []byte{}}, 5: []any{0, "text", []byte{0, 255}},
	}, got); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	failures := r.Suites[0].Failures
	if len(failures) != 2 || !strings.Contains(failures[0].Message, "00ff") || !strings.Contains(failures[1].Message, "index out of range") {
		t.Errorf("failures: %v", failures)
	}
	r.Suites[0].Failures = nil
	want := []Result{{Suite: "f.x", Cases: 6, Run: 4, Passed: 2, NotInBuild: 1, NotMapped: 1, Reasons: map[string]int{"f: why not": 1}}}
	if diff := cmp.Diff(want, r.Suites); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	total := r.Total()
	if total.Cases != total.Run+total.NotInBuild+total.NotMapped {
		t.Errorf("%+v does not add up", total)
	}
	var text strings.Builder
	if err := r.Write(&text, true); err != nil || !strings.Contains(text.String(), "1    f: why not\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestWhatHasNoValueEndsTheRun(t *testing.T) {
	m := map[string]*Mapping{"f": {Functions: map[string]any{"f": func(*T, int, int, string, []byte) {}}}}
	for _, args := range [][]string{
		{"dependency", "UNKNOWN", "1", "1", `""`, `""`},
		{"number", "ON", "UNKNOWN", "1", `""`, `""`},
		{"text", "ON", "1", "1", `no text`, `""`},
		{"data", "ON", "1", "1", `""`, `"0"`},
	} {
		if _, err := one(args).Run(m, all, func(Result) {}); err == nil {
			t.Errorf("%s: no error", args[0])
		}
	}
}

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	s := one()
	fit := func(*T, int8, uint32, string, []byte) {}
	for name, mapping := range map[string]*Mapping{
		"no mapping":        nil,
		"no reason":         {},
		"both":              {Functions: map[string]any{"f": fit}, Unmapped: map[string]string{"f": "why"}},
		"unknown function":  {Functions: map[string]any{"f": fit, "g": fit}},
		"unknown reason":    {Functions: map[string]any{"f": fit}, Unmapped: map[string]string{"g": "why"}},
		"no function":       {Functions: map[string]any{"f": 1}},
		"no T":              {Functions: map[string]any{"f": func(int, int, int, string, []byte) {}}},
		"too few":           {Functions: map[string]any{"f": func(*T, int, int, string) {}}},
		"text for a number": {Functions: map[string]any{"f": func(*T, int, string, string, []byte) {}}},
		"text for bytes":    {Functions: map[string]any{"f": func(*T, int, int, string, string) {}}},
	} {
		mappings := map[string]*Mapping{"f": mapping}
		if mapping == nil {
			mappings = nil
		}
		if problems := s.Check(mappings); len(problems) != 1 {
			t.Errorf("%s: %v", name, problems)
		}
	}
	for name, mapping := range map[string]*Mapping{
		"mapped": {Functions: map[string]any{"f": fit}}, "reason": {Unmapped: map[string]string{"f": "why"}}, "no suite for Go": {Reason: "why"},
	} {
		if problems := s.Check(map[string]*Mapping{"f": mapping}); problems != nil {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

func TestCodeIsExact(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want int
		ok   bool
	}{
		"none":          {nil, 0, true},
		"the same":      {&cbridge.Error{Code: -0x2100}, -0x2100, true},
		"one half":      {&cbridge.Error{Code: -0x2162}, -0x2100, false},
		"none, wanted":  {nil, -0x2100, false},
		"not wanted":    {&cbridge.Error{Code: -0x2100}, 0, false},
		"another error": {errors.New("x"), -0x2100, false},
	} {
		failed, skipped := run(func(t *T) { t.Code("call", test.err, test.want) })
		if (failed == "") != test.ok || skipped != "" {
			t.Errorf("%s: %q", name, failed)
		}
	}
}

func TestEmptyBytesAreEqual(t *testing.T) {
	if failed, _ := run(func(t *T) { t.Equal("nothing", []byte(nil), []byte{}) }); failed != "" {
		t.Error(failed)
	}
	if !reflect.DeepEqual(readable(1), 1) {
		t.Error("a number is not itself")
	}
}

package mbedtls

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// TextPolicy is a [Policy] that was read from text: a rule a line, "key = value", with a # before comments; go doc
// [PolicyRules] explains the keys. Lists are separated by spaces or commas, and "any" is all that the build has; names are
// also taken as Botan writes them, and groups, signature algorithms and SRTP profiles by number. "include FILE" reads
// another file at that place, relative to this one. A rule that follows takes the place of one that was included, but a
// file names a key once. Keys that no file names are as in [DefaultPolicy].
type TextPolicy struct {
	PolicyRules

	// Files are those that were read, in the order of their beginnings.
	Files []string
}

// PolicySyntaxError says where a policy cannot be read, and why.
type PolicySyntaxError struct {
	File       string // "" if it was none
	Line       int
	Key, Value string
	Err        error
}

// Error is the place, the rule and the reason.
func (e *PolicySyntaxError) Error() string {
	rule := e.Key
	if e.Value != "" {
		rule += " = " + e.Value
	}
	if e.Key == includeKey {
		rule = e.Key + " " + e.Value
	}
	return fmt.Sprintf("mbedtls: policy: %s:%d: %s: %v", e.File, e.Line, rule, e.Err)
}

// Unwrap returns the reason.
func (e *PolicySyntaxError) Unwrap() error { return e.Err }

// includeKey begins a line that reads another file.
const includeKey = "include"

// maxPolicyIncludes bounds how deep files include each other.
const maxPolicyIncludes = 16

// LoadPolicy reads a policy from a file.
func LoadPolicy(file string) (*TextPolicy, error) {
	return readPolicy(file, policySource{
		open: func(name string) (io.ReadCloser, error) { return os.Open(name) },
		resolve: func(from, name string) string {
			if filepath.IsAbs(name) {
				return filepath.Clean(name)
			}
			return filepath.Join(filepath.Dir(from), name)
		},
	})
}

// LoadPolicyFS is LoadPolicy in a file system.
func LoadPolicyFS(fsys fs.FS, file string) (*TextPolicy, error) {
	return readPolicy(file, policySource{
		open:    func(name string) (io.ReadCloser, error) { return fsys.Open(name) },
		resolve: func(from, name string) string { return path.Join(path.Dir(from), name) },
	})
}

var errNoIncludes = errors.New("there are no files beside this text")

// ReadPolicy reads a policy that includes no files.
func ReadPolicy(text io.Reader) (*TextPolicy, error) {
	const name = "policy"
	return readPolicy(name, policySource{
		open: func(file string) (io.ReadCloser, error) {
			if file == name {
				return io.NopCloser(text), nil
			}
			return nil, errNoIncludes
		},
		resolve: func(_, _ string) string { return "" },
	})
}

// policySource is where files come from, and how one names another.
type policySource struct {
	open    func(name string) (io.ReadCloser, error)
	resolve func(from, name string) string
}

func readPolicy(file string, source policySource) (*TextPolicy, error) {
	p := &TextPolicy{PolicyRules: DefaultPolicy.Rules()}
	if err := p.read(file, source, nil); err != nil {
		return nil, err
	}
	return p, nil
}

// read reads a file, which those in from include.
func (p *TextPolicy) read(file string, source policySource, from []string) error {
	f, err := source.open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	p.Files = append(p.Files, file)
	from = append(slices.Clone(from), file)
	seen := map[string]int{}
	lines := bufio.NewScanner(f)
	for number := 1; lines.Scan(); number++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		at := &PolicySyntaxError{File: file, Line: number}
		if fields := strings.Fields(text); fields[0] == includeKey {
			at.Key, at.Value = includeKey, strings.TrimSpace(strings.TrimPrefix(text, includeKey))
			at.Err = p.include(at.Value, source, from)
		} else {
			key, value, ok := strings.Cut(text, "=")
			at.Key, at.Value = strings.TrimSpace(key), strings.TrimSpace(value)
			at.Err = p.set(at.Key, at.Value, ok, seen[at.Key])
			seen[at.Key] = number
		}
		if at.Err != nil {
			return at
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("mbedtls: policy: %s: %w", file, err)
	}
	return nil
}

func (p *TextPolicy) include(name string, source policySource, from []string) error {
	if name == "" {
		return errors.New("names no file")
	}
	file := source.resolve(from[len(from)-1], name)
	switch {
	case slices.Contains(from, file):
		return fmt.Errorf("a loop: %s", strings.Join(append(from, file), " includes "))
	case len(from) >= maxPolicyIncludes:
		return fmt.Errorf("is %d files deep", len(from)+1)
	}
	return p.read(file, source, from)
}

// set sets a rule that the file had in line before; 0 is none.
func (p *TextPolicy) set(key, value string, hasValue bool, before int) error {
	i := slices.IndexFunc(policyRules, func(rule policyRule) bool { return rule.key == key })
	switch {
	case i < 0:
		return errors.New("there is no such rule")
	case !hasValue:
		return errors.New("has no = and no value")
	case before != 0:
		return fmt.Errorf("line %d has it already", before)
	}
	return policyRules[i].value.parse(&p.PolicyRules, value)
}

// String is the canonical text: what [PolicyText] gives.
func (r PolicyRules) String() string {
	var b strings.Builder
	for _, rule := range policyRules {
		fmt.Fprintf(&b, "%s = %s\n", rule.key, rule.value.text(&r))
	}
	return b.String()
}

// WriteTo writes the canonical text.
func (r PolicyRules) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, r.String())
	return int64(n), err
}

// PolicyText is the canonical text of a policy: all rules, one a line, in the same order for each policy. ReadPolicy takes
// it back. CheckPeerKey is not in it.
func PolicyText(p Policy) string { return p.Rules().String() }

// ExplainPolicy is PolicyText with a comment above each rule that explains it.
func ExplainPolicy(p Policy) string {
	r := p.Rules()
	var b strings.Builder
	for i, rule := range policyRules {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "# %s\n%s = %s\n", rule.doc, rule.key, rule.value.text(&r))
	}
	return b.String()
}

// PolicyDifference is a rule in which two policies differ.
type PolicyDifference struct{ Key, A, B string }

// DiffPolicies lists the rules in which two policies differ, in the order of their texts.
func DiffPolicies(a, b Policy) (list []PolicyDifference) {
	x, y := a.Rules(), b.Rules()
	for _, rule := range policyRules {
		if x, y := rule.value.text(&x), rule.value.text(&y); x != y {
			list = append(list, PolicyDifference{rule.key, x, y})
		}
	}
	return list
}

var (
	_ Policy      = PolicyRules{}
	_ Policy      = (*TextPolicy)(nil)
	_ io.WriterTo = PolicyRules{}
)

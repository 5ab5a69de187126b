package mbedconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// checkHeader is where upstream refuses combinations of options, adjustHeader where it silently undoes some.
const (
	checkHeader  = "include/mbedtls/check_config.h"
	adjustHeader = "include/mbedtls/config_adjust_ssl.h"
)

// Rule is one #error or #undef of a header and the preprocessor conditions around it.
type Rule struct {
	File       string // relative to the tree
	Line       int
	Message    string   // what the #error says
	Undefines  string   // the macro that the #undef names
	Conditions []string // outermost first; the rule acts when all hold
}

// String is the rule on two lines: where it stands and what it says, then when it acts.
func (r Rule) String() string {
	says := r.Message
	if r.Undefines != "" {
		says = "turns off " + r.Undefines
	}
	return fmt.Sprintf("%s:%d: %s\n    when %s", r.File, r.Line, says, r.Condition())
}

// Condition is the whole condition as one line.
func (r Rule) Condition() string {
	if len(r.Conditions) == 1 {
		return r.Conditions[0]
	}
	parts := make([]string, len(r.Conditions))
	for i, c := range r.Conditions {
		parts[i] = "(" + c + ")"
	}
	return strings.Join(parts, " && ")
}

// Mentions reports whether the rule depends on the option or acts on it.
func (r Rule) Mentions(option string) bool {
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(option) + `\b`)
	return r.Undefines == option || word.MatchString(r.Condition())
}

// Rules returns upstream's rules about the named option, in upstream's order.
func (c *Catalogue) Rules(option string) ([]Rule, error) {
	var about []Rule
	for _, header := range []string{checkHeader, adjustHeader} {
		rules, err := c.rulesOf(header)
		if err != nil {
			return nil, err
		}
		for _, r := range rules {
			if r.Mentions(option) {
				about = append(about, r)
			}
		}
	}
	return about, nil
}

// rulesOf returns the #error directives of a header, and those #undef directives that act on an option.
func (c *Catalogue) rulesOf(header string) ([]Rule, error) {
	text, err := os.ReadFile(filepath.Join(c.Source, header))
	if err != nil {
		return nil, err
	}
	rules, err := parseRules(header, string(text))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rules, func(r Rule) bool {
		_, isOption := c.byName[r.Undefines]
		return r.Undefines != "" && !isOption
	}), nil
}

var (
	directive    = regexp.MustCompile(`^\s*#\s*(\w+)\b(.*)$`)
	blockComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	lineComment  = regexp.MustCompile(`(?m)//.*$`)
	spaces       = regexp.MustCompile(`\s+`)
)

// parseRules follows #if nesting only; it evaluates nothing.
func parseRules(header, text string) ([]Rule, error) {
	// A comment becomes its own line ends, so that lines keep their numbers.
	text = blockComment.ReplaceAllStringFunc(text, func(c string) string {
		return " " + strings.Repeat("\n", strings.Count(c, "\n"))
	})
	lines := strings.Split(text, "\n")

	var rules []Rule
	var stack []branch
	for i := 0; i < len(lines); i++ {
		at, line := i+1, lines[i]
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + lines[i]
		}
		m := directive.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		word, rest := m[1], strings.TrimSpace(m[2])
		if word == "error" { // before comments go: a message may hold a URL
			rules = append(rules, Rule{File: header, Line: at, Message: message(rest), Conditions: conditions(stack)})
			continue
		}
		rest = strings.TrimSpace(spaces.ReplaceAllString(lineComment.ReplaceAllString(rest, ""), " "))
		switch word {
		case "undef":
			rules = append(rules, Rule{File: header, Line: at, Undefines: rest, Conditions: conditions(stack)})
		case "if", "ifdef", "ifndef":
			stack = append(stack, branch{holds: condition(word, rest)})
		case "elif", "else", "endif":
			if len(stack) == 0 {
				return nil, fmt.Errorf("%s:%d: #%s without #if", header, at, word)
			}
			top := &stack[len(stack)-1]
			switch word {
			case "elif":
				top.failed = append(top.failed, top.holds)
				top.holds = rest
			case "else":
				top.failed = append(top.failed, top.holds)
				top.holds = ""
			case "endif":
				stack = stack[:len(stack)-1]
			}
		}
	}
	return rules, nil
}

// branch is one open #if: the condition of its current arm, and those of the arms before it.
type branch struct {
	holds  string // empty in #else
	failed []string
}

func condition(word, rest string) string {
	switch word {
	case "ifdef":
		return "defined(" + rest + ")"
	case "ifndef":
		return "!defined(" + rest + ")"
	}
	return rest
}

func conditions(stack []branch) []string {
	var all []string
	for _, b := range stack {
		for _, f := range b.failed {
			all = append(all, "!("+f+")")
		}
		if b.holds != "" && !isIncludeGuard(b.holds) {
			all = append(all, b.holds)
		}
	}
	return all
}

var includeGuard = regexp.MustCompile(`^!defined\((?:MBEDTLS|PSA)_\w+_H\)$`)

func isIncludeGuard(condition string) bool { return includeGuard.MatchString(condition) }

var quoted = regexp.MustCompile(`"([^"]*)"`)

// message joins the string literals of an #error.
func message(rest string) string {
	var parts []string
	for _, m := range quoted.FindAllStringSubmatch(rest, -1) {
		parts = append(parts, m[1])
	}
	if parts == nil {
		return rest
	}
	return spaces.ReplaceAllString(strings.Join(parts, ""), " ")
}

// Package coverage compares the public functions and callback types of all of Mbed TLS's headers with what the bridge
// calls. What it does not call must stand in exceptions.txt: what replaces it, or why it is out of scope.
package coverage

import (
	"regexp"
	"strings"
)

// Kind is what a symbol is.
type Kind string

// The kinds.
const (
	Function Kind = "function"
	Callback Kind = "callback" // a typedef of a function, or of a pointer to one
)

// Symbol is one that a header declares.
type Symbol struct {
	Name string
	Kind Kind
	Text string // the declaration, on one line
}

var (
	comment      = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	preprocessor = regexp.MustCompile(`(?m)^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$`)
	linkage      = regexp.MustCompile(`extern\s+"C"\s*\{`)
	macros       = regexp.MustCompile(`\b(?:MBEDTLS_DEPRECATED|MBEDTLS_CHECK_RETURN\w*)\b|__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)`)
	space        = regexp.MustCompile(`\s+`)

	// const char (*name(…))[32], and int name(…).
	function = regexp.MustCompile(`^[\w\s*]*(?:\(\s*\*\s*(\w+)|\b(\w+))\s*\((?:[^*]|$)`)
	// typedef int name(…), and typedef int (*name)(…).
	functionType = regexp.MustCompile(`^typedef [\w\s*]*?(?:\(\s*\*\s*(\w+)\s*\)|[\s*](\w+))\s*\((?:[^*]|$)`)
	// mbedtls_ssl_ticket_write_t mbedtls_ssl_ticket_write
	ofType = regexp.MustCompile(`^(?:extern )?(\w+) (\w+)$`)
)

// ParseHeader lists what a header declares, whatever options it is under. types are the callback types that are known
// already, and get the header's.
func ParseHeader(text string, types map[string]bool) (symbols []Symbol) {
	for _, d := range declarations(text) {
		if m := functionType.FindStringSubmatch(d); m != nil {
			name := m[1] + m[2]
			types[name] = true
			symbols = append(symbols, Symbol{name, Callback, d})
		} else if strings.HasPrefix(d, "typedef ") {
			continue
		} else if m := function.FindStringSubmatch(d); m != nil {
			symbols = append(symbols, Symbol{m[1] + m[2], Function, d})
		} else if m := ofType.FindStringSubmatch(d); m != nil && types[m[1]] {
			symbols = append(symbols, Symbol{m[2], Function, d})
		}
	}
	return symbols
}

// declarations splits C at the top level, without the bodies of functions, structs and enums.
func declarations(text string) (all []string) {
	for _, drop := range []*regexp.Regexp{comment, preprocessor, linkage, macros} {
		text = drop.ReplaceAllString(text, " ")
	}
	var current strings.Builder
	depth := 0
	end := func() {
		if d := strings.TrimSpace(space.ReplaceAllString(current.String(), " ")); d != "" {
			all = append(all, d)
		}
		current.Reset()
	}
	for _, r := range text {
		switch {
		case r == '{':
			depth++
		case r == '}':
			depth = max(0, depth-1) // that of extern "C" has lost its other half
			if depth == 0 && inBody(current.String()) {
				end()
			}
		case depth > 0:
		case r == ';':
			end()
		default:
			current.WriteRune(r)
		}
	}
	return all
}

// inBody tells whether the braces behind a declaration are a function's, and no struct's or enum's.
func inBody(declaration string) bool {
	return strings.Contains(declaration, "(") && !strings.Contains(declaration, "typedef")
}

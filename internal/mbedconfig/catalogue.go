package mbedconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Kind says what a profile may write after an option's name.
type Kind string

const (
	// OnOff options are defined or not; they take no value.
	OnOff Kind = "on/off"
	// Valued options expand to C text that the profile must give.
	Valued Kind = "valued"
)

// Option is one MBEDTLS_* or PSA_WANT_* macro that upstream's headers let a user decide.
type Option struct {
	Name   string
	Params string // "(result)" for a function-like macro, else empty
	Kind   Kind
	On     bool   // upstream's default
	Value  string // what the macro expands to when upstream's definition is used; "1" for PSA_WANT_*
	File   string // header that lists the option, relative to the tree
	Line   int
}

// PSA reports whether the option belongs to upstream's PSA configuration, which the library reads only when
// MBEDTLS_PSA_CRYPTO_CONFIG is on.
func (o Option) PSA() bool { return strings.HasPrefix(o.Name, "PSA_WANT_") }

// Catalogue is every option of one release, in upstream's order.
type Catalogue struct {
	Release string // "3.6.7"
	Source  string // root of the upstream tree
	Options []Option

	byName map[string]int
}

// optionHeaders are the files in which upstream lists its options, commented out where they are off.
var optionHeaders = []string{
	"include/mbedtls/mbedtls_config.h",
	"include/psa/crypto_config.h",
}

var (
	defineLine  = regexp.MustCompile(`^\s*(//)?\s*#\s*define\s+((?:MBEDTLS|PSA_WANT)_\w+)(\([^)]*\))?(.*)$`)
	releaseLine = regexp.MustCompile(`(?m)^#define\s+MBEDTLS_VERSION_STRING\s+"([^"]+)"`)
)

// ReadCatalogue reads the options of the upstream tree at source.
func ReadCatalogue(source string) (*Catalogue, error) {
	info, err := os.ReadFile(filepath.Join(source, "include/mbedtls/build_info.h"))
	if err != nil {
		return nil, fmt.Errorf("no Mbed TLS tree at %s (%w): run ./build.sh vendor, or name a tree with --source", source, err)
	}
	release := releaseLine.FindSubmatch(info)
	if release == nil {
		return nil, fmt.Errorf("%s: no MBEDTLS_VERSION_STRING in include/mbedtls/build_info.h", source)
	}
	c := &Catalogue{Release: string(release[1]), Source: source, byName: map[string]int{}}
	for _, header := range optionHeaders {
		text, err := os.ReadFile(filepath.Join(source, header))
		if err != nil {
			return nil, err
		}
		c.addHeader(header, string(text))
	}
	return c, nil
}

func (c *Catalogue) addHeader(header, text string) {
	for i, line := range strings.Split(text, "\n") {
		m := defineLine.FindStringSubmatch(strings.TrimRight(line, "\r"))
		if m == nil {
			continue
		}
		if _, seen := c.byName[m[2]]; seen {
			continue
		}
		o := Option{Name: m[2], Params: m[3], Kind: OnOff, On: m[1] == "", Value: stripComment(m[4]), File: header, Line: i + 1}
		if o.Value != "" && !o.PSA() {
			o.Kind = Valued
		}
		c.byName[o.Name] = len(c.Options)
		c.Options = append(c.Options, o)
	}
}

// stripComment drops a trailing C comment of either form.
func stripComment(text string) string {
	for _, opening := range []string{"/*", "//"} {
		text, _, _ = strings.Cut(text, opening)
	}
	return strings.TrimSpace(text)
}

// Lookup returns the named option.
func (c *Catalogue) Lookup(name string) (Option, bool) {
	i, ok := c.byName[name]
	if !ok {
		return Option{}, false
	}
	return c.Options[i], true
}

// Names returns every option's name, sorted.
func (c *Catalogue) Names() []string {
	names := make([]string, len(c.Options))
	for i, o := range c.Options {
		names[i] = o.Name
	}
	slices.Sort(names)
	return names
}

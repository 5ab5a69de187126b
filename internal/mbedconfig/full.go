package mbedconfig

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// configScript is upstream's own configuration tool. Its rule for "full" is read from it, so that a new release
// brings its own exceptions.
const configScript = "scripts/config.py"

var (
	// excludedFromFull is the set of options that "full" leaves out.
	excludedFromFull = regexp.MustCompile(`(?s)\nEXCLUDE_FROM_FULL = frozenset\(\[\n(.*?)\n\]\)`)
	// needsCode is the list of platform _ALT options that need a user's header or function.
	needsCode = regexp.MustCompile(`(?s)\ndef is_seamless_alt\(.*?if name in \(\n(.*?)\n\s*\):`)
	// quotedOption is an entry of either; a comment behind it is not one.
	quotedOption = regexp.MustCompile(`(?m)^\s*'(MBEDTLS_\w+)'`)
)

// upstreamFull is the rule by which `scripts/config.py full` turns options on. That command leaves alone options
// with a value, and the PSA_WANT_* in psa/crypto_config.h.
func upstreamFull(c *Catalogue) (func(Option) bool, error) {
	script, err := os.ReadFile(filepath.Join(c.Source, configScript))
	if err != nil {
		return nil, err
	}
	excluded, err := optionList(excludedFromFull, script, "EXCLUDE_FROM_FULL")
	if err != nil {
		return nil, err
	}
	withCode, err := optionList(needsCode, script, "is_seamless_alt")
	if err != nil {
		return nil, err
	}
	return func(o Option) bool {
		switch {
		case o.Kind == Valued || o.PSA():
			return o.On
		case excluded[o.Name]:
			return false
		case strings.HasSuffix(o.Name, "_ALT"):
			return strings.HasPrefix(o.Name, "MBEDTLS_PLATFORM_") && !withCode[o.Name]
		}
		return true
	}, nil
}

func optionList(block *regexp.Regexp, script []byte, what string) (map[string]bool, error) {
	found := block.FindSubmatch(script)
	if found == nil {
		return nil, fmt.Errorf("%s no longer holds %s in the form this program reads", configScript, what)
	}
	names := map[string]bool{}
	for _, m := range quotedOption.FindAllSubmatch(found[1], -1) {
		names[string(m[1])] = true
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %s is empty", configScript, what)
	}
	return names, nil
}

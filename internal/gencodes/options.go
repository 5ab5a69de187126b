package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/gombedtls/gombedtls/internal/mbedconfig"
)

// internalHeaders are those that only others include, and that of names from before 3.0.
var internalHeaders = regexp.MustCompile(`^(mbedtls_config|config_.*|check_config|compat-2\.x|private_access)\.h$`)

// unlisted is an option whose value is a list of names that are no part of the configuration: upstream's own query does
// not have it.
const unlisted = "MBEDTLS_SSL_CIPHERSUITES"

const optionsHead = `#include "bridge.h"
%s
// An option that is off is left as it is, and expands to its own name.
#define TEXT_OF(...) #__VA_ARGS__
#define EXPANSION(...) TEXT_OF(__VA_ARGS__)
#define OPTION(name) {#name, EXPANSION(name), 0},
#define FUNCTION(name) {#name, #name, 1},

static const gm_option options[] = {
`

// optionsFile is a C table of what the compiler makes of every option that the tree's headers list, in their order. They
// are looked up behind all public headers, which define some that the configuration leaves open.
func optionsFile(tree string) ([]byte, error) {
	catalogue, err := mbedconfig.ReadCatalogue(tree)
	if err != nil {
		return nil, err
	}
	headers, err := filepath.Glob(filepath.Join(tree, "include/mbedtls/*.h"))
	if err != nil {
		return nil, err
	}
	var includes, b bytes.Buffer
	for _, h := range headers {
		if h = filepath.Base(h); !internalHeaders.MatchString(h) {
			fmt.Fprintf(&includes, "#include <mbedtls/%s>\n", h)
		}
	}
	b.WriteString(header)
	fmt.Fprintf(&b, optionsHead, includes.Bytes())
	for _, o := range catalogue.Options {
		switch {
		case o.Name == unlisted:
		case o.Params != "": // it does not expand without arguments
			fmt.Fprintf(&b, "#if defined(%s)\n    FUNCTION(%s)\n#endif\n", o.Name, o.Name)
		default:
			fmt.Fprintf(&b, "    OPTION(%s)\n", o.Name)
		}
	}
	b.WriteString("    {NULL, NULL, 0},\n};\n\nconst gm_option *const gm_options = options;\n")
	return b.Bytes(), nil
}

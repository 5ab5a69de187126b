package cbridge

// #include "bridge.h"
import "C"

import (
	"slices"
	"sync"
	"unsafe"
)

// configs are those that are on in this build, with what the C compiler expands them to.
var configs = sync.OnceValue(func() (on struct {
	names      []string
	expansions map[string]string
}) {
	on.expansions = map[string]string{}
	for o := C.gm_options; o.name != nil; o = (*C.gm_option)(unsafe.Add(unsafe.Pointer(o), unsafe.Sizeof(*o))) {
		name, expansion := C.GoString(o.name), C.GoString(o.expansion)
		if name != expansion || o.is_function != 0 {
			on.names = append(on.names, name)
			on.expansions[name] = expansion
		}
	}
	return on
})

// Feature reports whether the library was built with an option, such as MBEDTLS_SSL_ALPN.
func Feature(option string) bool {
	_, on := QueryConfig(option)
	return on
}

// QueryConfig tells whether an option of mbedtls_config.h or psa/crypto_config.h is defined in this build, MBEDTLS_… or
// PSA_WANT_…, and what it expands to in C: "" for most, a number or a string literal for others. Those with a default,
// such as MBEDTLS_SSL_IN_CONTENT_LEN, are defined whether or not the configuration names them; what another option turns
// on is, too. It is what upstream's program query_compile_time_config prints, MBEDTLS_SSL_CIPHERSUITES likewise left out.
func QueryConfig(option string) (expansion string, defined bool) {
	expansion, defined = configs().expansions[option]
	return expansion, defined
}

// Configs are the names that QueryConfig has as defined, in the order of the library's configuration files.
func Configs() []string { return slices.Clone(configs().names) }

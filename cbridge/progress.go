package cbridge

// #include "bridge.h"
import "C"

// StateClientHello is the State of a server that waits for the ClientHello.
const StateClientHello = C.MBEDTLS_SSL_CLIENT_HELLO

// State is the step that a handshake is at, or that it stopped at (mbedtls_ssl_states); 0 is HELLO_REQUEST, the first.
func (s *SSL) State() int {
	return query(s, func(c *C.gm_ssl) int { return int(C.gm_ssl_state(c)) })
}

// StateName is the library's name of a state, MBEDTLS_SSL_CLIENT_HELLO, or "" if the build (without MBEDTLS_DEBUG_C) or
// the library has none.
func StateName(state int) string { return C.GoString(C.gm_state_name(C.int(state))) }

// Pending reports whether the context holds anything from the peer that is not processed yet, data or not
// (mbedtls_ssl_check_pending). It does not see the ring.
func (s *SSL) Pending() bool {
	return query(s, func(c *C.gm_ssl) bool { return C.mbedtls_ssl_check_pending(&c.ssl) != 0 })
}

// Hostname is what SetHostname set, or "" (mbedtls_ssl_get_hostname).
func (s *SSL) Hostname() string {
	return query(s, func(c *C.gm_ssl) string { return C.GoString(C.gm_ssl_hostname(c)) })
}

// VersionName is the library's name of the negotiated version, "TLSv1.3", or "unknown" (mbedtls_ssl_get_version).
func (s *SSL) VersionName() string {
	return query(s, func(c *C.gm_ssl) string { return C.GoString(C.mbedtls_ssl_get_version(&c.ssl)) })
}

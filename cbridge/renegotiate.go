package cbridge

// #include "bridge.h"
import "C"

// The defaults of SetRenegotiation.
const (
	RenegotiationNotEnforced   = C.MBEDTLS_SSL_RENEGOTIATION_NOT_ENFORCED
	DefaultRenegotiationGrace  = C.MBEDTLS_SSL_RENEGO_MAX_RECORDS_DEFAULT
	DefaultRenegotiationPeriod = 1<<48 - 1
)

// SetRenegotiation allows renegotiation in TLS 1.2 (mbedtls_ssl_conf_renegotiation). maxRecords is how many records
// the peer may send before it honours a request, or RenegotiationNotEnforced (…_renegotiation_enforced); period is
// after how many records, of either direction, one is begun (…_renegotiation_period).
//
// The library begins it in TLS 1.3, too, and so breaks the connection: a Config with a short period must not allow that
// version.
func (c *Config) SetRenegotiation(on bool, maxRecords int, period uint64) error {
	return c.set("mbedtls_ssl_conf_renegotiation", "MBEDTLS_SSL_RENEGOTIATION", func(cc *C.gm_config) C.int {
		return C.gm_conf_renegotiation(cc, flag(on), C.int(maxRecords), C.uint64_t(period))
	})
}

// Renegotiate does a client's renegotiation, and goes on with it; a server's only asks the client for it, and Read then
// does it (mbedtls_ssl_renegotiate). Where data of a server comes first, it fails with
// ErrSSLWaitingServerHelloRenego: Read has the data. In TLS 1.3, or with a Config that does not allow it, it is
// ErrSSLFeatureUnavailable.
func (s *SSL) Renegotiate() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	defer s.forgetCredentials()
	return s.trap.end("mbedtls_ssl_renegotiate", int(C.gm_ssl_renegotiate(s.c)))
}

// Renegotiating reports whether a handshake after the first one is under way.
func (s *SSL) Renegotiating() bool {
	return query(s, func(c *C.gm_ssl) bool { return C.gm_ssl_renegotiating(c) != 0 })
}

package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// TrustedCAsFunc returns the trusted certificates, as DER, that may have signed a certificate; none if it knows none.
// The child, as DER, is valid only during the call. An error ends the handshake.
type TrustedCAsFunc func(child []byte) (candidates [][]byte, err error)

// SetTrustedCAs makes f find the trust anchors (mbedtls_ssl_conf_ca_cb), which must be CAs: unlike with a list, the
// library does not trust a self-signed certificate because it is an anchor itself. It takes the place of [Config.SetCAs], and
// drops its revocation lists; [SSL.SetHandshakeCAs] then has no effect. It is called by several connections at once.
func (c *Config) SetTrustedCAs(f TrustedCAsFunc) error {
	return c.set("mbedtls_ssl_conf_ca_cb", "MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK", func(cc *C.gm_config) C.int {
		c.trustedCAs = f
		return C.gm_conf_ca_cb(cc)
	})
}

// gombTrustedCAs is reached from mbedtls_ssl_handshake, in the step that parses the peer's Certificate message, once for
// each certificate of the chain until an anchor is found, on the goroutine that drives the handshake. It may block, and
// then pins its thread. The library frees the list that it returns.
//
//export gombTrustedCAs
func gombTrustedCAs(conf, ssl unsafe.Pointer, der *C.uchar, n C.size_t, list **C.mbedtls_x509_crt) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrX509FatalError)
	}
	return trapOf(c, ssl).run(ErrX509FatalError, func() error {
		candidates, err := c.trustedCAs(unsafe.Slice((*byte)(der), n))
		if err != nil {
			return err
		}
		return newCandidates(candidates, list, func(crt *C.mbedtls_x509_crt, der []byte) C.int {
			return C.gm_crt_parse(crt, cbytes(der), C.size_t(len(der)))
		})
	})
}

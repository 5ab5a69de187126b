package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"slices"
	"unsafe"
)

// SNIFunc is called when a ClientHello has a server name, which is valid only during the call. It may choose what the
// handshake uses by the SetHandshake… methods of s, and call no others but accessors. An error ends the handshake with
// an unrecognized_name alert.
type SNIFunc func(s *SSL, name []byte) error

// SetSNI sets the closure for server names (mbedtls_ssl_conf_sni); nil removes it. It is called by several connections
// at once, and twice in a handshake with HelloRetryRequest.
func (c *Config) SetSNI(f SNIFunc) error {
	return c.set("mbedtls_ssl_conf_sni", "MBEDTLS_SSL_SERVER_NAME_INDICATION", func(cc *C.gm_config) C.int {
		c.sni = f
		return C.gm_conf_sni(cc, flag(f != nil))
	})
}

// CertSelectFunc is called for each ClientHello once its extensions are parsed: after SNIFunc, and in TLS 1.3 after
// PSKFunc. What it may do is what SNIFunc may. An error ends the handshake, with an unrecognized_name alert if it
// matches ErrSSLUnrecognizedName, a no_application_protocol alert if it matches ErrSSLNoApplicationProtocol, else with
// internal_error.
type CertSelectFunc func(s *SSL) error

// SetCertSelect sets the closure that selects credentials (mbedtls_ssl_conf_cert_cb); nil removes it. It is called by
// several connections at once, and twice in a handshake with HelloRetryRequest.
func (c *Config) SetCertSelect(f CertSelectFunc) error {
	return c.set("mbedtls_ssl_conf_cert_cb", "MBEDTLS_SSL_SRV_C", func(cc *C.gm_config) C.int {
		c.certSelect = f
		return C.gm_conf_cert_cb(cc, flag(f != nil || c.psk != nil))
	})
}

// SetDNHints sets the certificates whose subjects a TLS 1.2 server names in CertificateRequest, in place of those of the
// CAs (mbedtls_ssl_conf_dn_hints).
func (c *Config) SetDNHints(crt *Crt) error {
	return c.set("mbedtls_ssl_conf_dn_hints", "MBEDTLS_KEY_EXCHANGE_CERT_REQ_ALLOWED_ENABLED", func(cc *C.gm_config) C.int {
		if c.kept.keep(crt.res) != nil {
			return C.MBEDTLS_ERR_SSL_BAD_INPUT_DATA
		}
		return C.gm_conf_dn_hints(cc, crt.c)
	})
}

// HandshakeSNI is the server name of the ClientHello that is being handled, or nil (mbedtls_ssl_get_hs_sni). It is for
// CertSelectFunc.
func (s *SSL) HandshakeSNI() []byte {
	return query(s, func(c *C.gm_ssl) []byte {
		var n C.size_t
		return goBytes(C.gm_ssl_get_hs_sni(c, &n), &n)
	})
}

// ClientHello is the body of the message that is being handled, nil at any other time; that of a datagram connection has
// a cookie (RFC 6347 section 4.2.1). It is for CertSelectFunc. The library may have decrypted the session ticket in it.
func (s *SSL) ClientHello() (body []byte, datagram bool) {
	body = query(s, func(c *C.gm_ssl) []byte {
		var n C.size_t
		return goBytes(C.gm_ssl_client_hello(c, &n), &n)
	})
	return body, query(s, func(c *C.gm_ssl) bool { return C.gm_ssl_is_datagram(c) != 0 })
}

// HelloRetried reports whether the ClientHello that is being handled is the second of its handshake, asked for by
// HelloRetryRequest.
func (s *SSL) HelloRetried() bool {
	return query(s, func(c *C.gm_ssl) bool { return C.gm_ssl_hello_retried(c) != 0 })
}

// goBytes copies n bytes that an accessor returned; nil if it returned none.
func goBytes(p *C.uchar, n *C.size_t) []byte {
	if p == nil {
		return nil
	}
	return C.GoBytes(unsafe.Pointer(p), C.int(*n))
}

// AddHandshakeOwnCert adds a chain and its key for this handshake: with one or more, those of the Config do not apply.
// key may be nil if closures of SetAsyncPrivate have it (mbedtls_ssl_set_hs_own_cert).
func (s *SSL) AddHandshakeOwnCert(crt *Crt, key *PK) error {
	if key == nil {
		key = new(PK)
	} else if err := key.library("mbedtls_ssl_set_hs_own_cert"); err != nil {
		return err
	}
	if err := s.keep(crt.res); err != nil {
		return err
	}
	if key.c == nil {
	} else if err := s.keep(key.res); err != nil {
		return err
	}
	return s.during("mbedtls_ssl_set_hs_own_cert", "MBEDTLS_SSL_SERVER_NAME_INDICATION", func(c *C.gm_ssl) C.int {
		if key.signer != nil && !slices.Contains(s.signers, key.signer) {
			s.signers = append(s.signers, key.signer)
		}
		return C.gm_ssl_set_hs_own_cert(c, crt.c, key.c)
	})
}

// SetHandshakeCAs sets the trust anchors and the revocation lists, which may be nil, for this handshake
// (mbedtls_ssl_set_hs_ca_chain).
func (s *SSL) SetHandshakeCAs(ca *Crt, crl *Crl) error {
	if err := s.keep(ca.res); err != nil {
		return err
	}
	var lists *C.mbedtls_x509_crl
	if crl != nil {
		if err := s.keep(crl.res); err != nil {
			return err
		}
		lists = crl.c
	}
	return s.during("mbedtls_ssl_set_hs_ca_chain", "MBEDTLS_SSL_SERVER_NAME_INDICATION", func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_ca_chain(c, ca.c, lists)
	})
}

// SetHandshakeDNHints is SetDNHints for this handshake (mbedtls_ssl_set_hs_dn_hints).
func (s *SSL) SetHandshakeDNHints(crt *Crt) error {
	if err := s.keep(crt.res); err != nil {
		return err
	}
	return s.during("mbedtls_ssl_set_hs_dn_hints", "MBEDTLS_SSL_SERVER_NAME_INDICATION", func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_dn_hints(c, crt.c)
	})
}

// SetHandshakeAuthMode sets what becomes of the peer's certificate in this handshake (mbedtls_ssl_set_hs_authmode).
func (s *SSL) SetHandshakeAuthMode(m AuthMode) error {
	return s.during("mbedtls_ssl_set_hs_authmode", "MBEDTLS_SSL_SERVER_NAME_INDICATION", func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_authmode(c, C.int(m))
	})
}

// SetHandshakeALPN chooses an application protocol for this handshake, one of the Config's; none if name is empty. It is
// for CertSelectFunc, when the library has chosen.
func (s *SSL) SetHandshakeALPN(name string) error {
	p := C.CString(name)
	defer free(p)
	return s.during("mbedtls_ssl_conf_alpn_protocols", "MBEDTLS_SSL_ALPN", func(c *C.gm_ssl) C.int {
		return C.gm_ssl_choose_alpn(c, p)
	})
}

// keep holds r's C object for this handshake, unless s is closed.
func (s *SSL) keep(r *resource) error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	defer s.leave()
	return s.creds.keep(r)
}

// gombSNI is reached from mbedtls_ssl_handshake of a server, in the step that parses the ClientHello, on the goroutine
// that drives the handshake. It may block, and then pins its thread. The library itself sends the alert.
//
//export gombSNI
func gombSNI(conf, ssl unsafe.Pointer, name *C.uchar, n C.size_t) C.int {
	c, s := fromHandle[Config](conf), fromHandle[SSL](ssl)
	if c == nil || s == nil {
		return C.int(ErrSSLInternalError)
	}
	return s.trap.run(ErrSSLUnrecognizedName, func() error { return c.sni(s, unsafe.Slice((*byte)(name), n)) })
}

// gombCertSelect is reached as gombSNI is, later in the same step. The library sends no alert of its own after it.
//
//export gombCertSelect
func gombCertSelect(conf, ssl unsafe.Pointer) C.int {
	c, s := fromHandle[Config](conf), fromHandle[SSL](ssl)
	switch {
	case c == nil || s == nil:
		return C.int(ErrSSLInternalError)
	case s.creds.failed: // its alert is sent
		return C.int(ErrSSLUnknownIdentity)
	case c.certSelect == nil:
		return 0
	}
	ret := s.trap.run(ErrSSLInternalError, func() error { return c.certSelect(s) })
	if ret != 0 {
		s.fail()
		if errors.Is(s.trap.err, ErrSSLUnrecognizedName) {
			ret = C.int(ErrSSLUnrecognizedName)
		}
	}
	return ret
}

package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// Limits of pre-shared keys, in bytes.
const (
	MaxPSKLen         = C.MBEDTLS_PSK_MAX_LEN
	MaxPSKIdentityLen = min(1<<16-1, C.MBEDTLS_SSL_OUT_CONTENT_LEN) // what mbedtls_ssl_conf_psk takes
)

// KeyID is the number of a key in PSA's key store.
type KeyID uint32

const (
	optionPSK    = "MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED"
	optionOpaque = "MBEDTLS_USE_PSA_CRYPTO"
)

// SetPSK sets the one static key, which the library copies, and its identity (mbedtls_ssl_conf_psk).
func (c *Config) SetPSK(key, identity []byte) error {
	return c.set("mbedtls_ssl_conf_psk", optionPSK, func(cc *C.gm_config) C.int {
		return C.gm_conf_psk(cc, cbytes(key), C.size_t(len(key)), cbytes(identity), C.size_t(len(identity)))
	})
}

// SetPSKOpaque is SetPSK for a key in PSA's key store, which must stay there (mbedtls_ssl_conf_psk_opaque). It is for TLS
// 1.2: in TLS 1.3, a client of Mbed TLS 3.6 uses an empty key in its place, and a server finds none.
func (c *Config) SetPSKOpaque(key KeyID, identity []byte) error {
	return c.set("mbedtls_ssl_conf_psk_opaque", optionOpaque, func(cc *C.gm_config) C.int {
		return C.gm_conf_psk_opaque(cc, C.uint32_t(key), cbytes(identity), C.size_t(len(identity)))
	})
}

// PSKFunc finds the key of an identity, which is valid only during the call, and gives it to s by SetHandshakePSK or
// SetHandshakePSKOpaque. With an error that matches ErrSSLUnknownIdentity, a TLS 1.3 handshake goes on without it, with
// the client's next identity or with certificates; any other error ends the handshake, with an internal_error alert.
type PSKFunc func(s *SSL, identity []byte) error

// SetPSKFunc makes f find the keys of a server's clients, in place of a static key (mbedtls_ssl_conf_psk_cb). It is
// called by several connections at once. In TLS 1.3 it is also called for session tickets that are none of the server's,
// and again after HelloRetryRequest.
func (c *Config) SetPSKFunc(f PSKFunc) error {
	return c.set("mbedtls_ssl_conf_psk_cb", optionPSK, func(cc *C.gm_config) C.int {
		c.psk = f
		if ret := C.gm_conf_cert_cb(cc, flag(f != nil || c.certSelect != nil)); ret != 0 {
			return ret
		}
		return C.gm_conf_psk_cb(cc, flag(f != nil))
	})
}

// The key exchange modes of TLS 1.3.
const (
	KexPSK          = C.MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK
	KexPSKEphemeral = C.MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL
	KexEphemeral    = C.MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL
)

// SetTLS13KeyExchangeModes sets which modes TLS 1.3 may use, a sum of Kex… (mbedtls_ssl_conf_tls13_key_exchange_modes).
func (c *Config) SetTLS13KeyExchangeModes(modes int) error {
	return c.set("mbedtls_ssl_conf_tls13_key_exchange_modes", "MBEDTLS_SSL_PROTO_TLS1_3", func(cc *C.gm_config) C.int {
		return C.gm_conf_tls13_kex_modes(cc, C.int(modes))
	})
}

// SetHandshakePSK gives this handshake its key, which the library copies (mbedtls_ssl_set_hs_psk).
func (s *SSL) SetHandshakePSK(key []byte) error {
	return s.during("mbedtls_ssl_set_hs_psk", optionPSK, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_psk(c, cbytes(key), C.size_t(len(key)))
	})
}

// SetHandshakePSKOpaque gives this handshake a key of PSA's key store (mbedtls_ssl_set_hs_psk_opaque). It must allow
// PSA_ALG_TLS12_PSK_TO_MS with the suite's hash for TLS 1.2, and to be exported for TLS 1.3.
func (s *SSL) SetHandshakePSKOpaque(key KeyID) error {
	return s.during("mbedtls_ssl_set_hs_psk_opaque", optionOpaque, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_hs_psk_opaque(c, C.uint32_t(key))
	})
}

// SharedSecret says which secret authenticates a connection in place of certificates.
type SharedSecret int

// The kinds of secrets.
const (
	NoSecret      SharedSecret = 0
	SecretPSK     SharedSecret = C.GM_SECRET_PSK
	SecretECJPAKE SharedSecret = C.GM_SECRET_ECJPAKE
)

// SharedSecret tells which secret the last handshake used. A resumed session uses none anew.
func (s *SSL) SharedSecret() SharedSecret {
	return query(s, func(c *C.gm_ssl) SharedSecret { return SharedSecret(c.shared_secret) })
}

// psaStatusError is a psa_status_t.
type psaStatusError int

func (e psaStatusError) Error() string { return fmt.Sprintf("PSA status %d", int(e)) }

func psaError(op string, status C.int) error {
	if status == C.PSA_SUCCESS {
		return nil
	}
	return fmt.Errorf("%s: %w", op, psaStatusError(status))
}

// ImportPSK puts a key into PSA's key store, for [Config.SetPSKOpaque] and [SSL.SetHandshakePSKOpaque]; DestroyKey takes
// it out.
func ImportPSK(key []byte) (KeyID, error) {
	return importKey(func(id *C.uint32_t) C.int { return C.gm_psa_import_psk(cbytes(key), C.size_t(len(key)), id) })
}

// ImportECJPAKEPassword puts a password into PSA's key store, for [SSL.SetECJPAKEPasswordOpaque].
func ImportECJPAKEPassword(password []byte) (KeyID, error) {
	return importKey(func(id *C.uint32_t) C.int {
		return C.gm_psa_import_ecjpake(cbytes(password), C.size_t(len(password)), id)
	})
}

func importKey(run func(*C.uint32_t) C.int) (KeyID, error) {
	if err := initialize(); err != nil {
		return 0, err
	}
	var id C.uint32_t
	err := psaError("psa_import_key", run(&id))
	return KeyID(id), err
}

// DestroyKey wipes a key of PSA's key store. No Config may use it any more (psa_destroy_key).
func DestroyKey(id KeyID) error { return psaError("psa_destroy_key", C.gm_psa_destroy(C.uint32_t(id))) }

// gombPSK is reached from mbedtls_ssl_handshake of a server, on the goroutine that drives the handshake: in the step that
// parses ClientKeyExchange (TLS 1.2), or the ClientHello, for each identity in turn (TLS 1.3). It may block, and then pins
// its thread. TLS 1.3 takes any failure for an unknown identity, and goes on: gombCertSelect ends that.
//
//export gombPSK
func gombPSK(conf, ssl unsafe.Pointer, identity *C.uchar, n C.size_t) C.int {
	c, s := fromHandle[Config](conf), fromHandle[SSL](ssl)
	if c == nil || s == nil {
		return C.int(ErrSSLInternalError)
	}
	if s.creds.failed {
		return C.int(ErrSSLUnknownIdentity)
	}
	ret := s.trap.run(ErrSSLUnknownIdentity, func() error { return c.psk(s, unsafe.Slice((*byte)(identity), n)) })
	if ret != 0 && (s.trap.panicked || !errors.Is(s.trap.err, ErrSSLUnknownIdentity)) {
		s.creds.failed = true
		s.fail()
	}
	return ret
}

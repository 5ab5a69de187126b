package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// SecretType is which secret of a handshake is exported (mbedtls_ssl_key_export_type).
type SecretType int

// The secrets. All but the first are of TLS 1.3.
const (
	SecretTLS12Master SecretType = iota
	SecretClientEarly
	SecretEarlyExporter
	SecretClientHandshake
	SecretServerHandshake
	SecretClientApplication
	SecretServerApplication
)

// PRF is a pseudo-random function (mbedtls_tls_prf_types).
type PRF int

// The PRFs. The library has names for HKDF, but no use.
const (
	PRFNone       PRF = C.MBEDTLS_SSL_TLS_PRF_NONE
	PRFSHA384     PRF = C.MBEDTLS_SSL_TLS_PRF_SHA384
	PRFSHA256     PRF = C.MBEDTLS_SSL_TLS_PRF_SHA256
	PRFHKDFSHA384 PRF = C.MBEDTLS_SSL_HKDF_EXPAND_SHA384
	PRFHKDFSHA256 PRF = C.MBEDTLS_SSL_HKDF_EXPAND_SHA256
)

// ExportFunc gets a secret of the connection as soon as that is known. The slices are C memory, valid only during the
// call; the randoms have 32 bytes. prf is PRFNone in TLS 1.3. An error ends the handshake with an internal_error alert.
type ExportFunc func(typ SecretType, secret, clientRandom, serverRandom []byte, prf PRF) error

// SetExportKeys sets the connection's callback for its secrets (mbedtls_ssl_set_export_keys_cb); nil removes it.
func (s *SSL) SetExportKeys(f ExportFunc) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.export = f
	C.gm_ssl_set_export_keys(s.c, flag(f != nil))
	return nil
}

// gombExportKeys is reached from whatever goes on with a handshake, a renegotiation included: mbedtls_ssl_handshake,
// …_handshake_step, …_renegotiate, …_read and …_write, on the goroutine that called it. It may block, and then pins its
// thread.
//
//export gombExportKeys
func gombExportKeys(h unsafe.Pointer, typ C.int, secret *C.uchar, n C.size_t, clientRandom, serverRandom *C.uchar, prf C.int) C.int {
	s := fromHandle[SSL](h)
	if s == nil {
		return 0
	}
	const randomLen = 32
	return s.trap.run(ErrSSLInternalError, func() error {
		return s.export(SecretType(typ), unsafe.Slice((*byte)(secret), n), unsafe.Slice((*byte)(clientRandom), randomLen),
			unsafe.Slice((*byte)(serverRandom), randomLen), PRF(prf))
	})
}

// MaxExportLen is the most that ExportKeyingMaterial gives, in bytes.
const MaxExportLen = 8160

// ExportKeyingMaterial fills out, at most MaxExportLen bytes, with what RFC 5705 (TLS 1.2) or RFC 8446 section 7.5
// (TLS 1.3) derive for a label and a context (mbedtls_ssl_export_keying_material). A nil context is none, which TLS 1.2
// tells from an empty one. The label has no NUL byte, and in TLS 1.3 at most 249 bytes; a context in TLS 1.2 has at most
// 65535. The handshake must be over, also that of a renegotiation: else it is ErrSSLBadInputData.
//
// Where the C function is wrong (TLS 1.2 with a …_CBC_SHA suite, without MBEDTLS_USE_PSA_CRYPTO), or crashes (DTLS, on
// the side that sent the last flight), this one is right.
func (s *SSL) ExportKeyingMaterial(out []byte, label string, context []byte) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	cs := C.CString(label)
	defer free(cs)
	return check(C.gm_ssl_export_keying_material(s.c, cbytes(out), C.size_t(len(out)), cs, C.size_t(len(label)),
		cbytes(context), C.size_t(len(context)), flag(context != nil)),
		"mbedtls_ssl_export_keying_material", "MBEDTLS_SSL_KEYING_MATERIAL_EXPORT")
}

// TLSPRF fills out with the PRF of TLS 1.2 (mbedtls_ssl_tls_prf, RFC 5246 section 5). The label has no NUL byte. A PRF
// that the build lacks, or that is not PRFSHA256 or PRFSHA384, is ErrSSLFeatureUnavailable.
func TLSPRF(prf PRF, secret []byte, label string, random, out []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	if random == nil {
		random = []byte{0}[:0] // the library gives the pointer to memcpy, also for no bytes
	}
	if len(out) == 0 {
		out = make([]byte, 1) // with MBEDTLS_USE_PSA_CRYPTO, the library cannot derive nothing
	}
	cs := C.CString(label)
	defer free(cs)
	return check(C.mbedtls_ssl_tls_prf(C.mbedtls_tls_prf_types(prf), cbytes(secret), C.size_t(len(secret)), cs,
		cbytes(random), C.size_t(len(random)), cbytes(out), C.size_t(len(out))), "mbedtls_ssl_tls_prf", "")
}

package mbedtls

import (
	"errors"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

// Error is a call to the library that failed: its code, the C function, and the cause, if a Go closure or the transport
// was it. It matches with [errors.Is] the Err… constants, by the whole code or by its high or low half, and unwraps to
// the cause.
type Error = cbridge.Error

// Code is a number of the library, such as ErrSSLBadCertificate (-0x7A00).
type Code = cbridge.Code

// NotBuiltError says which option the linked library was built without. It matches [errors.ErrUnsupported].
type NotBuiltError = cbridge.NotBuiltError

// ConfigError says which field of a Config cannot be used, and why.
type ConfigError struct {
	Field string // such as "CipherSuites[2]"
	Value any
	Err   error
}

// Error names the field, the value and the reason.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("mbedtls: Config.%s: %v: %v", e.Field, e.Value, e.Err)
}

// Unwrap returns the reason.
func (e *ConfigError) Unwrap() error { return e.Err }

func badField(field string, value any, format string, args ...any) error {
	return &ConfigError{Field: field, Value: value, Err: fmt.Errorf(format, args...)}
}

// VerifyError is the reason of a handshake that failed over the peer's certificate. Find it with [errors.As].
type VerifyError = x509.VerifyError

// VerifyFlags is a set of things wrong with a certificate, bit by bit the MBEDTLS_X509_BADCERT_… and …_BADCRL_… of
// x509.h.
type VerifyFlags = x509.VerifyFlags

// The flags, as package x509 explains them.
const (
	CertExpired       = x509.CertExpired
	CertRevoked       = x509.CertRevoked
	CertNameMismatch  = x509.CertNameMismatch
	CertNotTrusted    = x509.CertNotTrusted
	CRLNotTrusted     = x509.CRLNotTrusted
	CRLExpired        = x509.CRLExpired
	CertMissing       = x509.CertMissing
	CertSkipVerify    = x509.CertSkipVerify
	CertOther         = x509.CertOther
	CertFuture        = x509.CertFuture
	CRLFuture         = x509.CRLFuture
	CertKeyUsage      = x509.CertKeyUsage
	CertExtKeyUsage   = x509.CertExtKeyUsage
	CertNSType        = x509.CertNSType
	CertBadHash       = x509.CertBadHash
	CertBadPK         = x509.CertBadPK
	CertBadKey        = x509.CertBadKey
	CRLBadHash        = x509.CRLBadHash
	CRLBadPK          = x509.CRLBadPK
	CRLBadKey         = x509.CRLBadKey
	VerifyUnavailable = x509.VerifyUnavailable
)

// AlertError is a fatal alert that the peer sent, by its number in RFC 8446 section 6. Find it with [errors.As].
type AlertError uint8

var alertNames = map[AlertError]string{
	0: "close notify", 10: "unexpected message", 20: "bad record MAC", 21: "decryption failed", 22: "record overflow",
	30: "decompression failure", 40: "handshake failure", 41: "no certificate", 42: "bad certificate",
	43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired", 46: "certificate unknown",
	47: "illegal parameter", 48: "unknown CA", 49: "access denied", 50: "decode error", 51: "decrypt error",
	60: "export restriction", 70: "protocol version", 71: "insufficient security", 80: "internal error",
	86: "inappropriate fallback", 90: "user canceled", 100: "no renegotiation", 109: "missing extension",
	110: "unsupported extension", 112: "unrecognized name", 113: "bad certificate status response",
	115: "unknown PSK identity", 116: "certificate required", 120: "no application protocol",
}

// Alerts that this package sends itself.
const (
	alertHandshakeFailure       = 40
	alertBadCertificate         = 42
	alertUnsupportedCertificate = 43
	alertCertificateRevoked     = 44
	alertCertificateExpired     = 45
	alertCertificateUnknown     = 46
	alertUnknownCA              = 48
	alertAccessDenied           = 49
	alertNoRenegotiation        = 100
	alertCertificateRequired    = 116
)

// verifyAlerts are the alerts for what is wrong with a certificate, in the order in which the library chooses
// (mbedtls_ssl_verify_certificate).
var verifyAlerts = []struct {
	flags VerifyFlags
	alert int
}{
	{CertMissing, alertHandshakeFailure},
	{CertOther, alertAccessDenied},
	{CertNameMismatch, alertBadCertificate},
	{CertKeyUsage | CertExtKeyUsage | CertBadPK | CertBadKey, alertUnsupportedCertificate},
	{CertExpired, alertCertificateExpired},
	{CertRevoked, alertCertificateRevoked},
	{CertNotTrusted, alertUnknownCA},
	{VerifyUnavailable, alertCertificateUnknown},
}

// verifyAlert is the alert for a certificate with those flags.
func verifyAlert(f VerifyFlags, version uint16) int {
	if f&CertMissing != 0 && version == VersionTLS13 {
		return alertCertificateRequired
	}
	for _, a := range verifyAlerts {
		if f&a.flags != 0 {
			return a.alert
		}
	}
	return alertCertificateUnknown
}

// Error says which alert it was.
func (a AlertError) Error() string {
	return fmt.Sprintf("the peer sent a fatal alert: %s (%d)", a.Name(), uint8(a))
}

var (
	// ErrPoisoned is the error of a connection one of whose closures panicked.
	ErrPoisoned = cbridge.ErrPoisoned

	errConfigClosed  = errors.New("mbedtls: the Config is closed")
	errShutdown      = errors.New("mbedtls: Write after CloseWrite")
	errEarlyShutdown = errors.New("mbedtls: CloseWrite before the handshake is complete")
)

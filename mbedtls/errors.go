package mbedtls

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
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
type VerifyError struct {
	Flags VerifyFlags // what is wrong
}

// Error lists what is wrong.
func (e *VerifyError) Error() string { return "certificate verification failed: " + e.Flags.String() }

// VerifyFlags is a set of things wrong with a certificate, bit by bit the MBEDTLS_X509_BADCERT_… and …_BADCRL_… of
// x509.h.
type VerifyFlags uint32

// The flags of mbedtls/x509.h.
const (
	CertExpired       VerifyFlags = 0x01 // validity has ended
	CertRevoked       VerifyFlags = 0x02 // on a revocation list
	CertNameMismatch  VerifyFlags = 0x04 // not for the expected host
	CertNotTrusted    VerifyFlags = 0x08 // not signed by a trusted CA
	CRLNotTrusted     VerifyFlags = 0x10
	CRLExpired        VerifyFlags = 0x20
	CertMissing       VerifyFlags = 0x40 // the peer sent none
	CertSkipVerify    VerifyFlags = 0x80 // not looked at
	CertOther         VerifyFlags = 0x0100
	CertFuture        VerifyFlags = 0x0200 // validity has not begun
	CRLFuture         VerifyFlags = 0x0400
	CertKeyUsage      VerifyFlags = 0x0800
	CertExtKeyUsage   VerifyFlags = 0x1000
	CertNSType        VerifyFlags = 0x2000
	CertBadHash       VerifyFlags = 0x4000 // signed with a hash that the profile forbids
	CertBadPK         VerifyFlags = 0x8000 // signed with an algorithm that the profile forbids
	CertBadKey        VerifyFlags = 0x010000
	CRLBadHash        VerifyFlags = 0x020000
	CRLBadPK          VerifyFlags = 0x040000
	CRLBadKey         VerifyFlags = 0x080000
	VerifyUnavailable VerifyFlags = 0xFFFFFFFF // no result: the handshake did not get that far
)

var verifyReasons = []struct {
	flag VerifyFlags
	name string
}{
	{CertExpired, "certificate expired"},
	{CertRevoked, "certificate revoked"},
	{CertNameMismatch, "certificate is not for this host name"},
	{CertNotTrusted, "certificate not signed by a trusted CA"},
	{CRLNotTrusted, "CRL not signed by a trusted CA"},
	{CRLExpired, "CRL expired"},
	{CertMissing, "no certificate"},
	{CertSkipVerify, "verification skipped"},
	{CertOther, "other reason"},
	{CertFuture, "certificate not valid yet"},
	{CRLFuture, "CRL not valid yet"},
	{CertKeyUsage, "key usage does not allow it"},
	{CertExtKeyUsage, "extended key usage does not allow it"},
	{CertNSType, "Netscape certificate type does not allow it"},
	{CertBadHash, "signed with a forbidden hash"},
	{CertBadPK, "signed with a forbidden algorithm"},
	{CertBadKey, "key too short or on a forbidden curve"},
	{CRLBadHash, "CRL signed with a forbidden hash"},
	{CRLBadPK, "CRL signed with a forbidden algorithm"},
	{CRLBadKey, "CRL signed with a forbidden key"},
}

// Reasons names each flag that is set.
func (f VerifyFlags) Reasons() (reasons []string) {
	if f == VerifyUnavailable {
		return []string{"no verification result"}
	}
	for _, r := range verifyReasons {
		if f&r.flag != 0 {
			reasons = append(reasons, r.name)
			f &^= r.flag
		}
	}
	if f != 0 {
		reasons = append(reasons, fmt.Sprintf("flags %#x", uint32(f)))
	}
	return reasons
}

// String joins the reasons; "ok" if there are none.
func (f VerifyFlags) String() string {
	if f == 0 {
		return "ok"
	}
	return strings.Join(f.Reasons(), ", ")
}

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

func (f VerifyFlags) alert(version uint16) int {
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

package mbedtls

import (
	"errors"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// AlertLevel is how bad an alert is.
type AlertLevel uint8

// The levels. Peers of TLS 1.3 take all alerts for fatal but close_notify and user_canceled.
const (
	AlertWarning AlertLevel = cbridge.AlertWarning
	AlertFatal   AlertLevel = cbridge.AlertFatal
)

// String is "warning" or "fatal".
func (l AlertLevel) String() string {
	switch l {
	case AlertWarning:
		return "warning"
	case AlertFatal:
		return "fatal"
	}
	return fmt.Sprintf("AlertLevel(%d)", uint8(l))
}

// The alerts of RFC 8446 section 6 and RFC 5246 section 7.2, for [Conn.SendAlert], and as targets of [errors.Is] for
// what the peer sent.
const (
	AlertCloseNotify                  AlertError = 0
	AlertUnexpectedMessage            AlertError = 10
	AlertBadRecordMAC                 AlertError = 20
	AlertRecordOverflow               AlertError = 22
	AlertHandshakeFailure             AlertError = 40
	AlertBadCertificate               AlertError = 42
	AlertUnsupportedCertificate       AlertError = 43
	AlertCertificateRevoked           AlertError = 44
	AlertCertificateExpired           AlertError = 45
	AlertCertificateUnknown           AlertError = 46
	AlertIllegalParameter             AlertError = 47
	AlertUnknownCA                    AlertError = 48
	AlertAccessDenied                 AlertError = 49
	AlertDecodeError                  AlertError = 50
	AlertDecryptError                 AlertError = 51
	AlertProtocolVersion              AlertError = 70
	AlertInsufficientSecurity         AlertError = 71
	AlertInternalError                AlertError = 80
	AlertInappropriateFallback        AlertError = 86
	AlertUserCanceled                 AlertError = 90
	AlertNoRenegotiation              AlertError = 100
	AlertMissingExtension             AlertError = 109
	AlertUnsupportedExtension         AlertError = 110
	AlertUnrecognizedName             AlertError = 112
	AlertBadCertificateStatusResponse AlertError = 113
	AlertUnknownPSKIdentity           AlertError = 115
	AlertCertificateRequired          AlertError = 116
	AlertNoApplicationProtocol        AlertError = 120
)

// Name is the alert in words: "bad certificate".
func (a AlertError) Name() string {
	if name, ok := alertNames[a]; ok {
		return name
	}
	return "unknown"
}

// ErrAlertSent is in the errors of a connection that SendAlert broke.
var ErrAlertSent = errors.New("mbedtls: a fatal alert was sent")

// SendAlert sends an alert. A fatal one breaks the connection: Read and Write then fail with [ErrAlertSent], and it
// should be closed. To end it in good order, use CloseWrite or Close; AlertCloseNotify is refused here. It runs the
// handshake, if that is not complete. The library sends its own alerts itself, when a handshake or a record is at fault
// (mbedtls_ssl_send_alert_message).
func (c *Conn) SendAlert(level AlertLevel, alert AlertError) error {
	if level != AlertWarning && level != AlertFatal {
		return fmt.Errorf("mbedtls: SendAlert: no such level: %v", level)
	}
	if alert == AlertCloseNotify {
		return errors.New("mbedtls: SendAlert: close_notify is for CloseWrite to send")
	}
	ssl, err := c.beginWrite()
	if err != nil {
		return err
	}
	defer c.endWrite(ssl)
	for {
		err := c.queueAlert(level, alert)
		if err != ErrSSLWantWrite {
			if err == nil {
				err = c.flush(true)
			}
			return err
		}
		if err := c.send(); err != nil {
			return err
		}
	}
}

// queueAlert puts the alert in the ring, if there is room for it; after a fatal one, nothing follows. With writeMu held.
func (c *Conn) queueAlert(level AlertLevel, alert AlertError) error {
	err := c.queue(func(s *cbridge.SSL) error { return s.SendAlert(int(level), int(alert)) })
	if err == nil {
		c.meter.alert(true, level, alert)
	}
	if err != nil || level != AlertFatal {
		return err
	}
	c.dropSession(c.ssl)
	c.writeErr = fmt.Errorf("%w: %s", ErrAlertSent, alert.Name())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readErr = c.writeErr
	return nil
}

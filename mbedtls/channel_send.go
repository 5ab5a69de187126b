package mbedtls

import (
	"crypto/x509"
	"fmt"
	"net"
	"time"
)

// emit hands out all output. Inside of Emit, the call that made it does.
func (ch *Channel) emit() {
	if ch.emitting {
		return
	}
	ch.emitting = true
	defer ch.poisonOnPanic(&ch.emitting)
	for out := ch.ssl.Output(); len(out) > 0 && !ch.closed; out = ch.ssl.Output() {
		ch.emitted++
		ch.o.Emit(out)
		ch.meter.wire(0, len(out))
		ch.ssl.Discard(len(out))
	}
	ch.emitting = false
}

// Send encrypts data and emits it, as one record or more; with DTLS as one, which [Channel.MaxPayload] bounds: a longer one
// is a [PayloadError]. The handshake must be complete. From inside of Emit, which sends it next, there is room for 48 KiB.
func (ch *Channel) Send(data []byte) error {
	if err := ch.enter(); err != nil {
		return err
	}
	defer ch.leave()
	switch {
	case !ch.handshakeDone.Load():
		return errNotActive
	case ch.closedForWriting:
		return errShutdown
	}
	if err := ch.checkPayload(len(data)); err != nil {
		return err
	}
	for len(data) > 0 {
		ch.inside = true
		n, err := ch.ssl.WriteRecords(data)
		err = ch.renegotiated(err)
		ch.inside = false
		data = data[n:]
		ch.meter.data(0, n)
		if err == ErrSSLWantWrite && ch.emitting {
			return errChannelFull
		}
		ch.emit()
		if err := ch.checkRenegotiated(); err != nil {
			return ch.fail(err)
		}
		switch {
		case err == nil, err == ErrSSLWantWrite:
		case final(err):
			return ch.fail(unfinished(err))
		default: // a renegotiation wants input
			return fmt.Errorf("mbedtls: Channel.Send: %d bytes are left: a renegotiation is under way: %w", len(data), err)
		}
	}
	return nil
}

// SendAlert emits an alert. A fatal one breaks the Channel: what is called then fails with [ErrAlertSent]. AlertCloseNotify
// ends the writing side: the peer may go on. It works during the handshake, too (mbedtls_ssl_send_alert_message).
func (ch *Channel) SendAlert(level AlertLevel, alert AlertError) error {
	if level != AlertWarning && level != AlertFatal {
		return fmt.Errorf("mbedtls: SendAlert: no such level: %v", level)
	}
	if err := ch.enter(); err != nil {
		return err
	}
	defer ch.leave()
	if ch.closedForWriting {
		return errShutdown
	}
	if err := ch.ssl.FlushOutput(); err != nil {
		return err
	}
	err := ch.ssl.SendAlert(int(level), int(alert))
	if err == nil {
		ch.meter.alert(true, level, alert)
	}
	ch.emit()
	switch {
	case err != nil:
		return err
	case alert == AlertCloseNotify:
		ch.closedForWriting = true
	case level == AlertFatal:
		ch.fail(fmt.Errorf("%w: %s", ErrAlertSent, alert.Name()))
	}
	return nil
}

// Close emits close_notify, if the handshake is complete and nothing has failed, and frees the library's context. Nothing
// is called any more. A second Close is [net.ErrClosed].
func (ch *Channel) Close() error {
	if ch.inside {
		return errChannelInside
	}
	if ch.closed {
		return net.ErrClosed
	}
	if ch.handshakeDone.Load() && ch.err == nil && !ch.closedForWriting && ch.ssl.Retain() == nil {
		if ch.ssl.CloseNotify() == nil {
			ch.meter.alert(true, AlertWarning, AlertCloseNotify)
			ch.emit()
		}
		ch.ssl.Release()
	}
	ch.closed = true
	ch.meter.closed(&ch.core)
	ch.ssl.CancelAsync()
	clear(ch.waiting)
	return ch.ssl.Close()
}

// Renegotiate begins a new handshake on a connection of TLS 1.2, which goes on in Receive; a server asks the client for
// one. It needs Config.AllowRenegotiation; see [Conn.Renegotiate]. full demands a handshake that resumes no session. The
// library makes no other, so that it is full without that, too (mbedtls_ssl_renegotiate).
func (ch *Channel) Renegotiate(full bool) error {
	if !ch.config.AllowRenegotiation {
		return errNoRenegotiation
	}
	if err := ch.enter(); err != nil {
		return err
	}
	defer ch.leave()
	if !ch.handshakeDone.Load() {
		return errNotActive
	}
	if err := ch.ssl.FlushOutput(); err != nil {
		return err
	}
	ch.inside = true
	err := ch.ssl.Renegotiate()
	if code := codeOf(err); code == ErrSSLFeatureUnavailable {
		ch.inside = false
		return err // and nothing has happened
	} else if code == ErrSSLWaitingServerHelloRenego {
		err = ErrSSLWantRead
	}
	err = ch.renegotiated(err)
	ch.inside = false
	ch.emit()
	if final(err) {
		return ch.fail(unfinished(err))
	}
	return ch.receive(nil)
}

// IsActive reports whether Send works: the handshake is complete, and nothing has ended the Channel.
func (ch *Channel) IsActive() bool {
	return ch.handshakeDone.Load() && ch.err == nil && !ch.closed && !ch.closedForWriting
}

// IsClosed reports whether the Channel has ended, by Close or by an error.
func (ch *Channel) IsClosed() bool { return ch.closed || ch.err != nil }

// KeyDone is closed when a private key that works elsewhere (see [Certificate]) has done what the handshake waits for: then
// Handshake must be called. It is nil while the handshake waits for no key.
func (ch *Channel) KeyDone() <-chan struct{} { return ch.ssl.AsyncDone() }

// Timeout is how long it is until TimeoutCheck must be called, unless Receive is called before; 0 if it must be now. ok is
// false if there is nothing to wait for, as always with TLS.
func (ch *Channel) Timeout() (left time.Duration, ok bool) {
	if !ch.isDTLS() || ch.closed || ch.err != nil {
		return 0, false
	}
	at := ch.delay.Deadline()
	if at.IsZero() {
		return 0, false
	}
	return max(0, time.Until(at)), true
}

// TimeoutCheck emits the last flight of a DTLS handshake again, if the peer has not answered it for as long as Timeout said,
// and reports whether it did. When it has done so often enough, it fails with an error that matches ErrSSLTimeout (see
// DTLSOptions.HandshakeTimeoutMax).
func (ch *Channel) TimeoutCheck() (resent bool, err error) {
	if left, ok := ch.Timeout(); !ok || left > 0 {
		return false, ch.err
	}
	before := ch.emitted
	err = ch.Handshake()
	return ch.emitted > before, err
}

// PeerCertificates is the peer's chain, leaf first; see [ConnectionState].
func (ch *Channel) PeerCertificates() []*x509.Certificate {
	return ch.ConnectionState().PeerCertificates
}

// Export gives length bytes of keying material for a label; see [Conn.ExportKeyingMaterial]. The handshake must be complete.
func (ch *Channel) Export(label string, exporterContext []byte, length int) ([]byte, error) {
	if err := ch.enter(); err != nil {
		return nil, err
	}
	defer ch.leave()
	if !ch.handshakeDone.Load() {
		return nil, errNotActive
	}
	return ch.exportKeyingMaterial(label, exporterContext, length)
}

// RemoteAddr is that of the options.
func (ch *Channel) RemoteAddr() net.Addr { return ch.o.RemoteAddr }

// NetConn is nil: a Channel has no connection underneath.
func (ch *Channel) NetConn() net.Conn { return nil }

func (ch *Channel) timerSet(time.Time) {} // Timeout asks

func (ch *Channel) reached(HandshakeState) {}

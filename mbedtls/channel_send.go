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
// is a [PayloadError]. The handshake must be complete, and SessionEstablished must have returned. n is how much was taken:
// less than all, with an error that matches ErrSSLWantRead, while a renegotiation waits for the peer, or with one that
// matches ErrSSLWantWrite, inside of Emit, where there is room for 48 KiB, which it sends next. Any other error but that of a
// long datagram is final.
func (ch *Channel) Send(data []byte) (n int, err error) {
	if err := ch.enter(); err != nil {
		return 0, err
	}
	defer ch.leave()
	if !ch.handshakeDone.Load() || ch.deciding {
		return 0, errNotActive
	}
	if err := ch.checkPayload(len(data)); err != nil {
		return 0, err
	}
	for n < len(data) {
		switch { // Emit may have ended it
		case ch.closed:
			return n, net.ErrClosed
		case ch.err != nil:
			return n, ch.err
		case ch.closedForWriting:
			return n, errShutdown
		}
		m, err := ch.writeRecords(data[n:])
		n += m
		ch.meter.data(0, m)
		if err == ErrSSLWantWrite && ch.emitting {
			return n, errChannelFull
		}
		ch.emit()
		if err := ch.checkRenegotiated(); err != nil {
			return n, ch.fail(err)
		}
		switch {
		case err == nil, err == ErrSSLWantWrite:
		case final(err):
			ch.tellAlert(err)
			return n, ch.fail(unfinished(err))
		default:
			return n, errChannelRenegotiates
		}
	}
	return n, nil
}

// writeRecords makes the library call.
func (ch *Channel) writeRecords(data []byte) (n int, err error) {
	ch.inside = true
	defer ch.poisonOnPanic(&ch.inside)
	n, err = ch.ssl.WriteRecords(data)
	if final(err) && codeOf(err) == ErrSSLWaitingServerHelloRenego { // data of the peer comes first, for Receive
		err = ErrSSLWantRead
	}
	err = ch.renegotiated(err)
	ch.inside = false
	return n, err
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
	err := ch.library(func() error {
		if err := ch.ssl.FlushOutput(); err != nil {
			return err
		}
		return ch.ssl.SendAlert(int(level), int(alert))
	})
	if err != nil {
		return err
	}
	ch.meter.alert(true, level, alert)
	switch {
	case alert == AlertCloseNotify:
		ch.closedForWriting = true
	case level == AlertFatal:
		ch.dropSession(ch.ssl)
		ch.fail(fmt.Errorf("%w: %s", ErrAlertSent, alert.Name()))
	}
	ch.emit()
	return nil
}

// Close emits close_notify, if the handshake is complete and nothing has failed, and frees the library's context. Nothing
// is called any more. Inside of Emit, which cannot take more, it emits nothing, and drops what is left. A second Close is
// [net.ErrClosed].
func (ch *Channel) Close() error {
	if ch.inside {
		return errChannelInside
	}
	if ch.closed {
		return net.ErrClosed
	}
	ch.sayGoodbye()
	ch.closed = true
	ch.meter.closed(&ch.core)
	ch.ssl.CancelAsync()
	clear(ch.waiting)
	return ch.ssl.Close()
}

func (ch *Channel) sayGoodbye() {
	if !ch.handshakeDone.Load() || ch.err != nil || ch.closedForWriting || ch.emitting || ch.ssl.Retain() != nil {
		return
	}
	defer ch.ssl.Release()
	if ch.library(ch.ssl.CloseNotify) == nil {
		ch.closedForWriting = true
		ch.meter.alert(true, AlertWarning, AlertCloseNotify)
		ch.emit()
	}
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
	if !ch.handshakeDone.Load() || ch.deciding {
		return errNotActive
	}
	err := ch.library(func() error {
		if err := ch.ssl.FlushOutput(); err != nil {
			return err
		}
		err := ch.ssl.Renegotiate()
		switch codeOf(err) {
		case ErrSSLFeatureUnavailable:
			return err // and nothing has happened
		case ErrSSLWaitingServerHelloRenego: // data of the peer comes first, for Receive
			err = ErrSSLWantRead
		}
		return ch.renegotiated(err)
	})
	if codeOf(err) == ErrSSLFeatureUnavailable {
		return err
	}
	ch.emit()
	if final(err) {
		ch.tellAlert(err)
		return ch.fail(unfinished(err))
	}
	return ch.receive(nil)
}

// IsActive reports whether Send works: the handshake is complete, and nothing has ended the Channel.
func (ch *Channel) IsActive() bool {
	return ch.handshakeDone.Load() && !ch.deciding && !ch.over() && !ch.closedForWriting
}

// IsClosed reports whether the Channel has ended, by Close or by an error.
func (ch *Channel) IsClosed() bool { return ch.over() }

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
	var out []byte
	err := ch.library(func() (err error) {
		out, err = ch.exportKeyingMaterial(label, exporterContext, length)
		return err
	})
	return out, err
}

// RemoteAddr is that of the options.
func (ch *Channel) RemoteAddr() net.Addr { return ch.o.RemoteAddr }

func (ch *Channel) netConn() net.Conn { return nil }

func (ch *Channel) timerSet(time.Time) {} // Timeout asks

func (ch *Channel) reached(HandshakeState) {}

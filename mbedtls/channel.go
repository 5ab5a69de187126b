package mbedtls

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Channel is a TLS or DTLS connection without I/O: what the peer sent goes into Receive, what is to be sent to it comes out
// of ChannelOptions.Emit, by whatever transport. It is the same engine as [Conn], with the same [Config]; only
// Config.ReadTimeout and Config.Trace have no meaning for it.
//
// A Channel starts no goroutine, and holds no lock while it calls a closure. It is used by one goroutine at a time. Emit and
// the closures for what was received may call its methods, all but Receive; those that are called from inside of the
// library, in a handshake, may not.
//
// Whoever makes a Channel must Close it, or leave that to the garbage collector.
type Channel struct {
	core
	o        ChannelOptions
	protocol string    // what ChooseProtocol chose
	stream   recordLen // of the input
	waiting  []byte    // input that the library has no room for while it waits for a private key

	err                      error // final
	busy, inside, emitting   bool  // in a method that goes on; in the library; in Emit
	closed, closedForWriting bool
	emitted                  uint64 // calls of Emit
	established              *ConnectionState
}

// ChannelOptions say what a [Channel] is, and what it calls. The slices that closures get are memory of the library or of
// the Channel, valid only during the call: what is to stay must be copied.
type ChannelOptions struct {
	Server    bool // else it is a client
	Datagrams bool // DTLS: each Receive is one datagram, and so is each Emit

	// RemoteAddr is the peer's address: what a DTLS server's cookies are bound to (see DTLSOptions.ClientTransportID), and
	// a client without a ServerName keeps its sessions by. It may be nil, except for DTLS servers that send cookies.
	RemoteAddr net.Addr

	// Session is what a client asks to resume, as [Conn.SetSession] says; nil is what Config.ClientSessionCache has.
	Session *Session

	// Emit is given what to send to the peer: part of a stream, or one datagram. It must take all of it; if that is not
	// possible any more, it may Close the Channel. It must be set.
	Emit func(data []byte)

	// RecordReceived is given the data of each record. number is how many records the peer sent before it under the same
	// keys; with DTLS, it is 2^48 times the record's epoch plus its sequence number. TLS 1.3's early data comes as one
	// record of number 0, after SessionEstablished. It must be set.
	RecordReceived func(number uint64, data []byte)

	// AlertReceived is told of the peer's alerts. After a fatal one, Receive fails; after close_notify, it returns io.EOF.
	// Warnings are reported once the library has passed over them. It must be set.
	AlertReceived func(level AlertLevel, alert AlertError)

	// SessionEstablished is told what a handshake has settled, before any data. keep is false to keep the session from
	// being resumed: a client gives none to Config.ClientSessionCache, a server drops the one in Config.ServerSessionCache and
	// sends no tickets of TLS 1.3; a ticket of TLS 1.2 has been sent by then. An error breaks the connection: the peer gets
	// the alert that errors.As finds in it as an [AlertError], else access_denied; and Receive returns it. It is called
	// again after a renegotiation. It must be set.
	SessionEstablished func(ConnectionState) (keep bool, err error)

	// ChooseProtocol makes a server choose among what a client offers by ALPN, in the client's order of preference. It
	// returns one that is also in Config.NextProtos, or none, as "". An error ends the handshake with the alert
	// no_application_protocol, and is what Receive returns. nil is Config.NextProtos' order of preference. It is called
	// from inside of the library, if the lists have a protocol in common.
	ChooseProtocol func(offered []string) (protocol string, err error)

	// InspectHandshakeMessage is shown the messages of handshakes as they are sent and received; nil is not. An error
	// ends the handshake with the alert internal_error, and is what Receive returns. It is called from inside of the library.
	InspectHandshakeMessage func(HandshakeMessage) error

	// Logger receives the library's debug messages of this connection, in place of Config.Logger, up to Config.DebugLevel,
	// which must not be 0. It is called from inside of the library.
	Logger *slog.Logger
}

var (
	errChannelInside   = errors.New("mbedtls: a Channel's method was called from inside of the library")
	errChannelReceives = errors.New("mbedtls: Channel.Receive was called from one of the Channel's closures")
	errChannelFull     = errors.New("mbedtls: Channel.Send: no room for more from inside of Emit")
	errNotActive       = errors.New("mbedtls: the Channel's handshake is not complete")
)

// NewChannel makes a Channel. A client says nothing before Handshake or Receive is called.
func NewChannel(config *Config, o ChannelOptions) (*Channel, error) {
	ch := &Channel{o: o}
	transport := cbridge.Stream
	if o.Datagrams {
		transport = cbridge.Datagram
	}
	ch.core.init(ch, config, o.Server, transport)
	ch.session = o.Session
	if err := ch.checkOptions(); err != nil {
		return nil, err
	}
	if err := ch.setup(); err != nil {
		return nil, err
	}
	if o.InspectHandshakeMessage != nil {
		if err := ch.ssl.SetInspect(ch.inspect); err != nil {
			ch.ssl.Close()
			return nil, err
		}
	}
	if o.Logger != nil {
		ch.ssl.SetDebug(debugLogger(o.Logger))
	}
	return ch, nil
}

func (ch *Channel) checkOptions() error {
	o := &ch.o
	for name, missing := range map[string]bool{
		"Emit": o.Emit == nil, "RecordReceived": o.RecordReceived == nil, "AlertReceived": o.AlertReceived == nil,
		"SessionEstablished": o.SessionEstablished == nil,
	} {
		if missing {
			return fmt.Errorf("mbedtls: ChannelOptions.%s: nil: must be set", name)
		}
	}
	switch {
	case o.ChooseProtocol != nil && (!o.Server || len(ch.config.NextProtos) == 0):
		return errors.New("mbedtls: ChannelOptions.ChooseProtocol: set: is for servers with Config.NextProtos")
	case o.Session != nil && o.Server:
		return errors.New("mbedtls: ChannelOptions.Session: set: is for clients")
	case o.Logger != nil && ch.config.DebugLevel == 0:
		return errors.New("mbedtls: ChannelOptions.Logger: set: needs Config.DebugLevel")
	case o.Logger != nil && !cbridge.Feature("MBEDTLS_DEBUG_C"):
		return &NotBuiltError{Option: "MBEDTLS_DEBUG_C", Field: "ChannelOptions.Logger"}
	case o.RemoteAddr == nil && o.Server && o.Datagrams && !ch.config.DTLS.InsecureDisableCookies:
		return errors.New("mbedtls: ChannelOptions.RemoteAddr: nil: the cookies of a DTLS server are bound to it")
	}
	return nil
}

// enter is for a method that uses the library; leave ends it.
func (ch *Channel) enter() error {
	switch {
	case ch.inside:
		return errChannelInside
	case ch.closed:
		return net.ErrClosed
	case ch.err != nil:
		return ch.err
	}
	return ch.ssl.Retain()
}

func (ch *Channel) leave() { ch.ssl.Release() }

// Handshake begins the handshake, as a client, or goes on with it, after [Channel.KeyDone]. It does nothing if there is
// nothing to do.
func (ch *Channel) Handshake() error {
	if err := ch.enter(); err != nil {
		return err
	}
	defer ch.leave()
	return ch.receive(nil)
}

// Receive takes what the peer sent: any part of the stream, or one datagram. It calls the closures for what that brings,
// then returns how many more bytes the record needs of which the last part came; 0 if there is none, and with DTLS.
//
// io.EOF is the peer's orderly end, after which there is nothing to receive, but Send still works. Any other error is final,
// and the peer has been told; a datagram that is not the peer's, or comes twice, is none.
func (ch *Channel) Receive(data []byte) (need int, err error) {
	if ch.busy || ch.emitting {
		return 0, errChannelReceives
	}
	if err := ch.enter(); err != nil {
		return 0, err
	}
	defer ch.leave()
	if ch.isDTLS() {
		return 0, ch.receive(data)
	}
	ch.stream.add(data)
	err = ch.receive(data)
	return ch.stream.need(), err
}

// receive gives the library input, and goes on until it wants more. Inside of another call, that one goes on.
func (ch *Channel) receive(data []byte) error {
	if ch.busy || ch.emitting {
		return nil
	}
	ch.busy = true
	defer ch.poisonOnPanic(&ch.busy)
	err := ch.take(data)
	ch.busy = false
	if ch.closed && err == nil {
		return net.ErrClosed
	}
	return err
}

// poisonOnPanic is deferred by what sets a flag while it calls closures, and clears it when these have returned.
func (ch *Channel) poisonOnPanic(flag *bool) {
	if *flag {
		*flag, ch.inside, ch.err = false, false, cbridge.ErrPoisoned
	}
}

func (ch *Channel) take(data []byte) error {
	if ch.readErr == io.EOF {
		return io.EOF
	}
	if ch.isDTLS() {
		if err := ch.feed(data); err != nil && err != ErrSSLWantWrite { // no room: it is lost
			return ch.fail(err)
		}
		return ch.progress()
	}
	if len(ch.waiting) > 0 {
		data = append(ch.waiting, data...)
		ch.waiting = nil
	}
	for {
		n, err := ch.put(data)
		if err != nil {
			return ch.fail(err)
		}
		data = data[n:]
		if err := ch.progress(); err != nil || ch.closed {
			return err
		}
		if len(data) == 0 {
			return nil
		}
		if ch.KeyDone() != nil && ch.ssl.InputLen() > 0 {
			ch.waiting = append([]byte(nil), data...)
			return nil
		}
	}
}

// put fills the free part of the input.
func (ch *Channel) put(data []byte) (n int, err error) {
	if len(data) == 0 {
		return 0, nil
	}
	space, err := ch.ssl.InputSpace()
	if err != nil {
		return 0, err
	}
	n = copy(space, data)
	ch.ssl.Commit(n)
	return n, nil
}

// progress goes on until the library wants input, or a private key.
func (ch *Channel) progress() error {
	for !ch.closed {
		var err error
		if ch.handshakeDone.Load() {
			err = ch.read()
		} else {
			err = ch.step()
		}
		switch {
		case ch.err != nil: // a closure has broken it
			return ch.err
		case err == nil, err == ErrSSLWantWrite: // Emit has taken what was in the way
		case err == ErrSSLWantRead, err == ErrSSLAsyncInProgress:
			return nil
		case err == ErrSSLCryptoInProgress:
			runtime.Gosched()
		case err == io.EOF:
			return err
		default:
			return ch.fail(err)
		}
	}
	return nil
}

// fail notes an error after which the library must not be used.
func (ch *Channel) fail(err error) error {
	ch.err = err
	ch.ssl.CancelAsync()
	return err
}

// step goes on with the handshake.
func (ch *Channel) step() error {
	if !ch.mayWait() {
		cpuSlots <- struct{}{}
	}
	ch.inside = true
	err := ch.steps()
	ch.inside = false
	if !ch.mayWait() {
		<-cpuSlots
	}
	ch.emit()
	ch.tellWarnings()
	switch {
	case err == nil:
		return ch.complete()
	case codeOf(err) == ErrSSLReceivedEarlyData:
		return ch.receiveEarlyData()
	case codeOf(err) == ErrSSLHelloVerifyRequired:
		return ch.startOver()
	case final(err):
		ch.tellAlert(err)
		ch.settled(err)
	}
	return err
}

// mayWait tells whether closures that may wait are called from inside of the library.
func (ch *Channel) mayWait() bool {
	return ch.o.ChooseProtocol != nil || ch.o.InspectHandshakeMessage != nil || ch.o.Logger != nil || ch.config.mayWait()
}

// complete follows the last step but the tickets of TLS 1.3, which go out with the first Read.
func (ch *Channel) complete() error {
	st, err := ch.conclude()
	if err != nil {
		return ch.refuse(err, AlertBadCertificate)
	}
	if err := ch.establish(st); err != nil {
		return err
	}
	if err := ch.tellEstablished(st); err != nil {
		return err
	}
	ch.settled(nil)
	if early := ch.earlyData; len(early) > 0 && !ch.closed {
		ch.earlyData = nil
		ch.o.RecordReceived(0, early)
		clear(early)
	}
	return nil
}

// tellEstablished asks the user about the outcome of a handshake.
func (ch *Channel) tellEstablished(st *ConnectionState) error {
	ch.established = st
	keep, err := ch.o.SessionEstablished(st.parsed())
	switch {
	case ch.closed:
		return nil
	case err != nil:
		alert := AlertAccessDenied
		errors.As(err, &alert)
		return ch.refuse(err, alert)
	}
	if ch.uncached = !keep; ch.uncached && ch.server {
		ch.ssl.SkipTickets()
		ch.dropSession(ch.ssl)
	}
	return nil
}

// refuse breaks the connection over a verdict of the user's.
func (ch *Channel) refuse(verdict error, alert AlertError) error {
	_ = ch.ssl.SendAlert(cbridge.AlertFatal, int(alert)) // the verdict counts
	ch.emit()
	ch.settled(verdict)
	ch.handshakeDone.Store(false)
	return verdict
}

// recordBuffers are as long as the data of a record at most.
var recordBuffers = sync.Pool{New: func() any { b := make([]byte, cbridge.MaxRecord); return &b }}

// read reads one record.
func (ch *Channel) read() error {
	buf := recordBuffers.Get().(*[]byte)
	defer recordBuffers.Put(buf)
	ch.inside = true
	n, number, err := ch.ssl.ReadRecord(*buf)
	defer clear((*buf)[:n])
	switch codeOf(err) {
	case ErrSSLReceivedNewSessionTicket:
		ch.noteSession()
		err = nil
	case ErrSSLWaitingServerHelloRenego: // data comes first
		err = ErrSSLWantRead
	}
	err = ch.renegotiated(err)
	ch.inside = false
	ch.cacheSessions()
	ch.emit()
	ch.tellWarnings()
	if err := ch.checkRenegotiated(); err != nil {
		return err
	}
	if n > 0 && !ch.closed {
		ch.o.RecordReceived(number, (*buf)[:n])
	}
	if final(err) {
		ch.tellAlert(err)
		ch.forget(ch.ssl, err)
	}
	return err
}

// checkRenegotiated tells of a renegotiation that is complete.
func (ch *Channel) checkRenegotiated() error {
	if st := ch.state.Load(); st != ch.established && ch.readErr == nil {
		return ch.tellEstablished(st)
	}
	return nil
}

// tellAlert reports the alert behind an error.
func (ch *Channel) tellAlert(err error) {
	var alert AlertError
	switch {
	case ch.closed:
	case err == io.EOF || codeOf(err) == ErrSSLPeerCloseNotify:
		ch.o.AlertReceived(AlertWarning, AlertCloseNotify)
	case codeOf(err) == ErrSSLFatalAlertMessage && errors.As(err, &alert):
		ch.o.AlertReceived(AlertFatal, alert)
	}
}

// tellWarnings reports alerts that the library has passed over.
func (ch *Channel) tellWarnings() {
	for _, alert := range ch.ssl.TakeWarnings() {
		if !ch.closed {
			ch.o.AlertReceived(AlertWarning, AlertError(alert))
		}
	}
}

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
			ch.emit()
		}
		ch.ssl.Release()
	}
	ch.closed = true
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

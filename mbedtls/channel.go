package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Channel is a TLS or DTLS connection without I/O: what the peer sent goes into Receive, what is to be sent to it comes out
// of ChannelOptions.Emit, by whatever transport. It is the same engine as [Conn], with the same [Config]; only
// Config.ReadTimeout and Config.Trace have no meaning for it.
//
// A Channel starts no goroutine, but for a private key that works elsewhere, and holds no lock while it calls a closure. It
// is used by one goroutine at a time. Emit and the closures for what was received may call its methods, all but Receive;
// those that are called from inside of the library, in a handshake, may not.
//
// Whoever makes a Channel must Close it, or leave that to the garbage collector.
type Channel struct {
	core
	o        ChannelOptions
	protocol string    // what ChooseProtocol chose
	stream   recordLen // of the input
	waiting  []byte    // input that the library has no room for while it waits for a private key

	err                              error // final
	busy, inside, emitting, deciding bool  // in a method that goes on; in the library; in Emit; in SessionEstablished
	closed, closedForWriting         bool
	emitted                          uint64 // calls of Emit
	established                      *ConnectionState
}

var (
	errChannelInside   = errors.New("mbedtls: a Channel's method was called from inside of the library")
	errChannelReceives = errors.New("mbedtls: Channel.Receive was called from one of the Channel's closures")
	errNotActive       = errors.New("mbedtls: the Channel's handshake is not complete")

	errChannelFull         = fmt.Errorf("mbedtls: Channel.Send: no room for more from inside of Emit: %w", ErrSSLWantWrite)
	errChannelRenegotiates = fmt.Errorf("mbedtls: Channel.Send: a renegotiation waits for the peer: %w", ErrSSLWantRead)
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
// and the peer has been told. A datagram that is not the peer's, or comes twice, is no error, unless it is in the place of
// a ClientHello.
func (ch *Channel) Receive(data []byte) (need int, err error) {
	if ch.busy || ch.emitting || ch.deciding {
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
	if ch.busy || ch.emitting || ch.deciding {
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

// library makes a library call in which closures may be called.
func (ch *Channel) library(call func() error) error {
	ch.inside = true
	defer ch.poisonOnPanic(&ch.inside)
	err := call()
	ch.inside = false
	return err
}

// over tells whether a closure has ended the Channel.
func (ch *Channel) over() bool { return ch.closed || ch.err != nil }

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
		if ch.keyWorks() {
			return ch.wait(data)
		}
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
			return ch.wait(bytes.Clone(data))
		}
	}
}

// maxWaiting bounds what is kept of a peer that sends on while a private key works: it may not be authenticated yet.
const maxWaiting = 1 << 20

// wait keeps input until a private key has done its work.
func (ch *Channel) wait(data []byte) error {
	if len(data) > maxWaiting {
		return ch.fail(fmt.Errorf("mbedtls: Channel.Receive: more than %d bytes came while a private key works", maxWaiting))
	}
	ch.waiting = data
	return nil
}

// keyWorks tells whether the handshake waits for a private key.
func (ch *Channel) keyWorks() bool {
	done := ch.KeyDone()
	if done == nil {
		return false
	}
	select {
	case <-done:
		return false
	default:
		return true
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
	ch.meter.wire(n, 0)
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
		case ch.closed:
			return nil
		case ch.err != nil: // a closure has broken it
			return ch.err
		case err == nil, err == ErrSSLWantWrite: // Emit has taken what was in the way
		case err == ErrSSLWantRead && ch.ssl.InputLen() > 0: // the library has looked at its timer, or at an alert
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
	ch.meter.handshake(&ch.core, err, err)
	return err
}

// step goes on with the handshake.
func (ch *Channel) step() error {
	ch.meter.begin()
	err := ch.compute()
	ch.emit()
	ch.tellWarnings()
	switch {
	case ch.over():
		return nil
	case err == nil:
		return ch.complete()
	case codeOf(err) == ErrSSLReceivedEarlyData:
		return ch.receiveEarlyData()
	case codeOf(err) == ErrSSLHelloVerifyRequired:
		return ch.library(ch.startOver)
	case final(err):
		ch.tellAlert(err)
		ch.settled(err)
	}
	return err
}

// compute goes on with the handshake, in the library.
func (ch *Channel) compute() error {
	if !ch.mayWait() {
		cpuSlots <- struct{}{}
		defer func() { <-cpuSlots }()
	}
	return ch.library(ch.steps)
}

// mayWait tells whether closures that may wait are called from inside of the library.
func (ch *Channel) mayWait() bool {
	return ch.o.ChooseProtocol != nil || ch.o.InspectHandshakeMessage != nil || ch.o.Logger != nil || ch.config.mayWait()
}

// complete follows the last step but the tickets of TLS 1.3, which go out with the first Read.
func (ch *Channel) complete() error {
	st, err := ch.conclude()
	switch {
	case ch.over():
		return nil
	case err != nil:
		return ch.refuse(err, alertFor(err))
	}
	if err := ch.establish(st); err != nil {
		return err
	}
	if err := ch.tellEstablished(st); err != nil || ch.over() {
		return err
	}
	ch.settled(nil)
	ch.meter.handshake(&ch.core, nil, nil)
	if early := ch.earlyData; len(early) > 0 {
		ch.earlyData = nil
		ch.meter.data(len(early), 0)
		ch.o.RecordReceived(0, early)
		clear(early)
	}
	return nil
}

// tellEstablished asks the user about the outcome of a handshake.
func (ch *Channel) tellEstablished(st *ConnectionState) error {
	ch.established = st
	ch.deciding = true
	defer ch.poisonOnPanic(&ch.deciding)
	keep, err := ch.o.SessionEstablished(st.parsed())
	ch.deciding = false
	switch {
	case ch.over():
		return nil
	case err != nil:
		alert := AlertAccessDenied
		errors.As(err, &alert)
		return ch.refuse(err, alert)
	}
	if ch.uncached = !keep; ch.uncached && ch.server {
		ch.ssl.SkipTickets() // which would go out with the first record
		ch.dropSession(ch.ssl)
	}
	return nil
}

// refuse breaks the connection over a verdict of the user's.
func (ch *Channel) refuse(verdict error, alert AlertError) error {
	ch.handshakeDone.Store(false)
	_ = ch.library(func() error { return ch.ssl.SendAlert(cbridge.AlertFatal, int(alert)) }) // the verdict counts
	ch.meter.alert(true, AlertFatal, alert)
	ch.emit()
	ch.settled(verdict)
	ch.dropSession(ch.ssl)
	return verdict
}

// recordBuffers are as long as the data of a record at most.
var recordBuffers = sync.Pool{New: func() any { b := make([]byte, cbridge.MaxRecord); return &b }}

// read reads one record.
func (ch *Channel) read() error {
	buf := recordBuffers.Get().(*[]byte)
	defer recordBuffers.Put(buf)
	n, number, err := ch.readRecord(*buf)
	defer clear((*buf)[:n])
	ch.cacheSessions()
	ch.emit()
	ch.tellWarnings()
	if ch.over() {
		return nil
	}
	if err := ch.checkRenegotiated(); err != nil || ch.over() {
		return err
	}
	if n > 0 {
		ch.meter.data(n, 0)
		ch.o.RecordReceived(number, (*buf)[:n])
	}
	if final(err) && !ch.over() {
		ch.tellAlert(err)
		ch.forget(ch.ssl, err)
	}
	return err
}

// readRecord makes the library call.
func (ch *Channel) readRecord(buf []byte) (n int, number uint64, err error) {
	ch.inside = true
	defer ch.poisonOnPanic(&ch.inside)
	n, number, err = ch.ssl.ReadRecord(buf)
	if final(err) { // codeOf allocates
		switch codeOf(err) {
		case ErrSSLReceivedNewSessionTicket:
			ch.noteSession()
			err = nil
		case ErrSSLWaitingServerHelloRenego: // data comes first
			err = ErrSSLWantRead
		}
	}
	err = ch.renegotiated(err)
	ch.inside = false
	return n, number, err
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
		ch.meter.alert(false, AlertWarning, AlertError(alert))
		if !ch.closed {
			ch.o.AlertReceived(AlertWarning, AlertError(alert))
		}
	}
}

package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"github.com/gombedtls/gombedtls/cbridge"
)

var (
	errNoPeerCertificate = errors.New("mbedtls: there is no certificate of a server")
	errNoServerName      = errors.New("set Config.ServerName to the host that the certificate must be for, or opt out with InsecureSkipHostname or InsecureSkipVerify")
)

// Handshake runs the handshake, if that is not complete yet. Read and Write do so by themselves. After a timeout it
// may be called again, and goes on where it was; any other error is final.
func (c *Conn) Handshake() error { return c.HandshakeContext(context.Background()) }

// HandshakeContext is Handshake that ctx can end: the connection is then closed, and the error is ctx's. Once the
// handshake is complete, ctx has no effect.
func (c *Conn) HandshakeContext(ctx context.Context) error {
	if c.handshakeDone.Load() {
		return nil // without the allocation that runHandshake's closure costs
	}
	return c.runHandshake(ctx, false)
}

// runHandshake stops with errEarlyDataHas at early data, if that is asked for.
func (c *Conn) runHandshake(ctx context.Context, untilEarlyData bool) error {
	if c.handshakeDone.Load() {
		return nil // on the way of each Read and Write
	}
	return c.runFirstHandshake(ctx, untilEarlyData)
}

func (c *Conn) runFirstHandshake(ctx context.Context, untilEarlyData bool) (err error) {
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	if c.handshakeErr != nil || c.handshakeDone.Load() {
		return c.handshakeErr
	}
	if c.closed.Load() {
		return net.ErrClosed
	}
	if c.meter != nil {
		c.meter.begin()
		defer func() { c.meter.handshake(&c.core, c.handshakeErr, err) }()
	}
	if ctx.Done() != nil {
		stop := context.AfterFunc(ctx, func() { c.conn.Close() })
		defer func() {
			if !stop() {
				err = ctx.Err()
				c.handshakeErr = err
				c.handshakeDone.Store(false)
				c.state.Store(nil)
				c.abandon()
			}
		}()
	}
	ctx, over := c.waitForStore(ctx)
	defer over()
	c.handshakeErr = cbridge.ErrPoisoned // if a closure panics
	var waited bool
	apart(func() { waited, err = c.handshake(ctx, untilEarlyData) })
	c.handshakeErr = nil
	if err != errEarlyDataHas && (!waited || !isTimeout(err)) {
		c.handshakeErr = err
		if err != nil {
			c.abandon()
		}
		c.settled(err)
		c.peer.settled(err)
	}
	return err
}

// handshake returns whether it is waiting, outside of the library, that failed: a timeout there, and only there, is not
// final.
func (c *Conn) handshake(ctx context.Context, untilEarlyData bool) (waited bool, err error) {
	if c.ssl == nil {
		if err := c.open(); err != nil {
			return false, err
		}
	}
	if err := c.ssl.Retain(); err != nil {
		return false, err
	}
	defer c.ssl.Release()
	if ctx != context.Background() {
		// Signers outlive this call if it ends with a timeout.
		if err := c.ssl.SetContext(context.WithoutCancel(ctx)); err != nil {
			return false, err
		}
	}
	for {
		err := c.config.hookResult(c.step())
		flushErr := c.flush(true)
		switch {
		case err == nil && flushErr == nil:
			return false, c.complete()
		case flushErr == nil && codeOf(err) == ErrSSLReceivedEarlyData:
			if err := c.receiveEarlyData(); err != nil {
				return false, err
			}
			if untilEarlyData {
				return false, errEarlyDataHas
			}
		case codeOf(err) == ErrSSLHelloVerifyRequired:
			if err := c.startOver(); err != nil {
				return false, err
			}
			if flushErr != nil { // the client asks again
				return true, flushErr
			}
		case final(err) && codeOf(err) != ErrSSLReceivedEarlyData:
			return false, err // it says more than a flush of the alert that failed
		case flushErr != nil:
			return true, flushErr
		case err == ErrSSLWantRead:
			if err := c.fill(); err != nil {
				return true, err
			}
		case err == ErrSSLAsyncInProgress:
			if err := c.park(ctx); err != nil {
				return true, err
			}
		case err == ErrSSLCryptoInProgress:
			runtime.Gosched()
		}
	}
}

// open makes the C context, unless Close has come before.
func (c *Conn) open() error {
	if err := c.setup(); err != nil {
		return err
	}
	c.closing.Store(c.ssl)
	if c.closed.Load() { // Close may have found no context to close
		c.ssl.Close()
		return net.ErrClosed
	}
	return nil
}

// setup makes the C context.
func (c *core) setup() error {
	cc, err := c.config.built(c.server, c.transport)
	if err != nil {
		return err
	}
	if err := checkServerName(c.serverName); err != nil {
		return err
	}
	ssl, err := cbridge.NewSSL(cc)
	if errors.Is(err, net.ErrClosed) {
		return errConfigClosed
	}
	if err != nil {
		return err
	}
	if !c.server {
		switch {
		case c.serverName != "":
			err = ssl.SetHostname(c.serverName)
		case c.config.InsecureSkipHostname || c.config.InsecureSkipVerify:
			err = ssl.SetNoHostname()
		}
		if err == nil && !c.resumesSaved {
			err = c.offer(cc, ssl)
		}
	}
	if verify := c.withPolicy(c.verifyFunc()); verify != nil && err == nil {
		err = ssl.SetVerify(verify)
	}
	if export := c.config.exportFunc(); export != nil && err == nil {
		err = ssl.SetExportKeys(export)
	}
	if err == nil && c.isDTLS() {
		err = c.setUpDTLS(ssl)
	}
	if err == nil {
		err = c.setCredentials(ssl)
	}
	if err == nil {
		err = c.config.hookContext(ssl)
	}
	if err == nil {
		err = c.adopt(ssl)
	}
	if err != nil {
		ssl.Close()
	}
	return err
}

// verifyFunc is what the library calls for each certificate of the peer; nil if nobody wants to know.
func (c *core) verifyFunc() cbridge.VerifyFunc {
	verify := c.config.VerifyCertificate
	anyName := !c.server && c.config.InsecureSkipHostname
	if verify == nil && !anyName {
		return nil
	}
	return func(der []byte, depth int, found uint32) (uint32, error) {
		flags := VerifyFlags(found)
		if anyName {
			flags &^= CertNameMismatch
		}
		if verify == nil {
			return uint32(flags), nil
		}
		flags, err := verify(parseCertificate(bytes.Clone(der)), depth, flags)
		if flags == VerifyUnavailable { // which would read as no verdict
			flags = CertOther
		}
		return uint32(flags), err
	}
}

// cpuSlots bounds how many handshakes compute at once. A library call in a handshake takes milliseconds, and the Go
// runtime adds a thread for each that takes longer than some microseconds: without a bound, a thousand clients that come
// together are a thousand threads.
var cpuSlots = make(chan struct{}, 2*runtime.GOMAXPROCS(0))

// mayWait tells whether a closure may make a handshake wait inside of the library: it must then not keep others from
// computing.
func (c *Config) mayWait() bool {
	return c.VerifyCertificate != nil || c.Rand != nil || c.asksForCredentials() || c.resumptionMayWait() ||
		c.exportsSecrets() || c.Trace != nil || c.policyMayWait() || c.DTLS.WriteCookie != nil || c.DebugLevel > 0
}

// step goes on with the handshake until it is complete, fails, or waits.
func (c *Conn) step() error {
	if !c.config.mayWait() {
		cpuSlots <- struct{}{}
		defer func() { <-cpuSlots }()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.advance()
}

// advance is step with mu held.
func (c *core) advance() error {
	if c.rejects() == 0 && (!c.server || c.config.GetConfigForClient == nil) && c.config.Trace == nil {
		return c.explain(c.tellFailure(c.ssl.Handshake()))
	}
	if err := c.steps(); err != nil {
		return err
	}
	return c.explain(c.ssl.Handshake()) // tickets
}

// steps is advance one step after the other, up to the tickets of TLS 1.3. With mu held.
func (c *core) steps() error {
	c.trace()
	for !c.ssl.HandshakeOver() {
		if err := c.ssl.HandshakeStep(); err != nil {
			return c.explain(c.tellFailure(err))
		}
		c.trace()
		if err := c.checkClient(c.rejects()); err != nil {
			return err
		}
	}
	if c.rejects() != 0 && c.ssl.SharedSecret() == cbridge.NoSecret &&
		VerifyFlags(c.ssl.VerifyResult()) == VerifyUnavailable {
		return &Error{Code: ErrSSLBadCertificate, Op: "mbedtls_ssl_handshake", Cause: &VerifyError{Flags: VerifyUnavailable}}
	}
	return nil
}

// clientRejects are the flags that end the handshake of a server that takes more than the library's VERIFY_OPTIONAL
// means by it.
var clientRejects = map[ClientAuthType]VerifyFlags{
	RequireAnyClientCert:    CertMissing,
	VerifyClientCertIfGiven: ^(CertMissing | CertSkipVerify),
}

// rejects are the flags that this connection's server does not let pass. With mu held.
func (c *core) rejects() VerifyFlags {
	if !c.server {
		return 0
	}
	return clientRejects[c.clientAuth]
}

// checkClient looks at the verification's result as soon as there is one. With mu held.
func (c *core) checkClient(rejects VerifyFlags) error {
	flags := VerifyFlags(c.ssl.VerifyResult())
	if flags == VerifyUnavailable || flags&rejects == 0 {
		return nil
	}
	code := ErrSSLBadCertificate
	if flags&CertMissing != 0 {
		code = ErrSSLNoClientCertificate
	}
	alert := verifyAlert(flags, c.ssl.Version())
	_ = c.ssl.SendAlert(cbridge.AlertFatal, alert) // the verdict counts
	c.meter.alert(true, AlertFatal, AlertError(alert))
	return &Error{Code: code, Op: "mbedtls_ssl_handshake", Cause: &VerifyError{Flags: flags}}
}

// newState is what a handshake has settled. With mu held.
func (c *core) newState() *ConnectionState {
	st := readState(c.ssl, c.serverName)
	c.readCredentials(st)
	st.EarlyData, st.EarlyDataLen = c.earlyStatus(), c.earlyLen
	if c.isDTLS() {
		c.readDTLS(st)
	}
	return st
}

// complete notes the result, and asks the user.
func (c *Conn) complete() error {
	st, err := c.conclude()
	if err != nil {
		// The verdict counts, whether or not the peer hears of it.
		alert := alertFor(err)
		_ = c.queue(func(s *cbridge.SSL) error { return s.SendAlert(cbridge.AlertFatal, int(alert)) })
		c.meter.alert(true, AlertFatal, alert)
		_ = c.flush(true)
		c.dropSession(c.ssl)
		return err
	}
	return c.establish(st)
}

// conclude is what the handshake has settled, and the user's verdict on it.
func (c *core) conclude() (*ConnectionState, error) {
	c.mu.Lock()
	st := c.newState()
	c.mu.Unlock()
	if st.DidResume {
		c.resumed(st)
	}
	return st, c.verifyConnection(st)
}

// establish ends the handshake.
func (c *core) establish(st *ConnectionState) error {
	if c.config.FreeHandshakeData {
		c.mu.Lock()
		err := c.ssl.FreeHandshakeData()
		c.mu.Unlock()
		if err != nil {
			return err
		}
	}
	c.state.Store(st)
	c.handshakeDone.Store(true)
	return nil
}

func (c *core) verifyConnection(st *ConnectionState) error {
	if !c.server && len(st.PeerCertificatesDER) > 0 && c.serverName == "" &&
		!c.config.InsecureSkipHostname && !c.config.InsecureSkipVerify && !c.config.unjudged() {
		// Reached only in a build with MBEDTLS_SSL_CLI_ALLOW_WEAK_CERTIFICATE_VERIFICATION_WITHOUT_HOSTNAME.
		return &Error{Code: ErrSSLCertificateVerificationWithoutHostname, Op: "mbedtls_ssl_handshake", Cause: errNoServerName}
	}
	if err := c.checkPolicy(st, st.DidResume); err != nil {
		return err
	}
	if c.config.VerifyConnection == nil {
		return nil
	}
	return c.config.VerifyConnection(st.parsed())
}

func codeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// explain adds to an error of the library what else is known about its reason. With mu held.
func (c *core) explain(err error) error {
	if c.meter != nil && final(err) {
		c.meter.failure(c.ssl, err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Cause != nil {
		return err
	}
	if e.Cause = c.ssl.DecryptError(); e.Cause != nil {
		return err
	}
	switch e.Code {
	case ErrSSLPeerCloseNotify:
		if c.handshakeDone.Load() {
			return io.EOF
		}
		e.Cause = io.ErrUnexpectedEOF
	case ErrSSLConnEOF:
		if c.handshakeDone.Load() {
			return io.ErrUnexpectedEOF
		}
		e.Cause = fmt.Errorf("the peer closed the connection: %w", io.ErrUnexpectedEOF)
	case ErrSSLTimeout:
		e.Cause = os.ErrDeadlineExceeded // the peer does not answer, however often it is asked
	case ErrSSLFatalAlertMessage:
		if alert, ok := c.ssl.LastAlert(); ok {
			e.Cause = AlertError(alert)
		}
	case ErrX509CertVerifyFailed, ErrSSLBadCertificate:
		if flags := VerifyFlags(c.ssl.VerifyResult()); flags != 0 && flags != VerifyUnavailable {
			e.Cause = &VerifyError{Flags: flags}
		}
		e.Cause = c.blame(e.Cause)
	case ErrSSLNoClientCertificate:
		e.Cause = &VerifyError{Flags: CertMissing}
	case ErrSSLCertificateVerificationWithoutHostname:
		e.Cause = errNoServerName
	}
	return err
}

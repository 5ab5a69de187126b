package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// What [Config].RenegotiationGrace may be beside a number of records.
const (
	RenegotiationNotEnforced = -1 // the peer may ignore a request
	RenegotiationAtOnce      = -2 // not one record
)

var (
	// ErrRenegotiationRefused is in the error of a client whose server answered with a no_renegotiation alert.
	ErrRenegotiationRefused = errors.New("mbedtls: the peer refuses to renegotiate")

	errNoRenegotiation = errors.New("mbedtls: set Config.AllowRenegotiation to renegotiate")

	// errAsideFull asks to wait for Read.
	errAsideFull = errors.New("mbedtls: too much data waits for Read")
)

// renegotiationState is what only a connection that may renegotiate has.
type renegotiationState struct {
	renegotiation chan struct{} // of mu: closed at its end; nil if none is under way
	aside         [][]byte      // of mu: records for Read that came while another call renegotiated
	asideLen      int
	asideTaken    chan struct{}
}

// maxAside is how much data Write and Renegotiate set aside before they wait for Read.
const maxAside = 1 << 20

func (c *Config) setRenegotiation(cc *cbridge.Config, _ bool) error {
	if c.RenegotiationGrace < RenegotiationAtOnce || c.RenegotiationGrace > 1<<30 {
		return badField("RenegotiationGrace", c.RenegotiationGrace, "must be between %d and %d", RenegotiationAtOnce, 1<<30)
	}
	if !c.AllowRenegotiation {
		if c.RenegotiationGrace != 0 {
			return badField("RenegotiationGrace", c.RenegotiationGrace, "needs AllowRenegotiation")
		}
		if c.RenegotiationPeriod != 0 {
			return badField("RenegotiationPeriod", c.RenegotiationPeriod, "needs AllowRenegotiation")
		}
		return nil
	}
	if c.RenegotiationPeriod != 0 && !c.onlyTLS12(cc) && cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") && !c.unjudged() {
		return badField("RenegotiationPeriod", c.RenegotiationPeriod, "needs MaxVersion TLS 1.2: it would break connections of TLS 1.3")
	}
	grace, period := c.RenegotiationGrace, c.RenegotiationPeriod
	switch grace {
	case 0:
		grace = cbridge.DefaultRenegotiationGrace
	case RenegotiationAtOnce:
		grace = 0
	}
	if period == 0 {
		period = cbridge.DefaultRenegotiationPeriod
	}
	return field("AllowRenegotiation", true, cc.SetRenegotiation(true, grace, period))
}

// Renegotiate makes a new handshake on a connection of TLS 1.2, with keys of its own, and perhaps other certificates. A
// client's Renegotiate returns when that is complete. A server's returns when the client is asked for it; the handshake
// then takes place in Read, if the client honours the request. Deadlines bound it; after a timeout, Read, Write or
// Renegotiate go on with it. Any other error is final, among them [ErrRenegotiationRefused]: the library cannot go back
// to the old handshake. Read and Write may be called meanwhile; Write waits until it is over. A client whose
// server has more than 1 MiB of data on its way must Read meanwhile.
//
// It needs [Config].AllowRenegotiation. In TLS 1.3, it is ErrSSLFeatureUnavailable (mbedtls_ssl_renegotiate).
func (c *Conn) Renegotiate() error {
	if !c.config.AllowRenegotiation {
		return errNoRenegotiation
	}
	ssl, err := c.beginWrite()
	if err != nil {
		return err
	}
	defer c.endWrite(ssl)
	for begun := false; ; begun = true {
		err := c.renegotiateOnce(begun)
		if final(err) && err != errAsideFull {
			_ = c.flush(true) // an alert
			return err
		}
		if err := c.send(); err != nil {
			return err
		}
		switch err {
		case nil:
			return nil
		case ErrSSLWantRead:
			if err := c.fillForHandshake(); err != nil {
				return err
			}
		case ErrSSLAsyncInProgress:
			if err := c.park(context.Background()); err != nil {
				return err
			}
		case errAsideFull:
			if err := c.awaitRead(); err != nil {
				return err
			}
		}
	}
}

// renegotiateOnce makes one library call, unless that is needed no more.
func (c *Conn) renegotiateOnce(begun bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.makeRoom(); err != nil {
		return err
	}
	if begun && (c.server || !c.ssl.Renegotiating()) { // the request is sent; or Read has ended it
		return nil
	}
	err := c.ssl.Renegotiate()
	if codeOf(err) == ErrSSLFeatureUnavailable {
		return err // and nothing has happened
	}
	return unfinished(c.renegotiated(err))
}

// renegotiated follows a library call that may have gone on with a renegotiation, and returned err: it sets data aside
// that came first, and does what follows the end of a handshake. With mu held.
func (c *core) renegotiated(err error) error {
	if !c.config.AllowRenegotiation {
		return c.finish(err)
	}
	if codeOf(err) == ErrSSLWaitingServerHelloRenego {
		err = c.setAside()
	}
	if err == ErrSSLCryptoInProgress { // others may run now; there is nothing to wait for
		err = ErrSSLWantWrite
	}
	if err == ErrSSLWantRead && c.refused() {
		err = &Error{Code: ErrSSLWaitingServerHelloRenego, Op: "mbedtls_ssl_renegotiate", Cause: ErrRenegotiationRefused}
	}
	was := c.renegotiation
	if !final(err) || err == errAsideFull {
		if c.ssl.Renegotiating() {
			if was == nil {
				c.renegotiation = make(chan struct{})
			}
			return err
		}
	} else {
		err = c.finish(err)
	}
	if was == nil {
		return err
	}
	defer close(was)
	c.renegotiation = nil
	if c.readErr != nil {
		return err
	}
	st := c.newState()
	verdict := c.checkClientAgain()
	if verdict == nil {
		if verdict = c.verifyConnection(st); verdict != nil {
			_ = c.ssl.SendAlert(cbridge.AlertFatal, int(alertFor(verdict))) // the verdict counts
		}
	}
	if verdict != nil {
		c.dropSession(c.ssl)
		return c.finish(verdict)
	}
	c.state.Store(st)
	c.peer.settled(nil) // connection IDs may be out of use
	return err
}

// finish notes an error after which the context must not be used. With mu held.
func (c *core) finish(err error) error {
	if !final(err) {
		return err
	}
	err = c.explain(err)
	c.readErr = err
	return err
}

// refused tells whether the last record was the server's refusal. With mu held.
func (c *core) refused() bool {
	alert, ok := c.ssl.LastAlert()
	return ok && alert == alertNoRenegotiation && c.ssl.Renegotiating()
}

// setAside takes data of a server that came before its ServerHello, for Read. With mu held.
func (c *core) setAside() error {
	if c.refused() {
		return ErrSSLWantRead
	}
	if c.asideLen >= maxAside {
		return errAsideFull
	}
	buf := make([]byte, cbridge.MaxRecord)
	n, err := c.ssl.Read(buf)
	if n > 0 {
		c.aside = append(c.aside, bytes.Clone(buf[:n]))
		c.asideLen += n
	}
	if err == nil {
		err = ErrSSLWantRead // fill does not wait if there is input
	}
	return err
}

// checkClientAgain is what step does with the client's certificate. With mu held.
func (c *core) checkClientAgain() error {
	rejects := c.rejects()
	if rejects == 0 || c.ssl.SharedSecret() != cbridge.NoSecret {
		return nil
	}
	if VerifyFlags(c.ssl.VerifyResult()) == VerifyUnavailable {
		return &Error{Code: ErrSSLBadCertificate, Op: "mbedtls_ssl_renegotiate", Cause: &VerifyError{Flags: VerifyUnavailable}}
	}
	return c.checkClient(rejects)
}

// awaitRead waits until Read has taken data that was set aside, Close, or the write deadline. With writeMu held.
func (c *Conn) awaitRead() error {
	for {
		if c.closed.Load() {
			return net.ErrClosed
		}
		if t := c.writeDeadline.Load(); t != nil && !t.IsZero() && !time.Now().Before(*t) {
			return os.ErrDeadlineExceeded
		}
		select {
		case <-c.asideTaken:
			return nil
		case <-time.After(closeTimeout / 100): // to look at the deadline, which may change
		}
	}
}

// asideFirst is how long the first piece of data is that was set aside; 0 if none was. With mu held.
func (c *core) asideFirst() int {
	if c.renegotiationState == nil || len(c.aside) == 0 {
		return 0
	}
	return len(c.aside[0])
}

// readAside gives data that was set aside. With mu held.
func (c *core) readAside(p []byte) int {
	if c.asideFirst() == 0 {
		return 0
	}
	select {
	case c.asideTaken <- struct{}{}:
	default:
	}
	n := copy(p, c.aside[0])
	c.asideLen -= n
	if c.aside[0] = c.aside[0][n:]; len(c.aside[0]) == 0 {
		c.aside = c.aside[1:]
	}
	return n
}

// fillForRead is fill, unless data is set aside.
func (c *Conn) fillForRead() error {
	return c.fillUnless(func() bool { return c.asideFirst() > 0 }, nil)
}

// fillForHandshake is fill, unless another call ends the renegotiation.
func (c *Conn) fillForHandshake() error {
	if !c.config.AllowRenegotiation {
		return c.fill()
	}
	c.mu.Lock()
	over := c.renegotiation
	c.mu.Unlock()
	if over == nil {
		return nil
	}
	return c.fillUnless(func() bool { return c.renegotiation == nil }, over)
}

// unfinished is the end of a connection as a call sees it that is not Read.
func unfinished(err error) error {
	if err == io.EOF {
		return &Error{Code: ErrSSLPeerCloseNotify, Op: "mbedtls_ssl_renegotiate", Cause: io.ErrUnexpectedEOF}
	}
	return err
}

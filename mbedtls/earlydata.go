package mbedtls

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// EarlyDataStatus is what became of a connection's early data.
type EarlyDataStatus int

// What may become of early data.
const (
	EarlyDataNone     EarlyDataStatus = iota // none was sent
	EarlyDataAccepted                        // the server has it
	EarlyDataRejected                        // the server ignored all of it: the client sends it again, with Write
)

// String is the status in a word.
func (s EarlyDataStatus) String() string {
	switch s {
	case EarlyDataNone:
		return "none"
	case EarlyDataAccepted:
		return "accepted"
	case EarlyDataRejected:
		return "rejected"
	}
	return fmt.Sprintf("EarlyDataStatus(%d)", int(s))
}

var (
	errNotClient    = errors.New("only a client sends early data")
	errNotServer    = errors.New("mbedtls: ReadEarlyData is for servers")
	errTooLate      = errors.New("the handshake is past that")
	errNoEarlyData  = errors.New("there is no session to resume that allows early data")
	errEarlyDataHas = errors.New("early data arrived")
)

func (c *Config) setEarlyData(cc *cbridge.Config, server bool) error {
	if c.MaxEarlyData < 0 || int64(c.MaxEarlyData) > 1<<32-1 {
		return badField("MaxEarlyData", c.MaxEarlyData, "must be from 0 to %d", int64(1<<32-1))
	}
	if r := c.rules(); !server && r != nil && !r.AllowEarlyData {
		return nil
	}
	if server && c.MaxEarlyData == 0 || !server && (!cbridge.Feature("MBEDTLS_SSL_EARLY_DATA") || c.unjudged()) {
		return nil
	}
	return field("MaxEarlyData", c.MaxEarlyData, cc.SetEarlyData(uint32(c.MaxEarlyData)))
}

// WriteEarlyData sends p along with a client's first message, before the handshake: it is there one round trip earlier.
// It needs TLS 1.3 and a session whose MaxEarlyData is not 0, from Config.ClientSessionCache or SetSession; no more than
// that many bytes can be sent. It returns how much of p went as early data; if that is not all, the error is
// ErrSSLCannotWriteEarlyData, and the rest is to be written after the handshake. It may be called more than once, and does
// not wait for the server.
//
// The server may refuse early data: after the handshake, ConnectionState.EarlyData is EarlyDataRejected then, and all
// that was sent must be sent again with Write.
//
// Anybody who sees early data may send it to the server once more, and the library does nothing against that: send only
// what does no harm when it arrives twice. Nor is it forward-secret (RFC 8446 section 8; mbedtls_ssl_write_early_data).
func (c *Conn) WriteEarlyData(p []byte) (n int, err error) {
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	switch {
	case c.server:
		return 0, cannotWriteEarlyData(errNotClient)
	case c.handshakeErr != nil:
		return 0, c.handshakeErr
	case c.handshakeDone.Load():
		return 0, cannotWriteEarlyData(errTooLate)
	case c.ssl == nil:
		c.early = true
		if err := c.open(); err != nil {
			c.handshakeErr = err
			return 0, err
		}
	}
	if !c.mayWriteEarly() {
		return 0, cannotWriteEarlyData(errNoEarlyData)
	}
	if err := c.ssl.Retain(); err != nil {
		return 0, err
	}
	defer c.ssl.Release()
	for n < len(p) {
		m, err := c.writeEarly(p[n:])
		n += m
		c.meter.data(0, m)
		flushErr := c.flush(true)
		switch {
		case err != nil && err != ErrSSLWantWrite && err != ErrSSLWantRead:
			if !errors.Is(err, ErrSSLCannotWriteEarlyData) {
				c.handshakeErr = err
			}
			return n, err
		case flushErr != nil:
			if !isTimeout(flushErr) {
				c.handshakeErr = flushErr
			}
			return n, flushErr
		}
	}
	return n, nil
}

func (c *core) mayWriteEarly() bool {
	return c.config.unjudged() || c.early && c.resuming != nil && c.resuming.info.MaxEarlyData > 0
}

func cannotWriteEarlyData(cause error) error {
	return &Error{Code: ErrSSLCannotWriteEarlyData, Op: "mbedtls_ssl_write_early_data", Cause: cause}
}

// writeEarly encrypts one record.
func (c *Conn) writeEarly(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.makeRoom(); err != nil {
		return 0, err
	}
	n, err := c.ssl.WriteEarlyData(p)
	c.earlyLen += n
	return n, c.explain(err)
}

// ReadEarlyData reads what a client sent before the handshake, as it comes in; [io.EOF] says that there is no more, and
// that the handshake is complete. Config.MaxEarlyData must allow it. A server that does not call it gets early data from
// Read, before everything else.
//
// Early data may be somebody's copy of what was sent once already, and the library does nothing against that: act on it
// only if it does no harm twice (RFC 8446 section 8; mbedtls_ssl_read_early_data).
func (c *Conn) ReadEarlyData(p []byte) (int, error) {
	if !c.server {
		return 0, errNotServer
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n := c.takeEarlyData(p); n > 0 {
			c.meter.data(n, 0)
			return n, nil
		}
		if c.handshakeDone.Load() {
			return 0, io.EOF
		}
		if err := c.runHandshake(context.Background(), true); err != nil && err != errEarlyDataHas {
			return 0, err
		}
	}
}

// takeEarlyData moves what arrived to p.
func (c *Conn) takeEarlyData(p []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.takeEarly(p)
}

// takeEarly is takeEarlyData with mu held.
func (c *core) takeEarly(p []byte) int {
	n := copy(p, c.earlyData)
	if c.earlyData = c.earlyData[n:]; len(c.earlyData) == 0 {
		c.earlyData = nil
	}
	return n
}

// receiveEarlyData takes a record of early data out of the library.
func (c *core) receiveEarlyData() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var buf [4096]byte
	defer clear(buf[:])
	for {
		n, err := c.ssl.ReadEarlyData(buf[:])
		if errors.Is(err, ErrSSLCannotReadEarlyData) {
			return nil
		}
		if err != nil {
			return err
		}
		c.earlyData = append(c.earlyData, buf[:n]...)
		c.earlyLen += n
	}
}

// earlyStatus is for a connection whose handshake is complete. With mu held.
func (c *core) earlyStatus() EarlyDataStatus {
	switch {
	case c.earlyLen == 0:
		return EarlyDataNone
	case c.server, c.ssl.EarlyDataStatus() == cbridge.EarlyDataAccepted:
		return EarlyDataAccepted
	}
	return EarlyDataRejected
}

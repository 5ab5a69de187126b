package cbridge

// #include "bridge.h"
import "C"

import "errors"

// ErrConfigUsed is what a second connection of a Config fails with that serves one alone.
var ErrConfigUsed = errors.New("cbridge: the Config is for one connection, and has had it")

// SetSingle says that the Config serves one connection, which may free what only the handshake needs.
func (c *Config) SetSingle() { c.single = true }

// FreeHandshakeData frees, after the handshake, what the Config holds for it: trust anchors, revocation lists, own
// certificates and keys, as far as nobody else refers to them, and Diffie-Hellman parameters. The connection cannot be
// reset after that, nor renegotiated; a handshake fails with ErrSSLBadConfig. It is ErrSSLBadInputData before the end of
// the handshake, and with a Config that other connections may use.
func (s *SSL) FreeHandshakeData() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	if !s.conf.single {
		return newError("FreeHandshakeData", int(ErrSSLBadInputData), nil)
	}
	if ret := C.gm_ssl_free_handshake_data(s.c); ret != 0 {
		return s.trap.end("FreeHandshakeData", int(ret))
	}
	s.conf.kept.freeCerts()
	return s.trap.end("FreeHandshakeData", 0)
}

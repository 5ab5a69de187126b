package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"slices"
)

// credentials is what a connection was given for one handshake. It is apart from SSL so that its freeing does not keep
// the SSL alive.
type credentials struct {
	parts  []*resource // what C points at
	failed bool        // a PSK closure failed, and the library goes on all the same: see gombPSK
}

// keep holds r's C object until the handshake is over.
func (k *credentials) keep(r *resource) error {
	if slices.Contains(k.parts, r) {
		return nil
	}
	if err := r.acquire(); err != nil {
		return err
	}
	k.parts = append(k.parts, r)
	return nil
}

func (k *credentials) forget() {
	for _, r := range k.parts {
		r.release()
	}
	k.parts, k.failed = nil, false
}

// forgetCredentials lets go of what C points at, once the handshake that it was for is gone.
func (s *SSL) forgetCredentials() {
	if len(s.creds.parts) > 0 && C.gm_ssl_in_handshake(s.c) == 0 {
		s.creds.forget()
	}
}

// SetUserData attaches v to the connection, for closures of its Config.
func (s *SSL) SetUserData(v any) { s.userData = v }

// UserData is what SetUserData attached.
func (s *SSL) UserData() any { return s.userData }

// during runs f for a closure that the connection's own library call has reached, or between calls. Unlike enter it
// leaves the trap as it is.
func (s *SSL) during(op, option string, f func(*C.gm_ssl) C.int) error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	defer s.leave()
	return check(f(s.c), op, option)
}

// fail sends the fatal alert that suits a closure's error, and keeps that error.
func (s *SSL) fail() {
	alert := C.uchar(C.MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR)
	err := s.trap.err
	switch {
	case errors.Is(err, ErrSSLUnrecognizedName):
		alert = C.MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME
	case errors.Is(err, ErrSSLNoApplicationProtocol):
		alert = C.MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL
	}
	C.mbedtls_ssl_send_alert_message(&s.c.ssl, C.MBEDTLS_SSL_ALERT_LEVEL_FATAL, alert)
	s.trap.err = err
}

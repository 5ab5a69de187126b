package cbridge

// #include "bridge.h"
import "C"

const optionSerialization = "MBEDTLS_SSL_CONTEXT_SERIALIZATION"

// Save writes the state of a connection over datagrams, for Load, and makes the context ready for another, as
// SessionReset does (mbedtls_ssl_context_save). The state holds secrets: the caller wipes it, and uses it once. Where
// two connections went on from it, they would encrypt different data alike.
//
// It is ErrSSLBadInputData, and nothing is changed, while the handshake is not over; on the end that sent the last
// flight of it (the server's, the client's after a resumption), until that has read a record, since it may have to send
// the flight again; while data waits in the context, to be read or to be written; without an AEAD suite; with a Config
// that allows renegotiation. What waits in the queues of the BIO is not saved, nor what DTLS-SRTP negotiated, nor, of
// what the bridge knows, [Observed].
func (s *SSL) Save() ([]byte, error) {
	const op = "mbedtls_ssl_context_save"
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	var n C.size_t
	ret := C.gm_ssl_context_save(s.c, nil, 0, &n)
	if ret == C.GM_NOT_BUILT {
		return nil, &NotBuiltError{Option: optionSerialization}
	}
	if Code(ret) != ErrSSLBufferTooSmall {
		return nil, s.trap.end(op, int(ret))
	}
	data := make([]byte, n)
	if ret := C.gm_ssl_context_save(s.c, cbytes(data), n, &n); ret != 0 {
		clear(data)
		s.Close() // it failed in the reset
		return nil, s.trap.end(op, int(ret))
	}
	s.creds.forget()
	s.async.stop()
	s.decryptErr = nil
	return data, s.trap.end(op, 0)
}

// Load goes on with a connection that Save wrote, of the same end, from another process perhaps
// (mbedtls_ssl_context_load). It takes a connection over datagrams that has not been used, nor given a session, with a
// Config that is like the other one: TLS 1.2 among its versions, no renegotiation, the suite and the protocol of the
// connection among its own, its connection IDs as long. Else it is ErrSSLBadInputData; a state of another version of
// the library, or one that was built with other options, is ErrSSLVersionMismatch. Where the state was looked at, the
// connection is closed then. Inside of what can be read, altered bytes may not be noticed.
//
// The MTU and the packing are those of the old connection. The closure of SetExportKeys is called again.
func (s *SSL) Load(data []byte) error {
	const op = "mbedtls_ssl_context_load"
	if err := s.during(op, optionSerialization, func(c *C.gm_ssl) C.int { return C.gm_ssl_may_load(c) }); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	ret := C.gm_ssl_context_load(s.c, cbytes(data), C.size_t(len(data)))
	if ret != 0 {
		s.Close()
	}
	return s.trap.end(op, int(ret))
}

// Observed is what the bridge noted in the last handshake, and the library does not save.
type Observed struct {
	Resumed              bool
	ExtendedMasterSecret bool
	Group                uint16
	SharedSecret         SharedSecret
}

// Observed is to be kept with what Save writes; it must be called before that, and is zero after Close.
func (s *SSL) Observed() Observed {
	return Observed{s.Resumed(), s.ExtendedMasterSecret(), s.Group(), s.SharedSecret()}
}

// SetObserved follows Load.
func (s *SSL) SetObserved(o Observed) error {
	return s.during("", "", func(c *C.gm_ssl) C.int {
		c.resumed, c.extended_ms = flag(o.Resumed), flag(o.ExtendedMasterSecret)
		c.group, c.shared_secret = C.int(o.Group), C.int(o.SharedSecret)
		return 0
	})
}

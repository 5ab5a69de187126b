package cbridge

// In a call of one of the library's files to another, --wrap=X makes the linker call __wrap_X for X, and X for __real_X.

// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ssl_read_record -Wl,--wrap=mbedtls_ssl_write_handshake_msg_ext
// #cgo LDFLAGS: -Wl,--wrap=mbedtls_ssl_finish_handshake_msg -Wl,--wrap=mbedtls_ssl_send_alert_message
// #include "bridge.h"
import "C"

import "unsafe"

// InspectFunc is shown the messages of handshakes, in the order in which they are sent and received, without their headers
// (RFC 8446 section 4, RFC 5246 section 7.4). typ is a HandshakeType. body is C memory, valid only during the call, and
// must not be written to. Of what DTLS sends again, and of HelloRequest, it is shown nothing. An error ends the handshake,
// with an internal_error alert.
type InspectFunc func(sent bool, typ uint8, body []byte) error

// SetInspect sets the closure that sees handshake messages; nil removes it.
func (s *SSL) SetInspect(f InspectFunc) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.inspect = f
	C.gm_ssl_inspect(s.c, flag(f != nil))
	return nil
}

// gombInspect is reached from every library call that goes on with a handshake, on the goroutine that made it. It may
// block, and then pins its thread.
//
//export gombInspect
func gombInspect(h unsafe.Pointer, sent, typ C.int, body *C.uchar, n C.size_t) C.int {
	s := fromHandle[SSL](h)
	if s == nil || s.inspect == nil {
		return 0
	}
	ret := s.trap.run(ErrSSLInternalError, func() error {
		return s.inspect(sent != 0, uint8(typ), unsafe.Slice((*byte)(body), n))
	})
	if ret != 0 && !s.trap.panicked {
		s.fail()
	}
	return ret
}

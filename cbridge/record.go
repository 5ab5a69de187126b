package cbridge

// #include "bridge.h"
import "C"

// CheckRecord tells whether the first record of a datagram would be accepted, and changes nothing
// (mbedtls_ssl_check_record); it does not look at the records behind it. Before the keys are agreed on, there is only a
// header to check. ErrSSLInvalidRecord is no record; ErrSSLInvalidMAC is not authentic; ErrSSLUnexpectedRecord was seen
// before, is too old to tell, or is of another epoch or connection ID; ErrSSLFeatureUnavailable, a stream.
//
// newer says that the record is protected, authentic, and newer than any that was accepted: then the peer's address may
// be taken from the datagram (RFC 9146, section 6). It is false if the record only may be newer: without anti-replay in
// the build, or in the Config, the library does not know.
func (s *SSL) CheckRecord(datagram []byte) (newer bool, err error) {
	if err := s.enter(); err != nil {
		return false, err
	}
	defer s.leave()
	var is C.int
	ret := C.gm_ssl_check_record(s.c, cbytes(datagram), C.size_t(len(datagram)), &is)
	if ret == C.GM_NOT_BUILT {
		return false, &NotBuiltError{Option: optionDTLS}
	}
	return is != 0, s.trap.end("mbedtls_ssl_check_record", int(ret))
}

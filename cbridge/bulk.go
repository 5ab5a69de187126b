package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// maxMove bounds what one call moves: C counts with int.
const maxMove = 1 << 30

// ReadRecords is [SSL.Read] that goes on for as long as p has room and the next record waits as a whole in the input ring.
// If n is not 0, err is what came after those bytes: an error that is final, or ErrSSLReceivedNewSessionTicket.
func (s *SSL) ReadRecords(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	defer s.forgetCredentials() // of a renegotiation
	m := C.gm_ssl_read_records(s.ref(), cbytes(p), C.size_t(min(len(p), maxMove)))
	err = s.trap.end("mbedtls_ssl_read", int(m.ret))
	if m.n > 0 && isRequest(err) {
		err = nil // to be made again by the next call
	}
	return int(m.n), err
}

// ReadRecord is [SSL.Read] that tells the number of the record that it reads from: of the records under the same keys, how
// many came before it, from 0 on; with DTLS, 2^48 times its epoch, plus its sequence number.
func (s *SSL) ReadRecord(p []byte) (n int, number uint64, err error) {
	if len(p) == 0 {
		return 0, 0, nil
	}
	if err := s.enter(); err != nil {
		return 0, 0, err
	}
	defer s.leave()
	defer s.forgetCredentials() // of a renegotiation
	r := C.gm_ssl_read_one(s.ref(), cbytes(p), C.size_t(min(len(p), maxMove)))
	return max(0, int(r.ret)), uint64(r.number), s.trap.end("mbedtls_ssl_read", int(r.ret))
}

// Drained reports whether the next ReadRecords would be ErrSSLWantRead, if the last one was the last call that read, and no
// input comes meanwhile. It is cheap, and false where that is not known.
func (s *SSL) Drained() bool {
	return s.c.drained != 0 && s.c.in.r == s.c.in.w && s.c.in.eof == 0 && s.c.verdict == 0 && !s.trap.poisoned
}

// WriteRecords encrypts p to as many records as the output has room for, after what an earlier call left behind
// ([SSL.FlushOutput]). n is how much of p they hold; err, which may come with it, is why that is not all. With [SSL.SetBIO],
// it must be called again with the rest of the same p after ErrSSLWantWrite, as Write must.
func (s *SSL) WriteRecords(p []byte) (n int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	defer s.forgetCredentials() // of a renegotiation
	m := C.gm_ssl_write_records(s.ref(), cbytes(p), C.size_t(min(len(p), maxMove)))
	return int(m.n), s.trap.end("mbedtls_ssl_write", int(m.ret))
}

// ref is c for calls that are made for each record; see gm_ref.
func (s *SSL) ref() C.gm_ref { return C.gm_ref(uintptr(unsafe.Pointer(s.c))) }

// isRequest tells requests to be called again from errors.
func isRequest(err error) bool {
	switch err {
	case ErrSSLWantRead, ErrSSLWantWrite, ErrSSLAsyncInProgress, ErrSSLCryptoInProgress:
		return true
	}
	return false
}

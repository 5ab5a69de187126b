package cbridge

// #include "bridge.h"
import "C"

import "unsafe"

// VerifyFunc is called for each certificate of the peer's chain, from the trust anchor down to the peer's own at depth
// 0. It gets the certificate as DER, valid only during the call, and the flags found so far (MBEDTLS_X509_BADCERT_…),
// and returns the flags to go on with: it may clear some and set others. An error ends the handshake.
type VerifyFunc func(der []byte, depth int, flags uint32) (uint32, error)

// SetVerify sets the connection's verification callback (mbedtls_ssl_set_verify); nil removes it.
func (s *SSL) SetVerify(f VerifyFunc) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	s.verify = f
	C.gm_ssl_set_verify(s.c, flag(f != nil))
	return nil
}

// gombVerify is reached from mbedtls_ssl_handshake, in the step that parses the peer's Certificate message, on the
// goroutine that drives the handshake. It may block, and then pins its thread.
//
//export gombVerify
func gombVerify(h unsafe.Pointer, der *C.uchar, n C.size_t, depth C.int, flags *C.uint32_t) C.int {
	s := fromHandle[SSL](h)
	if s == nil {
		return C.int(ErrX509FatalError)
	}
	return s.trap.verify(s.verify, der, n, depth, flags)
}

// SetVerify sets the verification callback of the connections that have none of their own (mbedtls_ssl_conf_verify); nil
// removes it. It is called by several connections at once.
func (c *Config) SetVerify(f VerifyFunc) error {
	return c.use(func(cc *C.gm_config) error {
		c.verify = f
		C.gm_conf_verify(cc, flag(f != nil))
		return nil
	})
}

// gombConfigVerify is reached as gombVerify is.
//
//export gombConfigVerify
func gombConfigVerify(conf, ssl unsafe.Pointer, der *C.uchar, n C.size_t, depth C.int, flags *C.uint32_t) C.int {
	c := fromHandle[Config](conf)
	if c == nil {
		return C.int(ErrX509FatalError)
	}
	return trapOf(c, ssl).verify(c.verify, der, n, depth, flags)
}

func (t *trap) verify(f VerifyFunc, der *C.uchar, n C.size_t, depth C.int, flags *C.uint32_t) C.int {
	return t.run(ErrX509FatalError, func() error {
		left, err := f(unsafe.Slice((*byte)(der), n), int(depth), uint32(*flags))
		*flags = C.uint32_t(left)
		return err
	})
}

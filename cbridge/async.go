package cbridge

// #include "bridge.h"
import "C"

import (
	"crypto"
	"errors"
	"unsafe"
)

// AsyncPrivate is the raw form of private keys that are not in memory: closures with the contract of C, for a TLS 1.2
// server (mbedtls_ssl_conf_async_private_cb). [NewSignerKey] makes something handier of it.
//
// Sign and Decrypt start an operation with the key of the certificate cert, which is in DER. They return nil if Resume
// is to be called at once, [ErrSSLAsyncInProgress] if the handshake is to return that and call Resume when it is called
// again, [ErrSSLHwAccelFallthrough] if the key of [Config.AddOwnCert] is to be used, and any other error to make the
// handshake fail. A nil Sign or Decrypt falls through. digest is to be signed with ECDSA, or with RSA in the padding of
// PKCS #1 v1.5, whose DigestInfo names hash. Resume writes the result to output, or returns ErrSSLAsyncInProgress, or
// what went wrong. Cancel is called if the connection ends before that; it must not panic, and may run on the garbage
// collector's goroutine.
//
// Slices are C memory, valid only during the call. What the start returns as op is what Resume and Cancel get. All run
// on the goroutine that is inside of the library, for several connections at once; one that waits pins an OS thread.
// Until it is resumed or cancelled, an operation that refers to its SSL keeps the garbage collector from closing that.
type AsyncPrivate struct {
	Sign    func(s *SSL, cert []byte, hash crypto.Hash, digest []byte) (op any, err error)
	Decrypt func(s *SSL, cert, ciphertext []byte) (op any, err error)
	Resume  func(op any, output []byte) (n int, err error)
	Cancel  func(op any)
}

// SetAsyncPrivate puts closures in place of the keys' own ways (mbedtls_ssl_conf_async_private_cb). The zero value
// undoes that. Resume and Cancel must be set with either of the others.
func (c *Config) SetAsyncPrivate(a AsyncPrivate) error {
	starts := a.Sign != nil || a.Decrypt != nil
	if starts && (a.Resume == nil || a.Cancel == nil) {
		return errors.New("cbridge: AsyncPrivate needs Resume and Cancel")
	}
	return c.set("mbedtls_ssl_conf_async_private_cb", "MBEDTLS_SSL_ASYNC_PRIVATE", func(cc *C.gm_config) C.int {
		ret := C.gm_conf_async_private(cc, flag(a.Sign != nil), flag(a.Decrypt != nil))
		c.async = a
		if ret == 0 && c.hasSigners {
			c.setSigners(cc)
		}
		return ret
	})
}

// async is the operation that a handshake waits for; the zero value is none. It is all that outlives an SSL that was
// collected, and does not refer to it.
type async struct {
	resume     func(output []byte) (int, error)
	cancel     func()
	done       <-chan struct{} // closed when resume has a result; nil if nobody knows
	decrypting bool
}

// stop cancels the operation, if there is one.
func (a *async) stop() {
	cancel := a.cancel
	*a = async{}
	if cancel != nil {
		cancel()
	}
}

// hashes are those that mbedtls_md_type_t and package crypto share.
var hashes = map[C.int]crypto.Hash{
	C.MBEDTLS_MD_MD5: crypto.MD5, C.MBEDTLS_MD_SHA1: crypto.SHA1, C.MBEDTLS_MD_RIPEMD160: crypto.RIPEMD160,
	C.MBEDTLS_MD_SHA224: crypto.SHA224, C.MBEDTLS_MD_SHA256: crypto.SHA256, C.MBEDTLS_MD_SHA384: crypto.SHA384,
	C.MBEDTLS_MD_SHA512: crypto.SHA512, C.MBEDTLS_MD_SHA3_224: crypto.SHA3_224, C.MBEDTLS_MD_SHA3_256: crypto.SHA3_256,
	C.MBEDTLS_MD_SHA3_384: crypto.SHA3_384, C.MBEDTLS_MD_SHA3_512: crypto.SHA3_512,
}

// startRaw runs the start of a raw operation for a trampoline.
func (s *SSL) startRaw(decrypting bool, start func(a *AsyncPrivate) (any, error)) C.int {
	if s == nil {
		return C.int(ErrPlatformHwAccelFailed)
	}
	told := C.int(0)
	ret := s.trap.run(ErrPlatformHwAccelFailed, func() error {
		a := &s.conf.async
		op, err := start(a)
		if err == nil || err == ErrSSLAsyncInProgress {
			resume, cancel := a.Resume, a.Cancel
			*s.async = async{
				resume:     func(output []byte) (int, error) { return resume(op, output) },
				cancel:     func() { cancel(op) },
				decrypting: decrypting,
			}
		}
		if code, ok := err.(Code); ok && code < 0 {
			told = C.int(code)
			return nil
		}
		return err
	})
	if ret != 0 {
		return ret
	}
	return told
}

// gombAsyncSign is reached from mbedtls_ssl_handshake of a TLS 1.2 server, in the step that writes ServerKeyExchange, on
// the goroutine that drives the handshake. It may block, and then pins its thread.
//
//export gombAsyncSign
func gombAsyncSign(h unsafe.Pointer, cert *C.uchar, n C.size_t, md C.int, hash *C.uchar, hashLen C.size_t) C.int {
	s := fromHandle[SSL](h)
	return s.startRaw(false, func(a *AsyncPrivate) (any, error) {
		return a.Sign(s, unsafe.Slice((*byte)(cert), n), hashes[md], unsafe.Slice((*byte)(hash), hashLen))
	})
}

// gombAsyncDecrypt is reached in the step that reads ClientKeyExchange with an RSA suite; else as gombAsyncSign.
//
//export gombAsyncDecrypt
func gombAsyncDecrypt(h unsafe.Pointer, cert *C.uchar, n C.size_t, input *C.uchar, inputLen C.size_t) C.int {
	s := fromHandle[SSL](h)
	return s.startRaw(true, func(a *AsyncPrivate) (any, error) {
		return a.Decrypt(s, unsafe.Slice((*byte)(cert), n), unsafe.Slice((*byte)(input), inputLen))
	})
}

var errNoResult = errors.New("cbridge: the operation with the private key gave no result, or too large a one")

// gombAsyncResume is reached after gombAsyncSign, gombAsyncDecrypt, gombSignerSign and gombSignerDecrypt, from the same
// step or from a later call that takes that up again, and from the bridge's own steps (signer.c). It blocks as little as
// a raw closure does.
//
//export gombAsyncResume
func gombAsyncResume(h unsafe.Pointer, output *C.uchar, outputLen *C.size_t, size C.size_t) C.int {
	s := fromHandle[SSL](h)
	if s == nil || s.async.resume == nil {
		return C.int(ErrPlatformHwAccelFailed)
	}
	a := *s.async
	told := C.int(0)
	ret := s.trap.run(ErrPlatformHwAccelFailed, func() error {
		*s.async = async{} // unless it has to go on
		n, err := a.resume(unsafe.Slice((*byte)(output), size))
		if err == ErrSSLAsyncInProgress {
			*s.async, told = a, C.int(ErrSSLAsyncInProgress)
			return nil
		}
		if err == nil && (n <= 0 || n > int(size)) { // the library would send a message without a signature
			err = errNoResult
		}
		if err != nil && a.decrypting {
			s.decryptErr = err
		}
		*outputLen = C.size_t(max(0, min(n, int(size))))
		return err
	})
	if ret != 0 {
		return ret
	}
	return told
}

// gombAsyncCancel is reached from mbedtls_ssl_free and mbedtls_ssl_session_reset. It must not block.
//
//export gombAsyncCancel
func gombAsyncCancel(h unsafe.Pointer) {
	if s := fromHandle[SSL](h); s != nil {
		s.trap.run(ErrPlatformHwAccelFailed, func() error { s.async.stop(); return nil })
	}
}

// AsyncDone is closed when a handshake that returned ErrSSLAsyncInProgress can go on. It is nil if none waits, or if
// that cannot be known, as with [AsyncPrivate].
func (s *SSL) AsyncDone() <-chan struct{} {
	return query(s, func(*C.gm_ssl) <-chan struct{} { return s.async.done })
}

// CancelAsync ends the operation that a handshake waits for. The handshake cannot go on then.
func (s *SSL) CancelAsync() {
	query(s, func(*C.gm_ssl) struct{} { s.async.stop(); return struct{}{} })
}

// DecryptError is what went wrong when the client's premaster secret was decrypted. The library does not tell, so that
// the peer learns nothing from it: the handshake fails later, over a wrong MAC.
func (s *SSL) DecryptError() error {
	return query(s, func(*C.gm_ssl) error { return s.decryptErr })
}

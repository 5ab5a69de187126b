package cbridge

// #include "cipher.h"
import "C"

import "runtime"

const (
	chacha20Option = "MBEDTLS_CHACHA20_C"
	poly1305Option = "MBEDTLS_POLY1305_C"
)

// ChaCha20 is an mbedtls_chacha20_context. One goroutine uses it at a time.
type ChaCha20 struct {
	res   *resource
	c     *C.mbedtls_chacha20_context
	begun bool
}

// NewChaCha20 makes a cipher of a key of 32 bytes (mbedtls_chacha20_setkey).
func NewChaCha20(key []byte) (*ChaCha20, error) {
	const op = "mbedtls_chacha20_setkey"
	if len(key) != chachapolyKeySize {
		return nil, newError(op, int(ErrChacha20BadInputData), nil)
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_chacha20_new()
	if c == nil {
		return nil, errNoMemory
	}
	s := &ChaCha20{c: c}
	s.res = own(s, func() { C.gm_chacha20_delete(c) })
	if err := s.call(op, true, func() C.int { return C.gm_chacha20_setkey(c, cbytes(key)) }); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Starts sets the nonce of 12 bytes, and the number of the first block (mbedtls_chacha20_starts).
func (s *ChaCha20) Starts(nonce []byte, counter uint32) error {
	err := s.call("mbedtls_chacha20_starts", len(nonce) == chachapolyNonceSize, func() C.int {
		return C.gm_chacha20_starts(s.c, cbytes(nonce), C.uint32_t(counter))
	})
	s.begun = s.begun || err == nil
	return err
}

// Update processes any number of bytes. Past the last block, of number 2^32-1, it fails and writes nothing, in releases from
// 3.6.7 on (mbedtls_chacha20_update).
func (s *ChaCha20) Update(dst, src []byte) error {
	return s.call("mbedtls_chacha20_update", s.begun && fits(dst, src), func() C.int {
		return C.gm_chacha20_update(s.c, C.size_t(len(src)), cbytes(src), cbytes(dst))
	})
}

func (s *ChaCha20) call(op string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(s)
	return during(func() error {
		if !ok {
			return newError(op, int(ErrChacha20BadInputData), nil)
		}
		return check(f(), op, chacha20Option)
	}, s.res)
}

// Close wipes and frees the context (mbedtls_chacha20_free).
func (s *ChaCha20) Close() error {
	s.res.close()
	return nil
}

// ChaCha20Crypt processes a whole message (mbedtls_chacha20_crypt).
func ChaCha20Crypt(key, nonce []byte, counter uint32, dst, src []byte) error {
	const op = "mbedtls_chacha20_crypt"
	if len(key) != chachapolyKeySize || len(nonce) != chachapolyNonceSize || !fits(dst, src) {
		return newError(op, int(ErrChacha20BadInputData), nil)
	}
	return check(C.gm_chacha20_crypt(cbytes(key), cbytes(nonce), C.uint32_t(counter), C.size_t(len(src)), cbytes(src),
		cbytes(dst)), op, chacha20Option)
}

// Poly1305 is an mbedtls_poly1305_context: a MAC that is under way. One goroutine uses it at a time.
type Poly1305 struct {
	res   *resource
	c     *C.mbedtls_poly1305_context
	begun bool
}

// NewPoly1305 makes a context without a key (mbedtls_poly1305_init).
func NewPoly1305() (*Poly1305, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_poly1305_new()
	if c == nil {
		return nil, errNoMemory
	}
	p := &Poly1305{c: c}
	p.res = own(p, func() { C.gm_poly1305_delete(c) })
	return p, nil
}

// Starts begins a MAC, with a key of 32 bytes, which is for one message (mbedtls_poly1305_starts).
func (p *Poly1305) Starts(key []byte) error {
	err := p.call("mbedtls_poly1305_starts", len(key) == chachapolyKeySize, func() C.int {
		return C.gm_poly1305_starts(p.c, cbytes(key))
	})
	p.begun = p.begun || err == nil
	return err
}

// Write adds data (mbedtls_poly1305_update).
func (p *Poly1305) Write(b []byte) (n int, err error) {
	err = p.call("mbedtls_poly1305_update", p.begun, func() C.int {
		return C.gm_poly1305_update(p.c, cbytes(b), C.size_t(len(b)))
	})
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// Finish returns the MAC, of 16 bytes, and ends the message (mbedtls_poly1305_finish).
func (p *Poly1305) Finish() ([]byte, error) {
	mac := make([]byte, chachapolyTagSize)
	err := p.call("mbedtls_poly1305_finish", p.begun, func() C.int { return C.gm_poly1305_finish(p.c, cbytes(mac)) })
	p.begun = p.begun && err != nil
	return ifDone(mac, err)
}

// Sum returns the MAC of what was written so far; more may follow (mbedtls_poly1305_finish).
func (p *Poly1305) Sum() ([]byte, error) {
	mac := make([]byte, chachapolyTagSize)
	err := p.call("mbedtls_poly1305_finish", p.begun, func() C.int { return C.gm_poly1305_sum(p.c, cbytes(mac)) })
	return ifDone(mac, err)
}

func (p *Poly1305) call(op string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(p)
	return during(func() error {
		if !ok {
			return newError(op, int(ErrPoly1305BadInputData), nil)
		}
		return check(f(), op, poly1305Option)
	}, p.res)
}

// Close wipes and frees the context (mbedtls_poly1305_free).
func (p *Poly1305) Close() error {
	p.res.close()
	return nil
}

// Poly1305MAC is the MAC of b (mbedtls_poly1305_mac).
func Poly1305MAC(key, b []byte) ([]byte, error) {
	const op = "mbedtls_poly1305_mac"
	if len(key) != chachapolyKeySize {
		return nil, newError(op, int(ErrPoly1305BadInputData), nil)
	}
	mac := make([]byte, chachapolyTagSize)
	ret := C.gm_poly1305_mac(cbytes(key), cbytes(b), C.size_t(len(b)), cbytes(mac))
	return ifDone(mac, check(ret, op, poly1305Option))
}

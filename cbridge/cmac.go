package cbridge

// #include "md.h"
import "C"

import "runtime"

const cmacOption = "MBEDTLS_CMAC_C"

// CMAC is an mbedtls_cipher_context_t that makes a CMAC. One goroutine uses it at a time.
type CMAC struct {
	cipher *Cipher
}

// NewCMAC starts a CMAC of AES or of Triple DES with three keys, which is a cipher in ECB mode
// (mbedtls_cipher_setup, mbedtls_cipher_cmac_starts).
func NewCMAC(t CipherType, key []byte) (*CMAC, error) {
	c, err := NewCipher(t)
	if err != nil {
		return nil, err
	}
	m := &CMAC{c}
	err = m.call("mbedtls_cipher_cmac_starts", func() C.int {
		return C.gm_cmac_starts(c.c, cbytes(key), C.size_t(8*len(key)))
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	return m, nil
}

// Write adds data (mbedtls_cipher_cmac_update).
func (m *CMAC) Write(p []byte) (n int, err error) {
	err = m.call("mbedtls_cipher_cmac_update", func() C.int {
		if len(p) == 0 { // for the library, an error
			return 0
		}
		return C.gm_cmac_update(m.cipher.c, cbytes(p), C.size_t(len(p)))
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Finish returns the MAC, and starts the next with the same key (mbedtls_cipher_cmac_finish, mbedtls_cipher_cmac_reset).
func (m *CMAC) Finish() ([]byte, error) {
	mac := make([]byte, m.cipher.info.BlockSize)
	err := m.call("mbedtls_cipher_cmac_finish", func() C.int {
		if ret := C.gm_cmac_finish(m.cipher.c, cbytes(mac)); ret != 0 {
			return ret
		}
		return C.gm_cmac_reset(m.cipher.c)
	})
	return ifDone(mac, err)
}

// Sum returns the MAC of what was written so far; more may follow (mbedtls_cipher_cmac_finish).
func (m *CMAC) Sum() ([]byte, error) {
	mac := make([]byte, m.cipher.info.BlockSize)
	err := m.call("mbedtls_cipher_cmac_finish", func() C.int { return C.gm_cmac_sum(m.cipher.c, cbytes(mac)) })
	return ifDone(mac, err)
}

// Reset starts anew with the same key (mbedtls_cipher_cmac_reset).
func (m *CMAC) Reset() error {
	return m.call("mbedtls_cipher_cmac_reset", func() C.int { return C.gm_cmac_reset(m.cipher.c) })
}

func (m *CMAC) call(op string, f func() C.int) error {
	defer runtime.KeepAlive(m.cipher)
	return during(func() error { return check(f(), op, cmacOption) }, m.cipher.res)
}

// Size is how long a MAC is, in bytes: as long as a block of the cipher.
func (m *CMAC) Size() int { return m.cipher.info.BlockSize }

// Close frees the context and wipes it (mbedtls_cipher_free).
func (m *CMAC) Close() error { return m.cipher.Close() }

// CMACOf is the CMAC of p (mbedtls_cipher_cmac).
func CMACOf(t CipherType, key, p []byte) ([]byte, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	const op = "mbedtls_cipher_cmac"
	info, ok := t.Info()
	if !ok {
		return nil, newError(op, int(ErrCipherFeatureUnavailable), nil)
	}
	mac := make([]byte, info.BlockSize)
	in := p
	if len(p) == 0 { // the library takes no NULL
		in = make([]byte, 1)
	}
	ret := C.gm_cmac(C.int(t), cbytes(key), C.size_t(8*len(key)), cbytes(in), C.size_t(len(p)), cbytes(mac))
	return ifDone(mac, check(ret, op, cmacOption))
}

// AESCMACPRF128 is the pseudo-random function of RFC 4615: 16 bytes from a key of any length
// (mbedtls_aes_cmac_prf_128).
func AESCMACPRF128(key, p []byte) ([]byte, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	out := make([]byte, 16)
	k, in := key, p
	if len(key) == 0 { // the library takes no NULL
		k = make([]byte, 1)
	}
	if len(p) == 0 {
		in = make([]byte, 1)
	}
	ret := C.gm_aes_cmac_prf_128(cbytes(k), C.size_t(len(key)), cbytes(in), C.size_t(len(p)), cbytes(out))
	return ifDone(out, check(ret, "mbedtls_aes_cmac_prf_128", cmacOption))
}

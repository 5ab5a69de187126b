package cbridge

// #include "aead.h"
import "C"

import (
	"errors"
	"runtime"
)

// GCM is an mbedtls_gcm_context: a block cipher in Galois counter mode. One goroutine uses it at a time.
type GCM struct {
	res   *resource
	c     *C.mbedtls_gcm_context
	keyed bool
	begun bool
	data  bool // has had an Update since it began
}

const gcmOption = "MBEDTLS_GCM_C"

// NewGCM makes a context without a key (mbedtls_gcm_init).
func NewGCM() (*GCM, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_gcm_new()
	if c == nil {
		return nil, errNoMemory
	}
	g := &GCM{c: c}
	g.res = own(g, func() { C.gm_gcm_delete(c) })
	return g, nil
}

// SetKey sets the cipher, whose blocks have 16 bytes, and its key, of 16, 24 or 32 bytes (mbedtls_gcm_setkey).
// One of another length leaves the key as it is.
func (g *GCM) SetKey(cipher CipherID, key []byte) error {
	g.begun = false
	err := g.call("mbedtls_gcm_setkey", true, func() C.int {
		return C.gm_gcm_setkey(g.c, C.int(cipher), cbytes(key), C.uint(keyBits(key)))
	})
	g.keyed = err == nil || g.keyed && errors.Is(err, ErrGCMBadInput)
	return err
}

// gcmTag tells whether a tag may be so long. The library looks when it has decrypted already, and leaves that in place.
func gcmTag(n int) bool { return n >= 4 && n <= 16 }

// CryptAndTag encrypts input to output, which is as long and may be the same memory, and makes a tag of 4 to 16 bytes
// (mbedtls_gcm_crypt_and_tag).
func (g *GCM) CryptAndTag(iv, additional, input, output, tag []byte) error {
	g.begun = false
	return g.call("mbedtls_gcm_crypt_and_tag", g.keyed && len(output) == len(input) && gcmTag(len(tag)), func() C.int {
		return C.gm_gcm_crypt_and_tag(g.c, C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
			C.size_t(len(additional)), cbytes(input), cbytes(output), C.size_t(len(tag)), cbytes(tag))
	})
}

// AuthDecrypt undoes CryptAndTag. If the tag is not that of the message, the error is ErrGCMAuthFailed, and output is
// all zeros (mbedtls_gcm_auth_decrypt).
func (g *GCM) AuthDecrypt(iv, additional, tag, input, output []byte) error {
	g.begun = false
	return g.call("mbedtls_gcm_auth_decrypt", g.keyed && len(output) == len(input) && gcmTag(len(tag)), func() C.int {
		return C.gm_gcm_auth_decrypt(g.c, C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
			C.size_t(len(additional)), cbytes(tag), C.size_t(len(tag)), cbytes(input), cbytes(output))
	})
}

// Starts begins a message in pieces, with a nonce of any length but 0 (mbedtls_gcm_starts).
func (g *GCM) Starts(op Operation, iv []byte) error {
	err := g.call("mbedtls_gcm_starts", g.keyed, func() C.int {
		return C.gm_gcm_starts(g.c, C.int(op), cbytes(iv), C.size_t(len(iv)))
	})
	g.begun, g.data = err == nil, false
	return err
}

// UpdateAD adds a piece of the data that is authenticated, before the first Update: later, the library would make a tag that
// nobody else makes (mbedtls_gcm_update_ad).
func (g *GCM) UpdateAD(additional []byte) error {
	return g.call("mbedtls_gcm_update_ad", g.begun && !g.data, func() C.int {
		return C.gm_gcm_update_ad(g.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// Update processes a piece of the message. Output has room for it, and is not memory that begins inside of input
// (mbedtls_gcm_update).
func (g *GCM) Update(input, output []byte) error {
	return g.call("mbedtls_gcm_update", g.begun, func() C.int {
		g.data = true
		return C.gm_gcm_update(g.c, cbytes(input), C.size_t(len(input)), cbytes(output), C.size_t(len(output)))
	})
}

// Finish ends the message and makes its tag, of 4 to 16 bytes; after decryption, the caller compares it with what came
// (mbedtls_gcm_finish).
func (g *GCM) Finish(tag []byte) error {
	begun := g.begun
	g.begun = false
	return g.call("mbedtls_gcm_finish", begun, func() C.int {
		return C.gm_gcm_finish(g.c, cbytes(tag), C.size_t(len(tag)))
	})
}

// call runs a call that is ok. What is not would be worked on with a key of nobody's, or with a nonce of zeros.
func (g *GCM) call(op string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(g)
	return during(func() error {
		if !ok {
			return newError(op, int(ErrGCMBadInput), nil)
		}
		return check(f(), op, gcmOption)
	}, g.res)
}

// Close frees the context and wipes it (mbedtls_gcm_free).
func (g *GCM) Close() error {
	g.res.close()
	return nil
}

// ChaChaPoly is an mbedtls_chachapoly_context: ChaCha20-Poly1305 of RFC 8439. One goroutine uses it at a time.
type ChaChaPoly struct {
	res   *resource
	c     *C.mbedtls_chachapoly_context
	keyed bool
	begun bool
}

const chachapolyOption = "MBEDTLS_CHACHAPOLY_C"

// The only sizes that ChaCha20-Poly1305 has, in bytes.
const (
	chachapolyKeySize   = 32
	chachapolyNonceSize = 12
	chachapolyTagSize   = 16
)

// NewChaChaPoly makes a context without a key (mbedtls_chachapoly_init).
func NewChaChaPoly() (*ChaChaPoly, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_chachapoly_new()
	if c == nil {
		return nil, errNoMemory
	}
	p := &ChaChaPoly{c: c}
	p.res = own(p, func() { C.gm_chachapoly_delete(c) })
	return p, nil
}

// SetKey sets the key of 32 bytes (mbedtls_chachapoly_setkey).
func (p *ChaChaPoly) SetKey(key []byte) error {
	p.begun = false
	err := p.call("mbedtls_chachapoly_setkey", len(key) == chachapolyKeySize, func() C.int {
		return C.gm_chachapoly_setkey(p.c, cbytes(key))
	})
	p.keyed = p.keyed || err == nil
	return err
}

// EncryptAndTag encrypts input to output, which is as long and may be the same memory, and makes a tag of 16 bytes. The
// nonce has 12 (mbedtls_chachapoly_encrypt_and_tag).
func (p *ChaChaPoly) EncryptAndTag(nonce, additional, input, output, tag []byte) error {
	return p.whole("mbedtls_chachapoly_encrypt_and_tag", nonce, input, output, tag, func() C.int {
		return C.gm_chachapoly_encrypt_and_tag(p.c, C.size_t(len(input)), cbytes(nonce), cbytes(additional),
			C.size_t(len(additional)), cbytes(input), cbytes(output), cbytes(tag))
	})
}

// AuthDecrypt undoes EncryptAndTag. If the tag is not that of the message, the error is ErrChachapolyAuthFailed, and
// output is all zeros (mbedtls_chachapoly_auth_decrypt).
func (p *ChaChaPoly) AuthDecrypt(nonce, additional, tag, input, output []byte) error {
	return p.whole("mbedtls_chachapoly_auth_decrypt", nonce, input, output, tag, func() C.int {
		return C.gm_chachapoly_auth_decrypt(p.c, C.size_t(len(input)), cbytes(nonce), cbytes(additional),
			C.size_t(len(additional)), cbytes(tag), cbytes(input), cbytes(output))
	})
}

// Starts begins a message in pieces, with a nonce of 12 bytes (mbedtls_chachapoly_starts).
func (p *ChaChaPoly) Starts(op Operation, nonce []byte) error {
	err := p.call("mbedtls_chachapoly_starts", p.keyed && len(nonce) == chachapolyNonceSize, func() C.int {
		return C.gm_chachapoly_starts(p.c, cbytes(nonce), C.int(op))
	})
	p.begun = err == nil
	return err
}

// UpdateAAD adds a piece of the data that is authenticated, before the first Update (mbedtls_chachapoly_update_aad).
func (p *ChaChaPoly) UpdateAAD(additional []byte) error {
	return p.piece("mbedtls_chachapoly_update_aad", true, func() C.int {
		return C.gm_chachapoly_update_aad(p.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// Update processes a piece of the message. Output has room for it (mbedtls_chachapoly_update).
func (p *ChaChaPoly) Update(input, output []byte) error {
	return p.piece("mbedtls_chachapoly_update", fits(output, input), func() C.int {
		return C.gm_chachapoly_update(p.c, C.size_t(len(input)), cbytes(input), cbytes(output))
	})
}

// Finish ends the message and makes its tag, of 16 bytes; after decryption, the caller compares it with what came
// (mbedtls_chachapoly_finish).
func (p *ChaChaPoly) Finish(tag []byte) error {
	err := p.piece("mbedtls_chachapoly_finish", len(tag) == chachapolyTagSize, func() C.int {
		return C.gm_chachapoly_finish(p.c, cbytes(tag))
	})
	p.begun = p.begun && err != nil
	return err
}

func (p *ChaChaPoly) whole(op string, nonce, input, output, tag []byte, f func() C.int) error {
	p.begun = false
	sizes := len(nonce) == chachapolyNonceSize && len(tag) == chachapolyTagSize && len(input) == len(output)
	return p.call(op, p.keyed && sizes, f)
}

// piece runs a call for a message that Starts began: the library would make a second tag with a key that is for one.
func (p *ChaChaPoly) piece(op string, ok bool, f func() C.int) error {
	return p.call(op, ok, func() C.int {
		if !p.begun {
			return C.int(ErrChachapolyBadState)
		}
		return f()
	})
}

func (p *ChaChaPoly) call(op string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(p)
	return during(func() error {
		if !ok {
			return newError(op, int(ErrChacha20BadInputData), nil)
		}
		return check(f(), op, chachapolyOption)
	}, p.res)
}

// Close frees the context and wipes it (mbedtls_chachapoly_free).
func (p *ChaChaPoly) Close() error {
	p.res.close()
	return nil
}

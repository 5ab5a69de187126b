package cbridge

// #include "bridge.h"
import "C"

import "runtime"

// GCM is an mbedtls_gcm_context: a block cipher in Galois counter mode. One goroutine uses it at a time.
type GCM struct {
	res *resource
	c   *C.mbedtls_gcm_context
}

// CipherID is a family of ciphers (mbedtls_cipher_id_t).
type CipherID int

// The families that have blocks of 16 bytes, as GCM needs.
const (
	CipherAES      CipherID = C.MBEDTLS_CIPHER_ID_AES
	CipherCamellia CipherID = C.MBEDTLS_CIPHER_ID_CAMELLIA
	CipherARIA     CipherID = C.MBEDTLS_CIPHER_ID_ARIA
)

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

// SetKey sets the cipher and its key, of 16, 24 or 32 bytes (mbedtls_gcm_setkey).
func (g *GCM) SetKey(cipher CipherID, key []byte) error {
	if err := g.res.acquire(); err != nil {
		return err
	}
	defer g.res.release()
	return check(C.gm_gcm_setkey(g.c, C.int(cipher), cbytes(key), C.uint(8*len(key))), "mbedtls_gcm_setkey", gcmOption)
}

// CryptAndTag encrypts input to output, which is as long and may be the same memory, and makes a tag of 4 to 16 bytes
// (mbedtls_gcm_crypt_and_tag).
func (g *GCM) CryptAndTag(iv, additional, input, output, tag []byte) error {
	const op = "mbedtls_gcm_crypt_and_tag"
	if len(output) != len(input) {
		return newError(op, int(ErrGCMBadInput), nil)
	}
	if err := g.res.acquire(); err != nil {
		return err
	}
	defer g.res.release()
	defer runtime.KeepAlive(g)
	return check(C.gm_gcm_crypt_and_tag(g.c, C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
		C.size_t(len(additional)), cbytes(input), cbytes(output), C.size_t(len(tag)), cbytes(tag)), op, gcmOption)
}

// AuthDecrypt undoes CryptAndTag. If the tag is not that of the message, the error is ErrGCMAuthFailed, and output is
// all zeros (mbedtls_gcm_auth_decrypt).
func (g *GCM) AuthDecrypt(iv, additional, tag, input, output []byte) error {
	const op = "mbedtls_gcm_auth_decrypt"
	if len(output) != len(input) {
		return newError(op, int(ErrGCMBadInput), nil)
	}
	if err := g.res.acquire(); err != nil {
		return err
	}
	defer g.res.release()
	defer runtime.KeepAlive(g)
	return check(C.gm_gcm_auth_decrypt(g.c, C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
		C.size_t(len(additional)), cbytes(tag), C.size_t(len(tag)), cbytes(input), cbytes(output)), op, gcmOption)
}

// Close frees the context and wipes it (mbedtls_gcm_free).
func (g *GCM) Close() error {
	g.res.close()
	return nil
}

// ChaChaPoly is an mbedtls_chachapoly_context: ChaCha20-Poly1305 of RFC 8439. One goroutine uses it at a time.
type ChaChaPoly struct {
	res *resource
	c   *C.mbedtls_chachapoly_context
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
	const op = "mbedtls_chachapoly_setkey"
	if len(key) != chachapolyKeySize {
		return newError(op, int(ErrChacha20BadInputData), nil)
	}
	if err := p.res.acquire(); err != nil {
		return err
	}
	defer p.res.release()
	return check(C.gm_chachapoly_setkey(p.c, cbytes(key)), op, chachapolyOption)
}

// EncryptAndTag encrypts input to output, which is as long and may be the same memory, and makes a tag of 16 bytes. The
// nonce has 12 (mbedtls_chachapoly_encrypt_and_tag).
func (p *ChaChaPoly) EncryptAndTag(nonce, additional, input, output, tag []byte) error {
	const op = "mbedtls_chachapoly_encrypt_and_tag"
	if !chachapolySizes(nonce, input, output, tag) {
		return newError(op, int(ErrChacha20BadInputData), nil)
	}
	if err := p.res.acquire(); err != nil {
		return err
	}
	defer p.res.release()
	defer runtime.KeepAlive(p)
	return check(C.gm_chachapoly_encrypt_and_tag(p.c, C.size_t(len(input)), cbytes(nonce), cbytes(additional),
		C.size_t(len(additional)), cbytes(input), cbytes(output), cbytes(tag)), op, chachapolyOption)
}

// AuthDecrypt undoes EncryptAndTag. If the tag is not that of the message, the error is ErrChachapolyAuthFailed, and
// output is all zeros (mbedtls_chachapoly_auth_decrypt).
func (p *ChaChaPoly) AuthDecrypt(nonce, additional, tag, input, output []byte) error {
	const op = "mbedtls_chachapoly_auth_decrypt"
	if !chachapolySizes(nonce, input, output, tag) {
		return newError(op, int(ErrChacha20BadInputData), nil)
	}
	if err := p.res.acquire(); err != nil {
		return err
	}
	defer p.res.release()
	defer runtime.KeepAlive(p)
	return check(C.gm_chachapoly_auth_decrypt(p.c, C.size_t(len(input)), cbytes(nonce), cbytes(additional),
		C.size_t(len(additional)), cbytes(tag), cbytes(input), cbytes(output)), op, chachapolyOption)
}

func chachapolySizes(nonce, input, output, tag []byte) bool {
	return len(nonce) == chachapolyNonceSize && len(tag) == chachapolyTagSize && len(input) == len(output)
}

// Close frees the context and wipes it (mbedtls_chachapoly_free).
func (p *ChaChaPoly) Close() error {
	p.res.close()
	return nil
}

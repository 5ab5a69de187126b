package cipher

import (
	"bytes"
	"crypto/cipher"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// checkIV makes sure that an IV is as long as a block.
func checkIV(b *Block, iv []byte) error {
	if len(iv) != b.BlockSize() {
		return &cbridge.Error{Code: cbridge.ErrCipherBadInputData, Op: "mbedtls_cipher_set_iv",
			Cause: fmt.Errorf("an IV of %d bytes, a block has %d", len(iv), b.BlockSize())}
	}
	return nil
}

// CBC is a block cipher in CBC mode, without padding. It is a [cipher.BlockMode]. One goroutine uses it at a time.
type CBC struct {
	b  *Block
	op Operation
	iv []byte
}

var _ cipher.BlockMode = (*CBC)(nil)

// NewCBC begins a message, with an IV as long as a block. The Block must stay open.
func NewCBC(b *Block, iv []byte, op Operation) (*CBC, error) {
	if err := checkIV(b, iv); err != nil {
		return nil, err
	}
	return &CBC{b, op, bytes.Clone(iv)}, nil
}

// BlockSize is that of the cipher, in bytes.
func (c *CBC) BlockSize() int { return c.b.BlockSize() }

// Crypt processes whole blocks to dst, which has room for them and is the same memory or other memory. Else, it is an error
// of the cipher's, such as ErrAESInvalidInputLength (mbedtls_aes_crypt_cbc, and so on).
func (c *CBC) Crypt(dst, src []byte) error { return c.b.b.CBC(cbridge.Operation(c.op), c.iv, dst, src) }

// CryptBlocks is Crypt, and panics where that fails.
func (c *CBC) CryptBlocks(dst, src []byte) { mustNot(c.Crypt(dst, src)) }

// Stream is a cipher that takes any number of bytes at a time. It is a [cipher.Stream]. One goroutine uses it at a time.
type Stream struct {
	crypt func(dst, src []byte) error
	close func() error
}

var _ cipher.Stream = (*Stream)(nil)

// Crypt processes src to dst, which has room for it and is the same memory or other memory.
func (s *Stream) Crypt(dst, src []byte) error { return s.crypt(dst, src) }

// XORKeyStream is Crypt, and panics where that fails: if dst is too short, and after Close.
func (s *Stream) XORKeyStream(dst, src []byte) { mustNot(s.Crypt(dst, src)) }

// Close wipes what the stream holds; its Block stays open.
func (s *Stream) Close() error { return s.close() }

// state is where a mode is in a message.
type state struct {
	b          *Block
	op         cbridge.Operation
	off        int
	iv, stream []byte
}

// newStream begins a message with an IV as long as a block.
func newStream(b *Block, iv []byte, op Operation, crypt func(s *state, dst, src []byte) error) (*Stream, error) {
	if err := checkIV(b, iv); err != nil {
		return nil, err
	}
	s := &state{b: b, op: cbridge.Operation(op), iv: bytes.Clone(iv), stream: make([]byte, len(iv))}
	if err := crypt(s, nil, nil); err != nil { // of a cipher that has not this mode
		return nil, err
	}
	closed := false
	return &Stream{
		crypt: func(dst, src []byte) error {
			if closed {
				return errClosed
			}
			return crypt(s, dst, src)
		},
		close: func() error {
			clear(s.iv)
			clear(s.stream)
			closed = true
			return nil
		},
	}, nil
}

// NewCTR begins a message in counter mode, which is the same to encrypt and to decrypt, with the first counter. The Block
// must stay open. DES does not have this mode: ErrCipherFeatureUnavailable (mbedtls_aes_crypt_ctr, and so on).
func NewCTR(b *Block, counter []byte) (*Stream, error) {
	return newStream(b, counter, Encrypt, func(s *state, dst, src []byte) error {
		return s.b.b.CTR(&s.off, s.iv, s.stream, dst, src)
	})
}

// NewCFB begins a message in CFB mode with segments of a block. The Block must stay open. DES does not have this mode
// (mbedtls_aes_crypt_cfb128, and so on).
func NewCFB(b *Block, iv []byte, op Operation) (*Stream, error) {
	return newStream(b, iv, op, func(s *state, dst, src []byte) error {
		return s.b.b.CFB128(s.op, &s.off, s.iv, dst, src)
	})
}

// NewCFB8 begins a message in CFB mode with segments of a byte, of AES alone. The Block must stay open
// (mbedtls_aes_crypt_cfb8).
func NewCFB8(b *Block, iv []byte, op Operation) (*Stream, error) {
	return newStream(b, iv, op, func(s *state, dst, src []byte) error { return s.b.b.CFB8(s.op, s.iv, dst, src) })
}

// NewOFB begins a message in OFB mode, of AES alone, which is the same to encrypt and to decrypt. The Block must stay open
// (mbedtls_aes_crypt_ofb).
func NewOFB(b *Block, iv []byte) (*Stream, error) {
	return newStream(b, iv, Encrypt, func(s *state, dst, src []byte) error { return s.b.b.OFB(&s.off, s.iv, dst, src) })
}

// NewChaCha20 begins a message with a key of 32 bytes and a nonce of 12, at the block of a number. It is the same to encrypt
// and to decrypt. What would need a block past the number 2^32-1 is ErrChacha20BadInputData
// (mbedtls_chacha20_setkey, mbedtls_chacha20_starts, mbedtls_chacha20_update).
func NewChaCha20(key, nonce []byte, block uint32) (*Stream, error) {
	c, err := cbridge.NewChaCha20(key)
	if err != nil {
		return nil, err
	}
	if err := c.Starts(nonce, block); err != nil {
		c.Close()
		return nil, err
	}
	return &Stream{c.Update, c.Close}, nil
}

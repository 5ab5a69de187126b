package cipher

import (
	"crypto/subtle"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Cipher is a context of the library's generic layer (mbedtls_cipher_context_t). One goroutine uses it at a time.
//
// A message is SetIV, Reset, UpdateAD if there is such data, any number of Updates, Finish, and with GCM and
// ChaCha20-Poly1305 WriteTag or CheckTag. The methods that make output append it to dst, as append does. It may lie where
// the input is, from the same byte on, but not elsewhere in it.
type Cipher struct{ c *cbridge.Cipher }

// New makes a context, with a key of [Info].KeyBits, to encrypt or to decrypt. A cipher that the linked library lacks is
// ErrCipherFeatureUnavailable, a key of another length ErrCipherBadInputData (mbedtls_cipher_setup, mbedtls_cipher_setkey).
func New(t Type, key []byte, op Operation) (*Cipher, error) {
	c, err := cbridge.NewCipher(cbridge.CipherType(t))
	if err != nil {
		return nil, err
	}
	if err := c.SetKey(key, cbridge.Operation(op)); err != nil {
		c.Close()
		return nil, err
	}
	return &Cipher{c}, nil
}

// Info describes the cipher.
func (c *Cipher) Info() Info { return infoOf(c.c.Info()) }

// SetPadding chooses the padding of CBC, which has none from the start: it must be chosen. Another mode is
// ErrCipherBadInputData (mbedtls_cipher_set_padding_mode).
func (c *Cipher) SetPadding(p Padding) error { return c.c.SetPaddingMode(cbridge.CipherPadding(p)) }

// SetIV sets the IV or nonce. One of more than 16 bytes is ErrCipherFeatureUnavailable, one that is shorter than the
// cipher's ErrCipherBadInputData; of one that is longer than the cipher's, the rest is left out (mbedtls_cipher_set_iv).
func (c *Cipher) SetIV(iv []byte) error { return c.c.SetIV(iv) }

// Reset forgets input that is not processed yet; key and IV stay (mbedtls_cipher_reset).
func (c *Cipher) Reset() error { return c.c.Reset() }

// UpdateAD adds data that is authenticated, before the first Update: GCM takes it in pieces, ChaCha20-Poly1305 all at
// once. Other modes are ErrCipherFeatureUnavailable (mbedtls_cipher_update_ad).
func (c *Cipher) UpdateAD(ad []byte) error { return c.c.UpdateAD(ad) }

// Update appends to dst what src becomes, which may be less than src, or up to a block more. ECB takes one block at a time
// (else ErrCipherFullBlockExpected), XTS one data unit (mbedtls_cipher_update).
func (c *Cipher) Update(dst, src []byte) ([]byte, error) {
	return appendOutput(dst, c.c.Room(len(src)), func(out []byte) (int, error) { return c.c.Update(out, src) }, src)
}

// Finish appends what is left: the last block of CBC with a padding. A block that is not full is
// ErrCipherFullBlockExpected. Another padding than that is ErrCipherInvalidPadding; whoever sent the message must not be
// told of it, nor learn it from the time that passes, since he could decrypt with that (mbedtls_cipher_finish).
func (c *Cipher) Finish(dst []byte) ([]byte, error) {
	return appendOutput(dst, c.c.Info().BlockSize, c.c.Finish)
}

// FinishPadded is Finish, which tells of another padding only by invalid, all ones then and else 0, and by appending
// nothing. It is for callers that take the same time either way (mbedtls_cipher_finish_padded).
func (c *Cipher) FinishPadded(dst []byte) (out []byte, invalid uint, err error) {
	out, err = appendOutput(dst, c.c.Info().BlockSize, func(out []byte) (n int, err error) {
		n, invalid, err = c.c.FinishPadded(out)
		n &^= int(invalid)                      // the library's length may be less than 0 then
		if c.c.Info().Mode == cbridge.ModeCBC { // others write nothing here
			for i := range out { // in the same time for all n
				out[i] &= byte(-subtle.ConstantTimeLessOrEq(i+1, n))
			}
		}
		return n, err
	})
	return out, invalid, err
}

// WriteTag returns the tag of what was encrypted, of 4 to 16 bytes in GCM and of 16 with ChaCha20-Poly1305
// (mbedtls_cipher_write_tag).
func (c *Cipher) WriteTag(size int) ([]byte, error) {
	if size < 0 || size > maxBlock {
		return nil, &cbridge.Error{Code: cbridge.ErrCipherBadInputData, Op: "mbedtls_cipher_write_tag"}
	}
	tag := make([]byte, size)
	if err := c.c.WriteTag(tag); err != nil {
		return nil, err
	}
	return tag, nil
}

// CheckTag compares the tag of what was decrypted: ErrCipherAuthFailed if it is another, and then what was decrypted is
// not what anybody sent (mbedtls_cipher_check_tag).
func (c *Cipher) CheckTag(tag []byte) error { return c.c.CheckTag(tag) }

// Crypt appends to dst what a whole message becomes, in a mode that authenticates nothing (mbedtls_cipher_crypt).
func (c *Cipher) Crypt(dst, iv, src []byte) ([]byte, error) {
	room := len(src) + c.c.Info().BlockSize
	return appendOutput(dst, room, func(out []byte) (int, error) { return c.c.Crypt(iv, out, src) }, src)
}

// Seal appends to dst an encrypted message and its tag, in GCM, CCM or with ChaCha20-Poly1305; in KW and KWP, which have
// neither IV nor data nor tag, a wrapped key, which must not lie where the key does (mbedtls_cipher_auth_encrypt_ext).
func (c *Cipher) Seal(dst, iv, src, ad []byte, tagSize int) ([]byte, error) {
	room := len(src) + min(max(tagSize, 0), maxBlock) + maxBlock
	return appendOutput(dst, room, func(out []byte) (int, error) { return c.c.AuthEncrypt(iv, ad, out, src, tagSize) }, src, ad)
}

// Open undoes Seal. What was not sealed so is ErrCipherAuthFailed (mbedtls_cipher_auth_decrypt_ext).
func (c *Cipher) Open(dst, iv, src, ad []byte, tagSize int) ([]byte, error) {
	return appendOutput(dst, len(src), func(out []byte) (int, error) {
		return c.c.AuthDecrypt(iv, ad, out, src, tagSize)
	}, src, ad)
}

// Close wipes and frees the context (mbedtls_cipher_free).
func (c *Cipher) Close() error { return c.c.Close() }

// maxBlock is the longest block, and the longest tag, in bytes.
const maxBlock = 16

// appendOutput appends to dst what f writes to room of so many bytes. If it fails, nothing of that stays, unless it is
// memory of the inputs.
func appendOutput(dst []byte, room int, f func(out []byte) (n int, err error), inputs ...[]byte) ([]byte, error) {
	dst = slices.Grow(dst, room)
	out := dst[len(dst) : len(dst)+room]
	n, err := f(out)
	if err == nil {
		return dst[:len(dst)+n], nil
	}
	if !slices.ContainsFunc(inputs, func(in []byte) bool { return cbridge.AnyOverlap(out, in) }) {
		clear(out)
	}
	return nil, err
}

package cipher

import (
	"crypto/cipher"
	"fmt"
	"net"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

var errClosed = net.ErrClosed

// AEAD is a cipher that authenticates. It is a [cipher.AEAD]. Any number of goroutines may use it, one of which is inside
// of the library at a time.
type AEAD struct {
	mu                 sync.Mutex
	seal               func(nonce, ad, in, out, tag []byte) error
	open               func(nonce, ad, tag, in, out []byte) error
	close              func() error
	nonceSize, tagSize int
	failed             cbridge.Code // of bad input
}

var _ cipher.AEAD = (*AEAD)(nil)

// The sizes that protocols use, in bytes.
const (
	StandardNonceSize = 12
	StandardTagSize   = 16
)

// NewGCM makes an AEAD of a block cipher in GCM, with nonces of 12 bytes and tags of 16. The cipher is AES, ARIA or
// Camellia: else, or with a key that does not have 16, 24 or 32 bytes, the error is ErrGCMBadInput (mbedtls_gcm_setkey).
func NewGCM(id ID, key []byte) (*AEAD, error) {
	return NewGCMWithSizes(id, key, StandardNonceSize, StandardTagSize)
}

// NewGCMWithSizes is NewGCM, with nonces of any number of bytes but 0, and tags of 4 to 16 bytes (mbedtls_gcm_setkey,
// mbedtls_gcm_crypt_and_tag, mbedtls_gcm_auth_decrypt).
func NewGCMWithSizes(id ID, key []byte, nonceSize, tagSize int) (*AEAD, error) {
	const code = cbridge.ErrGCMBadInput
	if err := checkSizes("GCM", code, nonceSize, tagSize, nonceSize > 0, tagSize >= 4 && tagSize <= 16); err != nil {
		return nil, err
	}
	g, err := cbridge.NewGCM()
	if err != nil {
		return nil, err
	}
	if err := g.SetKey(cbridge.CipherID(id), key); err != nil {
		g.Close()
		return nil, err
	}
	return &AEAD{seal: g.CryptAndTag, open: g.AuthDecrypt, close: g.Close, nonceSize: nonceSize, tagSize: tagSize,
		failed: code}, nil
}

// NewCCM makes an AEAD of a block cipher in CCM, with nonces of 7 to 13 bytes, the longer the less can be encrypted, and
// tags of 4 to 16 bytes, an even number. The additional data has less than 65280 bytes. The cipher is AES, ARIA or Camellia:
// else, or with a key that does not have 16, 24 or 32 bytes, the error is ErrCCMBadInput (mbedtls_ccm_setkey,
// mbedtls_ccm_encrypt_and_tag, mbedtls_ccm_auth_decrypt).
func NewCCM(id ID, key []byte, nonceSize, tagSize int) (*AEAD, error) {
	return newCCM(false, id, key, nonceSize, tagSize, tagSize >= 4)
}

// NewCCMStar is NewCCM for CCM* of IEEE 802.15.4, tags of which may also have 0 bytes: then, nothing is authenticated
// (mbedtls_ccm_star_encrypt_and_tag, mbedtls_ccm_star_auth_decrypt).
func NewCCMStar(id ID, key []byte, nonceSize, tagSize int) (*AEAD, error) {
	return newCCM(true, id, key, nonceSize, tagSize, tagSize == 0 || tagSize >= 4)
}

func newCCM(star bool, id ID, key []byte, nonceSize, tagSize int, longEnough bool) (*AEAD, error) {
	const code = cbridge.ErrCCMBadInput
	tagOK := longEnough && tagSize <= 16 && tagSize%2 == 0
	if err := checkSizes("CCM", code, nonceSize, tagSize, nonceSize >= 7 && nonceSize <= 13, tagOK); err != nil {
		return nil, err
	}
	c, err := cbridge.NewCCM()
	if err != nil {
		return nil, err
	}
	if err := c.SetKey(cbridge.CipherID(id), key); err != nil {
		c.Close()
		return nil, err
	}
	return &AEAD{
		seal:      func(nonce, ad, in, out, tag []byte) error { return c.EncryptAndTag(star, nonce, ad, in, out, tag) },
		open:      func(nonce, ad, tag, in, out []byte) error { return c.AuthDecrypt(star, nonce, ad, tag, in, out) },
		close:     c.Close,
		nonceSize: nonceSize, tagSize: tagSize, failed: code,
	}, nil
}

// NewChaCha20Poly1305 makes the AEAD of RFC 8439, of a key of 32 bytes, with nonces of 12 bytes and tags of 16
// (mbedtls_chachapoly_setkey, mbedtls_chachapoly_encrypt_and_tag, mbedtls_chachapoly_auth_decrypt).
func NewChaCha20Poly1305(key []byte) (*AEAD, error) {
	c, err := cbridge.NewChaChaPoly()
	if err != nil {
		return nil, err
	}
	if err := c.SetKey(key); err != nil {
		c.Close()
		return nil, err
	}
	return &AEAD{seal: c.EncryptAndTag, open: c.AuthDecrypt, close: c.Close, nonceSize: StandardNonceSize,
		tagSize: StandardTagSize, failed: cbridge.ErrChacha20BadInputData}, nil
}

func checkSizes(name string, code cbridge.Code, nonceSize, tagSize int, nonceOK, tagOK bool) error {
	if nonceOK && tagOK {
		return nil
	}
	return &cbridge.Error{Code: code, Op: "cipher.New" + name,
		Cause: fmt.Errorf("a nonce of %d bytes and a tag of %d", nonceSize, tagSize)}
}

// NonceSize is how many bytes a nonce has.
func (a *AEAD) NonceSize() int { return a.nonceSize }

// Overhead is how many bytes a tag has.
func (a *AEAD) Overhead() int { return a.tagSize }

// Seal appends the encrypted plaintext and its tag to dst. The room behind dst may be plaintext's memory, from the same byte
// on, but not elsewhere in it. It panics where Encrypt fails: of a nonce of another size, and after Close.
func (a *AEAD) Seal(dst, nonce, plaintext, additionalData []byte) []byte {
	out, err := a.Encrypt(dst, nonce, plaintext, additionalData)
	mustNot(err)
	return out
}

// Encrypt is Seal, and returns an error.
func (a *AEAD) Encrypt(dst, nonce, plaintext, additionalData []byte) ([]byte, error) {
	const op = "cipher.AEAD.Encrypt"
	if len(nonce) != a.nonceSize {
		return nil, a.badNonce(op, nonce)
	}
	return appendOutput(dst, len(plaintext)+a.tagSize, func(out []byte) (int, error) {
		if cbridge.InexactOverlap(out, plaintext) || cbridge.AnyOverlap(out, additionalData) {
			return 0, badInput(op, a.failed)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		n := len(plaintext)
		return len(out), a.seal(nonce, additionalData, plaintext, out[:n:n], out[n:])
	}, plaintext, additionalData)
}

// Open appends the decrypted ciphertext, behind which the tag is, to dst, whose room may be the ciphertext's memory as that
// of Seal may. If it was not sealed with this key, nonce and data, the error is ErrGCMAuthFailed, ErrCCMAuthFailed or
// ErrChachapolyAuthFailed.
func (a *AEAD) Open(dst, nonce, ciphertext, additionalData []byte) ([]byte, error) {
	const op = "cipher.AEAD.Open"
	if len(nonce) != a.nonceSize {
		return nil, a.badNonce(op, nonce)
	}
	n := len(ciphertext) - a.tagSize
	if n < 0 {
		cause := fmt.Errorf("%d bytes are less than a tag of %d", len(ciphertext), a.tagSize)
		return nil, &cbridge.Error{Code: a.failed, Op: op, Cause: cause}
	}
	return appendOutput(dst, n, func(out []byte) (int, error) {
		if cbridge.InexactOverlap(out, ciphertext) || cbridge.AnyOverlap(out, additionalData) {
			return 0, badInput(op, a.failed)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		return n, a.open(nonce, additionalData, ciphertext[n:], ciphertext[:n:n], out)
	}, ciphertext, additionalData)
}

func (a *AEAD) badNonce(op string, nonce []byte) error {
	return &cbridge.Error{Code: a.failed, Op: op, Cause: fmt.Errorf("a nonce of %d bytes, not of %d", len(nonce), a.nonceSize)}
}

// Close wipes the key.
func (a *AEAD) Close() error { return a.close() }

package cipher

import (
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// KeyWrap wraps keys with AES, as NIST SP 800-38F has it. Any number of goroutines may use it, one of which is inside of the
// library at a time.
type KeyWrap struct {
	mu           sync.Mutex
	mode         cbridge.KWMode
	wrap, unwrap *cbridge.NistKW
}

// NewKW makes one without padding (KW, as RFC 3394), which wraps keys of a multiple of 8 bytes, 16 at least. Its own key has
// 16, 24 or 32 bytes: else, the error is ErrCipherBadInputData (mbedtls_nist_kw_setkey).
func NewKW(key []byte) (*KeyWrap, error) { return newKeyWrap(cbridge.KW, key) }

// NewKWP makes one with padding (KWP, as RFC 5649), which wraps keys of any length but 0 (mbedtls_nist_kw_setkey).
func NewKWP(key []byte) (*KeyWrap, error) { return newKeyWrap(cbridge.KWP, key) }

func newKeyWrap(mode cbridge.KWMode, key []byte) (*KeyWrap, error) {
	wrap, err := nistKW(key, true)
	if err != nil {
		return nil, err
	}
	unwrap, err := nistKW(key, false)
	if err != nil {
		wrap.Close()
		return nil, err
	}
	return &KeyWrap{mode: mode, wrap: wrap, unwrap: unwrap}, nil
}

func nistKW(key []byte, wrap bool) (*cbridge.NistKW, error) {
	k, err := cbridge.NewNistKW()
	if err != nil {
		return nil, err
	}
	if err := k.SetKey(cbridge.CipherAES, key, wrap); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// semiblock is the unit of wrapped keys, in bytes.
const semiblock = 8

// Wrap wraps a key, which gets 8 bytes longer, and in KWP a multiple of 8. One of a length that the mode does not have is
// ErrCipherBadInputData (mbedtls_nist_kw_wrap).
func (k *KeyWrap) Wrap(key []byte) ([]byte, error) {
	return k.crypt(len(key)+2*semiblock, func(out []byte) (int, error) { return k.wrap.Wrap(k.mode, key, out) })
}

// Unwrap undoes Wrap. What was not wrapped with this key is ErrCipherAuthFailed, and what cannot have been, for its length,
// ErrCipherBadInputData (mbedtls_nist_kw_unwrap).
func (k *KeyWrap) Unwrap(wrapped []byte) ([]byte, error) {
	return k.crypt(len(wrapped), func(out []byte) (int, error) { return k.unwrap.Unwrap(k.mode, wrapped, out) })
}

func (k *KeyWrap) crypt(room int, f func(out []byte) (int, error)) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return appendOutput(nil, room, f)
}

// Close wipes the key (mbedtls_nist_kw_free).
func (k *KeyWrap) Close() error {
	k.wrap.Close()
	return k.unwrap.Close()
}

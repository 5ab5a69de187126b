package cipher

import (
	"crypto/cipher"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Block is a block cipher with a key. It is a [cipher.Block]. Any number of goroutines may use it.
type Block struct{ b *cbridge.Block }

var _ cipher.Block = (*Block)(nil)

// NewBlock makes a block cipher of a key: AES, ARIA and Camellia of 16, 24 or 32 bytes, DES of 8, and TripleDES of 16 or 24
// (which is two keys or three). Another length is an error of the cipher's, such as ErrAESInvalidKeyLength
// (mbedtls_aes_setkey_enc, mbedtls_aes_setkey_dec, mbedtls_des3_set3key_enc, and so on).
func NewBlock(id ID, key []byte) (*Block, error) {
	b, err := cbridge.NewBlock(cbridge.CipherID(id), key)
	if err != nil {
		return nil, err
	}
	return &Block{b}, nil
}

// BlockSize is 16 bytes, 8 of DES and TripleDES.
func (b *Block) BlockSize() int { return b.b.BlockSize() }

// Encrypt encrypts the first block of src to dst, which is the same memory or other memory. It panics if either is shorter
// than a block, and after Close (mbedtls_aes_crypt_ecb, and so on).
func (b *Block) Encrypt(dst, src []byte) { b.ecb(Encrypt, dst, src) }

// Decrypt undoes Encrypt, and panics as that does.
func (b *Block) Decrypt(dst, src []byte) { b.ecb(Decrypt, dst, src) }

func (b *Block) ecb(op Operation, dst, src []byte) {
	if size := b.BlockSize(); len(src) > size {
		src = src[:size]
	}
	mustNot(b.ECB(op, dst, src))
}

// ECB processes one block, as long as src is (mbedtls_aes_crypt_ecb, and so on).
func (b *Block) ECB(op Operation, dst, src []byte) error {
	return b.b.ECB(cbridge.Operation(op), dst, src)
}

// Close wipes the key (mbedtls_aes_free, and so on).
func (b *Block) Close() error { return b.b.Close() }

// mustNot is for methods that have no place for an error.
func mustNot(err error) {
	if err != nil {
		panic(err)
	}
}

// badInput is the error of an argument that the library has no check for.
func badInput(op string, code cbridge.Code) error { return &cbridge.Error{Code: code, Op: op} }

// XTS is AES in XTS mode, for data that is stored in units, such as the sectors of a disk. Any number of goroutines may use
// it.
type XTS struct{ x *cbridge.XTS }

// NewXTS makes a cipher of a key of 32 bytes (AES-128) or 64 (AES-256); another length is ErrAESInvalidKeyLength
// (mbedtls_aes_xts_setkey_enc, mbedtls_aes_xts_setkey_dec).
func NewXTS(key []byte) (*XTS, error) {
	x, err := cbridge.NewXTS(key)
	if err != nil {
		return nil, err
	}
	return &XTS{x}, nil
}

// Encrypt encrypts a data unit to dst, which is as long and is the same memory or other memory. Unit is its number, of 16
// bytes, the lowest first. A data unit has 16 bytes to 16 MiB: else, the error is ErrAESInvalidInputLength
// (mbedtls_aes_crypt_xts).
func (x *XTS) Encrypt(dst, src, unit []byte) error { return x.x.Crypt(cbridge.Encrypt, unit, dst, src) }

// Decrypt undoes Encrypt.
func (x *XTS) Decrypt(dst, src, unit []byte) error { return x.x.Crypt(cbridge.Decrypt, unit, dst, src) }

// Close wipes the key (mbedtls_aes_xts_free).
func (x *XTS) Close() error { return x.x.Close() }

// SetDESParity gives each byte of a key of DES, of 8 bytes, odd parity (mbedtls_des_key_set_parity).
func SetDESParity(key []byte) error { return cbridge.DESKeySetParity(key) }

// HasDESParity reports whether each byte of a key of DES, of 8 bytes, has odd parity (mbedtls_des_key_check_key_parity).
func HasDESParity(key []byte) (bool, error) { return cbridge.DESKeyCheckParity(key) }

// IsWeakDESKey reports whether a key of DES, of 8 bytes with odd parity, is one of the weak or semi-weak ones
// (mbedtls_des_key_check_weak).
func IsWeakDESKey(key []byte) (bool, error) { return cbridge.DESKeyCheckWeak(key) }

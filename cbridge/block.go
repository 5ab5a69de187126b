package cbridge

// #include "cipher.h"
import "C"

import (
	"bytes"
	"runtime"
)

// Block is a block cipher with a key, to encrypt and to decrypt: an mbedtls_aes_context, mbedtls_aria_context,
// mbedtls_camellia_context, mbedtls_des_context or mbedtls_des3_context for each. Any number of goroutines may use it.
type Block struct {
	res    *resource
	c      *C.gm_block
	family blockFamily
	size   int
}

// blockFamily is what the functions of a family are called, and what they say of bad input.
type blockFamily struct {
	prefix, option string
	badInput       Code
}

var blockFamilies = map[CipherID]blockFamily{
	CipherAES:      {"mbedtls_aes_", "MBEDTLS_AES_C", ErrAESBadInputData},
	CipherARIA:     {"mbedtls_aria_", "MBEDTLS_ARIA_C", ErrAriaBadInputData},
	CipherCamellia: {"mbedtls_camellia_", "MBEDTLS_CAMELLIA_C", ErrCamelliaBadInputData},
	CipherDES:      {"mbedtls_des_", "MBEDTLS_DES_C", ErrDESInvalidInputLength},
	Cipher3DES:     {"mbedtls_des3_", "MBEDTLS_DES_C", ErrDESInvalidInputLength},
}

// NewBlock makes a cipher of a key: 16, 24 or 32 bytes of AES, ARIA and Camellia, 8 of DES, 16 or 24 of Triple DES
// (mbedtls_aes_setkey_enc, mbedtls_aes_setkey_dec, mbedtls_des3_set2key_enc, and so on).
func NewBlock(id CipherID, key []byte) (*Block, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	family, ok := blockFamilies[id]
	if !ok {
		return nil, newError("mbedtls_cipher_setkey", int(ErrCipherFeatureUnavailable), nil)
	}
	var c *C.gm_block
	if err := check(C.gm_block_new(C.int(id), cbytes(key), C.uint(keyBits(key)), &c), family.prefix+"setkey_enc",
		family.option); err != nil {
		return nil, err
	}
	b := &Block{c: c, family: family, size: int(C.gm_block_size(c))}
	b.res = own(b, func() { C.gm_block_delete(c) })
	return b, nil
}

// BlockSize is 16 bytes, 8 of DES and Triple DES.
func (b *Block) BlockSize() int { return b.size }

// ECB processes one block (mbedtls_aes_crypt_ecb, and so on).
func (b *Block) ECB(op Operation, dst, src []byte) error {
	return b.call("crypt_ecb", "!MBEDTLS_BLOCK_CIPHER_NO_DECRYPT", len(src) == b.size && fits(dst, src), func() C.int {
		return C.gm_block_ecb(b.c, C.int(op), cbytes(src), cbytes(dst))
	})
}

// CBC processes whole blocks, and leaves in iv that of the next (mbedtls_aes_crypt_cbc, and so on).
func (b *Block) CBC(op Operation, iv, dst, src []byte) error {
	return b.call("crypt_cbc", "MBEDTLS_CIPHER_MODE_CBC", len(iv) == b.size && fits(dst, src), func() C.int {
		return C.gm_block_cbc(b.c, C.int(op), C.size_t(len(src)), cbytes(iv), cbytes(src), cbytes(dst))
	})
}

// CFB128 processes any number of bytes, and leaves in iv, and in off the place in it, what the next need. DES has it not
// (mbedtls_aes_crypt_cfb128, and so on).
func (b *Block) CFB128(op Operation, off *int, iv, dst, src []byte) error {
	n := C.size_t(*off)
	err := b.call("crypt_cfb128", "MBEDTLS_CIPHER_MODE_CFB", b.within(*off, iv) && fits(dst, src), func() C.int {
		return C.gm_block_cfb128(b.c, C.int(op), C.size_t(len(src)), &n, cbytes(iv), cbytes(src), cbytes(dst))
	})
	*off = int(n)
	return err
}

// CFB8 is CFB with a segment of one byte, of AES alone (mbedtls_aes_crypt_cfb8).
func (b *Block) CFB8(op Operation, iv, dst, src []byte) error {
	return b.call("crypt_cfb8", "MBEDTLS_CIPHER_MODE_CFB", len(iv) == b.size && fits(dst, src), func() C.int {
		return C.gm_block_cfb8(b.c, C.int(op), C.size_t(len(src)), cbytes(iv), cbytes(src), cbytes(dst))
	})
}

// OFB is like CFB128, of AES alone, and the same to encrypt and to decrypt (mbedtls_aes_crypt_ofb).
func (b *Block) OFB(off *int, iv, dst, src []byte) error {
	n := C.size_t(*off)
	err := b.call("crypt_ofb", "MBEDTLS_CIPHER_MODE_OFB", b.within(*off, iv) && fits(dst, src), func() C.int {
		return C.gm_block_ofb(b.c, C.size_t(len(src)), &n, cbytes(iv), cbytes(src), cbytes(dst))
	})
	*off = int(n)
	return err
}

// CTR is the same to encrypt and to decrypt. It leaves in counter, in stream, which is as long, and in off the place in
// that, what the next bytes need. DES has it not (mbedtls_aes_crypt_ctr, and so on).
func (b *Block) CTR(off *int, counter, stream, dst, src []byte) error {
	n := C.size_t(*off)
	ok := b.within(*off, counter) && len(stream) == b.size && fits(dst, src)
	err := b.call("crypt_ctr", "MBEDTLS_CIPHER_MODE_CTR", ok, func() C.int {
		return C.gm_block_ctr(b.c, C.size_t(len(src)), &n, cbytes(counter), cbytes(stream), cbytes(src), cbytes(dst))
	})
	*off = int(n)
	return err
}

func (b *Block) within(off int, iv []byte) bool { return off >= 0 && off < b.size && len(iv) == b.size }

// fits tells whether the library may write what src becomes to dst.
func fits(dst, src []byte) bool { return len(dst) >= len(src) && !InexactOverlap(dst[:len(src)], src) }

func (b *Block) call(function, option string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(b)
	op := b.family.prefix + function
	return during(func() error {
		if !ok {
			return newError(op, int(b.family.badInput), nil)
		}
		ret := f()
		if ret == C.GM_NOT_BUILT && Feature(option) { // a mode that this cipher has in no build
			return newError(op, int(ErrCipherFeatureUnavailable), nil)
		}
		return check(ret, op, option)
	}, b.res)
}

// Close wipes and frees the key schedules (mbedtls_aes_free, and so on).
func (b *Block) Close() error {
	b.res.close()
	return nil
}

// XTS is AES-XTS with a key: an mbedtls_aes_xts_context to encrypt, and one to decrypt. Any number of goroutines may use it.
type XTS struct {
	res *resource
	c   *C.gm_xts
}

const xtsOption = "MBEDTLS_CIPHER_MODE_XTS"

// NewXTS makes a cipher of a key of 32 or 64 bytes, half of which is for the tweak
// (mbedtls_aes_xts_setkey_enc, mbedtls_aes_xts_setkey_dec).
func NewXTS(key []byte) (*XTS, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	var c *C.gm_xts
	if err := check(C.gm_xts_new(cbytes(key), C.uint(keyBits(key)), &c), "mbedtls_aes_xts_setkey_enc", xtsOption); err != nil {
		return nil, err
	}
	x := &XTS{c: c}
	x.res = own(x, func() { C.gm_xts_delete(c) })
	return x, nil
}

// Crypt processes a data unit of 16 bytes to 16 MiB, of which unit is the number: 16 bytes, the lowest first
// (mbedtls_aes_crypt_xts).
func (x *XTS) Crypt(op Operation, unit, dst, src []byte) error {
	const name = "mbedtls_aes_crypt_xts"
	defer runtime.KeepAlive(x)
	return during(func() error {
		if len(unit) != 16 || !fits(dst, src) {
			return newError(name, int(ErrAESBadInputData), nil)
		}
		// In place, the library overwrites the end of what is not a multiple of a block before it reads it.
		if len(src)%16 != 0 && AnyOverlap(dst, src) {
			src = bytes.Clone(src)
			defer clear(src)
		}
		return check(C.gm_xts_crypt(x.c, C.int(op), C.size_t(len(src)), cbytes(unit), cbytes(src), cbytes(dst)), name, xtsOption)
	}, x.res)
}

// Close wipes and frees the key schedules (mbedtls_aes_xts_free).
func (x *XTS) Close() error {
	x.res.close()
	return nil
}

// DESKeySize is how many bytes a key of DES has.
const DESKeySize = 8

// DESKeySetParity gives each byte of a key of 8 bytes odd parity (mbedtls_des_key_set_parity).
func DESKeySetParity(key []byte) error {
	const op = "mbedtls_des_key_set_parity"
	if len(key) != DESKeySize {
		return newError(op, int(ErrDESInvalidInputLength), nil)
	}
	return check(C.gm_des_key_set_parity(cbytes(key)), op, "MBEDTLS_DES_C")
}

// DESKeyCheckParity tells whether each byte of a key of 8 bytes has odd parity (mbedtls_des_key_check_key_parity).
func DESKeyCheckParity(key []byte) (odd bool, err error) {
	found, err := desKeyCheck("mbedtls_des_key_check_key_parity", key, func(p *C.uchar) C.int {
		return C.gm_des_key_check_parity(p)
	})
	return !found, err
}

// DESKeyCheckWeak tells whether a key of 8 bytes, with odd parity, is weak or semi-weak (mbedtls_des_key_check_weak).
func DESKeyCheckWeak(key []byte) (weak bool, err error) {
	return desKeyCheck("mbedtls_des_key_check_weak", key, func(p *C.uchar) C.int { return C.gm_des_key_check_weak(p) })
}

// desKeyCheck makes a check whose result is 0 or 1.
func desKeyCheck(op string, key []byte, f func(*C.uchar) C.int) (found bool, err error) {
	if len(key) != DESKeySize {
		return false, newError(op, int(ErrDESInvalidInputLength), nil)
	}
	ret := f(cbytes(key))
	if ret == 1 {
		return true, nil
	}
	return false, check(ret, op, "MBEDTLS_DES_C")
}

package cbridge

// #include "cipher.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// CipherID is a family of ciphers (mbedtls_cipher_id_t).
type CipherID int

// The families.
const (
	CipherNULL     CipherID = C.MBEDTLS_CIPHER_ID_NULL
	CipherAES      CipherID = C.MBEDTLS_CIPHER_ID_AES
	CipherDES      CipherID = C.MBEDTLS_CIPHER_ID_DES
	Cipher3DES     CipherID = C.MBEDTLS_CIPHER_ID_3DES
	CipherCamellia CipherID = C.MBEDTLS_CIPHER_ID_CAMELLIA
	CipherARIA     CipherID = C.MBEDTLS_CIPHER_ID_ARIA
	CipherChaCha20 CipherID = C.MBEDTLS_CIPHER_ID_CHACHA20
)

// CipherMode is a mode of operation (mbedtls_cipher_mode_t).
type CipherMode int

// The modes.
const (
	ModeECB          CipherMode = C.MBEDTLS_MODE_ECB
	ModeCBC          CipherMode = C.MBEDTLS_MODE_CBC
	ModeCFB          CipherMode = C.MBEDTLS_MODE_CFB
	ModeOFB          CipherMode = C.MBEDTLS_MODE_OFB
	ModeCTR          CipherMode = C.MBEDTLS_MODE_CTR
	ModeGCM          CipherMode = C.MBEDTLS_MODE_GCM
	ModeStream       CipherMode = C.MBEDTLS_MODE_STREAM
	ModeCCM          CipherMode = C.MBEDTLS_MODE_CCM
	ModeCCMStarNoTag CipherMode = C.MBEDTLS_MODE_CCM_STAR_NO_TAG
	ModeXTS          CipherMode = C.MBEDTLS_MODE_XTS
	ModeChaChaPoly   CipherMode = C.MBEDTLS_MODE_CHACHAPOLY
	ModeKW           CipherMode = C.MBEDTLS_MODE_KW
	ModeKWP          CipherMode = C.MBEDTLS_MODE_KWP
)

// CipherPadding fills the last block in CBC mode (mbedtls_cipher_padding_t).
type CipherPadding int

// The paddings.
const (
	PaddingPKCS7       CipherPadding = C.MBEDTLS_PADDING_PKCS7
	PaddingOneAndZeros CipherPadding = C.MBEDTLS_PADDING_ONE_AND_ZEROS // ISO/IEC 7816-4
	PaddingZerosAndLen CipherPadding = C.MBEDTLS_PADDING_ZEROS_AND_LEN // ANSI X.923
	PaddingZeros       CipherPadding = C.MBEDTLS_PADDING_ZEROS
	PaddingNone        CipherPadding = C.MBEDTLS_PADDING_NONE
)

// Operation is what a cipher does (mbedtls_operation_t).
type Operation int

// The operations.
const (
	Encrypt Operation = C.MBEDTLS_ENCRYPT
	Decrypt Operation = C.MBEDTLS_DECRYPT
)

// CipherType is a cipher with the length of its key and its mode, by its number (mbedtls_cipher_type_t).
type CipherType int

const cipherOption = "MBEDTLS_CIPHER_C"

// CipherInfo describes a cipher of this build (mbedtls_cipher_info_t).
type CipherInfo struct {
	Type              CipherType
	Name              string // such as AES-128-CBC
	ID                CipherID
	Mode              CipherMode
	KeyBits           int
	IVSize            int // in bytes; 0 if there is no IV
	BlockSize         int // in bytes; 1 for stream ciphers
	VariableKeyLength bool
	VariableIVSize    bool
}

// Info describes the cipher; ok is false if this build lacks it (mbedtls_cipher_info_from_type).
func (t CipherType) Info() (info CipherInfo, ok bool) {
	return cipherInfo(C.gm_cipher_info_from_type(C.int(t)))
}

// CipherInfoFromString finds a cipher by its name (mbedtls_cipher_info_from_string).
func CipherInfoFromString(name string) (info CipherInfo, ok bool) {
	s := C.CString(name)
	defer free(s)
	return cipherInfo(C.gm_cipher_info_from_string(s))
}

// CipherInfoFromValues finds a cipher by what it is made of (mbedtls_cipher_info_from_values).
func CipherInfoFromValues(id CipherID, keyBits int, mode CipherMode) (info CipherInfo, ok bool) {
	if int(C.int(keyBits)) != keyBits {
		return CipherInfo{}, false
	}
	return cipherInfo(C.gm_cipher_info_from_values(C.int(id), C.int(keyBits), C.int(mode)))
}

func cipherInfo(i C.gm_cipher_info) (CipherInfo, bool) {
	if i.name == nil {
		return CipherInfo{}, false
	}
	return CipherInfo{CipherType(i._type), C.GoString(i.name), CipherID(i.id), CipherMode(i.mode), int(i.key_bits),
		int(i.iv_size), int(i.block_size), i.variable_key != 0, i.variable_iv != 0}, true
}

// CipherList are the ciphers of this build (mbedtls_cipher_list).
func CipherList() (list []CipherType) {
	for p := C.mbedtls_cipher_list(); *p != 0; p = (*C.int)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
		list = append(list, CipherType(*p))
	}
	return list
}

// keyBits is how many bits a key has, for functions that take an int. It stops at what is too long for all of them.
func keyBits(key []byte) int { return 8 * min(len(key), 1<<20) }

// Cipher is an mbedtls_cipher_context_t. One goroutine uses it at a time.
type Cipher struct {
	res   *resource
	c     *C.mbedtls_cipher_context_t
	info  CipherInfo
	keyed bool
	begun bool // has an IV, if it needs one
	fresh bool // has an IV that nothing was done with
	data  bool // has had an Update since
}

// NewCipher makes a context without a key (mbedtls_cipher_setup).
func NewCipher(t CipherType) (*Cipher, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	var c *C.mbedtls_cipher_context_t
	if err := check(C.gm_cipher_new(C.int(t), &c), "mbedtls_cipher_setup", cipherOption); err != nil {
		return nil, err
	}
	info, _ := t.Info()
	k := &Cipher{c: c, info: info, begun: info.IVSize == 0}
	k.res = own(k, func() { C.gm_cipher_delete(c) })
	return k, nil
}

// Info describes the cipher.
func (k *Cipher) Info() CipherInfo { return k.info }

// SetKey sets the key and what it is for. A context that has a key gets no other, which the library does not say it can
// do: ErrCipherBadInputData (mbedtls_cipher_setkey).
func (k *Cipher) SetKey(key []byte, op Operation) error {
	const name = "mbedtls_cipher_setkey"
	if k.keyed {
		return newError(name, int(ErrCipherBadInputData), nil)
	}
	err := k.call(name, func() C.int {
		return C.mbedtls_cipher_setkey(k.c, cbytes(key), C.int(keyBits(key)), C.mbedtls_operation_t(op))
	})
	k.keyed = err == nil
	return err
}

// SetPaddingMode chooses the padding of CBC, which has no default (mbedtls_cipher_set_padding_mode).
func (k *Cipher) SetPaddingMode(p CipherPadding) error {
	const op, option = "mbedtls_cipher_set_padding_mode", "MBEDTLS_CIPHER_MODE_CBC"
	return k.during(func() error { return check(C.gm_cipher_set_padding_mode(k.c, C.int(p)), op, option) })
}

// SetIV sets the IV or nonce (mbedtls_cipher_set_iv). The IV may be longer than the cipher's, up to 16 bytes; what is too
// much is left out then.
func (k *Cipher) SetIV(iv []byte) error {
	err := k.call("mbedtls_cipher_set_iv", func() C.int {
		return C.mbedtls_cipher_set_iv(k.c, cbytes(iv), C.size_t(len(iv)))
	})
	k.begun = k.begun || err == nil
	if err == nil {
		k.fresh, k.data = true, false
	}
	return err
}

// Reset forgets input that is not processed yet; key and IV stay (mbedtls_cipher_reset).
func (k *Cipher) Reset() error {
	return k.call("mbedtls_cipher_reset", func() C.int { return C.mbedtls_cipher_reset(k.c) })
}

// UpdateAD adds data that is authenticated, before the first Update: GCM takes it in pieces, ChaCha20-Poly1305 all at
// once. Later, it is ErrCipherBadInputData: GCM would make a tag that nobody else makes, and ChaCha20-Poly1305 begin anew with
// the same nonce (mbedtls_cipher_update_ad).
func (k *Cipher) UpdateAD(ad []byte) error {
	const op, option = "mbedtls_cipher_update_ad", "MBEDTLS_GCM_C"
	return k.ready(op, func() error {
		if k.info.Mode == ModeGCM && k.data || k.info.Mode == ModeChaChaPoly && !k.fresh {
			return newError(op, int(ErrCipherBadInputData), nil)
		}
		k.fresh = false
		return check(C.gm_cipher_update_ad(k.c, cbytes(ad), C.size_t(len(ad))), op, option)
	})
}

// Room is how many bytes of output Update needs room for, with n of input: a block more in CBC, and for ECB.
func (k *Cipher) Room(n int) int {
	if k.info.Mode == ModeCBC || k.info.Mode == ModeECB {
		return n + k.info.BlockSize
	}
	return n
}

// Update processes src to dst, which has Room for it and is either the same memory or other memory, and tells how much it
// has written. ECB takes one block at a time, XTS one data unit (mbedtls_cipher_update).
func (k *Cipher) Update(dst, src []byte) (n int, err error) {
	const op = "mbedtls_cipher_update"
	if len(dst) < k.Room(len(src)) || InexactOverlap(dst, src) {
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	var out C.size_t
	err = k.started(op, func() error {
		k.data = true
		return check(C.mbedtls_cipher_update(k.c, cbytes(src), C.size_t(len(src)), cbytes(dst), &out), op, cipherOption)
	})
	return int(out), err
}

// Finish writes the last block, of CBC with a padding, to dst, which has room for a block. Another padding than that is
// ErrCipherInvalidPadding, about which whoever sent the message must not be told (mbedtls_cipher_finish).
func (k *Cipher) Finish(dst []byte) (n int, err error) {
	return k.finish("mbedtls_cipher_finish", dst, func(out *C.uchar, n *C.size_t) C.int {
		return C.mbedtls_cipher_finish(k.c, out, n)
	})
}

// FinishPadded is Finish, which tells of another padding only by invalid: all ones then, and else 0. It is for callers
// that take the same time either way (mbedtls_cipher_finish_padded).
func (k *Cipher) FinishPadded(dst []byte) (n int, invalid uint, err error) {
	var bad C.size_t
	n, err = k.finish("mbedtls_cipher_finish_padded", dst, func(out *C.uchar, n *C.size_t) C.int {
		return C.gm_cipher_finish_padded(k.c, out, n, &bad)
	})
	return n, uint(bad), err
}

func (k *Cipher) finish(op string, dst []byte, f func(out *C.uchar, n *C.size_t) C.int) (int, error) {
	if k.info.Mode == ModeCBC && len(dst) < k.info.BlockSize {
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	var n C.size_t
	err := k.started(op, func() error { return check(f(cbytes(dst), &n), op, cipherOption) })
	return int(n), err
}

// WriteTag makes the tag of what was encrypted, of 4 to 16 bytes in GCM and of 16 with ChaCha20-Poly1305
// (mbedtls_cipher_write_tag).
func (k *Cipher) WriteTag(tag []byte) error {
	const op = "mbedtls_cipher_write_tag"
	return k.endTag(op, func() C.int { return C.gm_cipher_write_tag(k.c, cbytes(tag), C.size_t(len(tag))) })
}

// CheckTag compares the tag of what was decrypted: ErrCipherAuthFailed if it is another (mbedtls_cipher_check_tag).
func (k *Cipher) CheckTag(tag []byte) error {
	const op = "mbedtls_cipher_check_tag"
	return k.endTag(op, func() C.int { return C.gm_cipher_check_tag(k.c, cbytes(tag), C.size_t(len(tag))) })
}

// endTag ends a message: the next one needs a nonce of its own.
func (k *Cipher) endTag(op string, f func() C.int) error {
	err := k.started(op, func() error { return check(f(), op, "MBEDTLS_GCM_C") })
	if err == nil {
		k.begun = false
	}
	return err
}

// Crypt is a whole message in a mode that authenticates nothing: SetIV, Reset, Update and Finish (mbedtls_cipher_crypt).
// It needs room for a block more than src.
func (k *Cipher) Crypt(iv, dst, src []byte) (n int, err error) {
	const op = "mbedtls_cipher_crypt"
	if len(dst) < len(src)+k.info.BlockSize || InexactOverlap(dst, src) {
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	var out C.size_t
	err = k.whole(op, func() error {
		return check(C.mbedtls_cipher_crypt(k.c, cbytes(iv), C.size_t(len(iv)), cbytes(src), C.size_t(len(src)), cbytes(dst),
			&out), op, cipherOption)
	})
	return int(out), err
}

// AuthEncrypt is a whole message in GCM or CCM, with ChaCha20-Poly1305, or in KW and KWP, which have neither nonce nor
// data nor tag. The tag follows the message in dst (mbedtls_cipher_auth_encrypt_ext).
func (k *Cipher) AuthEncrypt(iv, ad, dst, src []byte, tagLen int) (n int, err error) {
	const op = "mbedtls_cipher_auth_encrypt_ext"
	if (k.info.Mode == ModeKW || k.info.Mode == ModeKWP) && AnyOverlap(dst, src) { // they would write over what they wrap
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	return k.auth(op, dst, src, tagLen, func(tag C.size_t, n *C.size_t) C.int {
		return C.gm_cipher_auth_encrypt_ext(k.c, cbytes(iv), C.size_t(len(iv)), cbytes(ad), C.size_t(len(ad)), cbytes(src),
			C.size_t(len(src)), cbytes(dst), C.size_t(len(dst)), n, tag)
	})
}

// AuthDecrypt undoes AuthEncrypt: ErrCipherAuthFailed, and zeros in dst, if the message is another
// (mbedtls_cipher_auth_decrypt_ext).
func (k *Cipher) AuthDecrypt(iv, ad, dst, src []byte, tagLen int) (n int, err error) {
	return k.auth("mbedtls_cipher_auth_decrypt_ext", dst, src, tagLen, func(tag C.size_t, n *C.size_t) C.int {
		return C.gm_cipher_auth_decrypt_ext(k.c, cbytes(iv), C.size_t(len(iv)), cbytes(ad), C.size_t(len(ad)), cbytes(src),
			C.size_t(len(src)), cbytes(dst), C.size_t(len(dst)), n, tag)
	})
}

func (k *Cipher) auth(op string, dst, src []byte, tagLen int, f func(tag C.size_t, n *C.size_t) C.int) (int, error) {
	if tagLen < 0 || InexactOverlap(dst, src) {
		return 0, newError(op, int(ErrCipherBadInputData), nil)
	}
	if k.info.Mode == ModeGCM && !gcmTag(tagLen) {
		return 0, newError(op, int(ErrGCMBadInput), nil)
	}
	var n C.size_t
	err := k.whole(op, func() error { return check(f(C.size_t(tagLen), &n), op, "MBEDTLS_CIPHER_MODE_AEAD") })
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// withKey runs a call that needs a key: without one, AES reads past its context.
func (k *Cipher) withKey(op string, f func() error) error {
	return k.during(func() error {
		if !k.keyed {
			return newError(op, int(ErrCipherBadInputData), nil)
		}
		return f()
	})
}

// ready runs a call that needs a key and, if the cipher has them, an IV: without one, the library takes zeros.
func (k *Cipher) ready(op string, f func() error) error {
	return k.withKey(op, func() error {
		if !k.begun {
			return newError(op, int(ErrCipherBadInputData), nil)
		}
		return f()
	})
}

// started is ready for what comes after additional data: to the library, only such data begins a message with
// ChaCha20-Poly1305.
func (k *Cipher) started(op string, f func() error) error {
	return k.ready(op, func() error {
		if k.fresh && k.info.Mode == ModeChaChaPoly {
			if err := check(C.gm_cipher_update_ad(k.c, nil, 0), op, cipherOption); err != nil {
				return err
			}
		}
		k.fresh = false
		return f()
	})
}

// whole runs a call for a whole message, which ends the one in pieces that is under way.
func (k *Cipher) whole(op string, f func() error) error {
	k.begun, k.fresh = k.info.IVSize == 0, false
	return k.withKey(op, f)
}

func (k *Cipher) call(op string, f func() C.int) error {
	return k.during(func() error { return check(f(), op, cipherOption) })
}

func (k *Cipher) during(f func() error) error {
	defer runtime.KeepAlive(k)
	return during(f, k.res)
}

// Close frees the context and wipes it (mbedtls_cipher_free).
func (k *Cipher) Close() error {
	k.res.close()
	return nil
}

// InexactOverlap tells whether two slices share memory, and do not begin at the same byte: the library would read what it
// has written.
func InexactOverlap(x, y []byte) bool { return AnyOverlap(x, y) && &x[0] != &y[0] }

// AnyOverlap tells whether two slices share memory.
func AnyOverlap(x, y []byte) bool {
	return len(x) > 0 && len(y) > 0 &&
		uintptr(unsafe.Pointer(&x[0])) <= uintptr(unsafe.Pointer(&y[len(y)-1])) &&
		uintptr(unsafe.Pointer(&y[0])) <= uintptr(unsafe.Pointer(&x[len(x)-1]))
}

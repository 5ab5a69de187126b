package cipher

import (
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ID is a family of ciphers (mbedtls_cipher_id_t).
type ID int

// The families.
const (
	NULL      = ID(cbridge.CipherNULL) // encrypts nothing
	AES       = ID(cbridge.CipherAES)
	DES       = ID(cbridge.CipherDES)
	TripleDES = ID(cbridge.Cipher3DES)
	Camellia  = ID(cbridge.CipherCamellia)
	ARIA      = ID(cbridge.CipherARIA)
	ChaCha20  = ID(cbridge.CipherChaCha20)
)

// Mode is a mode of operation (mbedtls_cipher_mode_t).
type Mode int

// The modes. CCM* without a tag authenticates nothing.
const (
	ModeECB              = Mode(cbridge.ModeECB)
	ModeCBC              = Mode(cbridge.ModeCBC)
	ModeCFB              = Mode(cbridge.ModeCFB)
	ModeOFB              = Mode(cbridge.ModeOFB)
	ModeCTR              = Mode(cbridge.ModeCTR)
	ModeGCM              = Mode(cbridge.ModeGCM)
	ModeStream           = Mode(cbridge.ModeStream)
	ModeCCM              = Mode(cbridge.ModeCCM)
	ModeCCMStarNoTag     = Mode(cbridge.ModeCCMStarNoTag)
	ModeXTS              = Mode(cbridge.ModeXTS)
	ModeChaCha20Poly1305 = Mode(cbridge.ModeChaChaPoly)
	ModeKW               = Mode(cbridge.ModeKW)
	ModeKWP              = Mode(cbridge.ModeKWP)
)

// Padding fills the last block in CBC mode (mbedtls_cipher_padding_t).
type Padding int

// The paddings.
const (
	PKCS7       = Padding(cbridge.PaddingPKCS7)
	OneAndZeros = Padding(cbridge.PaddingOneAndZeros) // of ISO/IEC 7816-4
	ZerosAndLen = Padding(cbridge.PaddingZerosAndLen) // of ANSI X.923
	Zeros       = Padding(cbridge.PaddingZeros)       // which are lost if the message ends with some
	NoPadding   = Padding(cbridge.PaddingNone)        // whole blocks alone
)

// Operation is what a cipher does (mbedtls_operation_t).
type Operation int

// The operations.
const (
	Encrypt = Operation(cbridge.Encrypt)
	Decrypt = Operation(cbridge.Decrypt)
)

// Type is a cipher with the length of its key and its mode, by the library's number (mbedtls_cipher_type_t). [ByName] and
// [ByValues] find one, [List] has those of the linked library.
type Type int

// Info describes a cipher (mbedtls_cipher_info_t).
type Info struct {
	Type              Type
	Name              string // such as AES-128-CBC
	ID                ID
	Mode              Mode
	KeyBits           int
	IVSize            int // of an IV or nonce, in bytes; 0 if there is none
	BlockSize         int // in bytes; 1 of a stream cipher
	VariableKeyLength bool
	VariableIVSize    bool
}

func infoOf(i cbridge.CipherInfo) Info {
	return Info{Type(i.Type), i.Name, ID(i.ID), Mode(i.Mode), i.KeyBits, i.IVSize, i.BlockSize, i.VariableKeyLength,
		i.VariableIVSize}
}

// found makes a description, or the error that there is no such cipher.
func found(i cbridge.CipherInfo, ok bool, op, format string, args ...any) (Info, error) {
	if !ok {
		return Info{}, &cbridge.Error{Code: cbridge.ErrCipherFeatureUnavailable, Op: op, Cause: fmt.Errorf(format, args...)}
	}
	return infoOf(i), nil
}

// List are the ciphers of the linked library (mbedtls_cipher_list).
func List() []Type {
	var list []Type
	for _, t := range cbridge.CipherList() {
		list = append(list, Type(t))
	}
	return list
}

// Info describes the cipher; one that the linked library lacks is ErrCipherFeatureUnavailable
// (mbedtls_cipher_info_from_type).
func (t Type) Info() (Info, error) {
	i, ok := cbridge.CipherType(t).Info()
	return found(i, ok, "mbedtls_cipher_info_from_type", "cipher %d", int(t))
}

// String is the library's name of the cipher, such as AES-128-CBC.
func (t Type) String() string {
	if i, ok := cbridge.CipherType(t).Info(); ok {
		return i.Name
	}
	return fmt.Sprintf("Type(%d)", int(t))
}

// ByName finds a cipher by the library's name, such as AES-128-CBC; an unknown one is ErrCipherFeatureUnavailable
// (mbedtls_cipher_info_from_string).
func ByName(name string) (Info, error) {
	i, ok := cbridge.CipherInfoFromString(name)
	return found(i, ok && strings.IndexByte(name, 0) < 0, "mbedtls_cipher_info_from_string", "cipher %q", name)
}

// ByValues finds a cipher by what it is made of; ErrCipherFeatureUnavailable if there is none
// (mbedtls_cipher_info_from_values).
func ByValues(id ID, keyBits int, mode Mode) (Info, error) {
	i, ok := cbridge.CipherInfoFromValues(cbridge.CipherID(id), keyBits, cbridge.CipherMode(mode))
	return found(i, ok, "mbedtls_cipher_info_from_values", "cipher %d with a key of %d bits in mode %d",
		int(id), keyBits, int(mode))
}

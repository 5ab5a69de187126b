// Package pkcs12 derives keys from passwords, and encrypts under passwords, as PKCS #12 has it (RFC 7292, appendices B
// and C).
//
// Errors are *mbedtls.Error with the library's code, and *mbedtls.NotBuiltError where the linked library lacks an option.
package pkcs12

import (
	"encoding/asn1"
	"encoding/binary"
	"unicode/utf16"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// Purpose is what a derived key is for.
type Purpose int

// The purposes.
const (
	Key    Purpose = 1
	IV     Purpose = 2
	MACKey Purpose = 3
)

// BMPString is a password as Derive wants it: in UTF-16, big-endian, with two zero bytes at the end.
func BMPString(password string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(password + "\x00")) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

// Derive derives at most 128 bytes from a password, which [BMPString] makes, and a salt, with so many iterations. Either has
// at most 64 bytes, which are 31 characters: more are ErrPKCS12BadInputData (mbedtls_pkcs12_derivation).
func Derive(t md.Type, purpose Purpose, password, salt []byte, iterations, length int) ([]byte, error) {
	if length < 0 {
		return nil, &cbridge.Error{Code: cbridge.ErrPKCS12BadInputData, Op: "mbedtls_pkcs12_derivation"}
	}
	out := make([]byte, min(length, 128+1)) // more than the library derives
	if err := cbridge.PKCS12Derivation(cbridge.MDType(t), int(purpose), password, salt, iterations, out); err != nil {
		return nil, err
	}
	return out, nil
}

// Scheme is a way to encrypt: a cipher in CBC mode, the key and IV of which are derived with a hash function. Those that
// RFC 7292 names, and the library finds in files, are Triple DES with SHA-1.
type Scheme struct {
	Cipher cipher.Type
	Hash   md.Type
}

type pbeParams struct {
	Salt       []byte
	Iterations int
}

// MarshalParams is the parameters of an encryption in DER: the ASN.1 type pkcs-12PbeParams.
func MarshalParams(salt []byte, iterations int) ([]byte, error) {
	return asn1.Marshal(pbeParams{salt, iterations})
}

// maxBlock is the longest block of a cipher, in bytes.
const maxBlock = 16

// Encrypt encrypts a message under a password of at most 31 bytes, each of which is a character: the library knows nothing
// but ISO 8859-1 here. A cipher that is not in CBC mode is an error (mbedtls_pkcs12_pbe_ext).
func Encrypt(s Scheme, params, password, message []byte) ([]byte, error) {
	return s.crypt(params, cbridge.Encrypt, password, message)
}

// Decrypt undoes Encrypt. A wrong password is ErrPKCS12PasswordMismatch, most of the time: nothing but the padding tells,
// and it may be right by chance. Who must know has to authenticate the message by other means (mbedtls_pkcs12_pbe_ext).
func Decrypt(s Scheme, params, password, message []byte) ([]byte, error) {
	return s.crypt(params, cbridge.Decrypt, password, message)
}

func (s Scheme) crypt(params []byte, op cbridge.Operation, password, message []byte) ([]byte, error) {
	var raw asn1.RawValue
	if rest, err := asn1.Unmarshal(params, &raw); err != nil || len(rest) > 0 {
		return nil, &cbridge.Error{Code: cbridge.ErrPKCS12PbeInvalidFormat, Op: "mbedtls_pkcs12_pbe_ext", Cause: err}
	}
	out := make([]byte, len(message)+maxBlock)
	n, err := cbridge.PKCS12PBE(cbridge.PBEParams{Tag: int(params[0]), Contents: raw.Bytes}, op,
		cbridge.CipherType(s.Cipher), cbridge.MDType(s.Hash), password, message, out)
	if err != nil {
		clear(out)
		return nil, err
	}
	return out[:n], nil
}

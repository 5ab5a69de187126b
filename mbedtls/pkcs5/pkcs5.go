package pkcs5

import (
	"encoding/asn1"
	"math"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// PBKDF2 derives length bytes from a password with HMACs of t. Fewer than one iteration, and 2^32 bytes or more, are
// ErrPKCS5BadInputData
// (mbedtls_pkcs5_pbkdf2_hmac_ext).
func PBKDF2(t md.Type, password, salt []byte, iterations, length int) ([]byte, error) {
	if length < 0 || uint64(length) > math.MaxUint32 {
		return nil, &cbridge.Error{Code: cbridge.ErrPKCS5BadInputData, Op: "mbedtls_pkcs5_pbkdf2_hmac_ext"}
	}
	key := make([]byte, length)
	if err := cbridge.PBKDF2(cbridge.MDType(t), password, salt, iterations, key); err != nil {
		return nil, err
	}
	return key, nil
}

// maxBlock is the longest block of a cipher, in bytes.
const maxBlock = 16

// Encrypt encrypts a message with PBES2. Params are the parameters in DER: the ASN.1 type PBES2-params of RFC 8018, which
// [Params.Marshal] makes, too (mbedtls_pkcs5_pbes2_ext).
func Encrypt(params, password, message []byte) ([]byte, error) {
	return crypt(params, cbridge.Encrypt, password, message)
}

// Decrypt undoes Encrypt. A wrong password is ErrPKCS5PasswordMismatch, most of the time: nothing but the padding tells, and
// it may be right by chance. Who must know has to authenticate the message by other means (mbedtls_pkcs5_pbes2_ext).
func Decrypt(params, password, message []byte) ([]byte, error) {
	return crypt(params, cbridge.Decrypt, password, message)
}

func crypt(params []byte, op cbridge.Operation, password, message []byte) ([]byte, error) {
	var raw asn1.RawValue
	if rest, err := asn1.Unmarshal(params, &raw); err != nil || len(rest) > 0 {
		return nil, &cbridge.Error{Code: cbridge.ErrPKCS5InvalidFormat, Op: "mbedtls_pkcs5_pbes2_ext", Cause: err}
	}
	out := make([]byte, len(message)+maxBlock)
	n, err := cbridge.PBES2(cbridge.PBEParams{Tag: int(params[0]), Contents: raw.Bytes}, op, password, message, out)
	if err != nil {
		clear(out)
		return nil, err
	}
	return out[:n], nil
}

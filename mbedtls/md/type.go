package md

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Type is a hash function, by the library's number (mbedtls_md_type_t).
type Type int

// The hash functions. Which of them the linked library has, [List] tells.
const (
	MD5       = Type(cbridge.MDMD5)
	RIPEMD160 = Type(cbridge.MDRIPEMD160)
	SHA1      = Type(cbridge.MDSHA1)
	SHA224    = Type(cbridge.MDSHA224)
	SHA256    = Type(cbridge.MDSHA256)
	SHA384    = Type(cbridge.MDSHA384)
	SHA512    = Type(cbridge.MDSHA512)
	SHA3_224  = Type(cbridge.MDSHA3_224)
	SHA3_256  = Type(cbridge.MDSHA3_256)
	SHA3_384  = Type(cbridge.MDSHA3_384)
	SHA3_512  = Type(cbridge.MDSHA3_512)
)

// List are the hash functions of the linked library (mbedtls_md_list).
func List() []Type {
	var list []Type
	for _, t := range cbridge.MDList() {
		list = append(list, Type(t))
	}
	return list
}

// unavailable is the error of a hash function that the linked library lacks.
func unavailable(op, name string) error {
	return &cbridge.Error{Code: cbridge.ErrMDFeatureUnavailable, Op: op, Cause: fmt.Errorf("hash function %s", name)}
}

// ByName finds a hash function by the library's name, such as SHA256 or SHA3-256; SHA stands for SHA1. An unknown one is
// ErrMDFeatureUnavailable (mbedtls_md_info_from_string).
func ByName(name string) (Type, error) {
	info, ok := cbridge.MDInfoFromString(name)
	if !ok || strings.IndexByte(name, 0) >= 0 { // C would read less
		return 0, unavailable("mbedtls_md_info_from_string", name)
	}
	return Type(info.Type), nil
}

// Of is the hash function that Go calls h; one that the linked library lacks is ErrMDFeatureUnavailable.
func Of(h crypto.Hash) (Type, error) {
	if t := Type(cbridge.MDOf(h)); t.Available() {
		return t, nil
	}
	return 0, unavailable("mbedtls_md_info_from_type", h.String())
}

func (t Type) info() cbridge.MDInfo {
	info, _ := cbridge.MDType(t).Info()
	return info
}

// Available reports whether the linked library has the hash function (mbedtls_md_info_from_type).
func (t Type) Available() bool { return t.info().Name != "" }

// String is the library's name of the hash function, such as SHA256 (mbedtls_md_get_name).
func (t Type) String() string {
	if name := t.info().Name; name != "" {
		return name
	}
	return fmt.Sprintf("Type(%d)", int(t))
}

// HashFunc is what Go calls the hash function, as [crypto.SignerOpts] has it; 0 of a number that is none.
func (t Type) HashFunc() crypto.Hash { return cbridge.MDType(t).CryptoHash() }

// Size is how long a digest is, in bytes; 0 if the linked library lacks the hash function (mbedtls_md_get_size).
func (t Type) Size() int { return t.info().Size }

// BlockSize is how much is hashed at a time, in bytes; 0 if the linked library lacks the hash function.
func (t Type) BlockSize() int { return t.info().BlockSize }

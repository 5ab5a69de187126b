package pk

import (
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// PublicKey is a public key that Mbed TLS has. It may be shared.
type PublicKey struct{ key }

// ParsePublicKey parses a key in PEM or DER: a SubjectPublicKeyInfo, or PKCS#1 (mbedtls_pk_parse_public_key).
func ParsePublicKey(data []byte) (*PublicKey, error) { return public(cbridge.ParsePublicKey(data)) }

// ReadPublicKey is [ParsePublicKey] for a file, which the library reads. A file that cannot be read is ErrPKFileIOError
// (mbedtls_pk_parse_public_keyfile).
func ReadPublicKey(path string) (*PublicKey, error) { return public(cbridge.ParsePublicKeyFile(path)) }

// ParseSubjectPublicKeyInfo parses the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) that der begins with, and returns
// what follows it (mbedtls_pk_parse_subpubkey).
func ParseSubjectPublicKeyInfo(der []byte) (k *PublicKey, rest []byte, err error) {
	c, rest, err := cbridge.ParseSubPubKey(der)
	k, err = public(c, err)
	return k, rest, err
}

// NewPublicKey copies a key of the standard library: *rsa.PublicKey, *ecdsa.PublicKey, or *ecdh.PublicKey. Ed25519, which
// Mbed TLS does not have, is ErrPKUnknownPKAlg.
func NewPublicKey(key crypto.PublicKey) (*PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("public key of type %T: %w", key, err)
	}
	k, err := ParsePublicKey(der)
	if err != nil {
		return nil, fmt.Errorf("public key of type %T: %w", key, err)
	}
	return k, nil
}

// PublicFromBridge makes a PublicKey of a key of package cbridge, which it takes over. It is for the packages of this
// module.
func PublicFromBridge(k *cbridge.PK) *PublicKey { return &PublicKey{key{k}} }

func public(k *cbridge.PK, err error) (*PublicKey, error) {
	if err != nil {
		return nil, err
	}
	return PublicFromBridge(k), nil
}

// CheckPair returns nil if private is the private half of the key (mbedtls_pk_check_pair). Keys of different kinds are
// ErrPKTypeMismatch; other numbers are ErrRSAKeyCheckFailed or ErrECPBadInputData. Of opaque RSA keys the library cannot
// tell (ErrPKFeatureUnavailable). With MBEDTLS_USE_PSA_CRYPTO it compares the x of EC keys without its last byte, and not
// the y; other ones are ErrPKBadInputData, and so are all pairs on Curve25519, Curve448 and secp224k1.
func (k *PublicKey) CheckPair(private *PrivateKey) error { return k.pk.CheckPair(private.pk) }

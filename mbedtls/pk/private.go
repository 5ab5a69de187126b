package pk

import (
	"crypto"
	"crypto/x509"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// PrivateKey is a private key that Mbed TLS has. It may be shared.
type PrivateKey struct {
	key
	elsewhere crypto.Signer // of NewRSAAlt
	oaep      bool          // of FromRSA: in the padding of OAEP and PSS
}

var (
	_ crypto.Signer    = (*PrivateKey)(nil)
	_ crypto.Decrypter = (*PrivateKey)(nil)
)

// ParsePrivateKey parses a key in PEM or DER: PKCS#1, SEC 1, or PKCS#8. If it is encrypted, password opens it (PBES1, PBES2,
// the PBE of PKCS#12, and PEM's own encryption, as far as the build has the ciphers); else password should be nil
// (mbedtls_pk_parse_key). A wrong password is ErrPKPasswordMismatch; a missing one is ErrPKPasswordRequired for PEM, and
// ErrPKKeyInvalidFormat for DER.
func ParsePrivateKey(data, password []byte) (*PrivateKey, error) {
	return private(cbridge.ParseKey(data, password))
}

// ReadPrivateKey is [ParsePrivateKey] for a file, which the library reads and wipes its copy of. A file that cannot be read
// is ErrPKFileIOError; a zero byte in path or password, where strings of C end, is ErrPKBadInputData
// (mbedtls_pk_parse_keyfile).
func ReadPrivateKey(path string, password []byte) (*PrivateKey, error) {
	return private(cbridge.ParseKeyFile(path, password))
}

// NewPrivateKey copies a key of the standard library: *rsa.PrivateKey, *ecdsa.PrivateKey, or *ecdh.PrivateKey. Ed25519,
// which Mbed TLS does not have, is ErrPKUnknownPKAlg.
func NewPrivateKey(key crypto.PrivateKey) (*PrivateKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("private key of type %T: %w", key, err)
	}
	defer clear(der)
	k, err := ParsePrivateKey(der, nil)
	if err != nil {
		return nil, fmt.Errorf("private key of type %T: %w", key, err)
	}
	return k, nil
}

// FromBridge makes a PrivateKey of a key of package cbridge, which it takes over. It is for the packages of this module.
func FromBridge(k *cbridge.PK) *PrivateKey { return &PrivateKey{key: key{k}} }

func private(k *cbridge.PK, err error) (*PrivateKey, error) {
	if err != nil {
		return nil, err
	}
	return FromBridge(k), nil
}

// PublicKey is the public half of the key, for the library; see [PrivateKey.Public] for the standard library's. Of a key
// that works elsewhere, there is none (ErrPKTypeMismatch).
func (k *PrivateKey) PublicKey() (*PublicKey, error) { return public(k.pk.Public()) }

package pk

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/rsa"
)

// FromRSA makes a key of a copy of an RSA context, whose padding it keeps: with that of PSS and OAEP, a Sign with a hash
// alone is PSS, too, and Decrypt and Encrypt without options are OAEP (mbedtls_pk_setup, mbedtls_rsa_copy).
func FromRSA(k *rsa.Key) (*PrivateKey, error) {
	private, err := private(cbridge.SetupRSA(k.Bridge()))
	if err != nil {
		return nil, err
	}
	padding, _ := k.Bridge().Padding()
	private.oaep = padding == cbridge.RSAPKCSV21
	return private, nil
}

// PublicFromRSA is [FromRSA] for a public key.
func PublicFromRSA(k *rsa.Key) (*PublicKey, error) { return public(cbridge.SetupRSA(k.Bridge())) }

// RSA is a copy of the key's RSA context. Other kinds are ErrPKTypeMismatch (mbedtls_pk_rsa).
func (k key) RSA() (*rsa.Key, error) {
	r, err := k.pk.RSA()
	if err != nil {
		return nil, err
	}
	return rsa.FromBridge(r), nil
}

package psa

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// PrivateKey makes a key of the library itself that stands for this one, such as for the PrivateKey of an
// mbedtls.Certificate: handshakes then sign in the store, by what the policy allows. A volatile key stays in the store until
// both are closed; closing either never takes a persistent one out of its file. It needs a build with
// MBEDTLS_USE_PSA_CRYPTO; in others the Key itself, as a [crypto.Signer], serves as well (mbedtls_pk_setup_opaque).
func (k *Key) PrivateKey() (*pk.PrivateKey, error) { return private(k.bridge().PK()) }

// CopyPrivateKey takes the key out of the store, if that is allowed (UsageExport). A public key is ErrInvalidArgument
// (mbedtls_pk_copy_from_psa).
func (k *Key) CopyPrivateKey() (*pk.PrivateKey, error) {
	a, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	if a.Type.IsPublicKey() { // of which the library makes a public one
		return nil, argument("a public key has no private half")
	}
	return private(k.bridge().CopyToPK())
}

// CopyPublicKey takes its public half out of the store (mbedtls_pk_copy_public_from_psa).
func (k *Key) CopyPublicKey() (*pk.PublicKey, error) {
	public, err := k.bridge().CopyPublicToPK()
	if err != nil {
		return nil, err
	}
	return pk.PublicFromBridge(public), nil
}

func private(k *cbridge.PK, err error) (*pk.PrivateKey, error) {
	if err != nil {
		return nil, err
	}
	return pk.FromBridge(k), nil
}

// LibraryKey is a key of the library: a *[pk.PrivateKey] or a *[pk.PublicKey].
type LibraryKey interface{ Bridge() *cbridge.PK }

// AttributesOf are those of a key of the library, if it were imported for one usage: UsageSignHash, UsageSignMessage,
// UsageDecrypt, UsageDerive, or a public half's UsageVerifyHash, UsageVerifyMessage, UsageEncrypt
// (mbedtls_pk_get_psa_attributes).
func AttributesOf(key LibraryKey, usage KeyUsage) (Attributes, error) {
	a, err := key.Bridge().PSAAttributes(uint32(usage))
	return attributesOf(a), err
}

// ImportKey copies a key of the library into the store: with a's type of a public key, its public half
// (mbedtls_pk_import_into_psa).
func ImportKey(a Attributes, key LibraryKey) (*Key, error) {
	return newKey(key.Bridge().ImportIntoPSA(a.c()))
}

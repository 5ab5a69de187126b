package pk

import "fmt"

// KeyUse is an algorithm that a key of PSA's store may be used for.
type KeyUse string

// The uses.
const (
	SignPKCS1     KeyUse = "rsa-sign-pkcs1" // RSA in TLS 1.2
	SignPSS       KeyUse = "rsa-sign-pss"   // RSA in TLS 1.3, with any hash
	SignPSSSHA256 KeyUse = "rsa-sign-pss-sha256"
	SignPSSSHA384 KeyUse = "rsa-sign-pss-sha384"
	SignPSSSHA512 KeyUse = "rsa-sign-pss-sha512"
	DecryptPKCS1  KeyUse = "rsa-decrypt" // RSA key exchange
	SignECDSA     KeyUse = "ecdsa-sign"
	AgreeECDH     KeyUse = "ecdh" // static ECDH
)

// Opaque copies the key into PSA's volatile key store, and returns a key that stands for the copy: the library then signs
// through PSA, as it would with a key that a driver keeps. The copy may be put to one or two uses; without any, to
// signatures in all versions. A use that is none, or is not for the key's type, is an error. The store holds few keys at
// once (MBEDTLS_PSA_KEY_SLOT_COUNT); the copy leaves it when it is closed and no Config uses it. It needs a build with
// MBEDTLS_USE_PSA_CRYPTO (mbedtls_pk_import_into_psa, mbedtls_pk_setup_opaque).
func (k *PrivateKey) Opaque(uses ...KeyUse) (*PrivateKey, error) {
	if len(uses) > 2 {
		return nil, fmt.Errorf("private key: a policy of PSA has two algorithms at most, not %d", len(uses))
	}
	both := [2]KeyUse{"none", "none"}
	copy(both[:], uses)
	opaque, err := private(k.pk.ImportOpaque(string(both[0]), string(both[1])))
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	return opaque, nil
}

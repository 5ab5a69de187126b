package psa

import "github.com/gombedtls/gombedtls/cbridge"

// Key is a handle on a key in the store. Any number of goroutines may use it at once.
type Key struct{ c *cbridge.PSAKey }

func newKey(c *cbridge.PSAKey, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	return &Key{c}, nil
}

// bridge is the key, or none: then calls find no such key.
func (k *Key) bridge() *cbridge.PSAKey {
	if k == nil {
		return nil
	}
	return k.c
}

// Import makes a key of its bytes: an RSA key in PKCS #1, the private number of an elliptic-curve key, the point of a public
// one, the bytes of any other (psa_import_key).
func Import(a Attributes, data []byte) (*Key, error) {
	return newKey(cbridge.ImportPSAKey(a.c(), data))
}

// Generate makes a random key (psa_generate_key).
func Generate(a Attributes) (*Key, error) { return newKey(cbridge.GeneratePSAKey(a.c())) }

// Custom are parameters of a key that is made, for its type (psa_custom_key_parameters_t).
type Custom struct {
	Flags uint32 // 0
	Data  []byte // the public exponent of an RSA key that is generated, big-endian; nil is 65537
}

// GenerateCustom is [Generate] with parameters (psa_generate_key_custom).
func GenerateCustom(a Attributes, c Custom) (*Key, error) {
	return newKey(cbridge.GeneratePSAKeyCustom(a.c(), c.Flags, c.Data))
}

// Open finds a key by its number: in the store, or in the directory of [SetStorage]. What is not there is ErrDoesNotExist; a
// file that is damaged ErrDataInvalid or ErrDataCorrupt (psa_open_key).
func Open(id KeyID) (*Key, error) { return newKey(cbridge.OpenPSAKey(id)) }

// ID is the number of the key, for functions that take one; a volatile key's was chosen by the library.
func (k *Key) ID() KeyID { return k.bridge().ID() }

// Close ends the use of the key through this handle. A volatile key leaves the store when nothing uses it any more, unless it
// was opened by number; a persistent one stays in its file, and its copy in memory is wiped. It may be called again.
func (k *Key) Close() error { return k.bridge().Close() }

// Destroy removes the key from the store and from the storage, for every handle, and closes this one. A volatile key that is
// in use goes when that ends (psa_destroy_key).
func (k *Key) Destroy() error { return k.bridge().Destroy() }

// Purge wipes the copy of a persistent key in memory; it is loaded again when it is needed (psa_purge_key).
func (k *Key) Purge() error { return k.bridge().Purge() }

// Attributes are the key's (psa_get_key_attributes).
func (k *Key) Attributes() (Attributes, error) {
	a, err := k.bridge().Attributes()
	if err != nil {
		return Attributes{}, err
	}
	return attributesOf(a), nil
}

// Copy makes another key of the same bytes, which must be allowed (UsageCopy). It may be used for what both the key and a
// allow (psa_copy_key).
func (k *Key) Copy(a Attributes) (*Key, error) { return newKey(k.bridge().Copy(a.c())) }

// sized runs a call that writes to a buffer, which is as large as the key's attributes say.
func (k *Key) sized(size func(Attributes) int, call func(out []byte) (int, error)) ([]byte, error) {
	a, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	return written(size(a), call)
}

// written runs a call that writes to a buffer. A size of 0 is of what cannot be: the call knows why.
func written(size int, call func(out []byte) (int, error)) ([]byte, error) {
	out := make([]byte, max(size, 1))
	n, err := call(out)
	if err != nil {
		return nil, err
	}
	return out[:n], nil
}

// Export gives the key's bytes, in the form that [Import] takes, if that is allowed (UsageExport). Clear them after use
// (psa_export_key).
func (k *Key) Export() ([]byte, error) {
	return k.sized(func(a Attributes) int { return ExportKeyOutputSize(a.Type, a.Bits) }, k.bridge().Export)
}

// ExportPublic gives the public half of a key: an RSA key in PKCS #1, the uncompressed point of a curve in Weierstrass form,
// the number of any other (psa_export_public_key).
func (k *Key) ExportPublic() ([]byte, error) {
	return k.sized(func(a Attributes) int { return ExportPublicKeyOutputSize(a.Type, a.Bits) }, k.bridge().ExportPublic)
}

// Agree gives the secret that is shared with the owner of a public key, which has the form of [Key.ExportPublic]. It should
// go through a derivation: see [Derivation.KeyAgreement] (psa_raw_key_agreement).
func (k *Key) Agree(a Algorithm, peer []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return AgreementOutputSize(attr.Type, attr.Bits) },
		func(out []byte) (int, error) { return k.c.RawAgreement(uint32(a), peer, out) })
}

// AsymmetricEncrypt encrypts for the key's owner. label is OAEP's, else nil (psa_asymmetric_encrypt).
func (k *Key) AsymmetricEncrypt(a Algorithm, plaintext, label []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return AsymmetricEncryptOutputSize(attr.Type, attr.Bits, a) },
		func(out []byte) (int, error) { return k.c.AsymmetricEncrypt(uint32(a), plaintext, label, out) })
}

// AsymmetricDecrypt undoes [Key.AsymmetricEncrypt]. To tell an error of the padding of PKCS #1 v1.5 to others breaks it
// (psa_asymmetric_decrypt).
func (k *Key) AsymmetricDecrypt(a Algorithm, ciphertext, label []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return AsymmetricDecryptOutputSize(attr.Type, attr.Bits, a) },
		func(out []byte) (int, error) { return k.c.AsymmetricDecrypt(uint32(a), ciphertext, label, out) })
}

// SignHash signs a digest. An ECDSA signature is two numbers of the curve's size; see [ECDSARawToDER]
// (psa_sign_hash).
func (k *Key) SignHash(a Algorithm, hash []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return SignOutputSize(attr.Type, attr.Bits, a) },
		func(out []byte) (int, error) { return k.c.SignHash(uint32(a), hash, out) })
}

// SignMessage hashes a message, and signs (psa_sign_message).
func (k *Key) SignMessage(a Algorithm, message []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return SignOutputSize(attr.Type, attr.Bits, a) },
		func(out []byte) (int, error) { return k.c.SignMessage(uint32(a), message, out) })
}

// VerifyHash checks the signature of a digest: ErrInvalidSignature if it is wrong (psa_verify_hash).
func (k *Key) VerifyHash(a Algorithm, hash, signature []byte) error {
	return k.bridge().VerifyHash(uint32(a), hash, signature)
}

// VerifyMessage checks the signature of a message: ErrInvalidSignature if it is wrong (psa_verify_message).
func (k *Key) VerifyMessage(a Algorithm, message, signature []byte) error {
	return k.bridge().VerifyMessage(uint32(a), message, signature)
}

// ECDSARawToDER gives PSA's form of an ECDSA signature, two numbers of the curve's size in bits, the form of X.509 and of
// package crypto/ecdsa (mbedtls_ecdsa_raw_to_der).
func ECDSARawToDER(bits int, raw []byte) ([]byte, error) {
	const header = 2 + 1 + 2*(2+1+1) // of a sequence of two integers, each with a length of two bytes and a zero before it
	return written(len(raw)+header, func(out []byte) (int, error) { return cbridge.ECDSARawToDER(bits, raw, out) })
}

// ECDSADERToRaw undoes [ECDSARawToDER] (mbedtls_ecdsa_der_to_raw).
func ECDSADERToRaw(bits int, der []byte) ([]byte, error) {
	if bits < 0 || bits > 1<<16 {
		return nil, ErrInvalidArgument
	}
	return written((bits+7)/8*2, func(out []byte) (int, error) { return cbridge.ECDSADERToRaw(bits, der, out) })
}

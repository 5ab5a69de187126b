package rsa

import (
	"crypto"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Public is the raw operation with the public key: in to the power E modulo N. in has [Key.Size] bytes, most significant
// first, and is less than N, else it is ErrRSABadInputData or ErrMPIBadInputData (mbedtls_rsa_public).
func (k *Key) Public(in []byte) ([]byte, error) { return k.r.Public(in) }

// Private is the raw operation with the private key, blinded with numbers of random (mbedtls_rsa_private).
func (k *Key) Private(random io.Reader, in []byte) ([]byte, error) { return k.r.Private(random, in) }

// Encrypt encrypts in the padding of the key. A message that is too long is ErrRSABadInputData (mbedtls_rsa_pkcs1_encrypt).
func (k *Key) Encrypt(random io.Reader, msg []byte) ([]byte, error) {
	return k.r.Encrypt(random, cbridge.RSAOfContext, nil, msg)
}

// EncryptPKCS1v15 encrypts in the padding of PKCS #1 v1.5, whatever that of the key is (mbedtls_rsa_rsaes_pkcs1_v15_encrypt).
func (k *Key) EncryptPKCS1v15(random io.Reader, msg []byte) ([]byte, error) {
	return k.r.Encrypt(random, cbridge.RSAV15, nil, msg)
}

// EncryptOAEP encrypts in the padding of OAEP, of the hash that [Key.SetPadding] got; label may be empty
// (mbedtls_rsa_rsaes_oaep_encrypt).
func (k *Key) EncryptOAEP(random io.Reader, label, msg []byte) ([]byte, error) {
	return k.r.Encrypt(random, cbridge.RSAV21, label, msg)
}

// Decrypt decrypts in the padding of the key. The plaintext has at most limit bytes, else it is ErrRSAOutputTooLarge; a wrong
// padding is ErrRSAInvalidPadding, and must not be told to whoever sent the message (mbedtls_rsa_pkcs1_decrypt).
func (k *Key) Decrypt(random io.Reader, msg []byte, limit int) ([]byte, error) {
	return k.decrypt(random, cbridge.RSAOfContext, nil, msg, limit)
}

// DecryptPKCS1v15 undoes [Key.EncryptPKCS1v15] as [Key.Decrypt] does. The key must have that padding
// (mbedtls_rsa_rsaes_pkcs1_v15_decrypt).
func (k *Key) DecryptPKCS1v15(random io.Reader, msg []byte, limit int) ([]byte, error) {
	return k.decrypt(random, cbridge.RSAV15, nil, msg, limit)
}

// DecryptOAEP undoes [Key.EncryptOAEP] as [Key.Decrypt] does. The key must have that padding
// (mbedtls_rsa_rsaes_oaep_decrypt).
func (k *Key) DecryptOAEP(random io.Reader, label, msg []byte, limit int) ([]byte, error) {
	return k.decrypt(random, cbridge.RSAV21, label, msg, limit)
}

func (k *Key) decrypt(random io.Reader, scheme cbridge.RSAScheme, label, msg []byte, limit int) ([]byte, error) {
	out := make([]byte, max(min(limit, k.r.Len()), 0))
	n, err := k.r.Decrypt(random, scheme, label, msg, out)
	if err != nil {
		clear(out)
		return nil, err
	}
	return out[:n:n], nil
}

// Sign signs a digest that hash made, in the padding of the key. With the hash 0 and the padding of PKCS #1 v1.5, digest are
// the bytes themselves that are signed. A digest of another length, and a key that is too small, are ErrRSABadInputData
// (mbedtls_rsa_pkcs1_sign).
func (k *Key) Sign(random io.Reader, hash crypto.Hash, digest []byte) ([]byte, error) {
	return k.r.Sign(random, cbridge.RSAOfContext, hash, digest)
}

// SignPKCS1v15 signs in the padding of PKCS #1 v1.5, which the key must have (mbedtls_rsa_rsassa_pkcs1_v15_sign).
func (k *Key) SignPKCS1v15(random io.Reader, hash crypto.Hash, digest []byte) ([]byte, error) {
	return k.r.Sign(random, cbridge.RSAV15, hash, digest)
}

// SignPSS signs in the padding of PSS, with a salt as long as the hash, or up to two bytes shorter where the key is too small
// for that (FIPS 186-4 section 5.5). The key must have that padding (mbedtls_rsa_rsassa_pss_sign).
func (k *Key) SignPSS(random io.Reader, hash crypto.Hash, digest []byte) ([]byte, error) {
	return k.r.Sign(random, cbridge.RSAV21, hash, digest)
}

// AnySalt stands for the salt of [Key.SignPSS] where a signature is made, and for any where it is verified
// (MBEDTLS_RSA_SALT_LEN_ANY).
const AnySalt = cbridge.SaltLenAny

// SignPSSSalt is [Key.SignPSS] with a salt of that many bytes, or [AnySalt] (mbedtls_rsa_rsassa_pss_sign_ext).
func (k *Key) SignPSSSalt(random io.Reader, hash crypto.Hash, digest []byte, salt int) ([]byte, error) {
	return k.r.SignPSSExt(random, hash, digest, salt)
}

// Verify returns nil if sig is a signature of the digest in the padding of the key, else ErrRSAVerifyFailed or
// ErrRSAInvalidPadding. With PSS, the salt may have any length (mbedtls_rsa_pkcs1_verify).
func (k *Key) Verify(hash crypto.Hash, digest, sig []byte) error {
	return k.r.Verify(cbridge.RSAOfContext, hash, digest, sig)
}

// VerifyPKCS1v15 is [Key.Verify] in the padding of PKCS #1 v1.5 (mbedtls_rsa_rsassa_pkcs1_v15_verify).
func (k *Key) VerifyPKCS1v15(hash crypto.Hash, digest, sig []byte) error {
	return k.r.Verify(cbridge.RSAV15, hash, digest, sig)
}

// VerifyPSS is [Key.Verify] in the padding of PSS (mbedtls_rsa_rsassa_pss_verify).
func (k *Key) VerifyPSS(hash crypto.Hash, digest, sig []byte) error {
	return k.r.Verify(cbridge.RSAV21, hash, digest, sig)
}

// VerifyPSSSalt is [Key.VerifyPSS] with a mask of the hash mgf1, and a salt of that many bytes, or [AnySalt]
// (mbedtls_rsa_rsassa_pss_verify_ext).
func (k *Key) VerifyPSSSalt(hash crypto.Hash, digest []byte, mgf1 crypto.Hash, salt int, sig []byte) error {
	return k.r.VerifyPSSExt(hash, digest, mgf1, salt, sig)
}

package psa

import "github.com/gombedtls/gombedtls/cbridge"

// Sizes in bytes: how much an operation writes at most. What takes a number of bytes gives 0 for one that is negative.

// What is enough for any key and algorithm of this build.
const (
	HashMaxSize            = cbridge.PSAHashMaxSize
	MACMaxSize             = cbridge.PSAMACMaxSize
	SignatureMaxSize       = cbridge.PSASignatureMaxSize
	ExportKeyPairMaxSize   = cbridge.PSAExportKeyPairMaxSize
	ExportPublicKeyMaxSize = cbridge.PSAExportPublicKeyMaxSize
	AgreementMaxSize       = cbridge.PSAAgreementMaxSize
	CipherIVMaxSize        = cbridge.PSACipherIVMaxSize
	AEADNonceMaxSize       = cbridge.PSAAEADNonceMaxSize
	AEADTagMaxSize         = cbridge.PSAAEADTagMaxSize
	BlockMaxSize           = cbridge.PSABlockMaxSize
	PAKEOutputMaxSize      = cbridge.PSAPAKEOutputMaxSize
)

// sized is a macro whose last argument is a number of bytes or bits.
func sized(name string, n int, args ...uint) int {
	if n < 0 {
		return 0
	}
	return int(cbridge.PSAMacro(name, append(args, uint(n))...))
}

// MACLength is the length of a MAC (PSA_MAC_LENGTH).
func MACLength(t KeyType, bits int, a Algorithm) int {
	return macro3[int]("PSA_MAC_LENGTH", t, max(bits, 0), a)
}

// AEADTagLength is the length of a tag (PSA_AEAD_TAG_LENGTH).
func AEADTagLength(t KeyType, bits int, a Algorithm) int {
	return macro3[int]("PSA_AEAD_TAG_LENGTH", t, max(bits, 0), a)
}

// AEADNonceLength is the usual length of a nonce (PSA_AEAD_NONCE_LENGTH).
func AEADNonceLength(t KeyType, a Algorithm) int { return macro2[int]("PSA_AEAD_NONCE_LENGTH", t, a) }

// AEADEncryptOutputSize is for [Key.AEADEncrypt] (PSA_AEAD_ENCRYPT_OUTPUT_SIZE).
func AEADEncryptOutputSize(t KeyType, a Algorithm, plaintext int) int {
	return sized("PSA_AEAD_ENCRYPT_OUTPUT_SIZE", plaintext, uint(t), uint(a))
}

// AEADDecryptOutputSize is for [Key.AEADDecrypt] (PSA_AEAD_DECRYPT_OUTPUT_SIZE).
func AEADDecryptOutputSize(t KeyType, a Algorithm, ciphertext int) int {
	return sized("PSA_AEAD_DECRYPT_OUTPUT_SIZE", ciphertext, uint(t), uint(a))
}

// AEADUpdateOutputSize is for [AEAD.Update] (PSA_AEAD_UPDATE_OUTPUT_SIZE).
func AEADUpdateOutputSize(t KeyType, a Algorithm, input int) int {
	return sized("PSA_AEAD_UPDATE_OUTPUT_SIZE", input, uint(t), uint(a))
}

// AEADFinishOutputSize is for [AEAD.Finish] (PSA_AEAD_FINISH_OUTPUT_SIZE).
func AEADFinishOutputSize(t KeyType, a Algorithm) int {
	return macro2[int]("PSA_AEAD_FINISH_OUTPUT_SIZE", t, a)
}

// AEADVerifyOutputSize is for [AEAD.Verify] (PSA_AEAD_VERIFY_OUTPUT_SIZE).
func AEADVerifyOutputSize(t KeyType, a Algorithm) int {
	return macro2[int]("PSA_AEAD_VERIFY_OUTPUT_SIZE", t, a)
}

// SignOutputSize is for [Key.SignHash] and [Key.SignMessage] (PSA_SIGN_OUTPUT_SIZE).
func SignOutputSize(t KeyType, bits int, a Algorithm) int {
	return macro3[int]("PSA_SIGN_OUTPUT_SIZE", t, max(bits, 0), a)
}

// AsymmetricEncryptOutputSize is for [Key.AsymmetricEncrypt] (PSA_ASYMMETRIC_ENCRYPT_OUTPUT_SIZE).
func AsymmetricEncryptOutputSize(t KeyType, bits int, a Algorithm) int {
	return macro3[int]("PSA_ASYMMETRIC_ENCRYPT_OUTPUT_SIZE", t, max(bits, 0), a)
}

// AsymmetricDecryptOutputSize is for [Key.AsymmetricDecrypt] (PSA_ASYMMETRIC_DECRYPT_OUTPUT_SIZE).
func AsymmetricDecryptOutputSize(t KeyType, bits int, a Algorithm) int {
	return max(0, macro3[int]("PSA_ASYMMETRIC_DECRYPT_OUTPUT_SIZE", t, max(bits, 0), a)) // of a key that is shorter than its padding
}

// ExportKeyOutputSize is for [Key.Export] (PSA_EXPORT_KEY_OUTPUT_SIZE).
func ExportKeyOutputSize(t KeyType, bits int) int {
	return sized("PSA_EXPORT_KEY_OUTPUT_SIZE", bits, uint(t))
}

// ExportPublicKeyOutputSize is for [Key.ExportPublic] (PSA_EXPORT_PUBLIC_KEY_OUTPUT_SIZE).
func ExportPublicKeyOutputSize(t KeyType, bits int) int {
	return sized("PSA_EXPORT_PUBLIC_KEY_OUTPUT_SIZE", bits, uint(t))
}

// AgreementOutputSize is for [Key.Agree] (PSA_RAW_KEY_AGREEMENT_OUTPUT_SIZE).
func AgreementOutputSize(t KeyType, bits int) int {
	return sized("PSA_RAW_KEY_AGREEMENT_OUTPUT_SIZE", bits, uint(t))
}

// CipherIVLength is the length of an IV (PSA_CIPHER_IV_LENGTH).
func CipherIVLength(t KeyType, a Algorithm) int { return macro2[int]("PSA_CIPHER_IV_LENGTH", t, a) }

// CipherEncryptOutputSize is for [Key.CipherEncrypt] (PSA_CIPHER_ENCRYPT_OUTPUT_SIZE).
func CipherEncryptOutputSize(t KeyType, a Algorithm, input int) int {
	return sized("PSA_CIPHER_ENCRYPT_OUTPUT_SIZE", input, uint(t), uint(a))
}

// CipherDecryptOutputSize is for [Key.CipherDecrypt] (PSA_CIPHER_DECRYPT_OUTPUT_SIZE).
func CipherDecryptOutputSize(t KeyType, a Algorithm, input int) int {
	return sized("PSA_CIPHER_DECRYPT_OUTPUT_SIZE", input, uint(t), uint(a))
}

// CipherUpdateOutputSize is for [Cipher.Update] (PSA_CIPHER_UPDATE_OUTPUT_SIZE).
func CipherUpdateOutputSize(t KeyType, a Algorithm, input int) int {
	return sized("PSA_CIPHER_UPDATE_OUTPUT_SIZE", input, uint(t), uint(a))
}

// CipherFinishOutputSize is for [Cipher.Finish] (PSA_CIPHER_FINISH_OUTPUT_SIZE).
func CipherFinishOutputSize(t KeyType, a Algorithm) int {
	return macro2[int]("PSA_CIPHER_FINISH_OUTPUT_SIZE", t, a)
}

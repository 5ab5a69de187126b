// Package lms has Mbed TLS's hash-based signatures (RFC 8554), in the one pair of parameter sets that the library has,
// LMS_SHA256_M32_H10 and LMOTS_SHA256_N32_W8: 1024 signatures of 1452 bytes with a key. Signatures are verified wherever the
// build has MBEDTLS_LMS_C; private keys need MBEDTLS_LMS_PRIVATE, which upstream has for tests: the library cannot store
// them, and a key whose state is lost must not be used again.
//
// Keys may be used by any number of goroutines. Close frees them, and wipes private ones; a call after that fails with
// [net.ErrClosed]. Errors of the library are *cbridge.Error, which users of package mbedtls know as *mbedtls.Error; their
// codes are its Err constants, for [errors.Is]. What the build lacks is *mbedtls.NotBuiltError.
package lms

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// PublicKey verifies signatures (mbedtls_lms_public_t).
type PublicKey struct{ k *cbridge.LMSPublic }

// ParsePublicKey takes a public key as RFC 8554 section 5.3 writes it, of 56 bytes. Others, and parameters that the library
// does not have, are ErrLMSBadInputData (mbedtls_lms_import_public_key).
func ParsePublicKey(key []byte) (*PublicKey, error) {
	k, err := cbridge.ImportLMSPublic(key)
	if err != nil {
		return nil, err
	}
	return &PublicKey{k}, nil
}

// Marshal writes the key (mbedtls_lms_export_public_key).
func (k *PublicKey) Marshal() ([]byte, error) { return k.k.Export(0) }

// Verify returns nil if sig is a signature of the message (RFC 8554 section 5.4), else ErrLMSVerifyFailed
// (mbedtls_lms_verify).
func (k *PublicKey) Verify(msg, sig []byte) error { return k.k.Verify(msg, sig) }

// Close frees the key. It may be called again (mbedtls_lms_public_free).
func (k *PublicKey) Close() error { return k.k.Close() }

// PrivateKey makes signatures (mbedtls_lms_private_t). It takes about 1.2 MiB.
type PrivateKey struct{ k *cbridge.LMSPrivate }

// GenerateKey derives a key from a secret seed and an identifier that it draws from random, which takes some seconds. nil
// and [crypto/rand.Reader] are the library's own generators (mbedtls_lms_generate_private_key).
func GenerateKey(random io.Reader, seed []byte) (*PrivateKey, error) {
	k, err := cbridge.GenerateLMSPrivate(random, seed)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{k}, nil
}

// PublicKey is the public half of the key (mbedtls_lms_calculate_public_key).
func (k *PrivateKey) PublicKey() (*PublicKey, error) {
	pub, err := k.k.Public()
	if err != nil {
		return nil, err
	}
	return &PublicKey{pub}, nil
}

// Sign signs a message (not its digest) with a one-time key that was not used before, and draws 32 bytes from random. After
// 1024 signatures, it is ErrLMSOutOfPrivateKeys (mbedtls_lms_sign).
func (k *PrivateKey) Sign(random io.Reader, msg []byte) ([]byte, error) {
	return k.k.Sign(random, msg, 0)
}

// Close wipes the key. It may be called again (mbedtls_lms_private_free).
func (k *PrivateKey) Close() error { return k.k.Close() }

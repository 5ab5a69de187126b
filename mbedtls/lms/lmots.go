package lms

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// KeyIDLen is the length of the identifier of an LMS key, I of RFC 8554, in bytes.
const KeyIDLen = cbridge.LMOTSKeyID

// OTSPublicKey verifies the one signature of an [OTSPrivateKey] (mbedtls_lmots_public_t).
type OTSPublicKey struct{ k *cbridge.LMOTSPublic }

// ParseOTSPublicKey takes a public key as RFC 8554 section 4.3 writes it, of 56 bytes. Others are ErrLMSBadInputData
// (mbedtls_lmots_import_public_key).
func ParseOTSPublicKey(key []byte) (*OTSPublicKey, error) {
	k, err := cbridge.ImportLMOTSPublic(key)
	if err != nil {
		return nil, err
	}
	return &OTSPublicKey{k}, nil
}

// Marshal writes the key (mbedtls_lmots_export_public_key).
func (k *OTSPublicKey) Marshal() ([]byte, error) { return k.k.Export(0) }

// Verify returns nil if sig is the signature of the message (RFC 8554 section 4.6), else ErrLMSVerifyFailed
// (mbedtls_lmots_verify).
func (k *OTSPublicKey) Verify(msg, sig []byte) error { return k.k.Verify(msg, sig) }

// Close frees the key. It may be called again (mbedtls_lmots_public_free).
func (k *OTSPublicKey) Close() error { return k.k.Close() }

// OTSPrivateKey signs once (mbedtls_lmots_private_t).
type OTSPrivateKey struct{ k *cbridge.LMOTSPrivate }

// GenerateOTSKey derives the key of a leaf of the LMS key with that identifier, which has [KeyIDLen] bytes, from a secret
// seed (RFC 8554 appendix A, mbedtls_lmots_generate_private_key).
func GenerateOTSKey(id []byte, leaf uint32, seed []byte) (*OTSPrivateKey, error) {
	k, err := cbridge.GenerateLMOTSPrivate(id, leaf, seed)
	if err != nil {
		return nil, err
	}
	return &OTSPrivateKey{k}, nil
}

// PublicKey is the public half of the key, which is there until it has signed (mbedtls_lmots_calculate_public_key).
func (k *OTSPrivateKey) PublicKey() (*OTSPublicKey, error) {
	pub, err := k.k.Public()
	if err != nil {
		return nil, err
	}
	return &OTSPublicKey{pub}, nil
}

// Sign signs a message, and wipes the key: a second time, it is ErrLMSBadInputData (mbedtls_lmots_sign).
func (k *OTSPrivateKey) Sign(random io.Reader, msg []byte) ([]byte, error) {
	return k.k.Sign(random, msg, 0)
}

// Close wipes the key. It may be called again (mbedtls_lmots_private_free).
func (k *OTSPrivateKey) Close() error { return k.k.Close() }

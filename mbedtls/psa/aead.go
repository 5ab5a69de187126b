package psa

import (
	"crypto/cipher"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// AEADEncrypt gives the ciphertext, and the tag behind it (psa_aead_encrypt).
func (k *Key) AEADEncrypt(a Algorithm, nonce, additional, plaintext []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return AEADEncryptOutputSize(attr.Type, a, len(plaintext)) },
		func(out []byte) (int, error) { return k.c.AEADEncrypt(uint32(a), nonce, additional, plaintext, out) })
}

// AEADDecrypt undoes [Key.AEADEncrypt]: ErrInvalidSignature if something was changed (psa_aead_decrypt).
func (k *Key) AEADDecrypt(a Algorithm, nonce, additional, ciphertext []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return AEADDecryptOutputSize(attr.Type, a, len(ciphertext)) },
		func(out []byte) (int, error) { return k.c.AEADDecrypt(uint32(a), nonce, additional, ciphertext, out) })
}

// aead is a [cipher.AEAD].
type aead struct {
	k               *Key
	algorithm       Algorithm
	nonce, overhead int
}

// NewAEAD makes a [cipher.AEAD] of the key, for the usual length of a nonce; any number of goroutines may use it. Closing it
// is closing the key, after which, or with a nonce of another length, its Seal panics: an AEAD of Go's has no other way
// (psa_aead_encrypt, psa_aead_decrypt).
func (k *Key) NewAEAD(a Algorithm) (cipher.AEAD, error) {
	attr, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	n := AEADNonceLength(attr.Type, a)
	if n == 0 {
		return nil, fmt.Errorf("psa: AEAD %#08x for a key of type %#04x: %w", uint32(a), uint16(attr.Type), ErrInvalidArgument)
	}
	return &aead{k, a, n, AEADTagLength(attr.Type, attr.Bits, a)}, nil
}

func (a *aead) NonceSize() int { return a.nonce }

func (a *aead) Overhead() int { return a.overhead }

func (a *aead) Seal(dst, nonce, plaintext, additional []byte) []byte {
	if len(nonce) != a.nonce {
		panic("psa: incorrect nonce length given to AEAD")
	}
	out, err := a.k.AEADEncrypt(a.algorithm, nonce, additional, plaintext)
	if err != nil {
		panic(err)
	}
	return append(dst, out...)
}

func (a *aead) Open(dst, nonce, ciphertext, additional []byte) ([]byte, error) {
	if len(nonce) != a.nonce {
		return nil, fmt.Errorf("psa: nonce of %d bytes, not %d: %w", len(nonce), a.nonce, ErrInvalidArgument)
	}
	out, err := a.k.AEADDecrypt(a.algorithm, nonce, additional, ciphertext)
	if err != nil {
		return nil, err
	}
	defer clear(out)
	return append(slices.Grow(dst, len(out)), out...), nil
}

// AEAD encrypts or decrypts in steps: a nonce, the lengths, which only CCM asks for, UpdateAD, Update, and Finish or Verify
// (psa_aead_operation_t). One goroutine uses it at a time.
type AEAD struct{ c *cbridge.PSAAEAD }

// NewAEADEncrypter starts an encryption (psa_aead_encrypt_setup).
func (k *Key) NewAEADEncrypter(a Algorithm) (*AEAD, error) {
	return k.newAEAD(a, (*cbridge.PSAAEAD).EncryptSetup)
}

// NewAEADDecrypter starts a decryption (psa_aead_decrypt_setup).
func (k *Key) NewAEADDecrypter(a Algorithm) (*AEAD, error) {
	return k.newAEAD(a, (*cbridge.PSAAEAD).DecryptSetup)
}

func (k *Key) newAEAD(a Algorithm, setup func(*cbridge.PSAAEAD, *cbridge.PSAKey, uint32) error) (*AEAD, error) {
	c, err := cbridge.NewPSAAEAD()
	if err != nil {
		return nil, err
	}
	if err := setup(c, k.bridge(), uint32(a)); err != nil {
		c.Close()
		return nil, err
	}
	return &AEAD{c}, nil
}

// GenerateNonce chooses a random nonce to encrypt with, and gives it (psa_aead_generate_nonce).
func (o *AEAD) GenerateNonce() ([]byte, error) { return written(AEADNonceMaxSize, o.c.GenerateNonce) }

// SetNonce sets the nonce (psa_aead_set_nonce).
func (o *AEAD) SetNonce(nonce []byte) error { return o.c.SetNonce(nonce) }

// SetLengths says how many bytes there will be (psa_aead_set_lengths).
func (o *AEAD) SetLengths(additional, plaintext int) error {
	return o.c.SetLengths(additional, plaintext)
}

// UpdateAD adds additional data (psa_aead_update_ad).
func (o *AEAD) UpdateAD(p []byte) error { return o.c.UpdateAD(p) }

// Update adds data, and gives what is complete. A plaintext must not be used before Verify (psa_aead_update).
func (o *AEAD) Update(input []byte) ([]byte, error) {
	return written(len(input)+BlockMaxSize, func(out []byte) (int, error) { return o.c.Update(input, out) })
}

// Finish gives the rest of the ciphertext, and the tag, after which there is no more to do but Close (psa_aead_finish).
func (o *AEAD) Finish() (rest, tag []byte, err error) {
	rest, tag = make([]byte, BlockMaxSize), make([]byte, AEADTagMaxSize)
	n, tagLen, err := o.c.Finish(rest, tag)
	if err != nil {
		return nil, nil, err
	}
	return rest[:n], tag[:tagLen], nil
}

// Verify gives the rest of the plaintext, or ErrInvalidSignature (psa_aead_verify).
func (o *AEAD) Verify(tag []byte) ([]byte, error) {
	return written(BlockMaxSize, func(out []byte) (int, error) { return o.c.Verify(out, tag) })
}

// Close wipes the state (psa_aead_abort).
func (o *AEAD) Close() error { return o.c.Close() }

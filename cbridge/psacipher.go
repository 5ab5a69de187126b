package cbridge

// #include "psa.h"
import "C"

// PSACipher is a psa_cipher_operation_t.
type PSACipher struct {
	psaOperation[C.psa_cipher_operation_t]
}

// NewPSACipher makes a cipher that is not set up.
func NewPSACipher() (*PSACipher, error) {
	o := &PSACipher{}
	return o, o.start(
		func() *C.psa_cipher_operation_t { return C.gm_psa_cipher_new() },
		func(c *C.psa_cipher_operation_t) { C.gm_psa_cipher_delete(c) })
}

// EncryptSetup chooses key and algorithm (psa_cipher_encrypt_setup).
func (o *PSACipher) EncryptSetup(k *PSAKey, alg uint32) error {
	return o.with(k, "psa_cipher_encrypt_setup", func(c *C.psa_cipher_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_cipher_encrypt_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// DecryptSetup chooses key and algorithm (psa_cipher_decrypt_setup).
func (o *PSACipher) DecryptSetup(k *PSAKey, alg uint32) error {
	return o.with(k, "psa_cipher_decrypt_setup", func(c *C.psa_cipher_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_cipher_decrypt_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// GenerateIV chooses a random IV, and writes it (psa_cipher_generate_iv).
func (o *PSACipher) GenerateIV(out []byte) (int, error) {
	return o.output("psa_cipher_generate_iv", func(c *C.psa_cipher_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_cipher_generate_iv(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// SetIV sets the IV (psa_cipher_set_iv).
func (o *PSACipher) SetIV(iv []byte) error {
	return o.call("psa_cipher_set_iv", func(c *C.psa_cipher_operation_t) C.psa_status_t {
		return C.psa_cipher_set_iv(c, cbytes(iv), C.size_t(len(iv)))
	})
}

// Update adds data, and writes what is complete (psa_cipher_update).
func (o *PSACipher) Update(in, out []byte) (int, error) {
	return o.output("psa_cipher_update", func(c *C.psa_cipher_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_cipher_update(c, cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// Finish writes the rest (psa_cipher_finish).
func (o *PSACipher) Finish(out []byte) (int, error) {
	return o.output("psa_cipher_finish", func(c *C.psa_cipher_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_cipher_finish(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// Abort has it ready for a setup again (psa_cipher_abort).
func (o *PSACipher) Abort() error {
	return o.call("psa_cipher_abort", func(c *C.psa_cipher_operation_t) C.psa_status_t { return C.psa_cipher_abort(c) })
}

// PSAAEAD is a psa_aead_operation_t.
type PSAAEAD struct {
	psaOperation[C.psa_aead_operation_t]
}

// NewPSAAEAD makes an AEAD that is not set up.
func NewPSAAEAD() (*PSAAEAD, error) {
	o := &PSAAEAD{}
	return o, o.start(
		func() *C.psa_aead_operation_t { return C.gm_psa_aead_new() },
		func(c *C.psa_aead_operation_t) { C.gm_psa_aead_delete(c) })
}

// EncryptSetup chooses key and algorithm (psa_aead_encrypt_setup).
func (o *PSAAEAD) EncryptSetup(k *PSAKey, alg uint32) error {
	return o.with(k, "psa_aead_encrypt_setup", func(c *C.psa_aead_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_aead_encrypt_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// DecryptSetup chooses key and algorithm (psa_aead_decrypt_setup).
func (o *PSAAEAD) DecryptSetup(k *PSAKey, alg uint32) error {
	return o.with(k, "psa_aead_decrypt_setup", func(c *C.psa_aead_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_aead_decrypt_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// GenerateNonce chooses a random nonce, and writes it (psa_aead_generate_nonce).
func (o *PSAAEAD) GenerateNonce(out []byte) (int, error) {
	return o.output("psa_aead_generate_nonce", func(c *C.psa_aead_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_generate_nonce(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// SetNonce sets the nonce (psa_aead_set_nonce).
func (o *PSAAEAD) SetNonce(nonce []byte) error {
	return o.call("psa_aead_set_nonce", func(c *C.psa_aead_operation_t) C.psa_status_t {
		return C.psa_aead_set_nonce(c, cbytes(nonce), C.size_t(len(nonce)))
	})
}

// SetLengths says how much there will be, which CCM must know first (psa_aead_set_lengths).
func (o *PSAAEAD) SetLengths(ad, plaintext int) error {
	return o.call("psa_aead_set_lengths", func(c *C.psa_aead_operation_t) C.psa_status_t {
		if ad < 0 || plaintext < 0 {
			C.psa_aead_abort(c)
			return C.PSA_ERROR_INVALID_ARGUMENT
		}
		return C.psa_aead_set_lengths(c, C.size_t(ad), C.size_t(plaintext))
	})
}

// UpdateAD adds additional data (psa_aead_update_ad).
func (o *PSAAEAD) UpdateAD(p []byte) error {
	return o.call("psa_aead_update_ad", func(c *C.psa_aead_operation_t) C.psa_status_t {
		return C.psa_aead_update_ad(c, cbytes(p), C.size_t(len(p)))
	})
}

// Update adds data, and writes what is complete (psa_aead_update).
func (o *PSAAEAD) Update(in, out []byte) (int, error) {
	return o.output("psa_aead_update", func(c *C.psa_aead_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_update(c, cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// Finish writes the rest of the ciphertext, and the tag (psa_aead_finish).
func (o *PSAAEAD) Finish(out, tag []byte) (n, tagLen int, err error) {
	var t C.size_t
	n, err = o.output("psa_aead_finish", func(c *C.psa_aead_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_finish(c, cbytes(out), C.size_t(len(out)), n, cbytes(tag), C.size_t(len(tag)), &t)
	})
	if err != nil {
		return 0, 0, err
	}
	return n, int(t), nil
}

// Verify writes the rest of the plaintext, if the tag is right (psa_aead_verify).
func (o *PSAAEAD) Verify(out, tag []byte) (int, error) {
	return o.output("psa_aead_verify", func(c *C.psa_aead_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_verify(c, cbytes(out), C.size_t(len(out)), n, cbytes(tag), C.size_t(len(tag)))
	})
}

// Abort has it ready for a setup again (psa_aead_abort).
func (o *PSAAEAD) Abort() error {
	return o.call("psa_aead_abort", func(c *C.psa_aead_operation_t) C.psa_status_t { return C.psa_aead_abort(c) })
}

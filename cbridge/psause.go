package cbridge

// #include "psa.h"
import "C"

// What one call does with a key. Outputs go to out, and the number of bytes is returned; an out that is too small is
// ErrPSABufferTooSmall. Algorithms are numbers of the headers.

// Export writes the key itself (psa_export_key).
func (k *PSAKey) Export(out []byte) (int, error) {
	return k.output("psa_export_key", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_export_key(id, cbytes(out), C.size_t(len(out)), n)
	})
}

// ExportPublic writes the public half of a key (psa_export_public_key).
func (k *PSAKey) ExportPublic(out []byte) (int, error) {
	return k.output("psa_export_public_key", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_export_public_key(id, cbytes(out), C.size_t(len(out)), n)
	})
}

// MAC authenticates a message (psa_mac_compute).
func (k *PSAKey) MAC(alg uint32, in, out []byte) (int, error) {
	return k.output("psa_mac_compute", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_mac_compute(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// VerifyMAC checks what MAC wrote (psa_mac_verify).
func (k *PSAKey) VerifyMAC(alg uint32, in, mac []byte) error {
	return k.use("psa_mac_verify", func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_mac_verify(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(mac), C.size_t(len(mac)))
	})
}

// CipherEncrypt writes a random IV and the ciphertext (psa_cipher_encrypt).
func (k *PSAKey) CipherEncrypt(alg uint32, in, out []byte) (int, error) {
	return k.output("psa_cipher_encrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_cipher_encrypt(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// CipherDecrypt undoes CipherEncrypt (psa_cipher_decrypt).
func (k *PSAKey) CipherDecrypt(alg uint32, in, out []byte) (int, error) {
	return k.output("psa_cipher_decrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_cipher_decrypt(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// AEADEncrypt writes the ciphertext and the tag (psa_aead_encrypt).
func (k *PSAKey) AEADEncrypt(alg uint32, nonce, ad, in, out []byte) (int, error) {
	return k.output("psa_aead_encrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_encrypt(id, C.psa_algorithm_t(alg), cbytes(nonce), C.size_t(len(nonce)), cbytes(ad), C.size_t(len(ad)),
			cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// AEADDecrypt undoes AEADEncrypt (psa_aead_decrypt).
func (k *PSAKey) AEADDecrypt(alg uint32, nonce, ad, in, out []byte) (int, error) {
	return k.output("psa_aead_decrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_aead_decrypt(id, C.psa_algorithm_t(alg), cbytes(nonce), C.size_t(len(nonce)), cbytes(ad), C.size_t(len(ad)),
			cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), n)
	})
}

// SignMessage hashes and signs (psa_sign_message).
func (k *PSAKey) SignMessage(alg uint32, message, out []byte) (int, error) {
	return k.output("psa_sign_message", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_sign_message(id, C.psa_algorithm_t(alg), cbytes(message), C.size_t(len(message)), cbytes(out), C.size_t(len(out)), n)
	})
}

// VerifyMessage checks what SignMessage wrote (psa_verify_message).
func (k *PSAKey) VerifyMessage(alg uint32, message, sig []byte) error {
	return k.use("psa_verify_message", func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_verify_message(id, C.psa_algorithm_t(alg), cbytes(message), C.size_t(len(message)), cbytes(sig), C.size_t(len(sig)))
	})
}

// SignHash signs a digest (psa_sign_hash).
func (k *PSAKey) SignHash(alg uint32, hash, out []byte) (int, error) {
	return k.output("psa_sign_hash", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_sign_hash(id, C.psa_algorithm_t(alg), cbytes(hash), C.size_t(len(hash)), cbytes(out), C.size_t(len(out)), n)
	})
}

// VerifyHash checks what SignHash wrote (psa_verify_hash).
func (k *PSAKey) VerifyHash(alg uint32, hash, sig []byte) error {
	return k.use("psa_verify_hash", func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_verify_hash(id, C.psa_algorithm_t(alg), cbytes(hash), C.size_t(len(hash)), cbytes(sig), C.size_t(len(sig)))
	})
}

// AsymmetricEncrypt encrypts for the key's owner; salt is OAEP's label (psa_asymmetric_encrypt).
func (k *PSAKey) AsymmetricEncrypt(alg uint32, in, salt, out []byte) (int, error) {
	return k.output("psa_asymmetric_encrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_asymmetric_encrypt(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(salt), C.size_t(len(salt)),
			cbytes(out), C.size_t(len(out)), n)
	})
}

// AsymmetricDecrypt undoes AsymmetricEncrypt (psa_asymmetric_decrypt).
func (k *PSAKey) AsymmetricDecrypt(alg uint32, in, salt, out []byte) (int, error) {
	return k.output("psa_asymmetric_decrypt", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_asymmetric_decrypt(id, C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(salt), C.size_t(len(salt)),
			cbytes(out), C.size_t(len(out)), n)
	})
}

// DecryptSessionKey is AsymmetricDecrypt of what has the length of out, which otherwise, and if the padding is wrong, stays as
// it is: neither the error nor the time tells.
func (k *PSAKey) DecryptSessionKey(alg uint32, in, out []byte) error {
	return k.use("psa_asymmetric_decrypt", func(id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_status_t(C.gm_psa_decrypt_session_key(id, C.uint32_t(alg), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out))))
	})
}

// RawAgreement writes the secret that is shared with the owner of the public key peer (psa_raw_key_agreement).
func (k *PSAKey) RawAgreement(alg uint32, peer, out []byte) (int, error) {
	return k.output("psa_raw_key_agreement", func(id C.mbedtls_svc_key_id_t, n *C.size_t) C.psa_status_t {
		return C.psa_raw_key_agreement(C.psa_algorithm_t(alg), id, cbytes(peer), C.size_t(len(peer)), cbytes(out), C.size_t(len(out)), n)
	})
}

// PSAHashCompute hashes (psa_hash_compute).
func PSAHashCompute(alg uint32, in, out []byte) (int, error) {
	if err := initialize(); err != nil {
		return 0, err
	}
	var n C.size_t
	status := C.psa_hash_compute(C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), &n)
	return int(n), checkPSA(status, "psa_hash_compute")
}

// PSAHashCompare hashes and compares (psa_hash_compare).
func PSAHashCompare(alg uint32, in, hash []byte) error {
	if err := initialize(); err != nil {
		return err
	}
	status := C.psa_hash_compare(C.psa_algorithm_t(alg), cbytes(in), C.size_t(len(in)), cbytes(hash), C.size_t(len(hash)))
	return checkPSA(status, "psa_hash_compare")
}

// PSARandom fills p with random bytes (psa_generate_random).
func PSARandom(p []byte) error {
	return psaCall("psa_generate_random", func() C.psa_status_t { return C.psa_generate_random(cbytes(p), C.size_t(len(p))) })
}

// PSARandomReseed seeds PSA's generator anew, at once (psa_random_reseed). Releases before 3.6.6 lack it, and the two
// below: ErrPSANotSupported.
func PSARandomReseed(personalization []byte) error {
	return psaCall("psa_random_reseed", func() C.psa_status_t {
		return C.psa_status_t(C.gm_psa_random_reseed(cbytes(personalization), C.size_t(len(personalization))))
	})
}

// PSARandomDeplete has it seeded anew when it is used next (psa_random_deplete).
func PSARandomDeplete() error {
	return psaCall("psa_random_deplete", func() C.psa_status_t { return C.psa_status_t(C.gm_psa_random_deplete()) })
}

// PSARandomPredictionResistance has it seeded anew for each use (psa_random_set_prediction_resistance).
func PSARandomPredictionResistance(on bool) error {
	return psaCall("psa_random_set_prediction_resistance", func() C.psa_status_t {
		return C.psa_status_t(C.gm_psa_random_set_prediction_resistance(C.uint(flag(on))))
	})
}

func psaCall(op string, call func() C.psa_status_t) error {
	if err := initialize(); err != nil {
		return err
	}
	return checkPSA(call(), op)
}

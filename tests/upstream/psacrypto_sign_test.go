package upstream

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"signature_size": func(t *suites.T, typ psa.KeyType, bits int, alg psa.Algorithm, want int) {
			t.Equal("SignOutputSize", psa.SignOutputSize(typ, bits, alg), want)
		},
		"sign_hash_deterministic": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, want []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignHash, Algorithm: alg}, data)
			defer k.Close()
			t.Equal("signature", must[[]byte](t, "psa_sign_hash")(k.SignHash(alg, hash)), want)
		},
		"sign_message_deterministic": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, message, want []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignMessage, Algorithm: alg}, data)
			defer k.Close()
			t.Equal("signature", must[[]byte](t, "psa_sign_message")(k.SignMessage(alg, message)), want)
		},
		"sign_hash_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte, size int, want psa.Status) {
			using(t, psa.UsageSignHash, alg, typ, data, func(k *cbridge.PSAKey) {
				_, err := k.SignHash(uint32(alg), hash, make([]byte, size))
				status(t, "psa_sign_hash", err, want)
			})
		},
		"sign_message_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, message []byte, size int, want psa.Status) {
			using(t, psa.UsageSignMessage, alg, typ, data, func(k *cbridge.PSAKey) {
				_, err := k.SignMessage(uint32(alg), message, make([]byte, size))
				status(t, "psa_sign_message", err, want)
			})
		},
		"sign_verify_hash": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignHash | psa.UsageVerifyHash, Algorithm: alg}, data)
			defer k.Close()
			sig := must[[]byte](t, "psa_sign_hash")(k.SignHash(alg, hash))
			ok(t, "psa_verify_hash", k.VerifyHash(alg, hash, sig))
			if len(hash) > 0 {
				status(t, "psa_verify_hash", k.VerifyHash(alg, changed(hash), sig), psa.ErrInvalidSignature)
			}
		},
		"sign_verify_message": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, message []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignMessage | psa.UsageVerifyMessage, Algorithm: alg}, data)
			defer k.Close()
			sig := must[[]byte](t, "psa_sign_message")(k.SignMessage(alg, message))
			ok(t, "psa_verify_message", k.VerifyMessage(alg, message, sig))
			if len(message) > 0 {
				status(t, "psa_verify_message", k.VerifyMessage(alg, changed(message), sig), psa.ErrInvalidSignature)
			}
		},
		"verify_hash": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, sig []byte) {
			verifiesHash(t, typ, data, alg, hash, sig, 0)
		},
		"verify_hash_fail": verifiesHash,
		"verify_message": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, message, sig []byte) {
			verifiesMessage(t, typ, data, alg, message, sig, 0)
		},
		"verify_message_fail":             verifiesMessage,
		"asymmetric_signature_key_policy": signaturePolicy,
		"asymmetric_encryption_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm, opaque int) {
			if opaque != 0 {
				t.Skip("a key of a test driver's")
			}
			k := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: policy}, data)
			defer k.Close()
			a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
			sealed := make([]byte, psa.AsymmetricEncryptOutputSize(typ, a.Bits, alg))
			_, err := k.AsymmetricEncrypt(alg, nil, nil)
			want := psa.ErrNotPermitted
			if policy == alg && usage&psa.UsageEncrypt != 0 {
				want = 0
			}
			status(t, "psa_asymmetric_encrypt", err, want)
			want = psa.ErrNotPermitted
			if policy == alg && usage&psa.UsageDecrypt != 0 {
				want = psa.ErrInvalidPadding
			}
			_, err = k.AsymmetricDecrypt(alg, sealed, nil)
			status(t, "psa_asymmetric_decrypt", err, want)
		},
		"asymmetric_encrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, label []byte, size int, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt, Algorithm: alg}, data)
			defer k.Close()
			out, err := k.AsymmetricEncrypt(alg, input, label)
			status(t, "psa_asymmetric_encrypt", err, want)
			if want == 0 {
				t.Equal("length", len(out), size)
			}
		},
		"asymmetric_encrypt_decrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, label []byte) {
			using(t, psa.UsageEncrypt|psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				out := make([]byte, psa.AsymmetricEncryptOutputSize(typ, bits(t, k), alg))
				n, err := k.AsymmetricEncrypt(uint32(alg), input, label, out)
				ok(t, "psa_asymmetric_encrypt", err)
				decryptsTo(t, k, alg, out[:n], label, input)
			})
		},
		"asymmetric_decrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, label, want []byte) {
			using(t, psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) { decryptsTo(t, k, alg, input, label, want) })
		},
		"asymmetric_decrypt_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, label []byte, size int, want psa.Status) {
			using(t, psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				_, err := k.AsymmetricDecrypt(uint32(alg), input, label, make([]byte, size))
				status(t, "psa_asymmetric_decrypt", err, want)
			})
		},
	}, nil)
}

func changed(p []byte) []byte {
	p = slices.Clone(p)
	p[0] ^= 1
	return p
}

func verifiesHash(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, sig []byte, want psa.Status) {
	k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageVerifyHash, Algorithm: alg}, data)
	defer k.Close()
	status(t, "psa_verify_hash", k.VerifyHash(alg, hash, sig), want)
}

func verifiesMessage(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, message, sig []byte, want psa.Status) {
	k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageVerifyMessage, Algorithm: alg}, data)
	defer k.Close()
	status(t, "psa_verify_message", k.VerifyMessage(alg, message, sig), want)
}

func decryptsTo(t *suites.T, k *cbridge.PSAKey, alg psa.Algorithm, input, label, want []byte) {
	out := make([]byte, len(want))
	n, err := k.AsymmetricDecrypt(uint32(alg), input, label, out)
	ok(t, "psa_asymmetric_decrypt", err)
	t.Equal("plaintext", out[:n], want)
	if len(want) > 0 {
		_, err := k.AsymmetricDecrypt(uint32(alg), input, label, make([]byte, len(want)-1))
		status(t, "psa_asymmetric_decrypt", err, psa.ErrBufferTooSmall)
	}
}

func signaturePolicy(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm, payloadLen int, wantUsage psa.KeyUsage) {
	k := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: policy}, data)
	defer k.Close()
	a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	t.Equal("usage", a.Usage, wantUsage)
	payload := make([]byte, max(payloadLen, 0))
	if len(payload) > 0 {
		payload[0] = 1
	}
	wanted := func(u psa.KeyUsage, allowed psa.Status) psa.Status {
		if payloadLen > 0 && wantUsage&u != 0 {
			return allowed
		}
		return psa.ErrNotPermitted
	}
	sig := make([]byte, psa.SignatureMaxSize)
	_, err := k.SignHash(alg, payload)
	status(t, "psa_sign_hash", err, wanted(psa.UsageSignHash, 0))
	status(t, "psa_verify_hash", k.VerifyHash(alg, payload, sig), wanted(psa.UsageVerifyHash, psa.ErrInvalidSignature))
	if alg.IsSignHash() && alg.SignHash().IsHash() {
		_, err := k.SignMessage(alg, payload)
		status(t, "psa_sign_message", err, wanted(psa.UsageSignMessage, 0))
		status(t, "psa_verify_message", k.VerifyMessage(alg, payload, sig), wanted(psa.UsageVerifyMessage, psa.ErrInvalidSignature))
	}
}

package upstream

import (
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto_op_fail", functions{
		"hash_fail": func(t *suites.T, alg psa.Algorithm, want psa.Status) {
			input := []byte{'A'}
			_, err := psa.NewHash(alg)
			status(t, "psa_hash_setup", err, want)
			_, err = psa.HashCompute(alg, input)
			status(t, "psa_hash_compute", err, want)
			status(t, "psa_hash_compare", psa.HashCompare(alg, input, make([]byte, psa.HashMaxSize)), want)
		},
		"mac_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignHash | psa.UsageVerifyHash, Algorithm: alg}, data)
			defer k.Close()
			_, err := k.NewMAC(alg)
			unusable(t, "psa_mac_sign_setup", err, want)
			_, err = k.NewMACVerifier(alg)
			unusable(t, "psa_mac_verify_setup", err, want)
			_, err = k.MAC(alg, []byte{'A'})
			unusable(t, "psa_mac_compute", err, want)
			unusable(t, "psa_mac_verify", k.VerifyMAC(alg, []byte{'A'}, make([]byte, psa.MACMaxSize)), want)
		},
		"cipher_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			_, err := k.NewCipherEncrypter(alg)
			unusable(t, "psa_cipher_encrypt_setup", err, want)
			_, err = k.NewCipherDecrypter(alg)
			unusable(t, "psa_cipher_decrypt_setup", err, want)
			_, err = k.CipherEncrypt(alg, []byte{'A'})
			unusable(t, "psa_cipher_encrypt", err, want)
			_, err = k.CipherDecrypt(alg, []byte{'A'})
			unusable(t, "psa_cipher_decrypt", err, want)
		},
		"aead_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			input := make([]byte, 16)
			_, err := k.NewAEADEncrypter(alg)
			unusable(t, "psa_aead_encrypt_setup", err, want)
			_, err = k.NewAEADDecrypter(alg)
			unusable(t, "psa_aead_decrypt_setup", err, want)
			_, err = k.AEADEncrypt(alg, input, nil, input)
			unusable(t, "psa_aead_encrypt", err, want)
			_, err = k.AEADDecrypt(alg, input, nil, input)
			unusable(t, "psa_aead_decrypt", err, want)
		},
		"sign_fail": signFail,
		"asymmetric_encryption_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, privateOnly int, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			if privateOnly == 0 {
				_, err := k.AsymmetricEncrypt(alg, []byte{0}, nil)
				unusable(t, "psa_asymmetric_encrypt", err, want)
			}
			_, err := k.AsymmetricDecrypt(alg, make([]byte, psa.SignatureMaxSize), nil)
			unusable(t, "psa_asymmetric_decrypt", err, want)
		},
		"key_derivation_fail": func(t *suites.T, alg psa.Algorithm, want psa.Status) {
			_, err := psa.NewDerivation(alg)
			status(t, "psa_key_derivation_setup", err, want)
		},
		"key_agreement_fail": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, _ int, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageDerive, Algorithm: alg}, data)
			defer k.Close()
			var peer []byte
			if typ.IsAsymmetric() {
				peer = must[[]byte](t, "psa_export_public_key")(k.ExportPublic())
			}
			_, err := k.Agree(alg, peer)
			unusable(t, "psa_raw_key_agreement", err, want)
			if !psa.SHA256.CanDoHash() {
				return
			}
			d := must[*psa.Derivation](t, "psa_key_derivation_setup")(psa.NewDerivation(psa.HKDF(psa.SHA256)))
			defer d.Close()
			unusable(t, "psa_key_derivation_key_agreement", d.KeyAgreement(psa.StepSecret, k, peer), want)
		},
	}, nil)
	register("psa_crypto_not_supported", functions{
		"import_not_supported": func(t *suites.T, typ psa.KeyType, data []byte) {
			k, err := psa.Import(psa.Attributes{Type: typ}, data)
			// Of a curve that is not known, the library may find the size wrong before.
			if !typ.IsECC() || statusOf(t, "psa_import_key", err) != psa.ErrInvalidArgument {
				status(t, "psa_import_key", err, psa.ErrNotSupported)
			}
			truth(t, "no key", k == nil)
		},
		"generate_not_supported": func(t *suites.T, typ psa.KeyType, bits int) {
			k, err := psa.Generate(psa.Attributes{Type: typ, Bits: bits})
			status(t, "psa_generate_key", err, psa.ErrNotSupported)
			truth(t, "no key", k == nil)
		},
	}, nil)
	register("psa_crypto_generate_key", functions{
		"generate_key": func(t *suites.T, typ psa.KeyType, bits int, want psa.Status) {
			k, err := psa.Generate(psa.Attributes{Type: typ, Bits: bits})
			status(t, "psa_generate_key", err, want)
			if want == 0 {
				defer k.Close()
				a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
				t.Equal("attributes", a, psa.Attributes{Type: typ, Bits: bits, ID: k.ID()})
			}
		},
	}, nil)
}

// unusable takes the two ways to say so for one: which it is depends on the options of the build.
func unusable(t *suites.T, what string, err error, want psa.Status) {
	got := statusOf(t, what, err)
	if got == psa.ErrInvalidArgument && want == psa.ErrNotSupported || got == psa.ErrNotSupported && want == psa.ErrInvalidArgument {
		return
	}
	status(t, what, err, want)
}

func signFail(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, privateOnly int, want psa.Status) {
	k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageSignHash | psa.UsageVerifyHash, Algorithm: alg}, data)
	defer k.Close()
	input := []byte{'A'}
	_, err := k.SignHash(alg, input)
	unusable(t, "psa_sign_hash", err, want)
	_, err = k.StartSignHash(alg, input)
	unusable(t, "psa_sign_hash_start", err, want)
	if privateOnly != 0 {
		return
	}
	a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	size := psa.SignatureMaxSize
	switch {
	case typ.IsRSA():
		size = (a.Bits + 7) / 8
	case typ.IsECC():
		size = 2 * ((a.Bits + 7) / 8)
	}
	sig := make([]byte, size)
	unusable(t, "psa_verify_hash", k.VerifyHash(alg, input, sig), want)
	_, err = k.StartVerifyHash(alg, input, sig)
	unusable(t, "psa_verify_hash_start", err, want)
}

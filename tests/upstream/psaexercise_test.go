package upstream

import (
	"crypto/x509"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// exercise does with a key what its policy allows, as upstream's tests do.
func exercise(t *suites.T, k *psa.Key, usage psa.KeyUsage, alg psa.Algorithm) {
	a := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
	sane(t, a)
	switch {
	case alg == psa.AlgNone: // of raw data
	case alg.IsMAC():
		exerciseMAC(t, k, usage, alg)
	case alg.IsCipher():
		exerciseCipher(t, k, a, usage, alg)
	case alg.IsAEAD():
		exerciseAEAD(t, k, a, usage, alg)
	case alg.IsSign():
		exerciseSignature(t, k, usage, alg)
	case alg.IsAsymmetricEncryption():
		exerciseEncryption(t, k, usage, alg)
	case alg.IsKeyDerivation():
		if usage&psa.UsageDerive != 0 {
			d := derivation(t, k.ID(), alg, []byte("Input 1\x00"), []byte("Input 2\x00"), 1)
			defer d.Close()
			ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 1)))
		}
	case alg.IsRawKeyAgreement():
		if usage&psa.UsageDerive != 0 {
			peer := must[[]byte](t, "psa_export_public_key")(k.ExportPublic())
			secret := must[[]byte](t, "psa_raw_key_agreement")(k.Agree(alg, peer))
			truth(t, "size of the secret", len(secret) <= psa.AgreementMaxSize && len(secret) > 0)
		}
	case alg.IsKeyAgreement():
		exerciseAgreement(t, k, a, usage, alg)
	default:
		t.Fatalf("no way to exercise algorithm %#x", uint32(alg))
	}
	exerciseExport(t, k, a, usage)
}

func sane(t *suites.T, a psa.Attributes) {
	if a.Lifetime.IsVolatile() {
		truth(t, "volatile ID", a.ID >= psa.KeyIDVendorMin && a.ID <= psa.KeyIDVendorMax)
	} else {
		truth(t, "persistent ID", a.ID >= psa.KeyIDUserMin && a.ID <= psa.KeyIDUserMax)
	}
	truth(t, "type and bits", a.Type != 0 && a.Bits > 0)
	truth(t, "whole bytes", !a.Type.IsUnstructured() || a.Bits%8 == 0)
	truth(t, "block", a.Type.BlockLength() <= psa.BlockMaxSize)
}

func exerciseMAC(t *suites.T, k *psa.Key, usage psa.KeyUsage, alg psa.Algorithm) {
	if alg.IsWildcard() {
		alg = psa.TruncatedMAC(alg, alg.TruncatedLength())
	}
	input := []byte("foo\x00")
	mac := make([]byte, psa.MACMaxSize)
	want := psa.ErrInvalidSignature
	if usage&psa.UsageSignHash != 0 {
		m := must[*psa.MAC](t, "psa_mac_sign_setup")(k.NewMAC(alg))
		defer m.Close()
		_, err := m.Write(input)
		ok(t, "psa_mac_update", err)
		mac = must[[]byte](t, "psa_mac_sign_finish")(m.Finish())
		want = 0
	}
	if usage&psa.UsageVerifyHash != 0 {
		m := must[*psa.MAC](t, "psa_mac_verify_setup")(k.NewMACVerifier(alg))
		defer m.Close()
		_, err := m.Write(input)
		ok(t, "psa_mac_update", err)
		status(t, "psa_mac_verify_finish", m.Verify(mac), want)
	}
}

func exerciseCipher(t *suites.T, k *psa.Key, a psa.Attributes, usage psa.KeyUsage, alg psa.Algorithm) {
	plaintext := []byte("Hello, world...\x00")
	ciphertext := []byte("(wabblewebblewibblewobblewubble)")
	iv := make([]byte, psa.CipherIVLength(a.Type, alg))
	if usage&psa.UsageEncrypt != 0 {
		c := must[*psa.Cipher](t, "psa_cipher_encrypt_setup")(k.NewCipherEncrypter(alg))
		defer c.Close()
		if len(iv) > 0 {
			iv = must[[]byte](t, "psa_cipher_generate_iv")(c.GenerateIV())
		}
		ciphertext = must[[]byte](t, "psa_cipher_update")(c.Update(plaintext))
		ciphertext = append(ciphertext, must[[]byte](t, "psa_cipher_finish")(c.Finish())...)
	}
	if usage&psa.UsageDecrypt == 0 {
		return
	}
	c := must[*psa.Cipher](t, "psa_cipher_decrypt_setup")(k.NewCipherDecrypter(alg))
	defer c.Close()
	if len(iv) > 0 {
		ok(t, "psa_cipher_set_iv", c.SetIV(iv))
	}
	decrypted := must[[]byte](t, "psa_cipher_update")(c.Update(ciphertext))
	rest, err := c.Finish()
	if usage&psa.UsageEncrypt == 0 {
		if !alg.IsStreamCipher() && statusOf(t, "psa_cipher_finish", err) == psa.ErrInvalidPadding {
			return
		}
		ok(t, "psa_cipher_finish", err)
		return
	}
	ok(t, "psa_cipher_finish", err)
	t.Equal("decrypted", append(decrypted, rest...), plaintext)
}

func exerciseAEAD(t *suites.T, k *psa.Key, a psa.Attributes, usage psa.KeyUsage, alg psa.Algorithm) {
	if alg.IsWildcard() {
		alg = psa.AEADWithShortenedTag(alg, alg.TagLength())
	}
	nonce := make([]byte, psa.AEADNonceLength(a.Type, alg))
	ciphertext := append([]byte("(wabblewebblewibblewobblewubble)"), make([]byte, 16)...)
	want := psa.ErrInvalidSignature
	if usage&psa.UsageEncrypt != 0 {
		ciphertext = must[[]byte](t, "psa_aead_encrypt")(k.AEADEncrypt(alg, nonce, nil, []byte("Hello, world...\x00")))
		want = 0
	}
	if usage&psa.UsageDecrypt != 0 {
		plaintext, err := k.AEADDecrypt(alg, nonce, nil, ciphertext)
		status(t, "psa_aead_decrypt", err, want)
		if want == 0 {
			t.Equal("decrypted", string(plaintext), "Hello, world...\x00")
		}
	}
}

func exerciseSignature(t *suites.T, k *psa.Key, usage psa.KeyUsage, alg psa.Algorithm) {
	const hashUses, messageUses = psa.UsageSignHash | psa.UsageVerifyHash, psa.UsageSignMessage | psa.UsageVerifyMessage
	hash := alg.SignHash()
	if alg.IsSignHash() && hash == psa.AnyHash && usage&(hashUses|messageUses) != 0 {
		hash = psa.SHA256
		alg ^= psa.AnyHash ^ hash
	}
	if usage&hashUses != 0 && alg.IsSignHash() {
		payload := make([]byte, 16)
		if hash != 0 {
			payload = make([]byte, hash.HashLength())
		}
		payload[0] = 1
		sig := make([]byte, psa.SignatureMaxSize)
		want := psa.ErrInvalidSignature
		if usage&psa.UsageSignHash != 0 {
			sig = must[[]byte](t, "psa_sign_hash")(k.SignHash(alg, payload))
			want = 0
		}
		if usage&psa.UsageVerifyHash != 0 {
			status(t, "psa_verify_hash", k.VerifyHash(alg, payload, sig), want)
		}
	}
	if usage&messageUses != 0 && alg != psa.ECDSAAny && alg != psa.RSAPKCS1v15SignRaw {
		message := []byte("Hello, world...\x00")
		sig := make([]byte, psa.SignatureMaxSize)
		want := psa.ErrInvalidSignature
		if usage&psa.UsageSignMessage != 0 {
			sig = must[[]byte](t, "psa_sign_message")(k.SignMessage(alg, message))
			want = 0
		}
		if usage&psa.UsageVerifyMessage != 0 {
			status(t, "psa_verify_message", k.VerifyMessage(alg, message, sig), want)
		}
	}
}

func exerciseEncryption(t *suites.T, k *psa.Key, usage psa.KeyUsage, alg psa.Algorithm) {
	plaintext := []byte("Hello, world...\x00")
	ciphertext := make([]byte, psa.SignatureMaxSize)
	if usage&psa.UsageEncrypt != 0 {
		ciphertext = must[[]byte](t, "psa_asymmetric_encrypt")(k.AsymmetricEncrypt(alg, plaintext, nil))
	}
	if usage&psa.UsageDecrypt == 0 {
		return
	}
	got, err := k.AsymmetricDecrypt(alg, ciphertext, nil)
	switch s := statusOf(t, "psa_asymmetric_decrypt", err); {
	case s == 0 && usage&psa.UsageEncrypt != 0:
		t.Equal("decrypted", got, plaintext)
	case s == 0:
	case usage&psa.UsageEncrypt == 0 && (s == psa.ErrInvalidArgument || s == psa.ErrInvalidPadding):
	default:
		t.Fatalf("psa_asymmetric_decrypt: %v", err)
	}
}

// derivation has all the inputs that its algorithm wants.
func derivation(t *suites.T, id psa.KeyID, alg psa.Algorithm, input1, input2 []byte, capacity uint64) *cbridge.PSADerivation {
	d := newDerivation(t, alg)
	k := must[*cbridge.PSAKey](t, "psa_open_key")(cbridge.OpenPSAKey(id))
	defer k.Close()
	input := func(step psa.Step, p []byte) { ok(t, "psa_key_derivation_input_bytes", d.InputBytes(uint16(step), p)) }
	secret := func(step psa.Step) { ok(t, "psa_key_derivation_input_key", d.InputKey(uint16(step), k)) }
	switch {
	case alg.IsHKDF():
		input(psa.StepSalt, input1)
		secret(psa.StepSecret)
		input(psa.StepInfo, input2)
	case alg.IsHKDFExtract():
		input(psa.StepSalt, input1)
		secret(psa.StepSecret)
	case alg.IsHKDFExpand():
		secret(psa.StepSecret)
		input(psa.StepInfo, input2)
	case alg.IsTLS12PRF(), alg.IsTLS12PSKToMS():
		input(psa.StepSeed, input1)
		secret(psa.StepSecret)
		input(psa.StepLabel, input2)
	case alg.IsPBKDF2():
		ok(t, "psa_key_derivation_input_integer", d.InputInteger(uint16(psa.StepCost), 1))
		input(psa.StepSalt, input2)
		secret(psa.StepPassword)
	case alg == psa.TLS12ECJPAKEToPMS:
		input(psa.StepSecret, input1)
	default:
		t.Fatalf("derivation %#x is not known", uint32(alg))
	}
	if capacity != anyCapacity {
		ok(t, "psa_key_derivation_set_capacity", d.SetCapacity(capacity))
	}
	return d
}

func newDerivation(t *suites.T, alg psa.Algorithm) *cbridge.PSADerivation {
	d := must[*cbridge.PSADerivation](t, "calloc")(cbridge.NewPSADerivation())
	ok(t, "psa_key_derivation_setup", d.Setup(uint32(alg)))
	return d
}

// anyCapacity leaves the capacity as it is.
const anyCapacity = 1<<64 - 1

func exerciseAgreement(t *suites.T, k *psa.Key, a psa.Attributes, usage psa.KeyUsage, alg psa.Algorithm) {
	if usage&psa.UsageDerive == 0 {
		return
	}
	kdf := alg.KDF()
	d := must[*psa.Derivation](t, "psa_key_derivation_setup")(psa.NewDerivation(alg))
	defer d.Close()
	input := []byte("HKDF input\x00")
	if kdf.IsTLS12PRF() || kdf.IsTLS12PSKToMS() {
		ok(t, "seed", d.InputBytes(psa.StepSeed, input))
	}
	if kdf.IsHKDFExtract() {
		ok(t, "salt", d.InputBytes(psa.StepSalt, nil))
	}
	peer := must[[]byte](t, "psa_export_public_key")(k.ExportPublic())
	want := psa.Status(0)
	// What is expanded is as long as the hash.
	if kdf.IsHKDFExpand() && (a.Bits+7)/8 != kdf.HKDFHash().HashLength() {
		want = psa.ErrInvalidArgument
	}
	status(t, "psa_key_derivation_key_agreement", d.KeyAgreement(psa.StepSecret, k, peer), want)
	if want != 0 {
		return
	}
	switch {
	case kdf.IsTLS12PRF(), kdf.IsTLS12PSKToMS():
		ok(t, "label", d.InputBytes(psa.StepLabel, input))
	case kdf.IsHKDF(), kdf.IsHKDFExpand():
		ok(t, "info", d.InputBytes(psa.StepInfo, input))
	}
	_, err := d.OutputBytes(1)
	ok(t, "psa_key_derivation_output_bytes", err)
}

func exerciseExport(t *suites.T, k *psa.Key, a psa.Attributes, usage psa.KeyUsage) {
	exported, err := k.Export()
	if usage&psa.UsageExport == 0 && !a.Type.IsPublicKey() {
		status(t, "psa_export_key", err, psa.ErrNotPermitted)
	} else {
		ok(t, "psa_export_key", err)
		exportSane(t, a.Type, a.Bits, exported)
	}
	public, err := k.ExportPublic()
	if !a.Type.IsAsymmetric() {
		status(t, "psa_export_public_key", err, psa.ErrInvalidArgument)
		return
	}
	ok(t, "psa_export_public_key", err)
	exportSane(t, a.Type.PublicKey(), a.Bits, public)
}

func exportSane(t *suites.T, typ psa.KeyType, bits int, exported []byte) {
	size := (bits + 7) / 8
	switch {
	case typ.IsUnstructured(), typ.IsDHKeyPair(), typ.IsDHPublicKey(), typ.IsECCKeyPair():
		t.Equal("bytes of the key", len(exported), size)
	case typ == psa.TypeRSAKeyPair:
		if _, err := x509.ParsePKCS1PrivateKey(exported); err != nil && bits >= 1024 {
			t.Fatalf("exported: %v", err)
		}
	case typ == psa.TypeRSAPublicKey:
		key, err := x509.ParsePKCS1PublicKey(exported)
		if err != nil {
			t.Fatalf("exported: %v", err)
		}
		t.Equal("bits", key.N.BitLen(), bits)
	case typ.ECCFamily() == psa.Montgomery:
		t.Equal("bytes of the key", len(exported), size)
	default:
		t.Equal("bytes of the key", len(exported), 1+2*size)
		t.Equal("first byte", exported[0], byte(4))
	}
	truth(t, "size of the export", len(exported) <= psa.ExportKeyOutputSize(typ, bits) || typ.IsPublicKey())
	if typ.IsPublicKey() {
		truth(t, "size of the public key", len(exported) <= psa.ExportPublicKeyOutputSize(typ, bits))
	}
}

// usageToExercise is what can be done with a key of a type.
func usageToExercise(typ psa.KeyType, alg psa.Algorithm) psa.KeyUsage {
	const (
		hash    = psa.UsageSignHash | psa.UsageVerifyHash
		message = psa.UsageSignMessage | psa.UsageVerifyMessage
	)
	usage := psa.KeyUsage(0)
	switch {
	case alg.IsSignHash() && alg.SignHash() != 0:
		usage = hash | message
	case alg.IsSignMessage() && !alg.IsSignHash():
		usage = message
	case alg.IsMAC(), alg.IsSign():
		usage = hash
	case alg.IsCipher(), alg.IsAEAD(), alg.IsAsymmetricEncryption():
		usage = psa.UsageEncrypt | psa.UsageDecrypt
	case alg.IsKeyDerivation(), alg.IsKeyAgreement():
		usage = psa.UsageDerive
	}
	if typ.IsPublicKey() {
		usage &^= psa.UsageSignHash | psa.UsageSignMessage | psa.UsageDecrypt
	}
	return usage
}

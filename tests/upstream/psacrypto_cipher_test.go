package upstream

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"cipher_operation_init": func(t *suites.T) {
			c := newCipher(t)
			defer c.Close()
			_, err := c.Update([]byte{0}, make([]byte, 1))
			status(t, "psa_cipher_update", err, psa.ErrBadState)
			ok(t, "psa_cipher_abort", c.Abort())
		},
		"cipher_setup": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			c := newCipher(t)
			defer c.Close()
			setup := func(typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
				using(t, psa.UsageEncrypt, alg, typ, data, func(k *cbridge.PSAKey) {
					status(t, "psa_cipher_encrypt_setup", c.EncryptSetup(k, uint32(alg)), want)
					ok(t, "psa_cipher_abort", c.Abort())
					if want != 0 {
						status(t, "psa_cipher_encrypt_setup, again", c.EncryptSetup(k, uint32(alg)), want)
					}
				})
			}
			setup(typ, data, alg, want)
			setup(psa.TypeAES, []byte("kkkkkkkkkkkkkkkk"), psa.CTR, 0)
		},
		"cipher_bad_order":      cipherBadOrder,
		"cipher_encrypt_fail":   cipherEncryptFail,
		"cipher_alg_without_iv": cipherWithoutIV,
		"cipher_encrypt_validate_iv_length": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, _ []byte, length int, want psa.Status) {
			using(t, psa.UsageEncrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				c := newCipher(t)
				defer c.Close()
				ok(t, "psa_cipher_encrypt_setup", c.EncryptSetup(k, uint32(alg)))
				status(t, "psa_cipher_set_iv", c.SetIV(make([]byte, length)), want)
			})
		},
		"cipher_bad_key": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data []byte) {
			t.Equal("CipherEncryptOutputSize", psa.CipherEncryptOutputSize(typ, alg, 16), 0)
			t.Equal("CipherUpdateOutputSize", psa.CipherUpdateOutputSize(typ, alg, 16), 0)
			using(t, psa.UsageEncrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				c := newCipher(t)
				defer c.Close()
				status(t, "psa_cipher_encrypt_setup", c.EncryptSetup(k, uint32(alg)), psa.ErrInvalidArgument)
			})
		},
		"cipher_encrypt_validation": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, input []byte) {
			using(t, psa.UsageEncrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				out := make([]byte, psa.CipherEncryptOutputSize(typ, alg, len(input)))
				n, err := k.CipherEncrypt(uint32(alg), input, out)
				ok(t, "psa_cipher_encrypt", err)
				iv := psa.CipherIVLength(typ, alg)
				got, err := enciphered(t, k, typ, alg, true, out[:iv], input, len(input), nil)
				ok(t, "psa_cipher_finish", err)
				t.Equal("in steps", got, out[iv:n])
			})
		},
		"cipher_encrypt_multipart": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, iv, input []byte, first, len1, len2 int, want []byte, code psa.Status) {
			cipherMultipart(t, true, alg, typ, data, iv, input, first, []int{len1, len2}, want, code)
		},
		"cipher_decrypt_multipart": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, iv, input []byte, first, len1, len2 int, want []byte, code psa.Status) {
			cipherMultipart(t, false, alg, typ, data, iv, input, first, []int{len1, len2}, want, code)
		},
		"cipher_decrypt_fail": cipherDecryptFail,
		"cipher_decrypt": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, iv, input, want []byte) {
			using(t, psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				in := slices.Concat(iv, input)
				out := make([]byte, psa.CipherDecryptOutputSize(typ, alg, len(in)))
				n, err := k.CipherDecrypt(uint32(alg), in, out)
				ok(t, "psa_cipher_decrypt", err)
				t.Equal("plaintext", out[:n], want)
			})
		},
		"cipher_verify_output": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, input []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			sealed := must[[]byte](t, "psa_cipher_encrypt")(k.CipherEncrypt(alg, input))
			t.Equal("plaintext", must[[]byte](t, "psa_cipher_decrypt")(k.CipherDecrypt(alg, sealed)), input)
		},
		"cipher_verify_output_multipart": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, input []byte, first int) {
			using(t, psa.UsageEncrypt|psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				iv := make([]byte, psa.CipherIVLength(typ, alg))
				ok(t, "random IV", cbridge.PSARandom(iv))
				sealed, err := enciphered(t, k, typ, alg, true, iv, input, first, nil)
				ok(t, "psa_cipher_finish", err)
				opened, err := enciphered(t, k, typ, alg, false, iv, sealed, first, nil)
				ok(t, "psa_cipher_finish", err)
				t.Equal("plaintext", opened, input)
			})
		},
		"cipher_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: policy}, data)
			defer k.Close()
			allowed := func(u psa.KeyUsage) psa.Status {
				if policy == alg && usage&u != 0 {
					return 0
				}
				return psa.ErrNotPermitted
			}
			sealed, err := k.CipherEncrypt(alg, nil)
			status(t, "psa_cipher_encrypt", err, allowed(psa.UsageEncrypt))
			if err != nil {
				sealed = make([]byte, psa.CipherEncryptOutputSize(typ, alg, 0))
			}
			_, err = k.CipherDecrypt(alg, sealed)
			status(t, "psa_cipher_decrypt", err, allowed(psa.UsageDecrypt))
			_, err = k.NewCipherEncrypter(alg)
			status(t, "psa_cipher_encrypt_setup", err, allowed(psa.UsageEncrypt))
			_, err = k.NewCipherDecrypter(alg)
			status(t, "psa_cipher_decrypt_setup", err, allowed(psa.UsageDecrypt))
		},
	}, nil)
}

func newCipher(t *suites.T) *cbridge.PSACipher {
	return must[*cbridge.PSACipher](t, "calloc")(cbridge.NewPSACipher())
}

func setupCipher(c *cbridge.PSACipher, k *cbridge.PSAKey, alg psa.Algorithm, encrypt bool) error {
	if encrypt {
		return c.EncryptSetup(k, uint32(alg))
	}
	return c.DecryptSetup(k, uint32(alg))
}

// enciphered is input in two parts, encrypted or decrypted; lengths, if there are any, are what the updates write. The error
// is that of psa_cipher_finish.
func enciphered(t *suites.T, k *cbridge.PSAKey, typ psa.KeyType, alg psa.Algorithm, encrypt bool, iv, input []byte, first int, lengths []int) ([]byte, error) {
	c := newCipher(t)
	defer c.Close()
	ok(t, "setup", setupCipher(c, k, alg, encrypt))
	if len(iv) > 0 {
		ok(t, "psa_cipher_set_iv", c.SetIV(iv))
	}
	out := make([]byte, psa.CipherUpdateOutputSize(typ, alg, len(input))+psa.CipherFinishOutputSize(typ, alg))
	total := 0
	for i, part := range [][]byte{input[:first], input[first:]} {
		if i == 1 && len(part) == 0 {
			continue
		}
		n, err := c.Update(part, out[total:])
		ok(t, "psa_cipher_update", err)
		truth(t, "CipherUpdateOutputSize", n <= psa.CipherUpdateOutputSize(typ, alg, len(part)))
		if lengths != nil {
			t.Equal("bytes of an update", n, lengths[i])
		}
		total += n
	}
	n, err := c.Finish(out[total:])
	truth(t, "CipherFinishOutputSize", n <= psa.CipherFinishOutputSize(typ, alg))
	return out[:total+n], err
}

func cipherMultipart(t *suites.T, encrypt bool, alg psa.Algorithm, typ psa.KeyType, data, iv, input []byte, first int, lengths []int, want []byte, code psa.Status) {
	usage := psa.UsageDecrypt
	if encrypt {
		usage = psa.UsageEncrypt
	}
	using(t, usage, alg, typ, data, func(k *cbridge.PSAKey) {
		got, err := enciphered(t, k, typ, alg, encrypt, iv, input, first, lengths)
		status(t, "psa_cipher_finish", err, code)
		if code == 0 {
			t.Equal("output", got, want)
		}
	})
}

func cipherBadOrder(t *suites.T) {
	using(t, psa.UsageEncrypt|psa.UsageDecrypt, psa.CBCPKCS7, psa.TypeAES, make([]byte, 16), func(k *cbridge.PSAKey) {
		alg, text, out := uint32(psa.CBCPKCS7), make([]byte, 16), make([]byte, 16)
		encrypt := func(c *cbridge.PSACipher) error { return c.EncryptSetup(k, alg) }
		decrypt := func(c *cbridge.PSACipher) error { return c.DecryptSetup(k, alg) }
		generate := func(c *cbridge.PSACipher) error {
			_, err := c.GenerateIV(out)
			return err
		}
		set := func(c *cbridge.PSACipher) error { return c.SetIV(text) }
		update := func(c *cbridge.PSACipher) error {
			_, err := c.Update(text, out)
			return err
		}
		finish := func(c *cbridge.PSACipher) error {
			_, err := c.Finish(out)
			return err
		}
		for _, calls := range [][]func(*cbridge.PSACipher) error{ // the last is out of order
			{encrypt, encrypt}, {decrypt, decrypt}, {generate}, {encrypt, generate, generate}, {encrypt, set, generate}, {set},
			{encrypt, set, set}, {encrypt, generate, set}, {update}, {encrypt, update}, {encrypt, set, finish, update}, {finish},
			{encrypt, finish}, {encrypt, set, finish, finish},
		} {
			c := newCipher(t)
			for i, call := range calls {
				want := psa.Status(0)
				if i == len(calls)-1 {
					want = psa.ErrBadState
				}
				status(t, "call", call(c), want)
			}
			status(t, "psa_cipher_update of what failed", update(c), psa.ErrBadState)
			ok(t, "psa_cipher_abort", c.Abort())
			ok(t, "psa_cipher_encrypt_setup after it", encrypt(c))
			c.Close()
		}
	})
}

// keyUnless is a key, or none if the case wants to see that there is none.
func keyUnless(t *suites.T, want psa.Status, usage psa.KeyUsage, alg psa.Algorithm, typ psa.KeyType, data []byte) (*cbridge.PSAKey, psa.Status) {
	if want == psa.ErrBadState { // of a library that was not initialized, which Go always is
		return nil, psa.ErrInvalidHandle
	}
	k := must[*cbridge.PSAKey](t, "psa_import_key")(cbridge.ImportPSAKey(bridgeAttributes(psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}), data))
	return k, want
}

func cipherEncryptFail(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, input []byte, want psa.Status) {
	k, want := keyUnless(t, want, psa.UsageEncrypt, alg, typ, data)
	defer k.Close()
	out := make([]byte, psa.CipherEncryptOutputSize(typ, alg, len(input)))
	_, err := k.CipherEncrypt(uint32(alg), input, out)
	status(t, "psa_cipher_encrypt", err, want)
	c := newCipher(t)
	defer c.Close()
	if err = c.EncryptSetup(k, uint32(alg)); err == nil {
		if alg != psa.ECBNoPadding {
			_, err := c.GenerateIV(make([]byte, psa.CipherIVMaxSize))
			ok(t, "psa_cipher_generate_iv", err)
		}
		n := 0
		if n, err = c.Update(input, out); err == nil {
			_, err = c.Finish(out[n:])
		}
	}
	status(t, "in steps", err, want)
}

func cipherDecryptFail(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, iv, input []byte, want psa.Status) {
	k, want := keyUnless(t, want, psa.UsageDecrypt, alg, typ, data)
	defer k.Close()
	in := slices.Concat(iv, input)
	_, err := k.CipherDecrypt(uint32(alg), in, make([]byte, psa.CipherDecryptOutputSize(typ, alg, len(in))))
	status(t, "psa_cipher_decrypt", err, want)
	c := newCipher(t)
	defer c.Close()
	if err = c.DecryptSetup(k, uint32(alg)); err == nil && len(iv) > 0 {
		err = c.SetIV(iv)
	}
	if err == nil {
		out := make([]byte, psa.CipherUpdateOutputSize(typ, alg, len(input))+psa.CipherFinishOutputSize(typ, alg))
		n := 0
		if n, err = c.Update(input, out); err == nil {
			_, err = c.Finish(out[n:])
		}
	}
	status(t, "in steps", err, want)
}

func cipherWithoutIV(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, plaintext, ciphertext []byte) {
	using(t, psa.UsageEncrypt|psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
		for _, encrypt := range []bool{true, false} {
			in, want := ciphertext, plaintext
			if encrypt {
				in, want = plaintext, ciphertext
			}
			c := newCipher(t)
			ok(t, "setup", setupCipher(c, k, alg, encrypt))
			status(t, "psa_cipher_set_iv", c.SetIV([]byte{0x5a}), psa.ErrBadState)
			ok(t, "setup", setupCipher(c, k, alg, encrypt))
			_, err := c.GenerateIV(make([]byte, 1))
			status(t, "psa_cipher_generate_iv", err, psa.ErrBadState)
			c.Close()
			got, err := enciphered(t, k, typ, alg, encrypt, nil, in, len(in), nil)
			ok(t, "psa_cipher_finish", err)
			t.Equal("in steps", got, want)
			out := make([]byte, psa.CipherEncryptOutputSize(typ, alg, len(plaintext)))
			n := 0
			if encrypt {
				n, err = k.CipherEncrypt(uint32(alg), in, out)
			} else {
				n, err = k.CipherDecrypt(uint32(alg), in, out)
			}
			ok(t, "at once", err)
			t.Equal("at once", out[:n], want)
		}
	})
}

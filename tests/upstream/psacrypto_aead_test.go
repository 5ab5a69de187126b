package upstream

import (
	"math"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"aead_encrypt_decrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input []byte, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			sealed, err := k.AEADEncrypt(alg, nonce, ad, input)
			status(t, "psa_aead_encrypt", err, want)
			if want == 0 {
				t.Equal("AEADEncryptOutputSize", psa.AEADEncryptOutputSize(typ, alg, len(input)), len(sealed))
				t.Equal("AEADDecryptOutputSize", psa.AEADDecryptOutputSize(typ, alg, len(sealed)), len(input))
				t.Equal("plaintext", must[[]byte](t, "psa_aead_decrypt")(k.AEADDecrypt(alg, nonce, ad, sealed)), input)
			}
		},
		"aead_encrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input, want []byte) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt, Algorithm: alg}, data)
			defer k.Close()
			t.Equal("AEADEncryptOutputSize", psa.AEADEncryptOutputSize(typ, alg, len(input)), len(input)+psa.AEADTagLength(typ, 8*len(data), alg))
			t.Equal("ciphertext", must[[]byte](t, "psa_aead_encrypt")(k.AEADEncrypt(alg, nonce, ad, input)), want)
		},
		"aead_decrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input, want []byte, code psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			got, err := k.AEADDecrypt(alg, nonce, ad, input)
			status(t, "psa_aead_decrypt", err, code)
			if code == 0 {
				t.Equal("plaintext", got, want)
			}
		},
		"aead_multipart_encrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input []byte, lengths int, want []byte) {
			aeadMultipart(t, true, typ, data, alg, nonce, ad, input, lengths != 0, want)
		},
		"aead_multipart_decrypt": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input []byte, lengths int, want []byte) {
			aeadMultipart(t, false, typ, data, alg, nonce, ad, input, lengths != 0, want)
		},
		"aead_multipart_generate_nonce": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, size, wantSize int, ad, input []byte, want psa.Status) {
			encrypting(t, typ, data, alg, func(a *cbridge.PSAAEAD) {
				n, err := a.GenerateNonce(make([]byte, size))
				status(t, "psa_aead_generate_nonce", err, want)
				t.Equal("length of the nonce", n, wantSize)
				if want == 0 {
					t.Equal("AEADNonceLength", psa.AEADNonceLength(typ, alg), n)
					ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
					ok(t, "rest", aeadRest(a, typ, alg, ad, input))
				}
			})
		},
		"aead_multipart_set_nonce": aeadSetNonce,
		"aead_multipart_update_buffer_test": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, size int, nonce, ad, input []byte, want psa.Status) {
			encrypting(t, typ, data, alg, func(a *cbridge.PSAAEAD) {
				ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
				ok(t, "psa_aead_set_nonce", a.SetNonce(nonce))
				ok(t, "psa_aead_update_ad", a.UpdateAD(ad))
				_, err := a.Update(input, make([]byte, size))
				status(t, "psa_aead_update", err, want)
				if want == 0 {
					_, _, err := a.Finish(make([]byte, psa.AEADFinishOutputSize(typ, alg)), make([]byte, psa.AEADTagMaxSize))
					ok(t, "psa_aead_finish", err)
				}
			})
		},
		"aead_multipart_finish_buffer_test": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, size, tagSize int, nonce, ad, input []byte, want psa.Status) {
			encrypting(t, typ, data, alg, func(a *cbridge.PSAAEAD) {
				ok(t, "psa_aead_set_nonce", a.SetNonce(nonce))
				ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
				ok(t, "psa_aead_update_ad", a.UpdateAD(ad))
				_, err := a.Update(input, make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(input))))
				ok(t, "psa_aead_update", err)
				_, _, err = a.Finish(make([]byte, size), make([]byte, tagSize))
				status(t, "psa_aead_finish", err, want)
			})
		},
		"aead_multipart_verify": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input, tag []byte, useTag int, wantSetup, want psa.Status) {
			using(t, psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
				a := newAEAD(t)
				defer a.Close()
				err := a.DecryptSetup(k, uint32(alg))
				status(t, "psa_aead_decrypt_setup", err, wantSetup)
				if err != nil {
					return
				}
				ok(t, "psa_aead_set_nonce", a.SetNonce(nonce))
				ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
				ok(t, "psa_aead_update_ad", a.UpdateAD(ad))
				_, err = a.Update(input, make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(input))))
				ok(t, "psa_aead_update", err)
				if useTag == 0 {
					tag = nil
				}
				_, err = a.Verify(make([]byte, psa.AEADVerifyOutputSize(typ, alg)), tag)
				status(t, "psa_aead_verify", err, want)
			})
		},
		"aead_multipart_setup": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: psa.UsageEncrypt | psa.UsageDecrypt, Algorithm: alg}, data)
			defer k.Close()
			e, err := k.NewAEADEncrypter(alg)
			status(t, "psa_aead_encrypt_setup", err, want)
			d, err := k.NewAEADDecrypter(alg)
			status(t, "psa_aead_decrypt_setup", err, want)
			if want == 0 {
				e.Close()
				d.Close()
			}
		},
		"aead_multipart_state_test": aeadStates,
		"aead_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, nonceLen, tagLen int, alg psa.Algorithm, want psa.Status) {
			using(t, usage, policy, typ, data, func(k *cbridge.PSAKey) {
				a := newAEAD(t)
				defer a.Close()
				nonce, tag := make([]byte, nonceLen), make([]byte, tagLen)
				wantEncrypt, wantDecrypt, wantTag := want, want, want
				if usage&psa.UsageEncrypt == 0 {
					wantEncrypt = psa.ErrNotPermitted
				}
				if want == 0 {
					wantTag = psa.ErrInvalidSignature
				}
				if usage&psa.UsageDecrypt == 0 {
					wantDecrypt, wantTag = psa.ErrNotPermitted, psa.ErrNotPermitted
				}
				_, err := k.AEADEncrypt(uint32(alg), nonce, nil, nil, tag)
				status(t, "psa_aead_encrypt", err, wantEncrypt)
				status(t, "psa_aead_encrypt_setup", a.EncryptSetup(k, uint32(alg)), wantEncrypt)
				_, err = k.AEADDecrypt(uint32(alg), nonce, nil, make([]byte, tagLen), nil)
				status(t, "psa_aead_decrypt", err, wantTag)
				ok(t, "psa_aead_abort", a.Abort())
				status(t, "psa_aead_decrypt_setup", a.DecryptSetup(k, uint32(alg)), wantDecrypt)
			})
		},
	}, nil)
}

func newAEAD(t *suites.T) *cbridge.PSAAEAD {
	return must[*cbridge.PSAAEAD](t, "calloc")(cbridge.NewPSAAEAD())
}

// encrypting runs f with an AEAD that is set up.
func encrypting(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, f func(a *cbridge.PSAAEAD)) {
	using(t, psa.UsageEncrypt, alg, typ, data, func(k *cbridge.PSAKey) {
		a := newAEAD(t)
		defer a.Close()
		ok(t, "psa_aead_encrypt_setup", a.EncryptSetup(k, uint32(alg)))
		f(a)
	})
}

// aeadRest is what comes after nonce and lengths.
func aeadRest(a *cbridge.PSAAEAD, typ psa.KeyType, alg psa.Algorithm, ad, input []byte) error {
	err := a.UpdateAD(ad)
	if err == nil {
		_, err = a.Update(input, make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(input))))
	}
	if err == nil {
		_, _, err = a.Finish(make([]byte, psa.AEADFinishOutputSize(typ, alg)), make([]byte, psa.AEADTagMaxSize))
	}
	return err
}

// aeadMultipart has the additional data, and then the data, in parts of all sizes.
func aeadMultipart(t *suites.T, encrypt bool, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input []byte, lengths bool, want []byte) {
	usage := psa.UsageDecrypt
	if encrypt {
		usage = psa.UsageEncrypt
	}
	using(t, usage, alg, typ, data, func(k *cbridge.PSAKey) {
		var tag []byte
		if !encrypt {
			n := len(input) - psa.AEADTagLength(typ, bits(t, k), alg)
			input, tag = input[:n], input[n:]
		}
		run := func(ad, input [][]byte, lengthsFirst bool) {
			aeadInParts(t, k, encrypt, typ, alg, nonce, ad, input, lengths, lengthsFirst, tag, want)
		}
		for size := 1; size <= len(ad); size++ {
			for _, empty := range []bool{false, true} {
				run(pieces(ad, size, empty), [][]byte{input}, size%2 == 0)
			}
		}
		for size := 1; size <= len(input); size++ {
			for _, empty := range []bool{false, true} {
				run([][]byte{ad}, pieces(input, size, empty), size%2 == 0)
			}
		}
	})
}

func aeadInParts(t *suites.T, k *cbridge.PSAKey, encrypt bool, typ psa.KeyType, alg psa.Algorithm, nonce []byte, ad, input [][]byte, lengths, lengthsFirst bool, tag, want []byte) {
	a := newAEAD(t)
	defer a.Close()
	if encrypt {
		ok(t, "psa_aead_encrypt_setup", a.EncryptSetup(k, uint32(alg)))
	} else {
		ok(t, "psa_aead_decrypt_setup", a.DecryptSetup(k, uint32(alg)))
	}
	setLengths := func() {
		if lengths {
			ok(t, "psa_aead_set_lengths", a.SetLengths(len(slices.Concat(ad...)), len(slices.Concat(input...))))
		}
	}
	if lengthsFirst {
		setLengths()
	}
	ok(t, "psa_aead_set_nonce", a.SetNonce(nonce))
	if !lengthsFirst {
		setLengths()
	}
	for _, p := range ad {
		ok(t, "psa_aead_update_ad", a.UpdateAD(p))
	}
	var got []byte
	for _, p := range input {
		out := make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(p)))
		n, err := a.Update(p, out)
		ok(t, "psa_aead_update", err)
		got = append(got, out[:n]...)
	}
	if encrypt {
		rest, tag := make([]byte, psa.AEADFinishOutputSize(typ, alg)), make([]byte, psa.AEADTagLength(typ, bits(t, k), alg))
		n, tagLen, err := a.Finish(rest, tag)
		ok(t, "psa_aead_finish", err)
		t.Equal("length of the tag", tagLen, len(tag))
		got = slices.Concat(got, rest[:n], tag)
	} else {
		rest := make([]byte, psa.AEADVerifyOutputSize(typ, alg))
		n, err := a.Verify(rest, tag)
		ok(t, "psa_aead_verify", err)
		got = append(got, rest[:n]...)
	}
	t.Equal("output", got, want)
}

func aeadSetNonce(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, size, lengths int, ad, input []byte, want psa.Status) {
	const before, after = 1, 2
	encrypting(t, typ, data, alg, func(a *cbridge.PSAAEAD) {
		nonce := make([]byte, max(size, 0))
		for i := range nonce {
			nonce[i] = byte('a' + i)
		}
		if lengths == before {
			ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
		}
		status(t, "psa_aead_set_nonce", a.SetNonce(nonce), want)
		if want != 0 {
			return
		}
		if lengths == after {
			ok(t, "psa_aead_set_lengths", a.SetLengths(len(ad), len(input)))
		}
		if alg.DefaultLengthTag() == psa.CCM && lengths == 0 {
			status(t, "psa_aead_update_ad", a.UpdateAD(ad), psa.ErrBadState)
			_, err := a.Update(input, make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(input))))
			status(t, "psa_aead_update", err, psa.ErrBadState)
			return
		}
		ok(t, "rest", aeadRest(a, typ, alg, ad, input))
	})
}

// step is a call of an AEAD, and what it returns.
type step struct {
	call func(a *cbridge.PSAAEAD) error
	want psa.Status
}

func aeadStates(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, nonce, ad, input []byte) {
	using(t, psa.UsageEncrypt|psa.UsageDecrypt, alg, typ, data, func(k *cbridge.PSAKey) {
		isCCM, isGCM, isChaCha := alg == psa.CCM, alg == psa.GCM, alg == psa.ChaCha20Poly1305
		tag := make([]byte, psa.AEADTagLength(typ, bits(t, k), alg))
		out := make([]byte, psa.AEADUpdateOutputSize(typ, alg, len(input)))
		rest := make([]byte, psa.AEADFinishOutputSize(typ, alg))
		encrypt := func(a *cbridge.PSAAEAD) error { return a.EncryptSetup(k, uint32(alg)) }
		decrypt := func(a *cbridge.PSAAEAD) error { return a.DecryptSetup(k, uint32(alg)) }
		setNonce := func(a *cbridge.PSAAEAD) error { return a.SetNonce(nonce) }
		generate := func(a *cbridge.PSAAEAD) error {
			_, err := a.GenerateNonce(make([]byte, psa.AEADNonceMaxSize))
			return err
		}
		lengths := func(ad, text uint64) func(a *cbridge.PSAAEAD) error {
			return func(a *cbridge.PSAAEAD) error { return a.SetLengths(int(ad), int(text)) }
		}
		given := lengths(uint64(len(ad)), uint64(len(input)))
		updateAD := func(a *cbridge.PSAAEAD) error { return a.UpdateAD(ad) }
		updateAD1 := func(a *cbridge.PSAAEAD) error { return a.UpdateAD(ad[:1]) }
		update := func(a *cbridge.PSAAEAD) error {
			_, err := a.Update(input, out)
			return err
		}
		update1 := func(a *cbridge.PSAAEAD) error {
			_, err := a.Update(input[:1], out)
			return err
		}
		finish := func(a *cbridge.PSAAEAD) error {
			_, _, err := a.Finish(rest, tag)
			return err
		}
		verify := func(a *cbridge.PSAAEAD) error {
			_, err := a.Verify(rest, tag)
			return err
		}
		run := func(name string, steps ...step) {
			a := newAEAD(t)
			defer a.Close()
			for i, s := range steps {
				if got := statusOf(t, name, s.call(a)); got != s.want {
					t.Fatalf("%s, call %d: %v, want %v", name, i, got, s.want)
				}
			}
		}
		if len(ad) == 0 || len(input) == 0 {
			t.Fatalf("a case without data")
		}
		const badState, invalid = psa.ErrBadState, psa.ErrInvalidArgument
		good := func(calls ...func(a *cbridge.PSAAEAD) error) (s []step) {
			for _, call := range calls {
				s = append(s, step{call, 0})
			}
			return s
		}
		bad := func(s []step, call func(a *cbridge.PSAAEAD) error, want psa.Status) []step {
			return append(s, step{call, want})
		}
		for name, call := range map[string]func(a *cbridge.PSAAEAD) error{
			"nonce": setNonce, "generate": generate, "lengths": given, "AD": updateAD, "update": update, "finish": finish, "verify": verify,
		} {
			run(name+" without setup", step{call, badState})
		}
		run("two setups", bad(good(encrypt), encrypt, badState)...)
		run("two setups", bad(good(decrypt), decrypt, badState)...)
		run("two setups", bad(good(encrypt), decrypt, badState)...)
		run("two setups", bad(good(decrypt), encrypt, badState)...)
		for _, call := range []func(a *cbridge.PSAAEAD) error{updateAD, update, finish} {
			run("without a nonce", bad(good(encrypt), call, badState)...)
		}
		run("without a nonce", bad(good(decrypt), verify, badState)...)
		run("two nonces", bad(good(encrypt, setNonce), setNonce, badState)...)
		run("two nonces", bad(good(encrypt, generate), generate, badState)...)
		run("two nonces", bad(good(encrypt, generate), setNonce, badState)...)
		run("two nonces", bad(good(encrypt, setNonce), generate, badState)...)
		run("a generated nonce to decrypt", bad(good(decrypt), generate, badState)...)
		run("lengths twice", bad(good(encrypt, setNonce, given), given, badState)...)

		limit := func(first bool, tooLong bool, l func(a *cbridge.PSAAEAD) error, nonce func(a *cbridge.PSAAEAD) error) {
			s := good(encrypt)
			if !first {
				s = append(s, step{nonce, 0})
			}
			if tooLong {
				s = bad(s, l, invalid)
				if first {
					s = bad(s, nonce, badState)
				}
			} else {
				s = append(s, step{l, 0})
				if first {
					s = append(s, step{nonce, 0})
				}
			}
			run("lengths", s...)
		}
		for _, nonce := range []func(a *cbridge.PSAAEAD) error{setNonce, generate} {
			run("lengths and nonce", good(encrypt, given, nonce)...)
			for _, first := range []bool{true, false} {
				limit(first, isCCM, lengths(math.MaxUint32, uint64(len(input))), nonce)
				if isGCM {
					limit(first, true, lengths(uint64(len(ad)), 0xfffffffe*16+1), nonce)
				}
				if isChaCha {
					limit(first, true, lengths(uint64(len(ad)), math.MaxUint32*64+1), nonce)
				}
			}
			for _, call := range []func(a *cbridge.PSAAEAD) error{updateAD, update, finish} {
				if isCCM {
					run("without lengths", bad(good(encrypt, nonce), call, badState)...)
				} else {
					run("lengths too late", bad(good(encrypt, nonce, call), given, badState)...)
				}
			}
			if isCCM {
				run("no data", bad(good(encrypt, nonce, given), finish, invalid)...)
				run("all", good(encrypt, nonce, given, updateAD, update, finish)...)
			}
		}
		if isCCM {
			run("without lengths", bad(good(decrypt, setNonce), verify, badState)...)
			run("wrong tag", bad(good(decrypt, setNonce, given, updateAD, update), verify, psa.ErrInvalidSignature)...)
		}
		run("no data", bad(good(encrypt, setNonce, given), finish, invalid)...)
		run("no data", bad(good(decrypt, setNonce, given), verify, invalid)...)
		run("no AD", bad(good(encrypt, setNonce, given), update, invalid)...)
		run("no text", bad(good(encrypt, setNonce, given, updateAD), finish, invalid)...)
		run("too much AD", bad(good(encrypt, setNonce, lengths(0, 0)), updateAD, invalid)...)
		run("too much AD", bad(good(encrypt, setNonce, given, updateAD), updateAD1, invalid)...)
		run("too much text", bad(good(encrypt, setNonce, lengths(0, 0)), update, invalid)...)
		run("too much text", bad(good(encrypt, setNonce, given, updateAD, update), update1, invalid)...)
		if !isCCM {
			run("AD after text", bad(good(encrypt, setNonce, update), updateAD, badState)...)
		}
		run("finish to decrypt", bad(good(decrypt, setNonce), finish, badState)...)
		run("verify to encrypt", bad(good(encrypt, setNonce), verify, badState)...)
	})
}

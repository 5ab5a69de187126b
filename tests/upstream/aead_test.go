package upstream

import (
	"bytes"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
)

// parts are what an AEAD's context has in common.
type parts interface {
	UpdateAD([]byte) error
	Update(in, out []byte) error
	Finish(tag []byte) error
}

// inPieces checks a message that begin begins, with the data and the text each in two pieces, of all lengths.
func inPieces(t *suites.T, c parts, begin func() error, ad, src, want, tag []byte) {
	out := make([]byte, len(src))
	got := make([]byte, len(tag))
	for n := range len(src) + 1 {
		for m := range len(ad) + 1 {
			ok := begin() == nil && c.UpdateAD(ad[:m]) == nil && c.UpdateAD(ad[m:]) == nil &&
				c.Update(src[:n], out[:n]) == nil && c.Update(src[n:], out[n:]) == nil && c.Finish(got) == nil
			if !ok || !bytes.Equal(out, want) || !bytes.Equal(got, tag) {
				t.Fatalf("in pieces of %d and %d bytes: %v, output %x, tag %x, want %x and %x", m, n, ok, out, got, want, tag)
			}
		}
	}
}

func newGCM(t *suites.T, id cbridge.CipherID, key []byte, setKey int) *cbridge.GCM {
	g, err := cbridge.NewGCM()
	t.Code("NewGCM", err, 0)
	t.Code("SetKey", g.SetKey(id, key), setKey)
	return g
}

// seals checks an AEAD of package cipher, to encrypt and to decrypt.
func seals(t *suites.T, a *cipher.AEAD, err error, iv, ad, src, dst, tag []byte) {
	t.Code("new AEAD", err, 0)
	defer a.Close()
	sealed, err := a.Encrypt(nil, iv, src, ad)
	t.Code("Encrypt", err, 0)
	t.Equal("sealed", sealed, append(bytes.Clone(dst), tag...))
	opened, err := a.Open(nil, iv, sealed, ad)
	t.Code("Open", err, 0)
	t.Equal("opened", opened, src)
}

func gcmEncrypt(inPlace bool) func(t *suites.T, id cbridge.CipherID, key, src, iv, ad, dst []byte, bits int, tag []byte, setKey int) {
	return func(t *suites.T, id cbridge.CipherID, key, src, iv, ad, dst []byte, bits int, tag []byte, setKey int) {
		g := newGCM(t, id, key, setKey)
		defer g.Close()
		if setKey != 0 {
			return
		}
		in, out, got := bytes.Clone(src), make([]byte, len(src)), make([]byte, bits/8)
		if inPlace {
			out = in
		}
		t.Code("CryptAndTag", g.CryptAndTag(iv, ad, in, out, got), 0)
		t.Equal("output", out, dst)
		t.Equal("tag", got, tag)
		inPieces(t, g, func() error { return g.Starts(cbridge.Encrypt, iv) }, ad, src, dst, tag)
		a, err := cipher.NewGCMWithSizes(cipher.ID(id), key, len(iv), len(tag))
		seals(t, a, err, iv, ad, src, dst, tag)
	}
}

func gcmDecrypt(inPlace bool) func(t *suites.T, id cbridge.CipherID, key, src, iv, ad []byte, bits int, tag []byte, result string, want []byte, setKey int) {
	return func(t *suites.T, id cbridge.CipherID, key, src, iv, ad []byte, bits int, tag []byte, result string, want []byte, setKey int) {
		g := newGCM(t, id, key, setKey)
		defer g.Close()
		if setKey != 0 {
			return
		}
		in, out := bytes.Clone(src), make([]byte, len(src))
		if inPlace {
			out = in
		}
		err := g.AuthDecrypt(iv, ad, tag[:bits/8], in, out)
		if result == "FAIL" {
			t.Code("AuthDecrypt", err, int(cbridge.ErrGCMAuthFailed))
			return
		}
		t.Code("AuthDecrypt", err, 0)
		t.Equal("output", out, want)
		inPieces(t, g, func() error { return g.Starts(cbridge.Decrypt, iv) }, ad, src, want, tag)
	}
}

// multipart checks a message of package cipher that has no text, no data, or neither, given so many times.
func multipart(t *suites.T, id cipher.ID, op cipher.Operation, key, iv, ad, src, want, tag []byte, ads, updates int) {
	m, err := cipher.NewGCMMultipart(id, key)
	t.Code("NewGCMMultipart", err, 0)
	defer m.Close()
	t.Code("Start", m.Start(op, iv), 0)
	for range ads {
		t.Code("UpdateAD", m.UpdateAD(ad), 0)
	}
	for range updates {
		out, err := m.Update(nil, src)
		t.Code("Update", err, 0)
		t.Equal("output", out, want)
	}
	if op == cipher.Decrypt {
		t.Code("Verify", m.Verify(tag), 0)
		return
	}
	got, err := m.FinishWithSize(len(tag))
	t.Code("Finish", err, 0)
	t.Equal("tag", got, tag)
}

func gcmEmptyCipher(op cipher.Operation) func(t *suites.T, id cipher.ID, key, iv, ad, tag []byte, calls int) {
	return func(t *suites.T, id cipher.ID, key, iv, ad, tag []byte, calls int) {
		multipart(t, id, op, key, iv, ad, nil, nil, tag, 1, calls)
	}
}

func gcmEmptyAD(op cipher.Operation, tagFirst bool) func(t *suites.T, id cipher.ID, key, iv, src, x, y []byte, calls int) {
	return func(t *suites.T, id cipher.ID, key, iv, src, x, y []byte, calls int) {
		want, tag := x, y
		if tagFirst {
			want, tag = y, x
		}
		multipart(t, id, op, key, iv, nil, src, want, tag, calls, 1)
	}
}

func gcmEmpty(op cipher.Operation) func(t *suites.T, id cipher.ID, key, iv, tag []byte) {
	return func(t *suites.T, id cipher.ID, key, iv, tag []byte) {
		multipart(t, id, op, key, iv, nil, nil, nil, tag, 0, 0)
	}
}

func init() {
	const enc, dec = cipher.Encrypt, cipher.Decrypt
	register("gcm", functions{
		"gcm_bad_parameters": func(t *suites.T, id cbridge.CipherID, op cbridge.Operation, key, src, iv, ad []byte, bits, want int) {
			g := newGCM(t, id, key, 0)
			defer g.Close()
			out, tag := make([]byte, len(src)), make([]byte, bits/8)
			if op == cbridge.Encrypt {
				t.Code("CryptAndTag", g.CryptAndTag(iv, ad, src, out, tag), want)
			} else {
				t.Code("AuthDecrypt", g.AuthDecrypt(iv, ad, tag, src, out), want)
			}
		},
		"gcm_encrypt_and_tag":                     gcmEncrypt(false),
		"gcm_decrypt_and_verify":                  gcmDecrypt(false),
		"gcm_encrypt_input_output_buffer_overlap": gcmEncrypt(true),
		"gcm_decrypt_input_output_buffer_overlap": gcmDecrypt(true),
		"gcm_decrypt_and_verify_empty_cipher":     gcmEmptyCipher(dec),
		"gcm_encrypt_and_tag_empty_cipher":        gcmEmptyCipher(enc),
		"gcm_decrypt_and_verify_empty_ad":         gcmEmptyAD(dec, true),
		"gcm_encrypt_and_tag_empty_ad":            gcmEmptyAD(enc, false),
		"gcm_decrypt_and_verify_no_ad_no_cipher":  gcmEmpty(dec),
		"gcm_encrypt_and_verify_no_ad_no_cipher":  gcmEmpty(enc),
		"gcm_update_output_buffer_too_small": func(t *suites.T, id cbridge.CipherID, op cbridge.Operation, key, src, iv []byte) {
			g := newGCM(t, id, key, 0)
			defer g.Close()
			t.Code("Starts", g.Starts(op, iv), 0)
			t.Code("Update", g.Update(src, make([]byte, len(src)-1)), int(cbridge.ErrGCMBufferTooSmall))
		},
		"gcm_invalid_param": func(t *suites.T) {
			_, err := cipher.NewGCM(cipher.AES, []byte{1})
			t.Code("NewGCM", err, int(cbridge.ErrGCMBadInput))
		},
		"gcm_invalid_iv_len": func(t *suites.T) {
			g := newGCM(t, cbridge.CipherAES, make([]byte, 16), 0)
			defer g.Close()
			t.Code("Starts", g.Starts(cbridge.Encrypt, nil), int(cbridge.ErrGCMBadInput))
		},
	}, unmapped{
		"gcm_add_len_too_long":   "2^61 bytes, of which there is one: Go's slices are as long as they say",
		"gcm_input_len_too_long": "2^36 bytes, of which there is one: Go's slices are as long as they say",
		"gcm_selftest":           selfTest,
	})
	register("chachapoly", functions{
		"mbedtls_chachapoly_enc": func(t *suites.T, key, nonce, ad, src, dst, mac []byte) {
			a, err := cipher.NewChaCha20Poly1305(key)
			seals(t, a, err, nonce, ad, src, dst, mac)
			m, err := cipher.NewChaCha20Poly1305Multipart(key)
			t.Code("NewChaCha20Poly1305Multipart", err, 0)
			defer m.Close()
			t.Code("Start", m.Start(enc, nonce), 0)
			t.Code("UpdateAD", m.UpdateAD(ad), 0)
			out, err := m.Update(nil, src)
			t.Code("Update", err, 0)
			t.Equal("output", out, dst)
			tag, err := m.Finish()
			t.Code("Finish", err, 0)
			t.Equal("tag", tag, mac)
		},
		"mbedtls_chachapoly_dec": func(t *suites.T, key, nonce, ad, src, want, mac []byte, result int) {
			a, err := cipher.NewChaCha20Poly1305(key)
			t.Code("NewChaCha20Poly1305", err, 0)
			defer a.Close()
			out, err := a.Open(nil, nonce, append(bytes.Clone(src), mac...), ad)
			t.Code("Open", err, result)
			if result == 0 {
				t.Equal("output", out, want)
			}
		},
		"chachapoly_state": func(t *suites.T) {
			c, err := cbridge.NewChaChaPoly()
			t.Code("NewChaChaPoly", err, 0)
			defer c.Close()
			ad, in, out, mac, nonce := make([]byte, 1), make([]byte, 1), make([]byte, 1), make([]byte, 16), make([]byte, 12)
			const bad = int(cbridge.ErrChachapolyBadState)
			finish := func(want int) { t.Code("Finish", c.Finish(mac), want) }
			update := func(want int) { t.Code("Update", c.Update(in, out), want) }
			updateAAD := func(want int) { t.Code("UpdateAAD", c.UpdateAAD(ad), want) }
			starts := func() { t.Code("Starts", c.Starts(cbridge.Encrypt, nonce), 0) }
			finish(bad)
			update(bad)
			updateAAD(bad)
			t.Code("SetKey", c.SetKey(make([]byte, 32)), 0)
			finish(bad)
			update(bad)
			updateAAD(bad)
			starts()
			finish(0)
			update(bad)
			updateAAD(bad)
			starts()
			update(0)
			update(0)
			updateAAD(bad)
			starts()
			updateAAD(0)
			updateAAD(0)
			finish(0)
		},
	}, unmapped{
		"chachapoly_update_too_long": "sets the counter inside of the context, so that 256 GiB are not needed",
		"chachapoly_selftest":        selfTest,
	})
	register("nist_kw", functions{
		"mbedtls_nist_kw_mix_contexts": func(t *suites.T) {
			key := make([]byte, 16)
			for _, first := range []func([]byte) (*cipher.KeyWrap, error){cipher.NewKW, cipher.NewKWP} {
				a, err := first(key)
				t.Code("new KeyWrap", err, 0)
				b, err := first(key)
				t.Code("new KeyWrap", err, 0)
				wrapped, err := a.Wrap(make([]byte, 32))
				t.Code("Wrap", err, 0)
				t.Equal("length", len(wrapped), 40)
				for _, k := range []*cipher.KeyWrap{b, a} {
					plain, err := k.Unwrap(wrapped)
					t.Code("Unwrap", err, 0)
					t.Equal("key", plain, make([]byte, 32))
				}
				a.Close()
				b.Close()
			}
		},
		"mbedtls_nist_kw_setkey": func(t *suites.T, id cbridge.CipherID, bits, wrap, want int) {
			k, err := cbridge.NewNistKW()
			t.Code("NewNistKW", err, 0)
			defer k.Close()
			t.Code("SetKey", k.SetKey(id, bytes.Repeat([]byte{0x2a}, bits/8), wrap != 0), want)
		},
		"nist_kw_plaintext_lengths": func(t *suites.T, in, out int, mode cbridge.KWMode, want int) {
			k := newNistKW(t, make([]byte, 16), true)
			defer k.Close()
			n, err := k.Wrap(mode, make([]byte, in), make([]byte, out))
			t.Code("Wrap", err, want)
			length := 0
			if want == 0 {
				if length = in + 8; mode == cbridge.KWP {
					length = in + 8 - in%8 + 8
				}
			}
			t.Equal("length", n, length)
		},
		"nist_kw_ciphertext_lengths": func(t *suites.T, in, out int, mode cbridge.KWMode, want int) {
			k := newNistKW(t, make([]byte, 16), false)
			defer k.Close()
			n, err := k.Unwrap(mode, make([]byte, in), make([]byte, out))
			if want == 0 {
				want = int(cbridge.ErrCipherAuthFailed)
			}
			t.Code("Unwrap", err, want)
			t.Equal("length", n, 0)
		},
		"mbedtls_nist_kw_wrap": func(t *suites.T, id cbridge.CipherID, mode cbridge.KWMode, key, msg, want []byte) {
			k := newNistKW(t, key, true)
			defer k.Close()
			out := bytes.Repeat([]byte("+"), 528)
			n, err := k.Wrap(mode, msg, out)
			t.Code("Wrap", err, 0)
			t.Equal("wrapped", out[:n], want)
			t.Equal("what follows", out[(len(msg)+7)/8*8+8:], bytes.Repeat([]byte("+"), 528)[(len(msg)+7)/8*8+8:])
			w := keyWrap(t, mode, key)
			defer w.Close()
			wrapped, err := w.Wrap(msg)
			t.Code("KeyWrap.Wrap", err, 0)
			t.Equal("wrapped", wrapped, want)
		},
		"mbedtls_nist_kw_unwrap": func(t *suites.T, id cbridge.CipherID, mode cbridge.KWMode, key, msg, want []byte, result int) {
			k := newNistKW(t, key, false)
			defer k.Close()
			out := bytes.Repeat([]byte("+"), 528)
			n, err := k.Unwrap(mode, msg, out)
			t.Code("Unwrap", err, result)
			if result == 0 {
				t.Equal("key", out[:n], want)
			} else {
				t.Equal("length", n, 0)
			}
			t.Equal("what follows", out[len(msg)-8:], bytes.Repeat([]byte("+"), 528)[len(msg)-8:])
			w := keyWrap(t, mode, key)
			defer w.Close()
			plain, err := w.Unwrap(msg)
			t.Code("KeyWrap.Unwrap", err, result)
			if result == 0 {
				t.Equal("key", plain, want)
			}
		},
	}, unmapped{"mbedtls_nist_kw_self_test": selfTest})
}

func newNistKW(t *suites.T, key []byte, wrap bool) *cbridge.NistKW {
	k, err := cbridge.NewNistKW()
	t.Code("NewNistKW", err, 0)
	t.Code("SetKey", k.SetKey(cbridge.CipherAES, key, wrap), 0)
	return k
}

func keyWrap(t *suites.T, mode cbridge.KWMode, key []byte) *cipher.KeyWrap {
	of := cipher.NewKW
	if mode == cbridge.KWP {
		of = cipher.NewKWP
	}
	w, err := of(key)
	t.Code("new KeyWrap", err, 0)
	return w
}

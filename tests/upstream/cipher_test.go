package upstream

import (
	"bytes"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
)

// noPadding is what the suite has for a mode without a choice.
const noPadding = -1

func layer(t *suites.T, typ cipher.Type, key []byte, op cipher.Operation, padding int) *cipher.Cipher {
	c, err := cipher.New(typ, key, op)
	t.Code("New", err, 0)
	if padding != noPadding {
		t.Code("SetPadding", c.SetPadding(cipher.Padding(padding)), 0)
	}
	return c
}

// tags tells whether the mode has the calls of a tag.
func tags(i cipher.Info) bool {
	return i.Mode == cipher.ModeGCM || i.Mode == cipher.ModeChaCha20Poly1305
}

// ivLen is the length of an IV that the suite takes.
func ivLen(i cipher.Info) int {
	switch {
	case i.Mode == cipher.ModeCCMStarNoTag:
		return 13
	case i.ID == cipher.ChaCha20:
		return 12
	}
	return 16
}

// want is code for the modes that have tags, and for others that they have none.
func want(i cipher.Info, code int) int {
	if tags(i) {
		return code
	}
	return int(cbridge.ErrCipherFeatureUnavailable)
}

func begin(t *suites.T, c *cipher.Cipher, iv, ad []byte) {
	t.Code("SetIV", c.SetIV(iv), 0)
	t.Code("Reset", c.Reset(), 0)
	t.Code("UpdateAD", c.UpdateAD(ad), want(c.Info(), 0))
}

// update returns the output of one call, and checks its length; a negative one can be any.
func update(t *suites.T, c *cipher.Cipher, src []byte, length int) []byte {
	out, err := c.Update(nil, src)
	t.Code("Update", err, 0)
	if length >= 0 {
		t.Equal("output's length", len(out), length)
	}
	return out
}

func finish(t *suites.T, c *cipher.Cipher, out []byte) []byte {
	out, err := c.Finish(out)
	t.Code("Finish", err, 0)
	return out
}

func knownCipher(t *suites.T, typ cipher.Type, name string) cipher.Info {
	i, err := cipher.ByName(name)
	t.Code("ByName", err, 0)
	t.Equal("type", i.Type, typ)
	same, err := typ.Info()
	t.Code("Info", err, 0)
	t.Equal("info", same, i)
	t.Equal("name", i.Name, name)
	return i
}

func encDec(t *suites.T, typ cipher.Type, name string, keyBits, length, padding int) {
	i := knownCipher(t, typ, name)
	key := bytes.Repeat([]byte{0x2a}, keyBits/8)
	d, e := layer(t, typ, key, cipher.Decrypt, padding), layer(t, typ, key, cipher.Encrypt, padding)
	defer d.Close()
	defer e.Close()
	for n := range 3 {
		iv, ad := bytes.Repeat([]byte{byte(n)}, ivLen(i)), bytes.Repeat([]byte{byte(0x10 + n)}, 13-n)
		in := bytes.Repeat([]byte{byte(0x20 + n)}, length)
		begin(t, d, iv, ad)
		begin(t, e, iv, ad)
		crypted := finish(t, e, update(t, e, in, -1))
		if len(crypted) != length && (len(crypted)%i.BlockSize != 0 || len(crypted) <= length || len(crypted) > length+i.BlockSize) {
			t.Fatalf("%d bytes of %d", len(crypted), length)
		}
		tag, err := e.WriteTag(16)
		t.Code("WriteTag", err, want(i, 0))
		t.Equal("output", finish(t, d, update(t, d, crypted, -1)), in)
		if tag == nil {
			tag = make([]byte, 16)
		}
		t.Code("CheckTag", d.CheckTag(tag), want(i, 0))
	}
}

func encDecMultipart(t *suites.T, typ cipher.Type, keyBits, first, second, padding, encFirst, encSecond, decFirst, decSecond int) {
	i, err := typ.Info()
	t.Code("Info", err, 0)
	key, iv, in := make([]byte, keyBits/8), make([]byte, ivLen(i)), bytes.Repeat([]byte{5}, first+second)
	d, e := layer(t, typ, key, cipher.Decrypt, padding), layer(t, typ, key, cipher.Encrypt, padding)
	defer d.Close()
	defer e.Close()
	begin(t, d, iv, nil)
	begin(t, e, iv, nil)
	crypted := append(update(t, e, in[:first], encFirst), update(t, e, in[first:], encSecond)...)
	crypted = finish(t, e, crypted)
	plain := append(update(t, d, crypted[:first], decFirst), update(t, d, crypted[first:], decSecond)...)
	t.Equal("output", finish(t, d, plain), in)
}

// decrypts checks a message; end is Finish or what stands for it.
func decrypts(end func(t *suites.T, c *cipher.Cipher, out []byte, result int) []byte) any {
	return func(t *suites.T, typ cipher.Type, padding int, key, iv, in, clearText, ad, tag []byte, result, tagResult int) {
		c := layer(t, typ, key, cipher.Decrypt, padding)
		defer c.Close()
		begin(t, c, iv, ad)
		out := end(t, c, update(t, c, in, -1), result)
		t.Code("CheckTag", c.CheckTag(tag), want(c.Info(), tagResult))
		if result == 0 && tagResult == 0 {
			t.Equal("output", out, clearText)
		}
	}
}

func endFinish(t *suites.T, c *cipher.Cipher, out []byte, result int) []byte {
	out, err := c.Finish(out)
	t.Code("Finish", err, result)
	return out
}

func endPadded(t *suites.T, c *cipher.Cipher, out []byte, result int) []byte {
	out, invalid, err := c.FinishPadded(out)
	code, bad := result, uint(0)
	if result == int(cbridge.ErrCipherInvalidPadding) {
		code, bad = 0, ^uint(0)
	}
	t.Code("FinishPadded", err, code)
	if err == nil {
		t.Equal("invalid", invalid, bad)
	}
	return out
}

// crypts checks a message in one call.
func crypts(t *suites.T, typ cipher.Type, padding int, op cipher.Operation, key, iv, in, out []byte, result, psa int) {
	if psa != 0 {
		t.Skip("a cipher of PSA's: deprecated in the library, package psa has its own")
	}
	i, err := typ.Info()
	t.Code("Info", err, 0)
	if i.Mode != cipher.ModeCBC {
		padding = noPadding
	}
	c := layer(t, typ, key, op, padding)
	defer c.Close()
	got, err := c.Crypt(nil, iv, in)
	t.Code("Crypt", err, result)
	if result == 0 {
		t.Equal("output", got, out)
	}
}

func authCrypt(t *suites.T, typ cipher.Type, key, iv, ad, text, tag []byte, result string, clearText []byte, psa int) {
	if psa != 0 {
		t.Skip("a cipher of PSA's: deprecated in the library, package psa has its own")
	}
	k := func(op cbridge.Operation) *cbridge.Cipher {
		c, err := cbridge.NewCipher(cbridge.CipherType(typ))
		t.Code("NewCipher", err, 0)
		t.Code("SetKey", c.SetKey(key, op), 0)
		return c
	}
	i, err := typ.Info()
	t.Code("Info", err, 0)
	wraps := i.Mode == cipher.ModeKW || i.Mode == cipher.ModeKWP
	sealed := append(bytes.Clone(text), tag...)

	d := k(cbridge.Decrypt)
	defer d.Close()
	room := len(text)
	if wraps {
		room = len(sealed) - 8
	}
	if room > 0 {
		_, err := d.AuthDecrypt(iv, ad, make([]byte, room-1), sealed, len(tag))
		t.Code("AuthDecrypt, 1 byte too small", err, int(cbridge.ErrCipherBadInputData))
	}
	out := bytes.Repeat([]byte{1}, room)
	n, err := d.AuthDecrypt(iv, ad, out, sealed, len(tag))
	if result == "FAIL" {
		t.Code("AuthDecrypt", err, int(cbridge.ErrCipherAuthFailed))
		t.Equal("output", out, make([]byte, room))
		return
	}
	t.Code("AuthDecrypt", err, 0)
	t.Equal("output", out[:n], clearText)

	e := k(cbridge.Encrypt)
	defer e.Close()
	room = len(clearText) + len(tag)
	if wraps {
		room = (len(clearText)+7)/8*8 + 8
	}
	if _, err := e.AuthEncrypt(iv, ad, make([]byte, room-1), clearText, len(tag)); err == nil {
		t.Fatalf("AuthEncrypt takes a buffer that is 1 byte too small")
	}
	out = make([]byte, room)
	n, err = e.AuthEncrypt(iv, ad, out, clearText, len(tag))
	t.Code("AuthEncrypt", err, 0)
	t.Equal("sealed", out[:n], sealed)

	c := layer(t, typ, key, cipher.Encrypt, noPadding)
	defer c.Close()
	got, err := c.Seal([]byte("x"), iv, clearText, ad, len(tag))
	t.Code("Seal", err, 0)
	t.Equal("sealed", got, append([]byte("x"), sealed...))
}

func init() {
	register("cipher", functions{
		"mbedtls_cipher_list": func(t *suites.T) {
			for _, typ := range cipher.List() {
				i, err := typ.Info()
				t.Code("Info", err, 0)
				knownCipher(t, typ, i.Name)
				same, err := cipher.ByValues(i.ID, i.KeyBits, i.Mode)
				t.Code("ByValues", err, 0)
				t.Equal("info by values", same, i)
				if i.KeyBits > 512 || i.BlockSize < 1 || i.BlockSize > 16 || i.IVSize > 16 {
					t.Fatalf("%+v", i)
				}
				switch i.Mode {
				case cipher.ModeECB:
					t.Equal(i.Name+": IV", i.IVSize, 0)
				case cipher.ModeCBC, cipher.ModeCTR:
					t.Equal(i.Name+": IV", i.IVSize, i.BlockSize)
				case cipher.ModeGCM:
					t.Equal(i.Name+": IV", i.IVSize, i.BlockSize-4)
					t.Equal(i.Name+": variable IV", i.VariableIVSize, true)
				}
				if strings.HasPrefix(i.Name, "DES-") {
					t.Equal(i.Name+": block", i.BlockSize, 8)
				}
			}
		},
		"cipher_special_behaviours": func(t *suites.T) {
			byName := func(name string) *cipher.Cipher {
				i, err := cipher.ByName(name)
				t.Code("ByName", err, 0)
				return layer(t, i.Type, make([]byte, i.KeyBits/8), cipher.Encrypt, noPadding)
			}
			c := byName("AES-128-CBC")
			defer c.Close()
			t.Code("SetIV of 17 bytes", c.SetIV(make([]byte, 17)), int(cbridge.ErrCipherFeatureUnavailable))
			t.Code("SetIV of none", c.SetIV(nil), int(cbridge.ErrCipherBadInputData))
			e := byName("AES-128-ECB")
			defer e.Close()
			_, err := e.Update(nil, make([]byte, 1))
			t.Code("Update with less than a block", err, int(cbridge.ErrCipherFullBlockExpected))
		},
		"enc_dec_buf":           encDec,
		"enc_dec_buf_multipart": encDecMultipart,
		"enc_fail": func(t *suites.T, typ cipher.Type, padding, keyBits, length, result int) {
			c := layer(t, typ, make([]byte, keyBits/8), cipher.Encrypt, padding)
			defer c.Close()
			begin(t, c, make([]byte, 16), nil)
			out := update(t, c, bytes.Repeat([]byte{5}, length), -1)
			_, err := c.Finish(out)
			t.Code("Finish", err, result)
		},
		"dec_empty_buf": func(t *suites.T, typ cipher.Type, updateResult, finishResult int) {
			i, err := typ.Info()
			t.Code("Info", err, 0)
			padding := noPadding
			if i.Mode == cipher.ModeCBC {
				padding = int(cipher.PKCS7)
			}
			c := layer(t, typ, make([]byte, i.KeyBits/8), cipher.Decrypt, padding)
			defer c.Close()
			begin(t, c, make([]byte, min(ivLen(i), 16)), nil)
			out, err := c.Update(nil, nil)
			t.Code("Update", err, updateResult)
			t.Equal("output", out, []byte{})
			if finishResult == 0 && (i.Mode == cipher.ModeCBC || i.Mode == cipher.ModeECB) {
				finishResult = int(cbridge.ErrCipherFullBlockExpected)
			}
			out, err = c.Finish(nil)
			t.Code("Finish", err, finishResult)
			t.Equal("output", out, []byte{})
		},
		"decrypt_test_vec":           decrypts(endFinish),
		"decrypt_test_vec_cf":        decrypts(endFinish),
		"decrypt_padded_test_vec":    decrypts(endPadded),
		"decrypt_padded_test_vec_cf": decrypts(endPadded),
		"auth_crypt_tv":              authCrypt,
		"test_vec_ecb": func(t *suites.T, typ cipher.Type, op cipher.Operation, key, in, out []byte, result int) {
			c := layer(t, typ, key, op, noPadding)
			defer c.Close()
			size := c.Info().BlockSize
			got := update(t, c, in[:size], size)
			_, err := c.Finish(nil)
			t.Code("Finish", err, result)
			if result == 0 {
				t.Equal("output", got, out[:size])
			}
		},
		"test_vec_crypt": func(t *suites.T, typ cipher.Type, op cipher.Operation, key, iv, in, out []byte, result, psa int) {
			crypts(t, typ, int(cipher.NoPadding), op, key, iv, in, out, result, psa)
		},
		"test_vec_crypt_cf": crypts,
		"set_padding": func(t *suites.T, typ cipher.Type, padding, result int) {
			i, err := typ.Info()
			t.Code("Info", err, 0)
			c := layer(t, typ, make([]byte, i.KeyBits/8), cipher.Encrypt, noPadding)
			defer c.Close()
			t.Code("SetPadding", c.SetPadding(cipher.Padding(padding)), result)
		},
		"iv_len_validity": func(t *suites.T, typ cipher.Type, name string, length, result int) {
			knownCipher(t, typ, name)
			c, err := cbridge.NewCipher(cbridge.CipherType(typ))
			t.Code("NewCipher", err, 0)
			defer c.Close()
			t.Code("SetIV", c.SetIV(make([]byte, length)), result)
		},
		"check_set_padding": func(t *suites.T, typ cipher.Type) {
			i, err := typ.Info()
			t.Code("Info", err, 0)
			c := layer(t, typ, make([]byte, i.KeyBits/8), cipher.Encrypt, noPadding)
			defer c.Close()
			iv, in := make([]byte, 16), make([]byte, 16)
			_, err = c.Crypt(nil, iv, in)
			t.Code("Crypt without a padding", err, int(cbridge.ErrCipherBadInputData))
			t.Code("SetPadding", c.SetPadding(cipher.NoPadding), 0)
			_, err = c.Crypt(nil, iv, in)
			t.Code("Crypt", err, 0)
		},
	}, unmapped{
		"cipher_invalid_param_unconditional": "contexts without a cipher, which Go's never are",
		"cipher_invalid_param_conditional":   invalidMode,
		"check_padding":                      insideOf,
		"get_pkcs_padding":                   insideOf,
	})
}

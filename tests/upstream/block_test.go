package upstream

import (
	"bytes"
	"encoding/hex"
	"math"
	"math/rand/v2"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
)

func newBlock(t *suites.T, id cipher.ID, key []byte) *cipher.Block {
	b, err := cipher.NewBlock(id, key)
	t.Code("NewBlock", err, 0)
	return b
}

// ecb checks blocks, each by itself.
func ecb(id cipher.ID, op cipher.Operation) func(t *suites.T, key, src, want []byte, setKey int) {
	return func(t *suites.T, key, src, want []byte, setKey int) {
		b, err := cipher.NewBlock(id, key)
		t.Code("NewBlock", err, setKey)
		if setKey != 0 {
			return
		}
		defer b.Close()
		got := make([]byte, len(src))
		for i := 0; i < len(src); i += b.BlockSize() {
			t.Code("ECB", b.ECB(op, got[i:], src[i:i+b.BlockSize()]), 0)
		}
		t.Equal("output", got, want)
		method := b.Encrypt
		if op == cipher.Decrypt {
			method = b.Decrypt
		}
		method(got, src)
		t.Equal("first block", got[:b.BlockSize()], want[:b.BlockSize()])
	}
}

func cbc(id cipher.ID, op cipher.Operation) func(t *suites.T, key, iv, src, want []byte, result int) {
	return func(t *suites.T, key, iv, src, want []byte, result int) {
		b := newBlock(t, id, key)
		defer b.Close()
		c, err := cipher.NewCBC(b, iv, op)
		t.Code("NewCBC", err, 0)
		got := make([]byte, len(src))
		t.Code("Crypt", c.Crypt(got, src), result)
		if result == 0 {
			t.Equal("output", got, want)
		}
	}
}

// stream checks n bytes of a mode, or all.
func stream(id cipher.ID, n int, begin func(b *cipher.Block, iv []byte) (*cipher.Stream, error)) func(t *suites.T, key, iv, src, want []byte) {
	return func(t *suites.T, key, iv, src, want []byte) {
		b := newBlock(t, id, key)
		defer b.Close()
		s, err := begin(b, iv)
		t.Code("begin", err, 0)
		defer s.Close()
		if n > 0 {
			src = src[:n]
		}
		got := make([]byte, len(src))
		t.Code("Crypt", s.Crypt(got, src), 0)
		t.Equal("output", got, want[:len(got)])
	}
}

// withResult is a stream's test with a result behind it, which is always 0.
func withResult(f func(t *suites.T, key, iv, src, want []byte)) func(t *suites.T, key, iv, src, want []byte, result int) {
	return func(t *suites.T, key, iv, src, want []byte, result int) {
		t.Equal("result", result, 0)
		f(t, key, iv, src, want)
	}
}

func cfb(op cipher.Operation) func(b *cipher.Block, iv []byte) (*cipher.Stream, error) {
	return func(b *cipher.Block, iv []byte) (*cipher.Stream, error) { return cipher.NewCFB(b, iv, op) }
}

func cfb8(op cipher.Operation) func(b *cipher.Block, iv []byte) (*cipher.Stream, error) {
	return func(b *cipher.Block, iv []byte) (*cipher.Stream, error) { return cipher.NewCFB8(b, iv, op) }
}

func fromHex(t *suites.T, s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return b
}

func xts(encrypt bool) func(t *suites.T, key, unit, src, want string) {
	return func(t *suites.T, key, unit, src, want string) {
		if !encrypt { // upstream's has the plaintext last
			src, want = want, src
		}
		x, err := cipher.NewXTS(fromHex(t, key))
		t.Code("NewXTS", err, 0)
		defer x.Close()
		in := fromHex(t, src)
		got := make([]byte, len(in))
		method := x.Decrypt
		if encrypt {
			method = x.Encrypt
		}
		t.Code("crypt", method(got, in, fromHex(t, unit)), 0)
		t.Equal("output", got, fromHex(t, want))
	}
}

// desECB and desCBC are of a key whose length says how many keys it is.
func desECB(id cipher.ID, op cipher.Operation) func(t *suites.T, key, src, want []byte) {
	return func(t *suites.T, key, src, want []byte) { ecb(id, op)(t, key, src, want, 0) }
}

func des3ECB(op cipher.Operation) func(t *suites.T, count int, key, src, want []byte) {
	return func(t *suites.T, count int, key, src, want []byte) {
		ecb(cipher.TripleDES, op)(t, key[:8*count], src, want, 0)
	}
}

func des3CBC(op cipher.Operation) func(t *suites.T, count int, key, iv, src, want []byte, result int) {
	return func(t *suites.T, count int, key, iv, src, want []byte, result int) {
		cbc(cipher.TripleDES, op)(t, key[:8*count], iv, src, want, result)
	}
}

func init() {
	const enc, dec = cipher.Encrypt, cipher.Decrypt
	register("aes", functions{
		"aes_encrypt_ecb": ecb(cipher.AES, enc),
		"aes_decrypt_ecb": ecb(cipher.AES, dec),
		"aes_encrypt_cbc": cbc(cipher.AES, enc),
		"aes_decrypt_cbc": cbc(cipher.AES, dec),
		"aes_ctr": func(t *suites.T, key, counter, plain, crypted []byte, differs int) {
			b := newBlock(t, cipher.AES, key)
			defer b.Close()
			for n := differs; n <= len(plain); n++ {
				for _, way := range [][2][]byte{{plain, crypted}, {crypted, plain}} {
					s, err := cipher.NewCTR(b, counter)
					t.Code("NewCTR", err, 0)
					got := make([]byte, n)
					t.Code("Crypt", s.Crypt(got, way[0][:n]), 0)
					t.Equal("differs", bytes.Equal(got, way[1][:n]), differs == 0)
					s.Close()
				}
			}
		},
		"aes_encrypt_ctr_multipart": func(t *suites.T, length, step int) {
			random := rand.NewChaCha8([32]byte{byte(length), byte(step)})
			key, in := make([]byte, 16), make([]byte, length)
			random.Read(key)
			random.Read(in)
			b := newBlock(t, cipher.AES, key)
			defer b.Close()
			whole, parts := make([]byte, length), make([]byte, length)
			crypt := func(out []byte, step int) {
				s, err := cipher.NewCTR(b, make([]byte, 16))
				t.Code("NewCTR", err, 0)
				defer s.Close()
				for i := 0; i < length; step *= 2 {
					n := min(length-i, step)
					t.Code("Crypt", s.Crypt(out[i:], in[i:i+n]), 0)
					i += n
				}
			}
			crypt(whole, max(length, 1))
			crypt(parts, step)
			t.Equal("output in parts", parts, whole)
		},
		"aes_encrypt_xts": xts(true),
		"aes_decrypt_xts": xts(false),
		"aes_crypt_xts_size": func(t *suites.T, size, want int) {
			x, err := cipher.NewXTS(make([]byte, 32))
			t.Code("NewXTS", err, 0)
			defer x.Close()
			buf := make([]byte, size)
			t.Code("Encrypt", x.Encrypt(buf, buf, make([]byte, 16)), want)
		},
		"aes_crypt_xts_keysize": func(t *suites.T, size, want int) {
			_, err := cipher.NewXTS(make([]byte, size))
			t.Code("NewXTS", err, want)
		},
		"aes_encrypt_cfb128": stream(cipher.AES, 16, cfb(enc)),
		"aes_decrypt_cfb128": stream(cipher.AES, 16, cfb(dec)),
		"aes_encrypt_cfb8":   stream(cipher.AES, 0, cfb8(enc)),
		"aes_decrypt_cfb8":   stream(cipher.AES, 0, cfb8(dec)),
		"aes_encrypt_ofb": func(t *suites.T, size int, key, iv, src, want []byte) {
			b := newBlock(t, cipher.AES, key)
			defer b.Close()
			s, err := cipher.NewOFB(b, iv)
			t.Code("NewOFB", err, 0)
			defer s.Close()
			for len(src) > 0 {
				n := min(size, len(src))
				got := make([]byte, n)
				t.Code("Crypt", s.Crypt(got, src[:n]), 0)
				t.Equal("output", got, want[:n])
				src, want = src[n:], want[n:]
			}
		},
		"aes_misc_params": func(t *suites.T) {
			b, err := cbridge.NewBlock(cbridge.CipherAES, make([]byte, 16))
			t.Code("NewBlock", err, 0)
			defer b.Close()
			iv, in, out := make([]byte, 16), make([]byte, 17), make([]byte, 17)
			for _, n := range []int{15, 17} {
				t.Code("CBC", b.CBC(cbridge.Encrypt, iv, out, in[:n]), int(cbridge.ErrAESInvalidInputLength))
			}
			x, err := cipher.NewXTS(make([]byte, 32))
			t.Code("NewXTS", err, 0)
			defer x.Close()
			long := make([]byte, 1<<24+1)
			for _, n := range []int{15, len(long)} {
				t.Code("XTS", x.Encrypt(long, long[:n], make([]byte, 16)), int(cbridge.ErrAESInvalidInputLength))
			}
			off := 16
			t.Code("CFB", b.CFB128(cbridge.Encrypt, &off, iv, out, in[:16]), int(cbridge.ErrAESBadInputData))
			t.Code("OFB", b.OFB(&off, iv, out, in[:16]), int(cbridge.ErrAESBadInputData))
		},
	}, unmapped{
		"aes_invalid_mode":     invalidMode,
		"aes_ecb_copy_context": "copies contexts as memory, which the bridge does not do",
		"aes_selftest":         selfTest,
	})
	register("aria", functions{
		"aria_encrypt_ecb":    ecb(cipher.ARIA, enc),
		"aria_decrypt_ecb":    ecb(cipher.ARIA, dec),
		"aria_encrypt_cbc":    cbc(cipher.ARIA, enc),
		"aria_decrypt_cbc":    cbc(cipher.ARIA, dec),
		"aria_encrypt_cfb128": withResult(stream(cipher.ARIA, 0, cfb(enc))),
		"aria_decrypt_cfb128": withResult(stream(cipher.ARIA, 0, cfb(dec))),
		"aria_encrypt_ctr":    withResult(stream(cipher.ARIA, 0, cipher.NewCTR)),
		"aria_decrypt_ctr":    withResult(stream(cipher.ARIA, 0, cipher.NewCTR)),
	}, unmapped{"aria_invalid_param": invalidMode, "aria_selftest": selfTest})
	register("camellia", functions{
		"camellia_encrypt_ecb":    ecb(cipher.Camellia, enc),
		"camellia_decrypt_ecb":    ecb(cipher.Camellia, dec),
		"camellia_encrypt_cbc":    cbc(cipher.Camellia, enc),
		"camellia_decrypt_cbc":    cbc(cipher.Camellia, dec),
		"camellia_encrypt_cfb128": stream(cipher.Camellia, 16, cfb(enc)),
		"camellia_decrypt_cfb128": stream(cipher.Camellia, 16, cfb(dec)),
	}, unmapped{"camellia_invalid_param": invalidMode, "camellia_selftest": selfTest})
	register("des", functions{
		"des_check_weak": func(t *suites.T, key []byte, want int) {
			weak, err := cipher.IsWeakDESKey(key)
			t.Code("IsWeakDESKey", err, 0)
			t.Equal("weak", weak, want != 0)
		},
		"des_encrypt_ecb":  desECB(cipher.DES, enc),
		"des_decrypt_ecb":  desECB(cipher.DES, dec),
		"des_encrypt_cbc":  cbc(cipher.DES, enc),
		"des_decrypt_cbc":  cbc(cipher.DES, dec),
		"des3_encrypt_ecb": des3ECB(enc),
		"des3_decrypt_ecb": des3ECB(dec),
		"des3_encrypt_cbc": des3CBC(enc),
		"des3_decrypt_cbc": des3CBC(dec),
		"des_key_parity_run": func(t *suites.T) {
			for n := 0; n < 256; n += 8 {
				key := make([]byte, 8)
				for i := range key {
					key[i] = byte(n + i)
				}
				t.Code("SetDESParity", cipher.SetDESParity(key), 0)
				odd, err := cipher.HasDESParity(key)
				t.Code("HasDESParity", err, 0)
				t.Equal("parity", odd, true)
			}
		},
	}, unmapped{"des_selftest": selfTest})
	register("chacha20", functions{
		"chacha20_crypt": func(t *suites.T, key, nonce []byte, counter uint32, src, want []byte) {
			got := make([]byte, len(src))
			t.Code("ChaCha20Crypt", cbridge.ChaCha20Crypt(key, nonce, counter, got, src), 0)
			t.Equal("output", got, want)
			for _, first := range []int{0, 1} {
				s, err := cipher.NewChaCha20(key, nonce, counter)
				t.Code("NewChaCha20", err, 0)
				clear(got)
				t.Code("Crypt", s.Crypt(got, src[:first]), 0)
				t.Code("Crypt", s.Crypt(got[first:], src[first:]), 0)
				t.Equal("output in pieces", got, want)
				s.Close()
			}
		},
		"chacha20_input_len_too_long": func(t *suites.T) {
			key, nonce, in, out := make([]byte, 32), make([]byte, 12), make([]byte, 65), make([]byte, 65)
			s, err := cipher.NewChaCha20(key, nonce, math.MaxUint32)
			t.Code("NewChaCha20", err, 0)
			defer s.Close()
			const tooLong = int(cbridge.ErrChacha20BadInputData)
			t.Code("1 byte", s.Crypt(out, in[:1]), 0)
			untouched := bytes.Repeat([]byte{0x2a}, len(out))
			copy(out, untouched)
			t.Code("64 bytes", s.Crypt(out, in[:64]), tooLong)
			t.Equal("output", out, untouched)
			t.Code("63 bytes", s.Crypt(out, in[:63]), 0)
			t.Code("none", s.Crypt(nil, nil), 0)
			t.Code("none", s.Crypt(nil, nil), 0)
			t.Code("1 byte", s.Crypt(out, in[:1]), tooLong)
			t.Code("one block", cbridge.ChaCha20Crypt(key, nonce, math.MaxUint32, out, in[:64]), 0)
			t.Code("more", cbridge.ChaCha20Crypt(key, nonce, math.MaxUint32, out, in), tooLong)
		},
	}, unmapped{"chacha20_self_test": selfTest})
	register("poly1305", functions{
		"mbedtls_poly1305": func(t *suites.T, key, want, src []byte) {
			mac, err := cipher.Poly1305MAC(key, src)
			t.Code("Poly1305MAC", err, 0)
			t.Equal("MAC", mac, want)
			for pieces := 0; pieces <= 2 && pieces <= len(src); pieces++ {
				p, err := cipher.NewPoly1305(key)
				t.Code("NewPoly1305", err, 0)
				for i := range pieces {
					p.Write(src[i : i+1])
				}
				p.Write(src[pieces:])
				mac, err := p.MAC()
				t.Code("MAC", err, 0)
				t.Equal("MAC in pieces", mac, want)
				p.Close()
			}
		},
	}, unmapped{"poly1305_selftest": selfTest})
}

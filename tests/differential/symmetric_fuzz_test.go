package differential

//lint:file-ignore SA1019 what the library has, and is compared here, is deprecated in Go

import (
	"bytes"
	"crypto/aes"
	gocipher "crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	_ "crypto/md5"
	"crypto/pbkdf2"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"hash"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
	_ "golang.org/x/crypto/ripemd160"

	"github.com/gombedtls/gombedtls/mbedtls/cipher"
	"github.com/gombedtls/gombedtls/mbedtls/md"
	"github.com/gombedtls/gombedtls/mbedtls/pkcs5"
)

// fourths are vectors, four at a time.
func fourths(f *testing.F, prefix string, add func(a, b, c, d []byte)) {
	list := vectors(f, prefix)
	for ; len(list) >= 4; list = list[4:] {
		add(list[0], list[1], list[2], list[3])
	}
}

// same fails the test if the two differ.
func same(t *testing.T, what string, got []byte, err error, want []byte, wantErr error) {
	t.Helper()
	if (err == nil) != (wantErr == nil) || !bytes.Equal(got, want) {
		t.Errorf("%s: %x, %v, want %x, %v", what, got, err, want, wantErr)
	}
}

// FuzzAEAD seals and opens with AES-GCM, of nonces of any length, and with ChaCha20-Poly1305, whole and in pieces.
func FuzzAEAD(f *testing.F) {
	for _, prefix := range []string{"gcm.", "chachapoly"} {
		fourths(f, prefix, func(key, text, nonce, ad []byte) { f.Add(key, text, nonce, ad, uint16(len(text)/2)) })
	}
	f.Fuzz(func(t *testing.T, key, text, nonce, ad []byte, cut uint16) {
		if block, err := aes.NewCipher(key); err == nil && len(nonce) > 0 {
			theirs, err := gocipher.NewGCMWithNonceSize(block, len(nonce))
			if err != nil {
				t.Fatal(err)
			}
			ours, err := cipher.NewGCMWithSizes(cipher.AES, key, len(nonce), 16)
			pieces, err2 := cipher.NewGCMMultipart(cipher.AES, key)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			aead(t, ours, pieces, theirs, text, nonce, ad, cut)
		} else if err != nil {
			if ours, err2 := cipher.NewGCM(cipher.AES, key); err2 == nil {
				ours.Close()
				t.Errorf("a key of %d bytes: %v", len(key), err)
			}
		}
		if theirs, err := chacha20poly1305.New(key); err == nil && len(nonce) == 12 {
			ours, err := cipher.NewChaCha20Poly1305(key)
			pieces, err2 := cipher.NewChaCha20Poly1305Multipart(key)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			aead(t, ours, pieces, theirs, text, nonce, ad, cut)
		}
	})
}

func aead(t *testing.T, ours *cipher.AEAD, pieces *cipher.Multipart, theirs gocipher.AEAD, text, nonce, ad []byte, cut uint16) {
	defer ours.Close()
	defer pieces.Close()
	want := theirs.Seal(nil, nonce, text, ad)
	got, err := ours.Encrypt(nil, nonce, text, ad)
	same(t, "Encrypt", got, err, want, nil)
	got, err = ours.Open(nil, nonce, want, ad)
	same(t, "Open", got, err, text, nil)
	got, err = ours.Open(nil, nonce, text, ad) // which is no message, but for one chance in 2^128
	opened, wantErr := theirs.Open(nil, nonce, text, ad)
	same(t, "Open of what was not sealed", got, err, opened, wantErr)

	n, m := min(int(cut), len(text)), min(int(cut>>8), len(ad))
	if err := pieces.Start(cipher.Encrypt, nonce); err != nil {
		t.Fatal(err)
	}
	for _, piece := range [][]byte{ad[:m], ad[m:]} {
		if err := pieces.UpdateAD(piece); err != nil {
			t.Fatal(err)
		}
	}
	var out []byte
	for _, piece := range [][]byte{text[:n], text[n:]} {
		if out, err = pieces.Update(out, piece); err != nil {
			t.Fatal(err)
		}
	}
	tag, err := pieces.Finish()
	same(t, "in pieces", append(out, tag...), err, want, nil)
}

// FuzzModes encrypts and decrypts with AES in CBC, CTR, CFB and OFB, in two pieces.
func FuzzModes(f *testing.F) {
	for _, prefix := range []string{"aes.cbc", "aes.ctr", "aes.cfb", "aes.ofb"} {
		fourths(f, prefix, func(key, iv, text, _ []byte) { f.Add(key, iv, text, uint16(len(text)/2)) })
	}
	f.Fuzz(func(t *testing.T, key, iv, text []byte, cut uint16) {
		theirs, err := aes.NewCipher(key)
		ours, err2 := cipher.NewBlock(cipher.AES, key)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("a key of %d bytes: %v, want %v", len(key), err2, err)
		}
		if err != nil {
			return
		}
		defer ours.Close()
		if len(iv) != aes.BlockSize {
			if _, err := cipher.NewCTR(ours, iv); err == nil {
				t.Errorf("an IV of %d bytes", len(iv))
			}
			return
		}
		n := min(int(cut), len(text))
		stream := func(name string, theirs gocipher.Stream, ours *cipher.Stream, err error) {
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			want, got := make([]byte, len(text)), make([]byte, len(text))
			theirs.XORKeyStream(want, text)
			ours.XORKeyStream(got[:n], text[:n])
			ours.XORKeyStream(got[n:], text[n:])
			same(t, name, got, nil, want, nil)
		}
		s, err := cipher.NewCTR(ours, iv)
		stream("CTR", gocipher.NewCTR(theirs, iv), s, err)
		s, err = cipher.NewCFB(ours, iv, cipher.Encrypt)
		stream("CFB", gocipher.NewCFBEncrypter(theirs, iv), s, err)
		s, err = cipher.NewCFB(ours, iv, cipher.Decrypt)
		stream("CFB, to decrypt", gocipher.NewCFBDecrypter(theirs, iv), s, err)
		s, err = cipher.NewOFB(ours, iv)
		stream("OFB", gocipher.NewOFB(theirs, iv), s, err)

		text = text[:len(text)/16*16]
		for _, c := range []struct {
			op   cipher.Operation
			mode gocipher.BlockMode
		}{{cipher.Encrypt, gocipher.NewCBCEncrypter(theirs, iv)}, {cipher.Decrypt, gocipher.NewCBCDecrypter(theirs, iv)}} {
			want, got := make([]byte, len(text)), make([]byte, len(text))
			c.mode.CryptBlocks(want, text)
			ours, err := cipher.NewCBC(ours, iv, c.op)
			if err == nil {
				err = ours.Crypt(got, text)
			}
			same(t, "CBC", got, err, want, nil)
		}
	})
}

// FuzzHashes hashes in two pieces, and makes HMACs and keys.
func FuzzHashes(f *testing.F) {
	for _, prefix := range []string{"shax", "hkdf"} {
		fourths(f, prefix, func(a, b, c, _ []byte) { f.Add(a, b, c, uint16(len(a)/2)) })
	}
	f.Fuzz(func(t *testing.T, data, key, salt []byte, cut uint16) {
		for _, typ := range md.List() {
			theirs := func() hash.Hash { return typ.HashFunc().New() }
			pieces(t, theirs(), data, cut, func() (*md.Hash, error) { return md.New(typ) })
			pieces(t, hmac.New(theirs, key), data, cut, func() (*md.Hash, error) { return md.NewHMAC(typ, key) })

			length := int(cut) % (256 * typ.Size())
			want, wantErr := hkdf.Key(theirs, key, salt, string(data), length)
			got, err := md.HKDF(typ, key, salt, data, length)
			same(t, typ.String()+": HKDF", got, err, want, wantErr)
			want, wantErr = pbkdf2.Key(theirs, string(key), salt, 1+int(cut)%3, 1+length%200)
			got, err = pkcs5.PBKDF2(typ, key, salt, 1+int(cut)%3, 1+length%200)
			same(t, typ.String()+": PBKDF2", got, err, want, wantErr)
		}
	})
}

func pieces(t *testing.T, theirs hash.Hash, data []byte, cut uint16, of func() (*md.Hash, error)) {
	ours, err := of()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	n := min(int(cut), len(data))
	theirs.Write(data)
	ours.Write(data[:n])
	middle := ours.Sum(nil)
	ours.Write(data[n:])
	same(t, ours.Type().String(), ours.Sum(nil), nil, theirs.Sum(nil), nil)
	theirs.Reset()
	theirs.Write(data[:n])
	same(t, ours.Type().String()+" in the middle", middle, nil, theirs.Sum(nil), nil)
}

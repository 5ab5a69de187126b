package md

//lint:file-ignore SA1019 what the library has, and is compared here, is deprecated in Go

import (
	"bytes"
	"crypto"
	"crypto/hkdf"
	"crypto/hmac"
	_ "crypto/md5"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"encoding/hex"
	"errors"
	"hash"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "golang.org/x/crypto/ripemd160"

	"github.com/gombedtls/gombedtls/cbridge"
)

// all are the hash functions there are, with OpenSSL's names; whether the build has them, the library says.
var all = []struct {
	typ     Type
	name    string
	hash    crypto.Hash
	openSSL string
}{
	{MD5, "MD5", crypto.MD5, "md5"},
	{RIPEMD160, "RIPEMD160", crypto.RIPEMD160, "ripemd160"},
	{SHA1, "SHA1", crypto.SHA1, "sha1"},
	{SHA224, "SHA224", crypto.SHA224, "sha224"},
	{SHA256, "SHA256", crypto.SHA256, "sha256"},
	{SHA384, "SHA384", crypto.SHA384, "sha384"},
	{SHA512, "SHA512", crypto.SHA512, "sha512"},
	{SHA3_224, "SHA3-224", crypto.SHA3_224, "sha3-224"},
	{SHA3_256, "SHA3-256", crypto.SHA3_256, "sha3-256"},
	{SHA3_384, "SHA3-384", crypto.SHA3_384, "sha3-384"},
	{SHA3_512, "SHA3-512", crypto.SHA3_512, "sha3-512"},
}

func must2[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// inputs have lengths around those of blocks.
func inputs() (list [][]byte) {
	for _, n := range []int{0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 136, 144, 1000, 70000} {
		p := make([]byte, n)
		for i := range p {
			p[i] = byte(i * n)
		}
		list = append(list, p)
	}
	return list
}

func TestTypes(t *testing.T) {
	t.Parallel()
	list := List()
	for _, c := range all {
		if got := c.typ.HashFunc(); got != c.hash {
			t.Errorf("%s is %v", c.name, got)
		}
		if !c.typ.Available() {
			_, err := New(c.typ)
			mustBe(t, c.name, err, cbridge.ErrMDFeatureUnavailable)
			_, err = Of(c.hash)
			mustBe(t, c.name, err, cbridge.ErrMDFeatureUnavailable)
			if slices.Contains(list, c.typ) || !strings.HasPrefix(c.typ.String(), "Type(") || c.typ.Size() != 0 {
				t.Errorf("%s is listed, and not available", c.name)
			}
			continue
		}
		byName, err := ByName(c.name)
		of, err2 := Of(c.hash)
		if err != nil || err2 != nil || byName != c.typ || of != c.typ || c.typ.String() != c.name || !slices.Contains(list, c.typ) {
			t.Errorf("%s: %v %v, %v %v, %v, listed in %v", c.name, byName, err, of, err2, c.typ, list)
		}
		if h := c.hash.New(); c.typ.Size() != h.Size() || c.typ.BlockSize() != h.BlockSize() {
			t.Errorf("%s: %d bytes in blocks of %d", c.name, c.typ.Size(), c.typ.BlockSize())
		}
	}
	for _, name := range []string{"", "sha256", "SHA-256", "SHA256\x00"} {
		_, err := ByName(name)
		mustBe(t, name, err, cbridge.ErrMDFeatureUnavailable)
	}
	_, err := Of(crypto.BLAKE2b_256)
	mustBe(t, "BLAKE2b", err, cbridge.ErrMDFeatureUnavailable)
}

// forEach runs a test for each hash function of the build.
func forEach(t *testing.T, f func(t *testing.T, typ Type, h crypto.Hash)) {
	t.Parallel()
	for _, c := range all {
		if c.typ.Available() {
			t.Run(c.name, func(t *testing.T) { t.Parallel(); f(t, c.typ, c.hash) })
		}
	}
}

// agree checks a hash of the library's against one of Go's, written in pieces.
func agree(t *testing.T, ours *Hash, theirs hash.Hash, whole func(p []byte) ([]byte, error)) {
	defer ours.Close()
	for _, p := range inputs() {
		ours.Reset()
		theirs.Reset()
		theirs.Write(p)
		want := theirs.Sum(nil)
		for i, step := 0, 1; i < len(p); step += 40 {
			n := min(step, len(p)-i)
			ours.Write(p[i : i+n])
			i += n
		}
		if got := ours.Sum([]byte("x")); !bytes.Equal(got, append([]byte("x"), want...)) {
			t.Errorf("%d bytes in pieces: %x, want %x", len(p), got, want)
		}
		if got, err := whole(p); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %x, %v, want %x", len(p), got, err, want)
		}
		ours.Write(p)
		theirs.Write(p)
		if got, want := ours.Sum(nil), theirs.Sum(nil); !bytes.Equal(got, want) {
			t.Errorf("after Sum, %d bytes more: %x, want %x", len(p), got, want)
		}
	}
	if ours.Size() != theirs.Size() || ours.BlockSize() != theirs.BlockSize() {
		t.Errorf("%d bytes in blocks of %d", ours.Size(), ours.BlockSize())
	}
}

func TestHashes(t *testing.T) {
	forEach(t, func(t *testing.T, typ Type, h crypto.Hash) {
		agree(t, must2[*Hash](t)(New(typ)), h.New(), func(p []byte) ([]byte, error) { return Sum(typ, p) })
	})
}

func TestHMACs(t *testing.T) {
	forEach(t, func(t *testing.T, typ Type, h crypto.Hash) {
		for _, key := range [][]byte{nil, []byte("key"), bytes.Repeat([]byte("k"), 300)} {
			agree(t, must2[*Hash](t)(NewHMAC(typ, key)), hmac.New(h.New, key), func(p []byte) ([]byte, error) { return HMAC(typ, key, p) })
		}
	})
}

func TestClone(t *testing.T) {
	forEach(t, func(t *testing.T, typ Type, h crypto.Hash) {
		for name, of := range map[string]func() (*Hash, error){
			"hash": func() (*Hash, error) { return New(typ) },
			"HMAC": func() (*Hash, error) { return NewHMAC(typ, []byte("key")) },
		} {
			a := must2[*Hash](t)(of())
			defer a.Close()
			a.Write([]byte("the same, "))
			c, err := a.Clone()
			if err != nil {
				t.Fatal(err)
			}
			b := c.(*Hash)
			defer b.Close()
			if !bytes.Equal(a.Sum(nil), b.Sum(nil)) {
				t.Errorf("%s: a clone differs", name)
			}
			b.Write([]byte("and more"))
			if bytes.Equal(a.Sum(nil), b.Sum(nil)) {
				t.Errorf("%s: a clone shares its state", name)
			}
			a.Write([]byte("and more"))
			a.Close()
			want := b.Sum(nil)
			b.Reset()
			b.Write([]byte("the same, and more"))
			if got := b.Sum(nil); !bytes.Equal(got, want) {
				t.Errorf("%s: %x after Reset of a clone, want %x", name, got, want)
			}
		}
	})
}

func TestOpenSSLAgrees(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, inputs()[15], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if !c.typ.Available() {
			continue
		}
		args := []string{"dgst", "-" + c.openSSL, "-r", path}
		if c.typ == RIPEMD160 || c.typ == MD5 {
			args = slices.Insert(args, 1, "-provider", "default", "-provider", "legacy")
		}
		out, err := exec.CommandContext(t.Context(), "openssl", args...).Output()
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		want, _, _ := strings.Cut(string(out), " ")
		if got, err := SumFile(c.typ, path); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v, want %s", c.name, got, err, want)
		}
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"no such file", "", "main_test.go\x00"} {
		_, err := SumFile(SHA256, path)
		mustBe(t, path, err, cbridge.ErrMDFileIoError)
	}
	_, err := SumFile(Type(99), "main_test.go")
	mustBe(t, "no hash function", err, cbridge.ErrMDFeatureUnavailable)
}

func TestUseAfterClose(t *testing.T) {
	t.Parallel()
	h := must2[*Hash](t)(New(SHA256))
	h.Close()
	h.Close()
	_, err := h.Write(nil)
	mustBe(t, "Write", err, net.ErrClosed)
	_, err = h.Digest()
	mustBe(t, "Digest", err, net.ErrClosed)
	_, err = h.Clone()
	mustBe(t, "Clone", err, net.ErrClosed)
	for name, f := range map[string]func(){"Sum": func() { h.Sum(nil) }, "Reset": h.Reset} {
		if !panics(f) {
			t.Errorf("%s after Close does not panic", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestHKDF(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_HKDF_C") {
		_, err := HKDF(SHA256, nil, nil, nil, 1)
		mustBe(t, "HKDF", err, errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	forEach(t, func(t *testing.T, typ Type, h crypto.Hash) {
		secret, salt, info := []byte("secret"), []byte("salt"), []byte("info")
		for _, salt := range [][]byte{nil, salt} {
			for _, n := range []int{0, 1, typ.Size(), 255 * typ.Size()} {
				want, err := hkdf.Key(h.New, secret, salt, string(info), n)
				got, err2 := HKDF(typ, secret, salt, info, n)
				if err != nil || err2 != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes: %x, %v, want %x, %v", n, got, err2, want, err)
				}
			}
			want, err := hkdf.Extract(h.New, secret, salt)
			prk, err2 := Extract(typ, secret, salt)
			if err != nil || err2 != nil || !bytes.Equal(prk, want) {
				t.Errorf("Extract: %x, %v, want %x, %v", prk, err2, want, err)
			}
			want, err = hkdf.Expand(h.New, prk, string(info), 100)
			got, err2 := Expand(typ, prk, info, 100)
			if err != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Errorf("Expand: %x, %v, want %x, %v", got, err2, want, err)
			}
		}
		for name, f := range map[string]func() ([]byte, error){
			"too long":  func() ([]byte, error) { return HKDF(typ, secret, salt, info, 255*typ.Size()+1) },
			"huge":      func() ([]byte, error) { return Expand(typ, make([]byte, typ.Size()), info, math.MaxInt) },
			"negative":  func() ([]byte, error) { return HKDF(typ, secret, salt, info, -1) },
			"short key": func() ([]byte, error) { return Expand(typ, make([]byte, typ.Size()-1), info, 1) },
		} {
			_, err := f()
			mustBe(t, name, err, cbridge.ErrHKDFBadInputData)
		}
	})
}

func TestCMAC(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CMAC_C") {
		_, err := NewAESCMAC(make([]byte, 16))
		mustBe(t, "NewAESCMAC", err, errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	key := []byte("0123456789abcdefghijklmnopqrstuv")
	for _, c := range []struct {
		cipher string
		size   int
		of     func([]byte) (*CMAC, error)
		whole  func(key, p []byte) ([]byte, error)
	}{
		{"AES-128-CBC", 16, NewAESCMAC, AESCMAC},
		{"AES-192-CBC", 24, NewAESCMAC, AESCMAC},
		{"AES-256-CBC", 32, NewAESCMAC, AESCMAC},
		{"DES-EDE3-CBC", 24, NewTripleDESCMAC, TripleDESCMAC},
	} {
		if c.cipher == "DES-EDE3-CBC" && !cbridge.Feature("MBEDTLS_DES_C") {
			continue
		}
		m := must2[*CMAC](t)(c.of(key[:c.size]))
		defer m.Close()
		for _, p := range inputs()[:15] {
			cmd := exec.CommandContext(t.Context(), "openssl", "mac", "-cipher", c.cipher, "-macopt",
				"hexkey:"+hex.EncodeToString(key[:c.size]), "-binary", "-in", "-", "CMAC")
			cmd.Stdin = bytes.NewReader(p)
			want, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.whole(key[:c.size], p); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s of %d bytes: %x, %v, want %x", c.cipher, len(p), got, err, want)
			}
			m.Write(p[:len(p)/3])
			m.Sum(nil) // changes nothing
			m.Write(p[len(p)/3:])
			if got := m.Sum([]byte("x")); !bytes.Equal(got[1:], want) {
				t.Errorf("%s of %d bytes in pieces: %x, want %x", c.cipher, len(p), got[1:], want)
			}
			m.Reset()
		}
		if m.Size() != m.BlockSize() || m.Size() != len(m.Sum(nil)) {
			t.Errorf("%s: %d bytes in blocks of %d", c.cipher, m.Size(), m.BlockSize())
		}
		_, err := c.of(make([]byte, 5))
		mustBe(t, "a key of 5 bytes", err, cbridge.ErrCipherBadInputData)
		_, err = c.whole(make([]byte, 5), nil)
		mustBe(t, "a key of 5 bytes", err, cbridge.ErrCipherBadInputData)
		m.Close()
		_, err = m.Write([]byte("x"))
		mustBe(t, "Write after Close", err, net.ErrClosed)
		if !panics(func() { m.Sum(nil) }) || !panics(m.Reset) {
			t.Error("Sum or Reset after Close does not panic")
		}
	}
	if a, err := AESCMACPRF128(key[:16], key); err != nil {
		t.Error(err)
	} else if b, err := AESCMAC(key[:16], key); err != nil || !bytes.Equal(a, b) {
		t.Errorf("with a key of 16 bytes, %x and %x, %v", a, b, err)
	}
	for _, n := range []int{0, 1, 15, 17} {
		short, err := AESCMAC(make([]byte, 16), key[:n])
		if err != nil {
			t.Fatal(err)
		}
		want, err := AESCMAC(short, nil)
		if got, err2 := AESCMACPRF128(key[:n], nil); err != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("with a key of %d bytes, %x, %v, want %x, %v", n, got, err2, want, err)
		}
	}
}

func BenchmarkSHA256(b *testing.B) {
	p := make([]byte, 16<<10)
	ours, err := New(SHA256)
	if err != nil {
		b.Fatal(err)
	}
	defer ours.Close()
	for name, h := range map[string]hash.Hash{"mbedtls": ours, "go": crypto.SHA256.New()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				h.Write(p)
			}
		})
	}
}

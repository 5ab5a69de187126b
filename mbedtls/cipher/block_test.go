package cipher

//lint:file-ignore SA1019 what the library has, and is compared here, is deprecated in Go

import (
	"bytes"
	"crypto/aes"
	gocipher "crypto/cipher"
	"crypto/des"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"testing"

	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/xts"

	"github.com/gombedtls/gombedtls/cbridge"
)

// data is n bytes that are not all the same.
func data(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*7 + n)
	}
	return p
}

// sizes are around those of blocks.
var sizes = []int{0, 1, 15, 16, 17, 31, 32, 33, 100, 1000, 65537}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func second[T any](_ T, err error) error { return err }

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

// blocks are block ciphers that Go has, too.
var blocks = []struct {
	name   string
	id     ID
	size   int // of a key
	option string
	of     func(key []byte) (gocipher.Block, error)
}{
	{"AES-128", AES, 16, "MBEDTLS_AES_C", aes.NewCipher},
	{"AES-192", AES, 24, "MBEDTLS_AES_C", aes.NewCipher},
	{"AES-256", AES, 32, "MBEDTLS_AES_C", aes.NewCipher},
	{"DES", DES, 8, "MBEDTLS_DES_C", des.NewCipher},
	{"3DES", TripleDES, 24, "MBEDTLS_DES_C", des.NewTripleDESCipher},
	{"3DES with two keys", TripleDES, 16, "MBEDTLS_DES_C", func(key []byte) (gocipher.Block, error) {
		return des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	}},
}

// forBlocks runs a test for each of blocks that the build has.
func forBlocks(t *testing.T, f func(t *testing.T, id ID, ours *Block, theirs gocipher.Block)) {
	t.Parallel()
	for _, c := range blocks {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, err := NewBlock(c.id, data(c.size))
			if !cbridge.Feature(c.option) {
				mustBe(t, "NewBlock", err, errors.ErrUnsupported)
				t.Skip("not in this build")
			}
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			theirs, err := c.of(data(c.size))
			if err != nil {
				t.Fatal(err)
			}
			f(t, c.id, ours, theirs)
		})
	}
}

func TestBlocks(t *testing.T) {
	forBlocks(t, func(t *testing.T, id ID, ours *Block, theirs gocipher.Block) {
		n := theirs.BlockSize()
		if ours.BlockSize() != n {
			t.Fatalf("blocks of %d bytes", ours.BlockSize())
		}
		in, got, want := data(n+3), make([]byte, n), make([]byte, n)
		ours.Encrypt(got, in)
		theirs.Encrypt(want, in)
		if !bytes.Equal(got, want) {
			t.Errorf("Encrypt: %x, want %x", got, want)
		}
		ours.Decrypt(got, got)
		if !bytes.Equal(got, in[:n]) {
			t.Errorf("Decrypt: %x, want %x", got, in[:n])
		}
		for name, f := range map[string]func(){
			"a short input":  func() { ours.Encrypt(got, in[:n-1]) },
			"a short output": func() { ours.Decrypt(got[:n-1], in) },
			"overlap":        func() { ours.Encrypt(in[1:], in[:n]) },
		} {
			if !panics(f) {
				t.Errorf("%s does not panic", name)
			}
		}
		for _, size := range []int{0, 1, 7, 9, 17, 33} {
			if _, err := NewBlock(id, make([]byte, size)); err == nil {
				t.Errorf("a key of %d bytes is taken", size)
			}
		}
		ours.Close()
		ours.Close()
		if !panics(func() { ours.Encrypt(got, in) }) {
			t.Error("Encrypt after Close does not panic")
		}
		mustBe(t, "ECB after Close", ours.ECB(Encrypt, got, in[:n]), net.ErrClosed)
	})
	if _, err := NewBlock(ChaCha20, make([]byte, 32)); !errors.Is(err, cbridge.ErrCipherFeatureUnavailable) {
		t.Errorf("a block cipher that is none: %v", err)
	}
}

func TestCBC(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_CIPHER_MODE_CBC") {
		t.Skip("not in this build")
	}
	forBlocks(t, func(t *testing.T, id ID, ours *Block, theirs gocipher.Block) {
		n := ours.BlockSize()
		iv, in := data(n), data(10*n)
		e, err := NewCBC(ours, iv, Encrypt)
		if err != nil {
			t.Fatal(err)
		}
		want, got := make([]byte, len(in)), bytes.Clone(in)
		gocipher.NewCBCEncrypter(theirs, iv).CryptBlocks(want, in)
		e.CryptBlocks(got[:3*n], got[:3*n]) // in place, and in pieces
		e.CryptBlocks(got[3*n:], got[3*n:])
		e.CryptBlocks(nil, nil)
		if !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
		d, err := NewCBC(ours, iv, Decrypt)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Crypt(got, got); err != nil || !bytes.Equal(got, in) {
			t.Errorf("%x, %v, want %x", got, err, in)
		}
		for name, f := range map[string]func() error{
			"part of a block": func() error { return d.Crypt(got, in[:n-1]) },
			"short output":    func() error { return d.Crypt(got[:n], in) },
			"overlap":         func() error { return d.Crypt(got[1:n+1], got[:n]) },
		} {
			if f() == nil || !panics(func() { mustNot(f()) }) {
				t.Errorf("%s is taken", name)
			}
		}
		mustBe(t, "IV", second(NewCBC(ours, iv[1:], Encrypt)), cbridge.ErrCipherBadInputData)
	})
}

// streams are modes that both have, to encrypt and to decrypt.
var streams = []struct {
	name, option string
	ours         func(b *Block, iv []byte, op Operation) (*Stream, error)
	theirs       func(b gocipher.Block, iv []byte, op Operation) gocipher.Stream
}{
	{"CTR", "MBEDTLS_CIPHER_MODE_CTR", func(b *Block, iv []byte, _ Operation) (*Stream, error) { return NewCTR(b, iv) },
		func(b gocipher.Block, iv []byte, _ Operation) gocipher.Stream { return gocipher.NewCTR(b, iv) }},
	{"OFB", "MBEDTLS_CIPHER_MODE_OFB", func(b *Block, iv []byte, _ Operation) (*Stream, error) { return NewOFB(b, iv) },
		func(b gocipher.Block, iv []byte, _ Operation) gocipher.Stream { return gocipher.NewOFB(b, iv) }},
	{"CFB", "MBEDTLS_CIPHER_MODE_CFB", NewCFB, func(b gocipher.Block, iv []byte, op Operation) gocipher.Stream {
		if op == Encrypt {
			return gocipher.NewCFBEncrypter(b, iv)
		}
		return gocipher.NewCFBDecrypter(b, iv)
	}},
}

func TestStreams(t *testing.T) {
	forBlocks(t, func(t *testing.T, id ID, ours *Block, theirs gocipher.Block) {
		iv := bytes.Repeat([]byte{0xff}, ours.BlockSize()) // the first counter is the last number
		for _, m := range streams {
			for _, op := range []Operation{Encrypt, Decrypt} {
				s, err := m.ours(ours, iv, op)
				if !cbridge.Feature(m.option) {
					mustBe(t, m.name, err, errors.ErrUnsupported)
					continue
				}
				if id != AES {
					mustBe(t, m.name, err, cbridge.ErrCipherFeatureUnavailable)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				streamAgrees(t, m.name, s, m.theirs(theirs, iv, op))
				mustBe(t, m.name+": IV", second(m.ours(ours, iv[1:], op)), cbridge.ErrCipherBadInputData)
			}
		}
	})
}

// streamAgrees checks a stream, in pieces and in place.
func streamAgrees(t *testing.T, name string, ours *Stream, theirs gocipher.Stream) {
	t.Helper()
	for _, n := range sizes {
		in, want := data(n), make([]byte, n)
		theirs.XORKeyStream(want, in)
		got := bytes.Clone(in)
		ours.XORKeyStream(got, got)
		if !bytes.Equal(got, want) {
			t.Fatalf("%s of %d bytes: %x, want %x", name, n, got, want)
		}
	}
	buf := make([]byte, 10)
	if !panics(func() { ours.XORKeyStream(buf[:1], buf) }) || !panics(func() { ours.XORKeyStream(buf[1:], buf[:9]) }) {
		t.Errorf("%s: a short output, or overlap, does not panic", name)
	}
	ours.Close()
	ours.Close()
	mustBe(t, name+" after Close", ours.Crypt(buf, buf), net.ErrClosed)
}

func TestChaCha20(t *testing.T) {
	t.Parallel()
	key, nonce := data(32), data(12)
	ours, err := NewChaCha20(key, nonce, 7)
	if !cbridge.Feature("MBEDTLS_CHACHA20_C") {
		mustBe(t, "NewChaCha20", err, errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	theirs, err2 := chacha20.NewUnauthenticatedCipher(key, nonce)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	theirs.SetCounter(7)
	streamAgrees(t, "ChaCha20", ours, theirs)
	mustBe(t, "key", second(NewChaCha20(key[1:], nonce, 0)), cbridge.ErrChacha20BadInputData)
	mustBe(t, "nonce", second(NewChaCha20(key, nonce[1:], 0)), cbridge.ErrChacha20BadInputData)
}

func TestCFB8(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CIPHER_MODE_CFB") {
		t.Skip("not in this build")
	}
	openSSLAgrees(t, AES, "aes-256-cfb8", 32, func(b *Block, iv []byte) (*Stream, error) { return NewCFB8(b, iv, Encrypt) })
}

// ARIA and Camellia, which Go does not have.
func TestOpenSSLAgrees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id     ID
		option string
	}{{ARIA, "MBEDTLS_ARIA_C"}, {Camellia, "MBEDTLS_CAMELLIA_C"}} {
		if !cbridge.Feature(c.option) {
			mustBe(t, c.option, second(NewBlock(c.id, data(16))), errors.ErrUnsupported)
			continue
		}
		name := map[ID]string{ARIA: "aria", Camellia: "camellia"}[c.id]
		for _, size := range []int{16, 24, 32} {
			prefix := fmt.Sprintf("%s-%d-", name, 8*size)
			openSSLAgrees(t, c.id, prefix+"ctr", size, NewCTR)
			openSSLAgrees(t, c.id, prefix+"cfb", size, func(b *Block, iv []byte) (*Stream, error) { return NewCFB(b, iv, Encrypt) })
			openSSLAgrees(t, c.id, prefix+"cbc", size, func(b *Block, iv []byte) (*Stream, error) {
				m, err := NewCBC(b, iv, Encrypt)
				return &Stream{crypt: m.Crypt, close: func() error { return nil }}, err
			})
		}
	}
}

// openSSLAgrees checks whole blocks of a mode.
func openSSLAgrees(t *testing.T, id ID, name string, size int, of func(b *Block, iv []byte) (*Stream, error)) {
	t.Helper()
	key, iv, in := data(size), data(16), data(160)
	want := openSSL(t, in, "enc", "-"+name, "-K", hex.EncodeToString(key), "-iv", hex.EncodeToString(iv), "-nopad")
	b, err := NewBlock(id, key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := of(b, iv)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(in))
	if err := s.Crypt(got, in); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %x, %v, want %x", name, got, err, want)
	}
}

func openSSL(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

func TestXTS(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CIPHER_MODE_XTS") {
		mustBe(t, "NewXTS", second(NewXTS(data(32))), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	for _, size := range []int{32, 64} {
		ours, err := NewXTS(data(size))
		theirs, err2 := xts.NewCipher(aes.NewCipher, data(size))
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		defer ours.Close()
		for _, n := range []int{16, 512, 4096} {
			for _, sector := range []uint64{0, 1, 1 << 40} {
				unit := make([]byte, 16)
				binary.LittleEndian.PutUint64(unit, sector)
				in, want, got := data(n), make([]byte, n), make([]byte, n)
				theirs.Encrypt(want, in, sector)
				if err := ours.Encrypt(got, in, unit); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes of sector %d: %x, %v, want %x", n, sector, got, err, want)
				}
				if err := ours.Decrypt(got, got, unit); err != nil || !bytes.Equal(got, in) {
					t.Errorf("%d bytes of sector %d: %x, %v, want %x", n, sector, got, err, in)
				}
			}
		}
		unit, in := make([]byte, 16), data(47) // stolen bytes
		want, got := make([]byte, len(in)), bytes.Clone(in)
		err, err2 = ours.Encrypt(want, in, unit), ours.Encrypt(got, got, unit)
		if err != nil || err2 != nil || !bytes.Equal(got, want) || bytes.Equal(got, in) {
			t.Errorf("47 bytes: %x in place, %v, and %x, %v", got, err2, want, err)
		}
		if err := ours.Decrypt(got, got, unit); err != nil || !bytes.Equal(got, in) {
			t.Errorf("47 bytes in place: %x, %v, want %x", got, err, in)
		}
		if err := ours.Decrypt(got, want, unit); err != nil || !bytes.Equal(got, in) {
			t.Errorf("47 bytes: %x, %v, want %x", got, err, in)
		}
		mustBe(t, "15 bytes", ours.Encrypt(got, in[:15], unit), cbridge.ErrAESInvalidInputLength)
		mustBe(t, "number", ours.Encrypt(got, in, unit[1:]), cbridge.ErrAESBadInputData)
		mustBe(t, "short output", ours.Encrypt(got[1:], in, unit), cbridge.ErrAESBadInputData)
		ours.Close()
		mustBe(t, "after Close", ours.Encrypt(got, in, unit), net.ErrClosed)
	}
	mustBe(t, "key", second(NewXTS(data(48))), cbridge.ErrAESInvalidKeyLength)
}

func TestDESKeys(t *testing.T) {
	t.Parallel()
	key := data(8)
	if !cbridge.Feature("MBEDTLS_DES_C") {
		mustBe(t, "SetDESParity", SetDESParity(key), errors.ErrUnsupported)
		mustBe(t, "IsWeakDESKey", second(IsWeakDESKey(key)), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	if odd, err := HasDESParity(make([]byte, 8)); odd || err != nil {
		t.Errorf("zeros have odd parity: %v", err)
	}
	if err := SetDESParity(key); err != nil {
		t.Fatal(err)
	}
	if odd, err := HasDESParity(key); !odd || err != nil {
		t.Errorf("%x has even parity: %v", key, err)
	}
	for _, c := range []struct {
		key  []byte
		weak bool
	}{{key, false}, {bytes.Repeat([]byte{1}, 8), true}, {bytes.Repeat([]byte{0xfe}, 8), true}} {
		if weak, err := IsWeakDESKey(c.key); weak != c.weak || err != nil {
			t.Errorf("%x: weak: %v, %v", c.key, weak, err)
		}
	}
	for _, n := range []int{0, 7, 9} {
		mustBe(t, "parity", SetDESParity(make([]byte, n)), cbridge.ErrDESInvalidInputLength)
		mustBe(t, "parity", second(HasDESParity(make([]byte, n))), cbridge.ErrDESInvalidInputLength)
		mustBe(t, "weak", second(IsWeakDESKey(make([]byte, n))), cbridge.ErrDESInvalidInputLength)
	}
}

// A Block is used by many goroutines at once.
func TestConcurrentBlocks(t *testing.T) {
	forBlocks(t, func(t *testing.T, id ID, ours *Block, theirs gocipher.Block) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				in, got, want := data(ours.BlockSize()), make([]byte, ours.BlockSize()), make([]byte, ours.BlockSize())
				in[0] = byte(i)
				theirs.Encrypt(want, in)
				for range 200 {
					ours.Encrypt(got, in)
					if !bytes.Equal(got, want) {
						t.Errorf("%x, want %x", got, want)
					}
					ours.Decrypt(got, got)
				}
			})
		}
		wg.Wait()
	})
}

package cipher

//lint:file-ignore SA1019 what the library has, and is compared here, is deprecated in Go

import (
	"bytes"
	"crypto/aes"
	gocipher "crypto/cipher"
	"encoding/hex"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/poly1305"

	"github.com/gombedtls/gombedtls/cbridge"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func goGCM(t testing.TB, key []byte, nonceSize, tagSize int) gocipher.AEAD {
	t.Helper()
	b := must[gocipher.Block](t)(aes.NewCipher(key))
	if tagSize != 16 {
		return roomy{must[gocipher.AEAD](t)(gocipher.NewGCMWithTagSize(b, tagSize))}
	}
	return must[gocipher.AEAD](t)(gocipher.NewGCMWithNonceSize(b, nonceSize))
}

// roomy has room behind what it makes: the standard library writes a whole block there, where the tag is shorter than one,
// and may so change what somebody else has in that memory.
type roomy struct{ gocipher.AEAD }

func (r roomy) Seal(dst, nonce, plaintext, ad []byte) []byte {
	return r.AEAD.Seal(slices.Grow(dst, len(plaintext)+r.Overhead()+aes.BlockSize), nonce, plaintext, ad)
}

// aeads are those that Go has, too.
var aeads = []struct {
	name, option string
	ours         func() (*AEAD, error)
	theirs       func(t testing.TB) gocipher.AEAD
	forged, bad  cbridge.Code
}{
	{"AES-128-GCM", "MBEDTLS_GCM_C", func() (*AEAD, error) { return NewGCM(AES, data(16)) },
		func(t testing.TB) gocipher.AEAD { return goGCM(t, data(16), 12, 16) }, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput},
	{"AES-256-GCM", "MBEDTLS_GCM_C", func() (*AEAD, error) { return NewGCM(AES, data(32)) },
		func(t testing.TB) gocipher.AEAD { return goGCM(t, data(32), 12, 16) }, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput},
	{"AES-192-GCM, long nonce", "MBEDTLS_GCM_C", func() (*AEAD, error) { return NewGCMWithSizes(AES, data(24), 61, 16) },
		func(t testing.TB) gocipher.AEAD { return goGCM(t, data(24), 61, 16) }, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput},
	{"AES-128-GCM, short tag", "MBEDTLS_GCM_C", func() (*AEAD, error) { return NewGCMWithSizes(AES, data(16), 12, 13) },
		func(t testing.TB) gocipher.AEAD { return goGCM(t, data(16), 12, 13) }, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput},
	{"ChaCha20-Poly1305", "MBEDTLS_CHACHAPOLY_C", func() (*AEAD, error) { return NewChaCha20Poly1305(data(32)) },
		func(t testing.TB) gocipher.AEAD { return must[gocipher.AEAD](t)(chacha20poly1305.New(data(32))) },
		cbridge.ErrChachapolyAuthFailed, cbridge.ErrChacha20BadInputData},
}

func TestAEADs(t *testing.T) {
	t.Parallel()
	for _, c := range aeads {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, err := c.ours()
			if !cbridge.Feature(c.option) {
				mustBe(t, "new", err, errors.ErrUnsupported)
				t.Skip("not in this build")
			}
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			theirs := c.theirs(t)
			if ours.NonceSize() != theirs.NonceSize() || ours.Overhead() != theirs.Overhead() {
				t.Fatalf("nonces of %d bytes, tags of %d", ours.NonceSize(), ours.Overhead())
			}
			nonce := data(ours.NonceSize())
			for _, n := range sizes {
				for _, ad := range [][]byte{nil, data(1), data(100)} {
					in := data(n)
					want := theirs.Seal([]byte("x"), nonce, in, ad)
					if got := ours.Seal([]byte("x"), nonce, in, ad); !bytes.Equal(got, want) {
						t.Fatalf("%d bytes: %x, want %x", n, got, want)
					}
					buf := append(bytes.Clone(in), make([]byte, 16)...)
					sealed := ours.Seal(buf[:0], nonce, buf[:n], ad) // in place
					if !bytes.Equal(sealed, want[1:]) {
						t.Fatalf("%d bytes in place: %x, want %x", n, sealed, want[1:])
					}
					if got, err := ours.Open([]byte("x"), nonce, sealed, ad); err != nil || !bytes.Equal(got[1:], in) {
						t.Fatalf("Open of %d bytes: %x, %v", n, got, err)
					}
					if got, err := ours.Open(sealed[:0], nonce, sealed, ad); err != nil || !bytes.Equal(got, in) {
						t.Fatalf("Open of %d bytes in place: %x, %v", n, got, err)
					}
				}
			}
			misused(t, ours, nonce, c.forged, c.bad)
		})
	}
}

// misused checks what is no message, or no use of an AEAD.
func misused(t *testing.T, a *AEAD, nonce []byte, forged, bad cbridge.Code) {
	in := data(40)
	sealed := a.Seal(nil, nonce, in, nil)
	for i := range sealed {
		sealed[i] ^= 1
		out := make([]byte, 40)
		_, err := a.Open(out[:0], nonce, sealed, nil)
		mustBe(t, "another message", err, forged)
		if !bytes.Equal(out, make([]byte, 40)) {
			t.Errorf("%x is left of a message that was forged", out)
		}
		sealed[i] ^= 1
	}
	mustBe(t, "other data", second(a.Open(nil, nonce, sealed, []byte("x"))), forged)
	mustBe(t, "less than a tag", second(a.Open(nil, nonce, sealed[:a.Overhead()-1], nil)), bad)
	mustBe(t, "nonce", second(a.Open(nil, nonce[1:], sealed, nil)), bad)
	mustBe(t, "nonce", second(a.Encrypt(nil, nonce[1:], in, nil)), bad)
	if !panics(func() { a.Seal(nil, nonce[1:], in, nil) }) {
		t.Error("Seal with another nonce does not panic")
	}
	buf := data(200)
	mustBe(t, "overlap", second(a.Encrypt(buf[:1], nonce, buf[:40], nil)), bad)
	mustBe(t, "overlap with data", second(a.Encrypt(buf[:0], nonce, in, buf[10:20])), bad)
	mustBe(t, "overlap", second(a.Open(buf[:1], nonce, buf[:60], nil)), bad)
	if !bytes.Equal(buf, data(200)) {
		t.Error("an error has changed the input")
	}
	a.Close()
	a.Close()
	mustBe(t, "after Close", second(a.Encrypt(nil, nonce, in, nil)), net.ErrClosed)
	mustBe(t, "after Close", second(a.Open(nil, nonce, sealed, nil)), net.ErrClosed)
	if !panics(func() { a.Seal(nil, nonce, in, nil) }) {
		t.Error("Seal after Close does not panic")
	}
}

// What each size of a key, nonce or tag is, that there is none of.
func TestAEADSizes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option string
		err    error
		want   cbridge.Code
	}{
		"GCM key":    {"MBEDTLS_GCM_C", second(NewGCM(AES, data(17))), cbridge.ErrGCMBadInput},
		"GCM cipher": {"MBEDTLS_GCM_C", second(NewGCM(DES, data(8))), cbridge.ErrGCMBadInput},
		"GCM nonce":  {"MBEDTLS_GCM_C", second(NewGCMWithSizes(AES, data(16), 0, 16)), cbridge.ErrGCMBadInput},
		"GCM tag 3":  {"MBEDTLS_GCM_C", second(NewGCMWithSizes(AES, data(16), 12, 3)), cbridge.ErrGCMBadInput},
		"GCM tag 17": {"MBEDTLS_GCM_C", second(NewGCMWithSizes(AES, data(16), 12, 17)), cbridge.ErrGCMBadInput},
		"CCM key":    {"MBEDTLS_CCM_C", second(NewCCM(AES, data(17), 12, 16)), cbridge.ErrCCMBadInput},
		"CCM nonce":  {"MBEDTLS_CCM_C", second(NewCCM(AES, data(16), 14, 16)), cbridge.ErrCCMBadInput},
		"CCM tag":    {"MBEDTLS_CCM_C", second(NewCCM(AES, data(16), 12, 5)), cbridge.ErrCCMBadInput},
		"CCM tag 0":  {"MBEDTLS_CCM_C", second(NewCCM(AES, data(16), 12, 0)), cbridge.ErrCCMBadInput},
		"CCM* tag 2": {"MBEDTLS_CCM_C", second(NewCCMStar(AES, data(16), 13, 2)), cbridge.ErrCCMBadInput},
		"ChaCha key": {"MBEDTLS_CHACHAPOLY_C", second(NewChaCha20Poly1305(data(31))), cbridge.ErrChacha20BadInputData},
	} {
		if cbridge.Feature(c.option) {
			mustBe(t, name, c.err, c.want)
		}
	}
}

func TestCCM(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CCM_C") {
		mustBe(t, "NewCCM", second(NewCCM(AES, data(16), 12, 16)), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	for _, of := range []func(ID, []byte, int, int) (*AEAD, error){NewCCM, NewCCMStar} {
		for nonceSize := 7; nonceSize <= 13; nonceSize++ {
			for tagSize := 4; tagSize <= 16; tagSize += 2 {
				a := must[*AEAD](t)(of(AES, data(16), nonceSize, tagSize))
				nonce, in, ad := data(nonceSize), data(100), data(50)
				sealed := a.Seal(nil, nonce, in, ad)
				if got, err := a.Open(nil, nonce, sealed, ad); err != nil || !bytes.Equal(got, in) || len(sealed) != 100+tagSize {
					t.Errorf("a nonce of %d bytes, a tag of %d: %x, %v", nonceSize, tagSize, got, err)
				}
				misused(t, a, nonce, cbridge.ErrCCMAuthFailed, cbridge.ErrCCMBadInput)
			}
		}
	}
	a := must[*AEAD](t)(NewCCM(AES, data(16), 13, 16))
	defer a.Close()
	mustBe(t, "65536 bytes with a nonce of 13", second(a.Encrypt(nil, data(13), make([]byte, 1<<16), nil)), cbridge.ErrCCMBadInput)
	mustBe(t, "65280 bytes of data", second(a.Encrypt(nil, data(13), nil, make([]byte, 65280))), cbridge.ErrCCMBadInput)
	star := must[*AEAD](t)(NewCCMStar(AES, data(16), 13, 0))
	defer star.Close()
	sealed := star.Seal(nil, data(13), data(20), nil)
	if got, err := star.Open(nil, data(13), sealed, nil); err != nil || len(sealed) != 20 || !bytes.Equal(got, data(20)) {
		t.Errorf("without a tag: %x, %v", got, err)
	}
}

// The longer the nonce, the shorter the message: of one that is too long, the library keeps an error.
func TestCCMGoesOnAfterAMessageThatIsTooLong(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CCM_C") {
		t.Skip("not in this build")
	}
	nonce, msg, long := data(13), data(20), make([]byte, 1<<16)
	for name, of := range map[string]func(id ID, key []byte, nonceSize, tagSize int) (*AEAD, error){"CCM": NewCCM, "CCM*": NewCCMStar} {
		a := must[*AEAD](t)(of(AES, data(16), 13, 16))
		defer a.Close()
		sealed := a.Seal(nil, nonce, msg, nil)
		mustBe(t, name+" opens too much", second(a.Open(nil, nonce, make([]byte, len(long)+16), nil)), cbridge.ErrCCMBadInput)
		if got, err := a.Open(nil, nonce, sealed, nil); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("%s after that: %x, %v", name, got, err)
		}
		mustBe(t, name+" seals too much", second(a.Encrypt(nil, nonce, long, nil)), cbridge.ErrCCMBadInput)
		if got := a.Seal(nil, nonce, msg, nil); !bytes.Equal(got, sealed) {
			t.Errorf("%s after that: %x, want %x", name, got, sealed)
		}
	}
	c := named(t, "AES-128-CCM", Encrypt)
	sealed := must[[]byte](t)(c.Seal(nil, nonce, msg, nil, 16))
	mustBe(t, "the generic layer", second(c.Seal(nil, nonce, long, nil, 16)), cbridge.ErrCCMBadInput)
	if got, err := c.Seal(nil, nonce, msg, nil, 16); err != nil || !bytes.Equal(got, sealed) {
		t.Errorf("the generic layer after that: %x, %v", got, err)
	}
}

func TestStartForgetsTheMessageBefore(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CCM_C") {
		t.Skip("not in this build")
	}
	nonce, msg := data(13), data(20)
	a := must[*AEAD](t)(NewCCM(AES, data(16), 13, 16))
	defer a.Close()
	want := a.Seal(nil, nonce, msg, nil)
	for name, before := range map[string]func(m *Multipart) error{
		"lengths":          func(m *Multipart) error { return m.SetLengths(0, 33, 8) },
		"a piece":          func(m *Multipart) error { return errors.Join(m.SetLengths(0, 33, 8), second(m.Update(nil, msg))) },
		"additional data":  func(m *Multipart) error { return errors.Join(m.SetLengths(9, 33, 8), m.UpdateAD(msg[:5])) },
		"too long for it":  func(m *Multipart) error { return second(0, m.SetLengths(0, 1<<16, 8)) },
		"more than it was": func(m *Multipart) error { return errors.Join(m.SetLengths(0, 3, 8), second(m.Update(nil, msg))) },
	} {
		m := must[*Multipart](t)(NewCCMMultipart(AES, data(16)))
		defer m.Close()
		if err := m.Start(Encrypt, data(13)[:12]); err != nil {
			t.Fatal(err)
		}
		if err := before(m); err != nil && !errors.Is(err, cbridge.ErrCCMBadInput) {
			t.Fatalf("%s: %v", name, err)
		}
		if err := errors.Join(m.Start(Encrypt, nonce), m.SetLengths(0, len(msg), 16)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := must[[]byte](t)(m.Update(nil, msg))
		if got = append(got, must[[]byte](t)(m.Finish())...); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", name, got, want)
		}
	}
}

func TestConcurrentAEAD(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_GCM_C") {
		t.Skip("not in this build")
	}
	a := must[*AEAD](t)(NewGCM(AES, data(16)))
	defer a.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			nonce := data(12)
			nonce[0] = byte(i)
			for n := range 200 {
				if got, err := a.Open(nil, nonce, a.Seal(nil, nonce, data(n), nil), nil); err != nil || !bytes.Equal(got, data(n)) {
					t.Errorf("%x, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, option string
		of           func() (*Multipart, error)
		whole        func() (*AEAD, error)
		forged       cbridge.Code
		started      cbridge.Code // the error of what is not
	}{
		{"GCM", "MBEDTLS_GCM_C", func() (*Multipart, error) { return NewGCMMultipart(AES, data(16)) },
			func() (*AEAD, error) { return NewGCM(AES, data(16)) }, cbridge.ErrGCMAuthFailed, cbridge.ErrGCMBadInput},
		{"CCM", "MBEDTLS_CCM_C", func() (*Multipart, error) { return NewCCMMultipart(AES, data(16)) },
			func() (*AEAD, error) { return NewCCM(AES, data(16), 12, 16) }, cbridge.ErrCCMAuthFailed, cbridge.ErrCCMBadInput},
		{"CCM*", "MBEDTLS_CCM_C", func() (*Multipart, error) { return NewCCMStarMultipart(AES, data(16)) },
			func() (*AEAD, error) { return NewCCMStar(AES, data(16), 12, 16) }, cbridge.ErrCCMAuthFailed, cbridge.ErrCCMBadInput},
		{"ChaCha20-Poly1305", "MBEDTLS_CHACHAPOLY_C", func() (*Multipart, error) { return NewChaCha20Poly1305Multipart(data(32)) },
			func() (*AEAD, error) { return NewChaCha20Poly1305(data(32)) }, cbridge.ErrChachapolyAuthFailed, cbridge.ErrChachapolyBadState},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := c.of()
			if !cbridge.Feature(c.option) {
				mustBe(t, "new", err, errors.ErrUnsupported)
				t.Skip("not in this build")
			}
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			a := must[*AEAD](t)(c.whole())
			defer a.Close()
			mustBe(t, "Update before Start", second(m.Update(nil, data(1))), c.started)
			mustBe(t, "UpdateAD before Start", m.UpdateAD(data(1)), c.started)
			mustBe(t, "Finish before Start", second(m.FinishWithSize(16)), c.started)

			nonce, ad, in := data(12), data(30), data(100)
			want := a.Seal(nil, nonce, in, ad)
			start := func(op Operation) {
				t.Helper()
				if err := m.Start(op, nonce); err != nil {
					t.Fatal(err)
				}
				if _, isCCM := m.m.(lengths); isCCM {
					if err := m.SetLengths(len(ad), len(in), 16); err != nil {
						t.Fatal(err)
					}
				} else {
					mustBe(t, "SetLengths", m.SetLengths(1, 1, 16), cbridge.ErrCipherFeatureUnavailable)
				}
				for _, piece := range [][]byte{ad[:7], ad[7:]} {
					if err := m.UpdateAD(piece); err != nil {
						t.Fatal(err)
					}
				}
			}
			crypt := func(p []byte) (out []byte) {
				t.Helper()
				for _, piece := range [][]byte{p[:1], p[1:17], p[17:17], p[17:]} {
					out = must[[]byte](t)(m.Update(out, piece))
				}
				return out
			}
			for range 2 { // one message after the other
				start(Encrypt)
				got := crypt(in)
				if got = append(got, must[[]byte](t)(m.Finish())...); !bytes.Equal(got, want) {
					t.Errorf("%x, want %x", got, want)
				}
				mustBe(t, "Update after Finish", second(m.Update(nil, data(1))), c.started)
				mustBe(t, "Finish after Finish", second(m.FinishWithSize(16)), c.started)
				start(Decrypt)
				if got := crypt(want[:100]); !bytes.Equal(got, in) {
					t.Errorf("%x, want %x", got, in)
				}
				if err := m.Verify(want[100:]); err != nil {
					t.Error(err)
				}
				start(Decrypt)
				crypt(want[:100])
				mustBe(t, "another tag", m.Verify(make([]byte, 16)), c.forged)
			}
			start(Encrypt)
			buf := data(50)
			if _, err := m.Update(buf[:1], buf[:20]); err == nil || !bytes.Equal(buf, data(50)) {
				t.Errorf("overlap: %v", err)
			}
			if out := must[[]byte](t)(m.Update(buf[:0], buf)); &out[0] != &buf[0] {
				t.Error("not in place")
			}
			for _, n := range []int{-1, 17} {
				if _, err := m.FinishWithSize(n); err == nil {
					t.Errorf("a tag of %d bytes", n)
				}
			}
			m.Close()
			mustBe(t, "after Close", m.Start(Encrypt, nonce), net.ErrClosed)
			mustBe(t, "after Close", second(m.Update(nil, in)), net.ErrClosed)
		})
	}
}

func TestKeyWrap(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_NIST_KW_C") {
		mustBe(t, "NewKW", second(NewKW(data(16))), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	for _, c := range []struct {
		name, openSSL string
		iv            string
		of            func([]byte) (*KeyWrap, error)
		sizes, no     []int
	}{
		{"KW", "aes256-wrap", "A6A6A6A6A6A6A6A6", NewKW, []int{16, 24, 32, 512}, []int{0, 8, 15, 17}},
		{"KWP", "aes256-wrap-pad", "A65959A6", NewKWP, []int{1, 7, 8, 9, 16, 17, 500}, []int{0}},
	} {
		k := must[*KeyWrap](t)(c.of(data(32)))
		for _, n := range c.sizes {
			wrapped := must[[]byte](t)(k.Wrap(data(n)))
			if got, err := k.Unwrap(wrapped); err != nil || !bytes.Equal(got, data(n)) {
				t.Errorf("%s of %d bytes: %x, %v", c.name, n, got, err)
			}
			want := openSSL(t, data(n), "enc", "-id-"+c.openSSL, "-K", hex.EncodeToString(data(32)), "-iv", c.iv)
			if !bytes.Equal(wrapped, want) {
				t.Errorf("%s of %d bytes: %x, want %x", c.name, n, wrapped, want)
			}
			wrapped[n/2] ^= 1
			mustBe(t, "another", second(k.Unwrap(wrapped)), cbridge.ErrCipherAuthFailed)
		}
		for _, n := range c.no {
			mustBe(t, "length", second(k.Wrap(data(n))), cbridge.ErrCipherBadInputData)
		}
		for _, n := range []int{0, 1, 8, 17} {
			mustBe(t, "length", second(k.Unwrap(data(n))), cbridge.ErrCipherBadInputData)
		}
		k.Close()
		mustBe(t, "after Close", second(k.Wrap(data(16))), net.ErrClosed)
		mustBe(t, "key", second(c.of(data(17))), cbridge.ErrCipherBadInputData)
	}
}

func TestPoly1305(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_POLY1305_C") {
		mustBe(t, "NewPoly1305", second(NewPoly1305(data(32))), errors.ErrUnsupported)
		t.Skip("not in this build")
	}
	key := data(32)
	for _, n := range sizes {
		var want [16]byte
		poly1305.Sum(&want, data(n), (*[32]byte)(key))
		p := must[*Poly1305](t)(NewPoly1305(key))
		p.Write(data(n)[:n/2])
		must[[]byte](t)(p.MAC()) // changes nothing
		p.Write(data(n)[n/2:])
		if got := must[[]byte](t)(p.MAC()); !bytes.Equal(got, want[:]) {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
		if ok, err := p.Verify(want[:]); !ok || err != nil {
			t.Errorf("Verify: %v, %v", ok, err)
		}
		if ok, err := p.Verify(want[1:]); ok || err != nil {
			t.Errorf("Verify of another: %v, %v", ok, err)
		}
		if got, err := Poly1305MAC(key, data(n)); err != nil || !bytes.Equal(got, want[:]) {
			t.Errorf("%d bytes: %x, %v, want %x", n, got, err, want)
		}
		p.Close()
		mustBe(t, "after Close", second(p.Write(nil)), net.ErrClosed)
	}
	mustBe(t, "key", second(NewPoly1305(key[1:])), cbridge.ErrPoly1305BadInputData)
	mustBe(t, "key", second(Poly1305MAC(key[1:], nil)), cbridge.ErrPoly1305BadInputData)
}

func BenchmarkAESGCM(b *testing.B) {
	p, nonce := make([]byte, 16<<10), make([]byte, 12)
	buf := make([]byte, 0, len(p)+16)
	ours := must[*AEAD](b)(NewGCM(AES, data(16)))
	defer ours.Close()
	for name, a := range map[string]gocipher.AEAD{"mbedtls": ours, "go": goGCM(b, data(16), 12, 16)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				a.Seal(buf, nonce, p, nil)
			}
		})
	}
}

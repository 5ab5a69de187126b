package accel

import (
	"bytes"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, func() {}, func() {}, func() error { return nil })
}

func key(c Cipher, b byte) Key { return Key{c, bytes.Repeat([]byte{b}, 32), new(uint32), false} }

var (
	nonce      = make([]byte, NonceSize)
	additional = []byte("additional")
)

func seal(t *testing.T, k Key, plain string) []byte {
	t.Helper()
	out := make([]byte, len(plain)+TagSize)
	if got := Seal(k, out, nonce, []byte(plain), additional); got != Done {
		t.Fatalf("Seal: %d", got)
	}
	return out
}

func TestHintsNeverDecide(t *testing.T) {
	for _, c := range []Cipher{AESGCM, ChaCha20Poly1305} {
		a, b := key(c, 1), key(c, 2)
		ofA, ofB := seal(t, a, "message"), seal(t, b, "message")
		if bytes.Equal(ofA, ofB) {
			t.Fatal("two keys seal alike")
		}
		for _, hint := range []uint32{*a.Hint, *b.Hint, 0, 1, hintMissed, hintBase, cacheSlots + 1, cacheSlots + hintBase, 1 << 31, ^uint32(0)} {
			for _, k := range []struct {
				Key
				want, other []byte
			}{{a, ofA, ofB}, {b, ofB, ofA}} {
				*k.Hint = hint
				if got := seal(t, k.Key, "message"); !bytes.Equal(got, k.want) {
					t.Fatalf("with hint %d, another key was used", hint)
				}
				*k.Hint = hint
				out := bytes.Repeat([]byte{1}, len("message"))
				if got := Open(k.Key, out, nonce, k.want, additional); got != Done || string(out) != "message" {
					t.Fatalf("with hint %d, Open: %d, %q", hint, got, out)
				}
				if got := Open(k.Key, out, nonce, k.other, additional); got != Forged || !bytes.Equal(out, make([]byte, len(out))) {
					t.Fatalf("what another key sealed, with hint %d: %d, %q", hint, got, out)
				}
			}
		}
		a.Forget()
		a.Forget()
		if got := seal(t, b, "message"); !bytes.Equal(got, ofB) {
			t.Fatal("forgetting a key changed another")
		}
	}
	// The same bytes are another key for another cipher.
	g, p := key(AESGCM, 3), key(ChaCha20Poly1305, 3)
	want := seal(t, p, "message")
	seal(t, g, "message")
	*p.Hint = *g.Hint
	if !bytes.Equal(seal(t, p, "message"), want) {
		t.Error("the entry of AES-GCM was used for ChaCha20-Poly1305")
	}
}

func TestAForgottenKeyIsCollected(t *testing.T) {
	k := key(AESGCM, 9)
	seal(t, k, "message")
	e := weak.Make(k.slot().Load())
	k.Forget()
	for deadline := time.Now().Add(20 * time.Second); e.Value() != nil; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatal("the entry is still there")
		}
	}
}

// A brief message is worth the key's first computation, but not the next, when another key has taken the slot.
func TestBriefMessagesOfAMissedKeyAreDeclined(t *testing.T) {
	a, b := key(AESGCM, 6), key(AESGCM, 7)
	a.Brief = true
	want := seal(t, a, "message")
	seal(t, b, "message")
	*a.Hint = *b.Hint
	if got := Seal(a, make([]byte, 7+TagSize), nonce, []byte("message"), additional); got != Declined || *a.Hint != hintMissed {
		t.Errorf("brief: %d, hint %d", got, *a.Hint)
	}
	*a.Hint, a.Brief = *b.Hint, false
	if got := seal(t, a, "message"); !bytes.Equal(got, want) || *a.Hint < hintBase || *a.Hint == *b.Hint {
		t.Errorf("not brief: %x, hint %d", got, *a.Hint)
	}
}

func TestManyKeysAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 600 {
				k := key(Cipher(j%2), byte(i*31+j))
				sealed := make([]byte, 5+TagSize)
				out := make([]byte, 5)
				if Seal(k, sealed, nonce, []byte("hello"), nil) != Done || Open(k, out, nonce, sealed, nil) != Done || string(out) != "hello" {
					t.Errorf("worker %d, key %d: %q", i, j, out)
					return
				}
				if j%3 == 0 {
					k.Forget()
				}
			}
		})
	}
	wg.Wait()
}

func TestWhatGoRefusesIsDeclined(t *testing.T) {
	k := Key{AESGCM, make([]byte, 17), new(uint32), false}
	if got := Seal(k, make([]byte, TagSize), nonce, nil, nil); got != Declined || *k.Hint != 0 {
		t.Errorf("a key of 17 bytes: %d, hint %d", got, *k.Hint)
	}
	if got := Open(k, nil, nonce, make([]byte, TagSize), nil); got != Declined {
		t.Errorf("a key of 17 bytes: %d", got)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	if instrumented {
		t.Skip("the race detector and the sanitizer allocate")
	}
	buf := make([]byte, 1024+TagSize)
	for _, c := range []Cipher{AESGCM, ChaCha20Poly1305} {
		k := key(c, 5)
		if n := testing.AllocsPerRun(100, func() {
			if Seal(k, buf, nonce, buf[:1024], additional) != Done || Open(k, buf[:1024], nonce, buf, additional) != Done {
				t.Error("not done")
			}
		}); n != 0 {
			t.Errorf("cipher %d: %v allocations", c, n)
		}
	}
	m := Message{SHA512, make([]byte, 64), make([]byte, 128), 0}
	if n := testing.AllocsPerRun(100, func() {
		if m.Update(buf) != Done {
			t.Error("not done")
		}
	}); n >= 1 { // a collection may empty the pool
		t.Errorf("SHA-512: %v allocations", n)
	}
}

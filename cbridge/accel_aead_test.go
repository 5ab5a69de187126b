package cbridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// oneShot is either AEAD of the library.
type oneShot struct {
	setKey func(key []byte) error
	seal   func(iv, additional, in, out, tag []byte) error
	open   func(iv, additional, tag, in, out []byte) error
	close  func() error
	hint   *uint32 // see accel_aead.c: firstSlot or above once Go has done something
	forged Code
	family Accel
}

const firstSlot = 66

var aeads = map[string]func(testing.TB) oneShot{
	"AES-GCM": func(t testing.TB) oneShot {
		g, err := NewGCM()
		if err != nil {
			t.Fatal(err)
		}
		return oneShot{
			func(key []byte) error { return g.SetKey(CipherAES, key) }, g.CryptAndTag, g.AuthDecrypt, g.Close,
			(*uint32)(unsafe.Add(unsafe.Pointer(g.c), unsafe.Sizeof(*g.c)-4)), ErrGCMAuthFailed, AccelAESGCM,
		}
	},
	"ChaCha20-Poly1305": func(t testing.TB) oneShot {
		if !Feature(chachapolyOption) {
			t.Skip(chachapolyOption, "is not in this build")
		}
		p, err := NewChaChaPoly()
		if err != nil {
			t.Fatal(err)
		}
		return oneShot{
			p.SetKey, p.EncryptAndTag, p.AuthDecrypt, p.Close,
			(*uint32)(unsafe.Add(unsafe.Pointer(&p.c.private_poly1305_ctx.private_queue_len), -4)), ErrChachapolyAuthFailed,
			AccelChaChaPoly,
		}
	},
}

// accelerate turns families on for a test.
func accelerate(t testing.TB, a Accel) {
	t.Helper()
	before := Acceleration()
	if err := SetAcceleration(a); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := SetAcceleration(before); err != nil {
			t.Error(err)
		}
	})
}

// layout says where in one memory the parts of a message are; they may overlap in every way.
type layout struct {
	Key                       int // its length
	In, Out, Tag, IV, AD      int // offsets
	Len, TagLen, IVLen, ADLen int
	Flip                      bool // a bit of the tag, before it is opened
}

const layoutRoom = 2048

func (l layout) clamped() layout {
	for _, f := range []struct {
		offset, length *int
		longest        int
	}{{&l.In, &l.Len, 600}, {&l.Out, &l.Len, 600}, {&l.Tag, &l.TagLen, 20}, {&l.IV, &l.IVLen, 40}, {&l.AD, &l.ADLen, 100}} {
		*f.length = int(uint(*f.length) % uint(f.longest))
		*f.offset = int(uint(*f.offset) % (layoutRoom - 640))
	}
	return l
}

func (l layout) parts(m []byte) (iv, ad, in, out, tag []byte) {
	at := func(offset, n int) []byte { return m[offset : offset+n] }
	return at(l.IV, l.IVLen), at(l.AD, l.ADLen), at(l.In, l.Len), at(l.Out, l.Len), at(l.Tag, l.TagLen)
}

// outcome is everything that a caller can see of sealing and opening.
type outcome struct {
	Sealed, Opened       error
	AfterSeal, AfterOpen []byte
}

func code(err error) error {
	if e := new(Error); errors.As(err, &e) {
		return e.Code
	}
	return err
}

// play seals where l says, moves the result to where it is to be opened from, and opens it, all several times over: the
// first time with a key is not like the others.
func play(t testing.TB, a oneShot, l layout, seed uint64) (all []outcome) {
	memory := make([]byte, layoutRoom)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	key := make([]byte, l.Key)
	r.Read(key)
	if err := a.setKey(key); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.Read(memory)
		var o outcome
		iv, ad, in, out, tag := l.parts(memory)
		o.Sealed = code(a.seal(iv, ad, in, out, tag))
		o.AfterSeal = bytes.Clone(memory)

		// For a tag that is right, unless parts overlap: the message as a fresh context of the library has it.
		r.Read(memory)
		plain := bytes.Clone(in)
		on := Acceleration()
		SetAcceleration(0)
		a.seal(iv, ad, plain, in, tag)
		SetAcceleration(on)
		if l.Flip && len(tag) > 0 {
			tag[len(tag)-1] ^= 0x20
		}
		o.Opened = code(a.open(iv, ad, tag, in, out))
		o.AfterOpen = bytes.Clone(memory)
		all = append(all, o)
	}
	return all
}

// compareWithLibrary tells whether Go did any of it.
func compareWithLibrary(t *testing.T, kind string, l layout, seed uint64) (accelerated bool) {
	t.Helper()
	l = l.clamped()
	if kind == "ChaCha20-Poly1305" {
		l.Key, l.IVLen, l.TagLen = 32, chachapolyNonceSize, chachapolyTagSize
	}
	var got [2][]outcome
	for i, accel := range []Accel{0, ^Accel(0)} {
		accelerate(t, accel)
		a := aeads[kind](t)
		got[i] = play(t, a, l, seed)
		accelerated = *a.hint >= firstSlot
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(got[0], got[1]) { // cmp.Diff takes its time over so many bytes
		t.Fatalf("%+v: the library - and accelerated +:\n%s", l, cmp.Diff(got[0], got[1]))
	}
	return accelerated
}

// likely is a layout like those of real callers, with now and then something out of the ordinary.
func likely(r *rand.Rand) layout {
	l := layout{Key: 16 + 8*r.IntN(3), In: 64 + r.IntN(32), Len: r.IntN(600), TagLen: 16, IVLen: 12, ADLen: r.IntN(40), Flip: r.IntN(3) == 0}
	l.Out, l.IV, l.AD = l.In, 1300+r.IntN(20), 1340+r.IntN(20)
	if r.IntN(4) == 0 {
		l.Out = 700 + r.IntN(32)
	}
	l.Tag = l.Out + l.Len // for seal
	if r.IntN(2) == 0 {
		l.Tag = l.In + l.Len // for open
	}
	if r.IntN(3) == 0 {
		for _, p := range []*int{&l.Out, &l.Tag, &l.IV, &l.AD, &l.TagLen, &l.IVLen} {
			if r.IntN(4) == 0 {
				*p += r.IntN(40) - 20
			}
		}
	}
	return l
}

func TestAEADsAreTheLibrarys(t *testing.T) {
	for kind := range aeads {
		t.Run(kind, func(t *testing.T) {
			r := rand.New(rand.NewPCG(6, 3))
			const times = 1500
			accelerated := 0
			for i := range times {
				if compareWithLibrary(t, kind, likely(r), uint64(i)) {
					accelerated++
				}
			}
			if AvailableAcceleration()&AccelAESGCM != 0 && accelerated < times/2 {
				t.Errorf("Go did %d of %d", accelerated, times)
			}
			for _, l := range []layout{
				{Key: 16}, // nothing at all
				{Key: 16, IVLen: 12, TagLen: 16, IV: 100}, // an empty message
				{Key: 32, IVLen: 12, TagLen: 16, ADLen: 99, IV: 200},
				{Key: 24, IVLen: 12, TagLen: 16, Len: 599, In: 100, Out: 100, Tag: 699, IV: 800, AD: 900, ADLen: 99},
				{Key: 24, IVLen: 12, TagLen: 16, Len: 599, In: 100, Out: 101, Tag: 700, IV: 800, AD: 900, ADLen: 99},
				{Key: 24, IVLen: 12, TagLen: 16, Len: 599, In: 101, Out: 100, Tag: 699, IV: 800, AD: 900, ADLen: 99},
				{Key: 32, IVLen: 12, TagLen: 16, Len: 300, In: 400, Out: 100, Tag: 400, IV: 800, AD: 900, ADLen: 9},
				{Key: 32, IVLen: 12, TagLen: 16, Len: 300, In: 100, Out: 100, Tag: 400, IV: 396, AD: 150, ADLen: 9},
			} {
				compareWithLibrary(t, kind, l, 99)
			}
		})
	}
}

func FuzzAEAD(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		l := likely(r)
		f.Add(i%2 == 0, uint16(i), uint8(l.Key), l.In, l.Out, l.Tag, l.IV, l.AD, l.Len, l.TagLen, l.IVLen, l.ADLen, l.Flip)
	}
	f.Fuzz(func(t *testing.T, gcm bool, seed uint16, key uint8, in, out, tag, iv, ad, length, tagLen, ivLen, adLen int, flip bool) {
		kind := "ChaCha20-Poly1305"
		if gcm {
			kind = "AES-GCM"
		}
		compareWithLibrary(t, kind, layout{16 + 8*int(key%3), in, out, tag, iv, ad, length, tagLen, ivLen, adLen, flip}, uint64(seed))
	})
}

// message is one of a length that is worth accelerating.
type message struct{ iv, ad, plain, sealed, opened []byte }

func newMessage(n int) message {
	m := message{make([]byte, 12), []byte("additional"), bytes.Repeat([]byte{'m'}, n), make([]byte, n+16), make([]byte, n)}
	m.iv[0] = byte(n)
	return m
}

func (m message) seal(t *testing.T, a oneShot) []byte {
	t.Helper()
	n := len(m.plain)
	if err := a.seal(m.iv, m.ad, m.plain, m.sealed[:n], m.sealed[n:]); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(m.sealed)
}

func (m message) open(a oneShot, sealed []byte) error {
	n := len(m.plain)
	return a.open(m.iv, m.ad, sealed[n:], sealed[:n], m.opened)
}

// byLibrary is what a fresh context gives when nothing is accelerated.
func (m message) byLibrary(t *testing.T, kind string, key []byte) []byte {
	t.Helper()
	before := Acceleration()
	SetAcceleration(0)
	defer SetAcceleration(before)
	a := aeads[kind](t)
	defer a.close()
	if err := a.setKey(key); err != nil {
		t.Fatal(err)
	}
	return m.seal(t, a)
}

func keyOf(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// A key is never taken for another's, whatever becomes of the memory of its context.
func TestAKeyIsItsContextsAlone(t *testing.T) {
	accelerate(t, ^Accel(0))
	for kind, newAEAD := range aeads {
		if kind != "AES-GCM" && !Feature(chachapolyOption) {
			continue
		}
		if probe := newAEAD(t); Acceleration()&probe.family == 0 {
			probe.close()
			continue
		} else {
			probe.close()
		}
		m := newMessage(1000)
		want := func(b byte) []byte { return m.byLibrary(t, kind, keyOf(b)) }
		same := func(t *testing.T, got, want []byte) {
			t.Helper()
			if !bytes.Equal(got, want) {
				t.Fatal("sealed with another key")
			}
		}
		for name, test := range map[string]func(*testing.T, oneShot){
			"set twice": func(t *testing.T, a oneShot) {
				same(t, m.seal(t, a), want(1))
				if err := a.setKey(keyOf(2)); err != nil {
					t.Fatal(err)
				}
				same(t, m.seal(t, a), want(2))
				if err := m.open(a, want(1)); code(err) != a.forged || !bytes.Equal(m.opened, make([]byte, 1000)) {
					t.Errorf("what was sealed with the old key: %v", err)
				}
				if err := m.open(a, want(2)); err != nil || !bytes.Equal(m.opened, m.plain) {
					t.Errorf("what was sealed with the new key: %v", err)
				}
			},
			"not set": func(t *testing.T, a oneShot) {
				same(t, m.seal(t, a), want(1))
				if err := a.setKey(make([]byte, 17)); err == nil {
					t.Fatal("a key of 17 bytes was set")
				}
				same(t, m.seal(t, a), want(1)) // the library keeps the old one
			},
			"memory used again": func(t *testing.T, _ oneShot) {
				for i := range 200 {
					b := newAEAD(t)
					if err := b.setKey(keyOf(byte(i))); err != nil {
						t.Fatal(err)
					}
					same(t, m.seal(t, b), want(byte(i)))
					if *b.hint < firstSlot {
						t.Fatal("Go did nothing")
					}
					if err := b.close(); err != nil {
						t.Fatal(err)
					}
				}
			},
			"stale hints": func(t *testing.T, a oneShot) {
				b := newAEAD(t)
				defer b.close()
				if err := b.setKey(keyOf(2)); err != nil {
					t.Fatal(err)
				}
				same(t, m.seal(t, a), want(1))
				same(t, m.seal(t, b), want(2))
				for _, hint := range []uint32{*a.hint, *b.hint, 0, 1, 2, firstSlot - 1, firstSlot, 1 << 31, ^uint32(0)} {
					*a.hint, *b.hint = hint, hint
					same(t, m.seal(t, b), want(2))
					*a.hint = hint
					same(t, m.seal(t, a), want(1))
				}
			},
			"more keys than slots": func(t *testing.T, a oneShot) {
				var others []oneShot
				for i := range 2500 {
					b := newAEAD(t)
					others = append(others, b)
					if err := b.setKey(keyOf(byte(i))); err != nil {
						t.Fatal(err)
					}
					m.seal(t, b)
				}
				for i, b := range others[:300] {
					same(t, m.seal(t, b), want(byte(i)))
				}
				same(t, m.seal(t, a), want(1))
				for _, b := range others {
					b.close()
				}
			},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				a := newAEAD(t)
				if err := a.setKey(keyOf(1)); err != nil {
					t.Fatal(err)
				}
				test(t, a)
				if err := errors.Join(a.close(), a.close()); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// More keys at once than there is room for, used for short messages in turn: what Go computes from a key costs more than
// such a message, and is not computed for each of them.
func TestShortMessagesOfManyKeysDoNotThrash(t *testing.T) {
	accelerate(t, ^Accel(0))
	for kind, newAEAD := range aeads {
		t.Run(kind, func(t *testing.T) {
			all := make([]oneShot, 3000)
			for i := range all {
				all[i] = newAEAD(t)
				defer all[i].close()
				if Acceleration()&all[i].family == 0 {
					t.Skip("no acceleration")
				}
				if err := all[i].setKey(binary.BigEndian.AppendUint32(make([]byte, 28), uint32(i))); err != nil {
					t.Fatal(err)
				}
			}
			m := newMessage(128)
			const rounds = 20
			made := 0
			for range rounds {
				for _, a := range all {
					before := *a.hint
					m.seal(t, a)
					if *a.hint >= firstSlot && *a.hint != before {
						made++
					}
				}
			}
			if made < len(all) || made > 2*len(all) {
				t.Errorf("of %d keys, each used %d times, Go computed %d", len(all), rounds, made)
			}
		})
	}
}

// A context that was copied byte for byte, which C can do, has the same key until one of the two is freed or changed.
func TestACopiedContextKeepsItsKey(t *testing.T) {
	accelerate(t, ^Accel(0))
	if Acceleration()&AccelAESGCM == 0 {
		t.Skip("no acceleration")
	}
	var g [2]*GCM
	for i := range g {
		var err error
		if g[i], err = NewGCM(); err != nil {
			t.Fatal(err)
		}
	}
	bytesOf := func(g *GCM) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(g.c)), unsafe.Sizeof(*g.c)) }
	empty := bytes.Clone(bytesOf(g[1]))
	if err := g[0].SetKey(CipherAES, keyOf(1)); err != nil {
		t.Fatal(err)
	}
	m := newMessage(1000)
	seal := func(g *GCM) []byte {
		t.Helper()
		if err := g.CryptAndTag(m.iv, m.ad, m.plain, m.sealed[:1000], m.sealed[1000:]); err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(m.sealed)
	}
	want := m.byLibrary(t, "AES-GCM", keyOf(1))
	for range 3 {
		if !bytes.Equal(seal(g[0]), want) {
			t.Fatal("the original does not seal with its key")
		}
		copy(bytesOf(g[1]), bytesOf(g[0]))
		g[1].keyed = true
		if !bytes.Equal(seal(g[1]), want) {
			t.Fatal("the copy does not seal with the original's key")
		}
	}
	copy(bytesOf(g[1]), empty) // the original owns what both pointed at
	if err := errors.Join(g[0].SetKey(CipherAES, keyOf(2)), g[0].Close(), g[1].Close()); err != nil {
		t.Fatal(err)
	}
}

// Other ciphers than AES are the library's.
func TestOtherCiphersInGCMAreTheLibrarys(t *testing.T) {
	m := newMessage(1000)
	for _, cipher := range []CipherID{CipherCamellia, CipherARIA} {
		var sealed [2][]byte
		for i, a := range []Accel{0, ^Accel(0)} {
			accelerate(t, a)
			g, err := NewGCM()
			if err != nil {
				t.Fatal(err)
			}
			// AES comes first: nothing of it may be left.
			if err := g.SetKey(CipherAES, keyOf(3)); err != nil {
				t.Fatal(err)
			}
			for _, id := range []CipherID{CipherAES, cipher} {
				if err := g.SetKey(id, keyOf(3)); err != nil {
					if code(err) != ErrGCMBadInput {
						t.Fatal(err)
					}
					break // not in this build
				}
				if err := g.CryptAndTag(m.iv, m.ad, m.plain, m.sealed[:1000], m.sealed[1000:]); err != nil {
					t.Fatal(err)
				}
				sealed[i] = append(sealed[i], m.sealed...)
			}
			if err := g.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(sealed[0], sealed[1]) {
			t.Errorf("cipher %d: not what the library makes", cipher)
		}
	}
}

func BenchmarkAEAD(b *testing.B) {
	for kind, newAEAD := range aeads {
		for _, n := range []int{16, 32, 64, 128, 256, 1024, 16 << 10} {
			for _, on := range []Accel{0, ^Accel(0)} {
				b.Run(fmt.Sprintf("%s/%d/%v", kind, n, on != 0), func(b *testing.B) {
					accelerate(b, on)
					a := newAEAD(b)
					defer a.close()
					if err := a.setKey(keyOf(1)); err != nil {
						b.Fatal(err)
					}
					m := newMessage(n)
					b.SetBytes(int64(n))
					b.ReportAllocs()
					for b.Loop() {
						if err := a.seal(m.iv, m.ad, m.sealed[:n], m.sealed[:n], m.sealed[n:]); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

package cbridge

import (
	"bytes"
	"crypto"
	"fmt"
	"math/rand/v2"
	"testing"
)

var acceleratedHashes = []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512}

// hashInPieces hashes data in pieces of the given lengths, and clones the hash on the way. Now and then it changes
// between Go's code and the library's.
func hashInPieces(t testing.TB, h crypto.Hash, data []byte, pieces []uint16, mixed bool) (digests [][]byte) {
	t.Helper()
	m, err := NewMD(MDOf(h))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	finish := func(m *MD) {
		digest, err := m.Finish()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
	}
	on := Acceleration()
	for i := 0; len(data) > 0; i++ {
		n := len(data)
		if i < len(pieces) {
			n = min(n, int(pieces[i])%700)
		}
		if mixed && i%3 == 0 {
			SetAcceleration(0)
		}
		if _, err := m.Write(data[:n]); err != nil {
			t.Fatal(err)
		}
		SetAcceleration(on)
		data = data[n:]
		if i%4 == 1 {
			c, err := m.Clone()
			if err != nil {
				t.Fatal(err)
			}
			finish(c)
			c.Close()
		}
	}
	finish(m)
	finish(m) // of nothing
	return digests
}

func compareHashes(t *testing.T, h crypto.Hash, data []byte, pieces []uint16) {
	t.Helper()
	var want [][]byte
	for _, way := range []struct {
		families Accel
		mixed    bool
	}{{0, false}, {^Accel(0), false}, {^Accel(0), true}} {
		accelerate(t, way.families)
		got := hashInPieces(t, h, data, pieces, way.mixed)
		whole, err := Digest(MDOf(h), data)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, whole)
		if want == nil {
			want = got
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%v of %d bytes in pieces of %d, digest %d: %x, the library %x", h, len(data), pieces, i, got[i], want[i])
			}
		}
	}
	expect := h.New()
	expect.Write(data)
	if got := want[len(want)-1]; !bytes.Equal(got, expect.Sum(nil)) {
		t.Fatalf("%v of %d bytes: %x", h, len(data), got)
	}
}

func TestHashesAreTheLibrarys(t *testing.T) {
	for _, h := range acceleratedHashes {
		if _, err := Digest(MDOf(h), nil); err != nil {
			continue // not in this build
		}
		t.Run(h.String(), func(t *testing.T) {
			data := make([]byte, 5000)
			random := rand.NewChaCha8([32]byte{6})
			random.Read(data)
			for n := range 300 { // every place of the padding
				compareHashes(t, h, data[:n], []uint16{uint16(n / 3), uint16(n / 2)})
			}
			r := rand.New(random)
			for range 300 {
				pieces := make([]uint16, r.IntN(20))
				for i := range pieces {
					pieces[i] = uint16(r.IntN(1 << (1 + r.IntN(10))))
				}
				at := r.IntN(100)
				compareHashes(t, h, data[at:at+r.IntN(4800)], pieces)
			}
		})
	}
}

func FuzzHash(f *testing.F) {
	f.Add(uint8(0), uint8(0), []byte(nil), []byte(nil))
	f.Add(uint8(1), uint8(63), []byte("abc"), []byte{1, 64, 128, 0, 5})
	f.Add(uint8(4), uint8(9), bytes.Repeat([]byte{0x80}, 300), []byte{111, 17})
	f.Fuzz(func(t *testing.T, which, times uint8, data, pieces []byte) {
		h := acceleratedHashes[int(which)%len(acceleratedHashes)]
		if _, err := Digest(MDOf(h), nil); err != nil {
			t.Skip(h, "is not in this build")
		}
		lengths := make([]uint16, len(pieces))
		for i, p := range pieces {
			lengths[i] = uint16(p) * uint16(p%5)
		}
		compareHashes(t, h, bytes.Repeat(data, 1+int(times%8)), lengths)
	})
}

func BenchmarkHash(b *testing.B) {
	for _, h := range acceleratedHashes {
		for _, n := range []int{16, 64, 128, 256, 1024, 16 << 10} {
			for _, on := range []Accel{0, ^Accel(0)} {
				b.Run(fmt.Sprintf("%v/%d/%v", h, n, on != 0), func(b *testing.B) {
					accelerate(b, on)
					m, err := NewMD(MDOf(h))
					if err != nil {
						b.Skip(err)
					}
					defer m.Close()
					p := make([]byte, n)
					b.SetBytes(int64(n))
					b.ReportAllocs()
					for b.Loop() {
						m.Write(p)
					}
				})
			}
		}
	}
}

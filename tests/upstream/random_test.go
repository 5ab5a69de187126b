package upstream

import (
	"encoding/binary"
	"io"
	"math/rand/v2"

	"github.com/gombedtls/gombedtls/cbridge"
)

// The readers of this file are the random generators that upstream's vectors are made with.

// rndStd yields bytes whose values do not matter (mbedtls_test_rnd_std_rand).
type rndStd struct{}

func (rndStd) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(rand.Uint32())
	}
	return len(p), nil
}

// rndZero yields zeros (mbedtls_test_rnd_zero_rand).
type rndZero struct{}

func (rndZero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// rndBuffer yields the given bytes, then what fallback does, or an error without one (mbedtls_test_rnd_buffer_rand).
type rndBuffer struct {
	buf      []byte
	fallback io.Reader
}

func (r *rndBuffer) Read(p []byte) (int, error) {
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	if n == len(p) {
		return n, nil
	}
	if r.fallback == nil {
		return n, cbridge.ErrEntropySourceFailed
	}
	if _, err := io.ReadFull(r.fallback, p[n:]); err != nil {
		return n, err
	}
	return len(p), nil
}

// rndPseudo yields a sequence that depends on nothing but the key, zeros by default: XTEA of the block before, of which it
// gives the first half (mbedtls_test_rnd_pseudo_rand). What a call leaves of that is not used.
type rndPseudo struct {
	key    [16]uint32
	v0, v1 uint32
}

func (r *rndPseudo) Read(p []byte) (int, error) {
	const delta = 0x9E3779B9
	var block [4]byte
	for out := p; len(out) > 0; {
		sum := uint32(0)
		for range 32 {
			r.v0 += (r.v1<<4 ^ r.v1>>5) + r.v1 ^ (sum + r.key[sum&3])
			sum += delta
			r.v1 += (r.v0<<4 ^ r.v0>>5) + r.v0 ^ (sum + r.key[sum>>11&3])
		}
		binary.BigEndian.PutUint32(block[:], r.v0)
		out = out[copy(out, block[:]):]
	}
	return len(p), nil
}

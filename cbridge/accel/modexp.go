package accel

import (
	"bytes"
	"errors"
	"math/bits"

	"filippo.io/bigmod"
)

// ExpMod sets out to a to the power e modulo n; all are big-endian, and out is as long as n. It is false if n is even or
// below 2, or begins with a zero byte. It is in constant time, but for the lengths, and for e if that is public: bigmod
// chooses by masks what to multiply by, and subtracts always when it reduces.
func ExpMod(out, a, e, n []byte, public bool) bool {
	m, err := modulus(n)
	if err != nil {
		return false
	}
	x := reduced(a, m)
	defer wipe(x)
	if short, ok := uintOf(e); public && ok && short > 0 {
		x.ExpShortVarTime(x, short, m)
	} else {
		x.Exp(x, e, m)
	}
	copy(out, x.Bytes(m))
	return true
}

func wipe(numbers ...*bigmod.Nat) {
	for _, x := range numbers {
		clear(x.Bits())
	}
}

var errModulus = errors.New("accel: modulus even or not in its shortest form")

// modulus is that of b, which must be odd and without leading zero bytes.
func modulus(b []byte) (*bigmod.Modulus, error) {
	if len(b) == 0 || b[0] == 0 || b[len(b)-1]&1 == 0 {
		return nil, errModulus
	}
	return bigmod.NewModulus(b)
}

// reduced is b modulo m, in constant time but for the lengths, and for the zero bits that either half of b begins with: b is
// public, or blinded.
func reduced(b []byte, m *bigmod.Modulus) *bigmod.Nat {
	size := m.Size()
	if m.BitLen() < 8*size || len(b) > 2*size {
		// A power of 2 that is above b: an even modulus costs nothing to prepare.
		above, err := bigmod.NewModulus(append([]byte{1}, make([]byte, len(b))...))
		if err != nil {
			panic(err)
		}
		wide := bigmod.NewNat()
		defer wipe(wide)
		return bigmod.NewNat().Mod(must(wide.SetBytes(b, above)), m)
	}
	// The usual case, in a third of the time: with B = 256^size, b = high B + low, and B = (B - 1) + 1.
	low := must(bigmod.NewNat().SetOverflowingBytes(b[max(0, len(b)-size):], m))
	if len(b) <= size {
		return low
	}
	high := must(bigmod.NewNat().SetOverflowingBytes(b[:len(b)-size], m))
	defer wipe(high)
	shift := must(bigmod.NewNat().SetOverflowingBytes(bytes.Repeat([]byte{0xff}, size), m))
	one := must(bigmod.NewNat().SetBytes([]byte{1}, m))
	return low.Add(high.Mul(shift.Add(one, m), m), m)
}

// must is for what cannot fail: the lengths are right. A panic would be a case for the library.
func must(x *bigmod.Nat, err error) *bigmod.Nat {
	if err != nil {
		panic(err)
	}
	return x
}

// uintOf is b as a number, if it fits.
func uintOf(b []byte) (n uint, ok bool) {
	b = bytes.TrimLeft(b, "\x00")
	if len(b) > bits.UintSize/8 {
		return 0, false
	}
	for _, x := range b {
		n = n<<8 | uint(x)
	}
	return n, true
}

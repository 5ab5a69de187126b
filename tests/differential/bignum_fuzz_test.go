package differential

import (
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// arithmetic compares operations on the same numbers of both libraries.
type arithmetic struct {
	*testing.T
	x, y, m    *bignum.Int
	bx, by, bm *big.Int
	v          int64
}

// FuzzBignum computes with two numbers, a modulus, and a small number. Signs are bits: of x, of y.
func FuzzBignum(f *testing.F) {
	list := vectors(f, "bignum.misc")
	for i, b := range list {
		f.Add(b, list[(i+1)%len(list)], list[(i+2)%len(list)], uint8(i))
	}
	f.Add([]byte{}, []byte{}, []byte{}, uint8(0))
	f.Add([]byte{2}, []byte{}, []byte{1}, uint8(3))
	f.Fuzz(func(t *testing.T, x, y, m []byte, signs uint8) {
		a := arithmetic{T: t}
		a.x, a.bx = number(t, x, signs&1 != 0)
		a.y, a.by = number(t, y, signs&2 != 0)
		a.m, a.bm = number(t, m, false)
		var small [8]byte // a copy, since seeds share their bytes
		copy(small[:], y)
		a.v = int64(binary.LittleEndian.Uint64(small[:]))
		for _, n := range []*bignum.Int{a.x, a.y, a.m} {
			defer n.Close()
		}
		a.binary()
		a.division()
		a.modular()
		a.small()
		a.bits()
		a.text()
	})
}

// number makes the same number of both kinds. 300 bytes are enough for all that depends on sizes.
func number(t *testing.T, b []byte, negative bool) (*bignum.Int, *big.Int) {
	want := new(big.Int).SetBytes(b[:min(len(b), 300)])
	if negative {
		want.Neg(want)
	}
	x, err := bignum.FromBig(want)
	if err != nil {
		t.Fatal(err)
	}
	return x, want
}

// is compares a result: nil is an error.
func (a arithmetic) is(what string, want *big.Int, compute func(z *bignum.Int) error) {
	a.Helper()
	z := new(bignum.Int)
	defer z.Close()
	switch err := compute(z); {
	case want == nil && err == nil:
		a.Errorf("%s of %v, %v, %v is %v, want an error", what, a.bx, a.by, a.bm, z)
	case want != nil && err != nil:
		a.Errorf("%s of %v, %v, %v: %v, want %v", what, a.bx, a.by, a.bm, err, want)
	case want != nil:
		if got, err := z.Big(); err != nil || got.Cmp(want) != 0 {
			a.Errorf("%s of %v, %v, %v is %v, want %v (%v)", what, a.bx, a.by, a.bm, got, want, err)
		}
	}
}

func (a arithmetic) binary() {
	absX, absY := new(big.Int).Abs(a.bx), new(big.Int).Abs(a.by)
	a.is("sum", new(big.Int).Add(a.bx, a.by), func(z *bignum.Int) error { return z.Add(a.x, a.y) })
	a.is("difference", new(big.Int).Sub(a.bx, a.by), func(z *bignum.Int) error { return z.Sub(a.x, a.y) })
	a.is("product", new(big.Int).Mul(a.bx, a.by), func(z *bignum.Int) error { return z.Mul(a.x, a.y) })
	a.is("square", new(big.Int).Mul(a.bx, a.bx), func(z *bignum.Int) error { return z.Mul(a.x, a.x) })
	a.is("sum of absolutes", new(big.Int).Add(absX, absY), func(z *bignum.Int) error { return z.AddAbs(a.x, a.y) })
	a.is("opposite", new(big.Int).Neg(a.bx), func(z *bignum.Int) error { return z.Neg(a.x) })
	a.is("absolute", absX, func(z *bignum.Int) error { return z.Abs(a.x) })
	a.is("common divisor", new(big.Int).GCD(nil, nil, a.bx, a.by), func(z *bignum.Int) error { return z.GCD(a.x, a.y) })
	var less *big.Int
	if absX.Cmp(absY) >= 0 {
		less = new(big.Int).Sub(absX, absY)
	}
	a.is("difference of absolutes", less, func(z *bignum.Int) error { return z.SubAbs(a.x, a.y) })
	for what, order := range map[string]struct {
		got  func(x *bignum.Int) (int, error)
		want int
	}{
		"order":              {func(x *bignum.Int) (int, error) { return x.Cmp(a.y) }, a.bx.Cmp(a.by)},
		"order of absolutes": {func(x *bignum.Int) (int, error) { return x.CmpAbs(a.y) }, absX.Cmp(absY)},
		"order to small":     {func(x *bignum.Int) (int, error) { return x.CmpInt(a.v) }, a.bx.Cmp(big.NewInt(a.v))},
	} {
		if got, err := order.got(a.x); err != nil || got != order.want {
			a.Errorf("%s of %v and %v is %d, want %d (%v)", what, a.bx, a.by, got, order.want, err)
		}
	}
}

func (a arithmetic) division() {
	var q, r *big.Int
	if a.by.Sign() != 0 {
		q, r = new(big.Int).QuoRem(a.bx, a.by, new(big.Int))
	}
	a.is("quotient", q, func(z *bignum.Int) error { return bignum.QuoRem(z, nil, a.x, a.y) })
	a.is("remainder", r, func(z *bignum.Int) error { return bignum.QuoRem(nil, z, a.x, a.y) })
	var rest *big.Int
	if a.bm.Sign() > 0 {
		rest = new(big.Int).Mod(a.bx, a.bm)
	}
	a.is("rest", rest, func(z *bignum.Int) error { return z.Mod(a.x, a.m) })
}

func (a arithmetic) modular() {
	var inverse, power *big.Int
	if a.bm.Cmp(big.NewInt(1)) > 0 {
		inverse = new(big.Int).ModInverse(a.bx, a.bm)
	}
	a.is("inverse", inverse, func(z *bignum.Int) error { return z.InvMod(a.x, a.m) })
	if a.bm.Bit(0) == 1 && a.by.Sign() >= 0 {
		power = new(big.Int).Exp(a.bx, a.by, a.bm)
		switch {
		case a.by.Sign() == 0 && a.bm.BitLen() == 1:
			explained(powerModOne)
			power.SetInt64(1)
		case power.Sign() == 0 && a.bx.Sign() < 0 && a.by.Bit(0) == 1:
			explained(powerOfNegative)
			power.Set(a.bm)
		}
	}
	a.is("power", power, func(z *bignum.Int) error { return z.ExpMod(a.x, a.y, a.m) })
	if a.bm.BitLen() > 256 {
		return // takes long
	}
	if got, want := a.m.CheckPrime(20, nil) == nil, a.bm.ProbablyPrime(20); got != want {
		a.Errorf("%v is prime: %v, want %v", a.bm, got, want)
	}
}

func (a arithmetic) small() {
	v, u := big.NewInt(a.v), new(big.Int).SetUint64(uint64(a.v))
	a.is("sum with small", new(big.Int).Add(a.bx, v), func(z *bignum.Int) error { return z.AddInt(a.x, a.v) })
	a.is("difference to small", new(big.Int).Sub(a.bx, v), func(z *bignum.Int) error { return z.SubInt(a.x, a.v) })
	a.is("product with small", new(big.Int).Mul(a.bx, u), func(z *bignum.Int) error { return z.MulUint(a.x, uint64(a.v)) })
	var q, r, m *big.Int
	if a.v != 0 {
		q, r = new(big.Int).QuoRem(a.bx, v, new(big.Int))
	}
	if a.v > 0 {
		m = new(big.Int).Mod(a.bx, v)
	}
	a.is("quotient by small", q, func(z *bignum.Int) error { return bignum.QuoRemInt(z, nil, a.x, a.v) })
	a.is("remainder by small", r, func(z *bignum.Int) error { return bignum.QuoRemInt(nil, z, a.x, a.v) })
	a.is("rest by small", m, func(z *bignum.Int) error {
		rest, err := a.x.ModInt(a.v)
		if err != nil {
			return err
		}
		return z.SetInt64(int64(rest))
	})
	if got, err := a.x.Int64(); (err == nil) != a.bx.IsInt64() || err == nil && got != a.bx.Int64() {
		a.Errorf("%v as an int64 is %d (%v)", a.bx, got, err)
	}
}

func (a arithmetic) bits() {
	abs := new(big.Int).Abs(a.bx)
	n := uint(len(abs.Bytes())) // some count
	a.is("left shift", new(big.Int).Lsh(a.bx, n), func(z *bignum.Int) error { return z.Lsh(a.x, n) })
	right := new(big.Int).Rsh(abs, n) // that of big.Int rounds down, also below zero
	if a.bx.Sign() < 0 {
		right.Neg(right)
	}
	a.is("right shift", right, func(z *bignum.Int) error { return z.Rsh(a.x, n) })
	if a.x.BitLen() != abs.BitLen() || a.x.Sign() != a.bx.Sign() || a.x.TrailingZeroBits() != int(abs.TrailingZeroBits()) ||
		a.x.Bit(n) != abs.Bit(int(n)) {
		a.Errorf("%v has %d bits, sign %d, %d trailing zeros, bit %d %d", a.bx, a.x.BitLen(), a.x.Sign(),
			a.x.TrailingZeroBits(), n, a.x.Bit(n))
	}
}

func (a arithmetic) text() {
	for radix := 2; radix <= 16; radix++ {
		want := strings.ToUpper(a.bx.Text(radix))
		got, err := a.x.Text(radix)
		digits, minus := strings.CutPrefix(got, "-")
		if digits = strings.TrimLeft(digits, "0"); digits == "" {
			digits = "0"
		}
		if minus {
			digits = "-" + digits
		}
		if err != nil || digits != want {
			a.Errorf("%v in radix %d is %q, want %q (%v)", a.bx, radix, got, want, err)
		}
		a.is("text", a.bx, func(z *bignum.Int) error { return z.SetText(got, radix) })
		a.is("text in small letters", a.bx, func(z *bignum.Int) error { return z.SetText(strings.ToLower(want), radix) })
	}
}

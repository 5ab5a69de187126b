package upstream

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

const noSuchAPI = "a function inside of the library, which has no API"

func init() {
	register("bignum", functions{
		"mpi_null":                       mpiNull,
		"mpi_read_write_string":          mpiReadWriteString,
		"mpi_zero_length_buffer_is_null": mpiZeroLengthBuffer,
		"mpi_read_binary": func(t *suites.T, b []byte, want string) {
			mpiReadBinary(t, want, func(x *bignum.Int) error { return x.SetBytes(b) })
		},
		"mpi_read_binary_le": func(t *suites.T, b []byte, want string) {
			mpiReadBinary(t, want, func(x *bignum.Int) error { return x.SetBytesLE(b) })
		},
		"mpi_write_binary": func(t *suites.T, x string, want []byte, size, code int) {
			mpiWriteBinary(t, x, want, size, code, (*bignum.Int).FillBytes)
		},
		"mpi_write_binary_le": func(t *suites.T, x string, want []byte, size, code int) {
			mpiWriteBinary(t, x, want, size, code, (*bignum.Int).FillBytesLE)
		},
		"mpi_read_file":          mpiReadFile,
		"mpi_write_file":         mpiWriteFile,
		"mpi_get_bit":            mpiGetBit,
		"mpi_set_bit":            mpiSetBit,
		"mpi_lsb":                mpiInspect("lsb", (*bignum.Int).TrailingZeroBits),
		"mpi_bitlen":             mpiInspect("bitlen", (*bignum.Int).BitLen),
		"mpi_cmp_int":            mpiCmpInt,
		"mpi_cmp_mpi":            mpiCompare((*bignum.Int).Cmp),
		"mpi_cmp_abs":            mpiCompare((*bignum.Int).CmpAbs),
		"mpi_lt_mpi_ct":          mpiLtMpiCT,
		"mpi_copy":               mpiCopy,
		"mpi_copy_self":          mpiCopySelf,
		"mpi_swap":               mpiSwap,
		"mpi_swap_self":          mpiSwapSelf,
		"mpi_shrink":             mpiShrink,
		"mpi_shift_l":            mpiShift((*bignum.Int).Lsh),
		"mpi_shift_r":            mpiShift((*bignum.Int).Rsh),
		"mpi_is_prime":           mpiIsPrime,
		"mpi_is_prime_det":       mpiIsPrimeDet,
		"mpi_gen_prime":          mpiGenPrime,
		"mpi_fill_random":        mpiFillRandom,
		"most_negative_mpi_sint": mostNegative,
	}, unmapped{
		"mpi_exp_mod_min_RR":             "the value that speeds exponentiation up is one that the library makes",
		"mpi_gcd_modinv_odd_both":        noSuchAPI,
		"mpi_gcd_modinv_odd_only_gcd":    noSuchAPI,
		"mpi_gcd_modinv_odd_only_modinv": noSuchAPI,
		"mpi_selftest":                   "the library's self-test calls no API",
	})
}

func mpiNull(t *suites.T) {
	var x bignum.Int
	t.Equal("a bit", x.Bit(42), uint(0))
	t.Equal("trailing zeros", x.TrailingZeroBits(), 0)
	t.Equal("bits", x.BitLen(), 0)
	t.Equal("bytes", x.Size(), 0)
}

func mpiReadWriteString(t *suites.T, radixX int, x string, radixA int, want string, size, readCode, writeCode int) {
	n := &numberCase{T: t}
	defer n.close()
	z := n.result()
	t.Code("read", z.SetText(x, radixX), readCode)
	if readCode != 0 {
		return
	}
	n.wellFormed("what was read", z)
	text := bytes.Repeat([]byte{'!'}, 1000)
	length, err := z.Operand().WriteString(radixA, text[:size])
	t.Code("write", err, writeCode)
	if writeCode == 0 {
		t.Equal("text", string(text[:length]), want+"\x00")
		t.Equal("what follows", text[length], byte('!'))
		got, err := z.Text(radixA)
		t.Code("text", err, 0)
		t.Equal("text", got, want)
	}
}

func mpiZeroLengthBuffer(t *suites.T) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.result()
	t.Code("read", x.SetBytes(nil), 0)
	t.Code("read", x.SetBytesLE(nil), 0)
	_, err := x.Operand().WriteString(16, nil)
	t.Code("write text", err, int(cbridge.ErrMPIBufferTooSmall))
	t.Code("write", x.FillBytes(nil), 0)
}

func mpiReadBinary(t *suites.T, want string, read func(x *bignum.Int) error) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.result()
	t.Code("read", read(x), 0)
	n.wellFormed("what was read", x)
	got, err := x.Text(16)
	t.Code("write", err, 0)
	t.Equal("text", got, want)
}

func mpiWriteBinary(t *suites.T, x string, want []byte, size, code int, write func(x *bignum.Int, b []byte) error) {
	n := &numberCase{T: t}
	defer n.close()
	buf := make([]byte, size)
	t.Code("write", write(n.read(x), buf), code)
	if code == 0 {
		t.Equal("bytes", buf, want)
	}
}

func mpiReadFile(t *suites.T, name string, want []byte, code int) {
	n := &numberCase{T: t}
	defer n.close()
	f, err := os.Open(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer f.Close()
	x := n.result()
	t.Code("read", x.ReadFile(f, 16), code)
	if code == 0 {
		n.wellFormed("what was read", x)
		got, err := x.Bytes()
		t.Code("bytes", err, 0)
		t.Equal("bytes", got, want)
	}
}

func mpiWriteFile(t *suites.T, hex, name string) {
	n := &numberCase{T: t}
	defer n.close()
	x, y := n.read(hex), n.result()
	f, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(name)))
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer f.Close()
	t.Code("write", x.WriteFile(f, "", 16), 0)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatalf("%v", err)
	}
	t.Code("read", y.ReadFile(f, 16), 0)
	n.same("what was read", y, x)
}

func mpiGetBit(t *suites.T, x string, pos uint, want uint) {
	n := &numberCase{T: t}
	defer n.close()
	t.Equal("bit", n.read(x).Bit(pos), want)
}

func mpiSetBit(t *suites.T, hex string, pos, v uint, want string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.read(hex)
	t.Code("set bit", x.SetBit(pos, v), code)
	if code == 0 {
		n.same("number", x, n.read(want), hex)
	}
}

func mpiInspect(what string, read func(*bignum.Int) int) func(t *suites.T, x string, want int) {
	return func(t *suites.T, x string, want int) {
		n := &numberCase{T: t}
		defer n.close()
		t.Equal(what, read(n.read(x)), want)
	}
}

func mpiCmpInt(t *suites.T, x, v int64, want int) {
	n := &numberCase{T: t}
	defer n.close()
	z := n.result()
	t.Code("set", z.SetInt64(x), 0)
	got, err := z.CmpInt(v)
	t.Code("compare", err, 0)
	t.Equal("order", got, want)
}

func mpiCompare(compare func(x, y *bignum.Int) (int, error)) func(t *suites.T, x, y string, want int) {
	return func(t *suites.T, x, y string, want int) {
		n := &numberCase{T: t}
		defer n.close()
		got, err := compare(n.read(x), n.read(y))
		t.Code("compare", err, 0)
		t.Equal("order", got, want)
	}
}

func mpiLtMpiCT(t *suites.T, sizeX int, x string, sizeY int, y string, want, code int) {
	n := &numberCase{T: t}
	defer n.close()
	a, b := n.read(x), n.read(y)
	t.Code("grow", a.Grow(sizeX), 0)
	t.Code("grow", b.Grow(sizeY), 0)
	less, err := a.LessCT(b)
	t.Code("compare", err, code)
	if code == 0 {
		t.Equal("less", less, want != 0)
	}
}

func mpiCopy(t *suites.T, src, dst string) {
	n := &numberCase{T: t}
	defer n.close()
	x, ref := n.read(src), n.read(dst)
	z := n.read(dst)
	t.Code("copy", z.Set(x), 0)
	n.same("copy", z, x, src, dst)
	z = n.read(dst)
	t.Code("assign", z.CondAssign(x, true), 0)
	n.same("assigned", z, x, src, dst)
	z = n.read(dst)
	t.Code("assign", z.CondAssign(x, false), 0)
	n.same("not assigned", z, ref, src, dst)
}

func mpiCopySelf(t *suites.T, hex string) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.read(hex)
	t.Code("copy", x.Set(x), 0)
	n.same("copy", x, n.read(hex), hex)
}

func mpiSwap(t *suites.T, hexX, hexY string) {
	n := &numberCase{T: t}
	defer n.close()
	x0, y0 := n.read(hexX), n.read(hexY)
	for _, way := range []struct {
		swap    func(x, y *bignum.Int) error
		swapped bool
	}{
		{(*bignum.Int).Swap, true},
		{func(x, y *bignum.Int) error { return x.CondSwap(y, true) }, true},
		{func(x, y *bignum.Int) error { return x.CondSwap(y, false) }, false},
	} {
		x, y := n.read(hexX), n.read(hexY)
		t.Code("swap", way.swap(x, y), 0)
		if !way.swapped {
			x, y = y, x
		}
		n.same("x", x, y0, hexX, hexY)
		n.same("y", y, x0, hexX, hexY)
	}
}

func mpiSwapSelf(t *suites.T, hex string) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.read(hex)
	t.Code("swap", x.Swap(x), 0)
	n.same("x", x, n.read(hex), hex)
}

func mpiShrink(t *suites.T, before, used, least, after int) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.result()
	t.Code("grow", x.Grow(before), 0)
	if used > 0 {
		t.Code("set bit", x.SetBit(uint(used*bignum.LimbBits()-1), 1), 0)
	}
	t.Equal("limbs before", x.Limbs(), before)
	t.Code("shrink", x.Shrink(least), 0)
	t.Equal("limbs after", x.Limbs(), after)
}

func mpiShift(shift func(z, x *bignum.Int, n uint) error) func(t *suites.T, hex string, by uint, want string) {
	return func(t *suites.T, hex string, by uint, want string) {
		n := &numberCase{T: t}
		defer n.close()
		x := n.read(hex)
		t.Code("shift", shift(x, x, by), 0)
		n.same("shifted", x, n.read(want), hex)
		z := n.result()
		t.Code("shift", shift(z, n.read(hex), by), 0)
		n.same("shifted", z, x, hex)
	}
}

func mpiIsPrime(t *suites.T, x string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	t.Code("check", n.read(x).CheckPrime(40, rndStd{}), code)
}

// witnesses yields the next of some numbers of the same size, at the end of what is read.
type witnesses struct {
	numbers []byte
	size    int
}

func (w *witnesses) Read(p []byte) (int, error) {
	if w.size > len(w.numbers) || w.size > len(p) {
		return 0, errors.New("no witness is left")
	}
	clear(p)
	copy(p[len(p)-w.size:], w.numbers[:w.size])
	w.numbers = w.numbers[w.size:]
	return len(p), nil
}

func mpiIsPrimeDet(t *suites.T, x, list []byte, size, rounds int) {
	n := &numberCase{T: t}
	defer n.close()
	z := n.binary(x)
	t.Code("check", z.CheckPrime(rounds-1, &witnesses{list, size}), 0)
	t.Code("check", z.CheckPrime(rounds, &witnesses{list, size}), int(cbridge.ErrMPINotAcceptable))
}

func mpiGenPrime(t *suites.T, bits int, flags bignum.PrimeFlags, code int) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.result()
	t.Code("generate", x.GenPrime(bits, flags, rndStd{}), code)
	if code != 0 {
		return
	}
	if got := x.BitLen(); got < bits || got > bits+1 {
		t.Fatalf("%d bits, want %d", got, bits)
	}
	n.wellFormed("prime", x)
	t.Code("check", x.CheckPrime(40, rndStd{}), 0)
	if flags&bignum.SafePrime != 0 {
		t.Code("shift", x.Rsh(x, 1), 0)
		t.Code("check", x.CheckPrime(40, rndStd{}), 0)
	}
}

// countdown yields how many bytes it still has.
type countdown struct{ left int }

func (c *countdown) Read(p []byte) (int, error) {
	for i := range p {
		if c.left == 0 {
			return i, cbridge.ErrEntropySourceFailed
		}
		p[i] = byte(c.left)
		c.left--
	}
	return len(p), nil
}

func mpiFillRandom(t *suites.T, wanted, available, before, code int) {
	n := &numberCase{T: t}
	defer n.close()
	x := n.powerOfTwo(before)
	r := &countdown{available}
	t.Code("fill", x.FillRandom(wanted, r), code)
	if code != 0 {
		return
	}
	zeros := 0
	if wanted > 0 && available%256 == 0 {
		zeros = 1
	}
	t.Equal("size", x.Size()+zeros, wanted)
	t.Equal("bytes left", r.left, available-wanted)
	n.wellFormed("number", x)
}

// powerOfTwo is ±2^(|log|-1), or a number that was never set for 0.
func (n *numberCase) powerOfTwo(log int) *bignum.Int {
	x := n.result()
	if log != 0 {
		n.Code("set", x.SetInt64(int64(max(-1, min(log, 1)))), 0)
		n.Code("shift", x.Lsh(x, uint(max(log, -log)-1)), 0)
	}
	return x
}

// mostNegative is about the int that has no positive counterpart: that of the limb's size in C, and of 64 bits here.
func mostNegative(t *suites.T) {
	n := &numberCase{T: t}
	defer n.close()
	low := int64(-1) << (bignum.LimbBits() - 1)
	for _, lowest := range []int64{low, -1 << 63} {
		highest := -(lowest + 1)
		a, x, q, r := n.result(), n.result(), n.result(), n.result()
		is := func(what string, x *bignum.Int, v int64) {
			order, err := x.CmpInt(v)
			t.Code(what, err, 0)
			if order != 0 {
				t.Fatalf("%s: %v, want %d", what, x, v)
			}
			n.wellFormed(what, x)
		}
		order := func(x *bignum.Int, v int64, want int) {
			got, err := x.CmpInt(v)
			t.Code("compare", err, 0)
			t.Equal("order", got, want)
		}
		set := func(v int64) { t.Code("set", a.SetInt64(v), 0) }
		divide := func(quotient, rest int64) {
			t.Code("divide", bignum.QuoRemInt(q, r, a, lowest), 0)
			is("quotient", q, quotient)
			is("rest", r, rest)
		}

		set(lowest)
		v, err := a.Int64()
		t.Code("value", err, 0)
		t.Equal("value", v, lowest)
		t.Equal("sign", a.Sign(), -1)
		order(a, lowest, 0)
		t.Code("one less", x.SubInt(a, 1), 0)
		order(x, lowest, -1)
		t.Code("one more", x.AddInt(a, 1), 0)
		order(x, lowest, 1)

		set(highest)
		t.Code("add", x.AddInt(a, lowest), 0)
		is("highest + lowest", x, -1)
		set(0)
		t.Code("add", x.AddInt(a, lowest), 0)
		is("0 + lowest", x, lowest)
		set(lowest)
		t.Code("add", x.AddInt(a, lowest), 0)
		t.Code("shift", x.Rsh(x, 1), 0)
		is("half of lowest + lowest", x, lowest)

		set(highest)
		t.Code("subtract", x.SubInt(a, lowest), 0)
		t.Equal("bits of highest - lowest", x.BitLen(), a.BitLen()+1)
		t.Code("add", x.AddInt(x, 1), 0)
		t.Equal("zeros of highest - lowest + 1", x.TrailingZeroBits(), a.BitLen()+1)
		set(0)
		t.Code("subtract", x.SubInt(a, lowest), 0)
		t.Code("negate", x.Neg(x), 0)
		is("-(0 - lowest)", x, lowest)
		set(lowest)
		t.Code("subtract", x.SubInt(a, lowest), 0)
		is("lowest - lowest", x, 0)

		set(-highest)
		divide(0, -highest)
		set(lowest)
		divide(1, 0)
		t.Code("shift", a.Lsh(a, 1), 0)
		divide(2, 0)
		t.Code("add", a.AddInt(a, 1), 0)
		divide(1, -highest)
		set(highest)
		divide(0, highest)
		t.Code("add", a.AddInt(a, 1), 0)
		divide(-1, 0)
		t.Code("shift", a.Lsh(a, 1), 0)
		divide(-2, 0)

		_, err = a.ModInt(lowest)
		t.Code("mod", err, int(cbridge.ErrMPINegativeValue))
		t.Code("random", x.Random(lowest, a, rndStd{}), int(cbridge.ErrMPIBadInputData))
	}
}

package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

func init() {
	register("bignum", functions{
		"mpi_add_mpi": mpiBinary((*bignum.Int).Add),
		"mpi_sub_mpi": mpiBinary((*bignum.Int).Sub),
		"mpi_add_abs": mpiBinary((*bignum.Int).AddAbs),
		"mpi_mul_mpi": mpiBinary((*bignum.Int).Mul),
		"mpi_gcd":     mpiBinary((*bignum.Int).GCD),
		"mpi_sub_abs": mpiBinaryOrCode((*bignum.Int).SubAbs),
		"mpi_mod_mpi": mpiBinaryOrCode((*bignum.Int).Mod),
		"mpi_inv_mod": mpiBinaryOrCode((*bignum.Int).InvMod),
		"mpi_add_int": mpiWithInt((*bignum.Int).AddInt),
		"mpi_sub_int": mpiWithInt((*bignum.Int).SubInt),

		"mpi_add_mpi_inplace": mpiAddInPlace,
		"mpi_mul_int":         mpiMulInt,
		"mpi_div_mpi":         mpiDivMPI,
		"mpi_div_int":         mpiDivInt,
		"mpi_mod_int":         mpiModInt,
		"mpi_exp_mod":         mpiExpMod,
		"mpi_exp_mod_size":    mpiExpModSize,
	}, nil)
}

// mpiBinary tests an operation on two numbers: with a result of its own, and with each of the operands as the result.
func mpiBinary(op func(z, x, y *bignum.Int) error) func(t *suites.T, x, y, want string) {
	orCode := mpiBinaryOrCode(op)
	return func(t *suites.T, x, y, want string) { orCode(t, x, y, want, 0) }
}

func mpiBinaryOrCode(op func(z, x, y *bignum.Int) error) func(t *suites.T, x, y, want string, code int) {
	return func(t *suites.T, hexX, hexY, want string, code int) {
		n := &numberCase{T: t}
		defer n.close()
		x, y := n.read(hexX), n.read(hexY)
		results := map[string]func() (*bignum.Int, error){
			"a third number": func() (*bignum.Int, error) { z := n.result(); return z, op(z, x, y) },
			"the first one":  func() (*bignum.Int, error) { z := n.read(hexX); return z, op(z, z, y) },
			"the second one": func() (*bignum.Int, error) { z := n.read(hexY); return z, op(z, x, z) },
		}
		for what, result := range results {
			z, err := result()
			t.Code("result in "+what, err, code)
			if code == 0 {
				n.same("result in "+what, z, n.read(want), hexX, hexY)
			}
		}
	}
}

func mpiWithInt(op func(z, x *bignum.Int, v int64) error) func(t *suites.T, x string, v int64, want string) {
	return func(t *suites.T, x string, v int64, want string) {
		n := &numberCase{T: t}
		defer n.close()
		z := n.result()
		t.Code("compute", op(z, n.read(x), v), 0)
		n.same("result", z, n.read(want), x)
	}
}

func mpiAddInPlace(t *suites.T, hex, want string) {
	n := &numberCase{T: t}
	defer n.close()
	for _, c := range []struct {
		op   func(z, x, y *bignum.Int) error
		want string
	}{{(*bignum.Int).SubAbs, ""}, {(*bignum.Int).AddAbs, want}, {(*bignum.Int).Add, want}} {
		x := n.read(hex)
		t.Code("compute", c.op(x, x, x), 0)
		n.same("result", x, n.read(c.want), hex)
	}
}

func mpiMulInt(t *suites.T, hex string, v int64, want, relation string) {
	n := &numberCase{T: t}
	defer n.close()
	z := n.result()
	unsigned := uint64(v) & (1<<(bignum.LimbBits()-1)<<1 - 1) // as C converts it to a limb
	t.Code("multiply", z.MulUint(n.read(hex), unsigned), 0)
	n.wellFormed("product", z, hex)
	order, err := z.Cmp(n.read(want))
	t.Code("compare", err, 0)
	t.Equal("product is as wanted", order == 0, relation == "==")
}

func mpiDivMPI(t *suites.T, x, y, quotient, rest string, code int) {
	mpiDivide(t, x, quotient, rest, code, func(n *numberCase, q, r, a *bignum.Int) error {
		return bignum.QuoRem(q, r, a, n.read(y))
	}, y)
}

func mpiDivInt(t *suites.T, x string, y int64, quotient, rest string, code int) {
	mpiDivide(t, x, quotient, rest, code, func(_ *numberCase, q, r, a *bignum.Int) error {
		return bignum.QuoRemInt(q, r, a, y)
	})
}

func mpiDivide(t *suites.T, x, quotient, rest string, code int, divide func(n *numberCase, q, r, a *bignum.Int) error,
	args ...string) {
	n := &numberCase{T: t}
	defer n.close()
	q, r := n.result(), n.result()
	t.Code("divide", divide(n, q, r, n.read(x)), code)
	inPlace := n.read(x)
	t.Code("divide in place", divide(n, inPlace, r, inPlace), code)
	if code == 0 {
		n.same("quotient", q, n.read(quotient), append(args, x)...)
		n.same("quotient in place", inPlace, q, append(args, x)...)
		n.same("rest", r, n.read(rest), append(args, x)...)
	}
}

func mpiModInt(t *suites.T, x string, v, want int64, code int) {
	n := &numberCase{T: t}
	defer n.close()
	got, err := n.read(x).ModInt(v)
	t.Code("mod", err, code)
	if code == 0 {
		t.Equal("rest", got, uint64(want))
	}
}

func mpiExpMod(t *suites.T, a, e, m, want string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	rr := n.result()
	for _, cached := range []*bignum.Int{nil, rr, rr} {
		z := n.result()
		t.Code("exponentiate", z.ExpModCached(n.read(a), n.read(e), n.read(m), cached), code)
		if code == 0 {
			n.same("power", z, n.read(want))
		}
	}
}

func mpiExpModSize(t *suites.T, sizeA, sizeE, sizeN int, hexRR string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	operand := func(size int) *bignum.Int {
		x := n.powerOfTwo(size * 8)
		t.Code("set bit", x.SetBit(0, 1), 0)
		return x
	}
	rr := n.result()
	if hexRR != "" {
		n.reread(rr, hexRR)
	}
	t.Code("exponentiate", n.result().ExpModCached(operand(sizeA), operand(sizeE), operand(sizeN), rr), code)
}

func init() {
	register("bignum_random", functions{
		"mpi_legacy_random_values": mpiRandomValues,
		"mpi_random_many":          mpiRandomMany,
		"mpi_random_sizes":         mpiRandomSizes,
		"mpi_random_fail": func(t *suites.T, low int64, bound []byte, code int) {
			n := &numberCase{T: t}
			defer n.close()
			t.Code("random", n.result().Random(low, n.binary(bound), rndStd{}), code)
		},
	}, unmapped{
		"mpi_core_random_basic":     noSuchAPI,
		"mpi_mod_random_values":     noSuchAPI,
		"mpi_mod_random_validation": noSuchAPI,
	})
}

// randomSeed is a generator of the same numbers each time.
func randomSeed() *rndPseudo {
	r := new(rndPseudo)
	for i, c := range "This is a seed!" {
		r.key[i] = uint32(c)
	}
	return r
}

// inRange fails the case unless x is from low to below bound.
func (n *numberCase) inRange(x *bignum.Int, low int64, bound *bignum.Int) {
	n.wellFormed("random number", x)
	less, err := x.Cmp(bound)
	n.Code("compare", err, 0)
	least, err := x.CmpInt(low)
	n.Code("compare", err, 0)
	if less >= 0 || least < 0 {
		n.Fatalf("%v is not from %d to %v", x, low, bound)
	}
}

// mpiRandomValues compares with the generator: the number is the first that lies in range of those which it yields.
func mpiRandomValues(t *suites.T, low int64, bound string) {
	n := &numberCase{T: t}
	defer n.close()
	upper := n.read(bound)
	r, again := randomSeed(), randomSeed()
	x, want := n.result(), n.result()
	err := x.Random(low, upper, r)
	if order, _ := upper.CmpInt(low); order <= 0 {
		t.Code("random", err, int(cbridge.ErrMPIBadInputData))
		return
	}
	bits := upper.BitLen()
	for range 250 {
		t.Code("fill", want.FillRandom((bits+7)/8, again), 0)
		t.Code("shift", want.Rsh(want, uint((8-bits%8)%8)), 0)
		less, _ := want.Cmp(upper)
		least, _ := want.CmpInt(low)
		if less < 0 && least >= 0 {
			t.Code("random", err, 0)
			n.same("random number", x, want)
			t.Equal("limbs", x.Limbs(), upper.Limbs())
			t.Equal("the generator is where it should be", *r == *again, true)
			return
		}
	}
	t.Code("random", err, int(cbridge.ErrMPINotAcceptable))
}

// mpiRandomMany looks at many numbers: each value of a small range, or else each bit, is there, and is not always there.
func mpiRandomMany(t *suites.T, low int64, hex string, iterations int) {
	n := &numberCase{T: t}
	defer n.close()
	bound, x := n.read(hex), n.result()
	bits := bound.BitLen()
	values, set := map[int64]bool{}, make([]int, bits)
	for range iterations {
		t.Code("random", x.Random(low, bound, rndStd{}), 0)
		n.inRange(x, low, bound)
		if bits <= 5 {
			v, err := x.Int64()
			t.Code("value", err, 0)
			values[v] = true
		}
		for i := range set {
			set[i] += int(x.Bit(uint(i)))
		}
	}
	if bits <= 5 {
		top, err := bound.Int64()
		t.Code("value", err, 0)
		for v := low; v < top; v++ {
			if !values[v] {
				t.Fatalf("%d is never drawn", v)
			}
		}
		return
	}
	// The top bit may be clear always if the bound is little above a power of two: less than 1/16.
	topSeen := false
	for i := 2; i <= 5 && i <= bits; i++ {
		topSeen = topSeen || bound.Bit(uint(bits-i)) == 1
	}
	for i, count := range set {
		if count == iterations || count == 0 && (topSeen || i != bits-1) {
			t.Fatalf("bit %d is set in %d of %d numbers", i, count, iterations)
		}
	}
}

func mpiRandomSizes(t *suites.T, low int64, bound []byte, limbs, before int) {
	n := &numberCase{T: t}
	defer n.close()
	x, upper := n.powerOfTwo(before), n.binary(bound)
	t.Code("grow", x.Grow(limbs), 0)
	t.Code("random", x.Random(low, upper, rndStd{}), 0)
	n.inRange(x, low, upper)
}

package bignum

import "github.com/gombedtls/gombedtls/cbridge"

// of makes z the result of an operation on x and y.
func (z *Int) of(x, y *Int, f func(z, x, y *cbridge.MPI) error) error {
	return z.set(func(m *cbridge.MPI) error { return f(m, x.Operand(), y.Operand()) })
}

// Sign is -1, 0 or 1 as x is negative, zero, or positive; 0 after Close, and of nil.
func (x *Int) Sign() int {
	return inspect(x, func(m *cbridge.MPI) int {
		sign, _ := m.CmpInt(0)
		return sign
	})
}

// Cmp is -1, 0 or 1 as x is less than y, the same, or more (mbedtls_mpi_cmp_mpi).
func (x *Int) Cmp(y *Int) (int, error) { return x.Operand().Cmp(y.Operand()) }

// CmpAbs is Cmp of the absolute values (mbedtls_mpi_cmp_abs).
func (x *Int) CmpAbs(y *Int) (int, error) { return x.Operand().CmpAbs(y.Operand()) }

// CmpInt is Cmp with v (mbedtls_mpi_cmp_int).
func (x *Int) CmpInt(v int64) (int, error) { return x.Operand().CmpInt(v) }

// LessCT reports whether x is less than y, in a time that depends on their numbers of limbs only. If these are not the same,
// the error is ErrMPIBadInputData: see [Int.Grow] (mbedtls_mpi_lt_mpi_ct).
func (x *Int) LessCT(y *Int) (bool, error) { return x.Operand().LessCT(y.Operand()) }

// Lsh is z = x << n; more than MaxLimbs is ErrMPIAllocFailed (mbedtls_mpi_shift_l).
func (z *Int) Lsh(x *Int, n uint) error {
	return z.shifted(x, func(m *cbridge.MPI) error { return m.ShiftL(n) })
}

// Rsh shifts the absolute value: z is x / 2^n, rounded toward zero (mbedtls_mpi_shift_r).
func (z *Int) Rsh(x *Int, n uint) error {
	return z.shifted(x, func(m *cbridge.MPI) error { return m.ShiftR(n) })
}

func (z *Int) shifted(x *Int, shift func(*cbridge.MPI) error) error {
	if err := z.Set(x); err != nil {
		return err
	}
	return shift(z.m)
}

// Neg is z = -x (mbedtls_mpi_sub_mpi).
func (z *Int) Neg(x *Int) error { return z.Sub(new(Int), x) }

// Abs is z = |x| (mbedtls_mpi_add_abs).
func (z *Int) Abs(x *Int) error { return z.AddAbs(x, new(Int)) }

// Add is z = x + y (mbedtls_mpi_add_mpi).
func (z *Int) Add(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).Add) }

// Sub is z = x - y (mbedtls_mpi_sub_mpi).
func (z *Int) Sub(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).Sub) }

// AddAbs is z = |x| + |y| (mbedtls_mpi_add_abs).
func (z *Int) AddAbs(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).AddAbs) }

// SubAbs is z = |x| - |y|; ErrMPINegativeValue if that is negative (mbedtls_mpi_sub_abs).
func (z *Int) SubAbs(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).SubAbs) }

// AddInt is z = x + v (mbedtls_mpi_add_int).
func (z *Int) AddInt(x *Int, v int64) error {
	return z.set(func(m *cbridge.MPI) error { return m.AddInt(x.Operand(), v) })
}

// SubInt is z = x - v (mbedtls_mpi_sub_int).
func (z *Int) SubInt(x *Int, v int64) error {
	return z.set(func(m *cbridge.MPI) error { return m.SubInt(x.Operand(), v) })
}

// Mul is z = x * y (mbedtls_mpi_mul_mpi).
func (z *Int) Mul(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).Mul) }

// MulUint is z = x * v (mbedtls_mpi_mul_int).
func (z *Int) MulUint(x *Int, v uint64) error {
	return z.set(func(m *cbridge.MPI) error { return m.MulInt(x.Operand(), v) })
}

// QuoRem is x = q*y + r, where the quotient is rounded toward zero, and the remainder has the sign of x. One of q and r may
// be nil; they must not be the same. ErrMPIDivisionByZero (mbedtls_mpi_div_mpi).
func QuoRem(q, r, x, y *Int) error {
	return results(q, r, func(q, r *cbridge.MPI) error { return cbridge.DivMPI(q, r, x.Operand(), y.Operand()) })
}

// QuoRemInt is QuoRem by v (mbedtls_mpi_div_int).
func QuoRemInt(q, r, x *Int, v int64) error {
	return results(q, r, func(q, r *cbridge.MPI) error { return cbridge.DivInt(q, r, x.Operand(), v) })
}

func results(q, r *Int, f func(q, r *cbridge.MPI) error) error {
	return q.set(func(mq *cbridge.MPI) error {
		return r.set(func(mr *cbridge.MPI) error { return f(mq, mr) })
	})
}

// Mod is z = x mod y, from 0 to y-1: ErrMPIDivisionByZero, ErrMPINegativeValue of a negative y (mbedtls_mpi_mod_mpi).
func (z *Int) Mod(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).Mod) }

// ModInt is x mod v, from 0 to v-1: ErrMPIDivisionByZero, ErrMPINegativeValue of a negative v (mbedtls_mpi_mod_int).
func (x *Int) ModInt(v int64) (uint64, error) { return x.Operand().ModInt(v) }

// ExpMod is z = x^e mod n. The error is ErrMPIBadInputData if n is not positive and odd, or e is negative, or one of the two
// has more than MaxBits bits (mbedtls_mpi_exp_mod). The library's own result, it is n instead of 0 if x is negative, e odd,
// and n divides the power; and 1 for an e that was never set, also modulo 1.
func (z *Int) ExpMod(x, e, n *Int) error { return z.ExpModCached(x, e, n, nil) }

// ExpModCached is ExpMod for many with the same n: rr keeps what depends on n only. It is a new Int for the first of them,
// and no operand (mbedtls_mpi_exp_mod).
func (z *Int) ExpModCached(x, e, n, rr *Int) error {
	return z.set(func(m *cbridge.MPI) error {
		return rr.set(func(r *cbridge.MPI) error { return m.ExpMod(x.Operand(), e.Operand(), n.Operand(), r) })
	})
}

// InvMod is z = 1/x mod n: ErrMPIBadInputData if n is not more than 1, ErrMPINotAcceptable if x has no inverse
// (mbedtls_mpi_inv_mod).
func (z *Int) InvMod(x, n *Int) error { return z.of(x, n, (*cbridge.MPI).InvMod) }

// GCD is the greatest common divisor of |x| and |y|; that of zero and y is |y| (mbedtls_mpi_gcd).
func (z *Int) GCD(x, y *Int) error { return z.of(x, y, (*cbridge.MPI).GCD) }

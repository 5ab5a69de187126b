package cbridge

// #include "mpi.h"
import "C"

import (
	"io"
	"unsafe"
)

// ShiftL is x << count (mbedtls_mpi_shift_l).
func (x *MPI) ShiftL(count uint) error {
	return numbers("mbedtls_mpi_shift_l", func() C.int { return C.gm_mpi_shift_l(x.c, C.size_t(count)) }, x)
}

// ShiftR is x >> count, of the absolute value (mbedtls_mpi_shift_r).
func (x *MPI) ShiftR(count uint) error {
	return numbers("mbedtls_mpi_shift_r", func() C.int { return C.gm_mpi_shift_r(x.c, C.size_t(count)) }, x)
}

// Cmp is -1, 0 or 1 as x is less than y, the same, or more (mbedtls_mpi_cmp_mpi).
func (x *MPI) Cmp(y *MPI) (c int, err error) {
	err = numbers("mbedtls_mpi_cmp_mpi", func() C.int { c = int(C.mbedtls_mpi_cmp_mpi(x.c, y.c)); return 0 }, x, y)
	return c, err
}

// CmpAbs compares absolute values (mbedtls_mpi_cmp_abs).
func (x *MPI) CmpAbs(y *MPI) (c int, err error) {
	err = numbers("mbedtls_mpi_cmp_abs", func() C.int { c = int(C.mbedtls_mpi_cmp_abs(x.c, y.c)); return 0 }, x, y)
	return c, err
}

// CmpInt compares with v (mbedtls_mpi_cmp_int).
func (x *MPI) CmpInt(v int64) (c int, err error) {
	err = numbers("mbedtls_mpi_cmp_int", func() C.int { c = int(C.gm_mpi_cmp_int(x.c, C.int64_t(v))); return 0 }, x)
	return c, err
}

// LessCT reports whether x is less than y, in a time that depends on their numbers of limbs only; these must be the same
// (mbedtls_mpi_lt_mpi_ct).
func (x *MPI) LessCT(y *MPI) (bool, error) {
	var less C.uint
	err := numbers("mbedtls_mpi_lt_mpi_ct", func() C.int { return C.mbedtls_mpi_lt_mpi_ct(x.c, y.c, &less) }, x, y)
	return less != 0, err
}

// Add is x = a + b (mbedtls_mpi_add_mpi).
func (x *MPI) Add(a, b *MPI) error {
	return numbers("mbedtls_mpi_add_mpi", func() C.int { return C.mbedtls_mpi_add_mpi(x.c, a.c, b.c) }, x, a, b)
}

// Sub is x = a - b (mbedtls_mpi_sub_mpi).
func (x *MPI) Sub(a, b *MPI) error {
	return numbers("mbedtls_mpi_sub_mpi", func() C.int { return C.mbedtls_mpi_sub_mpi(x.c, a.c, b.c) }, x, a, b)
}

// AddAbs is x = |a| + |b| (mbedtls_mpi_add_abs).
func (x *MPI) AddAbs(a, b *MPI) error {
	return numbers("mbedtls_mpi_add_abs", func() C.int { return C.mbedtls_mpi_add_abs(x.c, a.c, b.c) }, x, a, b)
}

// SubAbs is x = |a| - |b|, or ErrMPINegativeValue (mbedtls_mpi_sub_abs).
func (x *MPI) SubAbs(a, b *MPI) error {
	return numbers("mbedtls_mpi_sub_abs", func() C.int { return C.mbedtls_mpi_sub_abs(x.c, a.c, b.c) }, x, a, b)
}

// AddInt is x = a + b (mbedtls_mpi_add_int).
func (x *MPI) AddInt(a *MPI, b int64) error {
	return numbers("mbedtls_mpi_add_int", func() C.int { return C.gm_mpi_add_int(x.c, a.c, C.int64_t(b)) }, x, a)
}

// SubInt is x = a - b (mbedtls_mpi_sub_int).
func (x *MPI) SubInt(a *MPI, b int64) error {
	return numbers("mbedtls_mpi_sub_int", func() C.int { return C.gm_mpi_sub_int(x.c, a.c, C.int64_t(b)) }, x, a)
}

// Mul is x = a * b (mbedtls_mpi_mul_mpi).
func (x *MPI) Mul(a, b *MPI) error {
	return numbers("mbedtls_mpi_mul_mpi", func() C.int { return C.mbedtls_mpi_mul_mpi(x.c, a.c, b.c) }, x, a, b)
}

// MulInt is x = a * b (mbedtls_mpi_mul_int).
func (x *MPI) MulInt(a *MPI, b uint64) error {
	return numbers("mbedtls_mpi_mul_int", func() C.int { return C.gm_mpi_mul_int(x.c, a.c, C.uint64_t(b)) }, x, a)
}

// DivMPI is a = q * b + r; r has the sign of a. One of q and r may be nil. ErrMPIDivisionByZero (mbedtls_mpi_div_mpi).
func DivMPI(q, r, a, b *MPI) error {
	return divide("mbedtls_mpi_div_mpi", func(q, r *C.mbedtls_mpi) C.int { return C.gm_mpi_div(q, r, a.c, b.c) }, q, r, a, b)
}

// DivInt is DivMPI by a small number (mbedtls_mpi_div_int).
func DivInt(q, r, a *MPI, b int64) error {
	return divide("mbedtls_mpi_div_int", func(q, r *C.mbedtls_mpi) C.int {
		return C.gm_mpi_div_int(q, r, a.c, C.int64_t(b))
	}, q, r, a)
}

func divide(op string, call func(q, r *C.mbedtls_mpi) C.int, q, r *MPI, operands ...*MPI) error {
	if q == r && q != nil {
		return newError(op, int(ErrMPIBadInputData), errSame)
	}
	var results [2]*C.mbedtls_mpi
	for i, x := range []*MPI{q, r} {
		if x != nil {
			results[i] = x.c
			operands = append(operands, x)
		}
	}
	return numbers(op, func() C.int { return call(results[0], results[1]) }, operands...)
}

// Mod is x = a mod b, from 0 to b-1: ErrMPIDivisionByZero, ErrMPINegativeValue of a negative b (mbedtls_mpi_mod_mpi).
func (x *MPI) Mod(a, b *MPI) error {
	return numbers("mbedtls_mpi_mod_mpi", func() C.int { return C.gm_mpi_mod(x.c, a.c, b.c) }, x, a, b)
}

// ModInt is x mod b, from 0 to b-1: ErrMPIDivisionByZero, ErrMPINegativeValue of a negative b (mbedtls_mpi_mod_int).
func (x *MPI) ModInt(b int64) (uint64, error) {
	var r C.uint64_t
	err := numbers("mbedtls_mpi_mod_int", func() C.int { return C.gm_mpi_mod_int(&r, x.c, C.int64_t(b)) }, x)
	return uint64(r), err
}

// ExpMod is x = a^e mod n. The error is ErrMPIBadInputData if n is negative or even, or e is negative, or one has more than
// MPIMaxBits. rr, if it is not nil, keeps what depends on n only: it is new, or of an earlier call with the same n, and no
// operand (mbedtls_mpi_exp_mod). As the library has it, the power is n instead of 0 if a is negative and n divides the
// power, which has an odd exponent; and 1 of an exponent that was never set, also modulo 1.
func (x *MPI) ExpMod(a, e, n, rr *MPI) error {
	held := []*MPI{x, a, e, n}
	var c *C.mbedtls_mpi
	if rr != nil {
		held, c = append(held, rr), rr.c
	}
	return numbers("mbedtls_mpi_exp_mod", func() C.int { return C.gm_mpi_exp_mod(x.c, a.c, e.c, n.c, c) }, held...)
}

// InvMod is x = 1/a mod n: ErrMPIBadInputData if n is not more than 1, ErrMPINotAcceptable if a has no inverse
// (mbedtls_mpi_inv_mod).
func (x *MPI) InvMod(a, n *MPI) error {
	return numbers("mbedtls_mpi_inv_mod", func() C.int { return C.mbedtls_mpi_inv_mod(x.c, a.c, n.c) }, x, a, n)
}

// GCD is the greatest common divisor of the absolute values; that of zero and b is |b| (mbedtls_mpi_gcd).
func (x *MPI) GCD(a, b *MPI) error {
	return numbers("mbedtls_mpi_gcd", func() C.int { return C.mbedtls_mpi_gcd(x.c, a.c, b.c) }, x, a, b)
}

// FillRandom makes x a number of random bytes, in big-endian order (mbedtls_mpi_fill_random).
func (x *MPI) FillRandom(size int, random io.Reader) error {
	const op = "mbedtls_mpi_fill_random"
	if size < 0 {
		return newError(op, int(ErrMPIBadInputData), errRange)
	}
	return drawNumbers(random, op, "", func(rng unsafe.Pointer) C.int {
		return C.gm_mpi_fill_random(x.c, C.size_t(size), rng)
	}, x)
}

// Random makes x a random number from low to below n, which is no result: ErrMPIBadInputData if low is negative or there is
// none, ErrMPINotAcceptable if the reader yields none in many attempts (mbedtls_mpi_random).
func (x *MPI) Random(low int64, n *MPI, random io.Reader) error {
	return drawNumbers(random, "mbedtls_mpi_random", "", func(rng unsafe.Pointer) C.int {
		return C.gm_mpi_random(x.c, C.int64_t(low), n.c, rng)
	}, x, n)
}

// IsPrime is nil if |x| is prime, with a probability of error below 4^-rounds, else ErrMPINotAcceptable
// (mbedtls_mpi_is_prime_ext).
func (x *MPI) IsPrime(rounds int, random io.Reader) error {
	return drawNumbers(random, "mbedtls_mpi_is_prime_ext", "MBEDTLS_GENPRIME", func(rng unsafe.Pointer) C.int {
		return C.gm_mpi_is_prime(x.c, saturated(rounds), rng)
	}, x)
}

// Flags of GenPrime.
const (
	GenPrimeDH     = C.MBEDTLS_MPI_GEN_PRIME_FLAG_DH      // (x-1)/2 is prime, too
	GenPrimeLowErr = C.MBEDTLS_MPI_GEN_PRIME_FLAG_LOW_ERR // the probability of error is at most 2^-128 instead of 2^-80
)

// GenPrime makes x a prime of 3 to MPIMaxBits bits (mbedtls_mpi_gen_prime). It does not end if the reader repeats numbers
// that are no primes for ever.
func (x *MPI) GenPrime(bits, flags int, random io.Reader) error {
	const op = "mbedtls_mpi_gen_prime"
	if bits < 0 {
		return newError(op, int(ErrMPIBadInputData), errRange)
	}
	return drawNumbers(random, op, "MBEDTLS_GENPRIME", func(rng unsafe.Pointer) C.int {
		return C.gm_mpi_gen_prime(x.c, C.size_t(bits), saturated(flags), rng)
	}, x)
}

func drawNumbers(random io.Reader, op, option string, call func(rng unsafe.Pointer) C.int, xs ...*MPI) error {
	return withNumbers(op, func() error { return drawing(random, op, option, call) }, xs...)
}

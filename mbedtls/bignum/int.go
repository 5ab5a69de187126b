package bignum

import (
	"fmt"
	"math/big"
	"os"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Limits of the library.
const (
	MaxLimbs = cbridge.MPIMaxLimbs // of a number; more is ErrMPIAllocFailed
	MaxBits  = cbridge.MPIMaxBits  // of a modulus, an exponent, and a prime
)

// Int is an integer of any size up to MaxLimbs limbs (mbedtls_mpi). The zero value is 0 and ready to use; it must not be
// copied after that. One goroutine changes it at a time; if none does, any number of them may use it as an operand.
//
// The result of a method may be one of its operands, except where it says otherwise. An operand that is nil gives
// ErrMPIBadInputData, and one that was closed, [net.ErrClosed]. What a result is after an error is not defined.
type Int struct{ m *cbridge.MPI }

// New makes v.
func New(v int64) (*Int, error) {
	return made(func(z *Int) error { return z.SetInt64(v) })
}

// Parse reads a text in a radix from 2 to 16; see [Int.SetText].
func Parse(text string, radix int) (*Int, error) {
	return made(func(z *Int) error { return z.SetText(text, radix) })
}

// FromBytes reads a number in big-endian order; see [Int.SetBytes].
func FromBytes(b []byte) (*Int, error) {
	return made(func(z *Int) error { return z.SetBytes(b) })
}

// FromBig converts a number of package math/big.
func FromBig(x *big.Int) (*Int, error) {
	return made(func(z *Int) error { return z.SetBig(x) })
}

func made(set func(z *Int) error) (*Int, error) {
	z := new(Int)
	if err := set(z); err != nil {
		z.Close()
		return nil, err
	}
	return z, nil
}

// Operand is the number as the bridge's functions take it: what the other packages of this module read. It is nil of nil.
func (x *Int) Operand() *cbridge.MPI {
	switch {
	case x == nil:
		return nil
	case x.m == nil:
		return cbridge.ZeroMPI()
	}
	return x.m
}

// Result is the number as the bridge's functions take it: what the other packages of this module write to. It is nil of nil.
func (z *Int) Result() (*cbridge.MPI, error) {
	if z == nil {
		return nil, nil
	}
	if z.m == nil {
		m, err := cbridge.NewMPI()
		if err != nil {
			return nil, err
		}
		z.m = m
	}
	return z.m, nil
}

// set runs f on the number that z is to become.
func (z *Int) set(f func(m *cbridge.MPI) error) error {
	m, err := z.Result()
	if err != nil {
		return err
	}
	return f(m)
}

// Close wipes and frees the number, which then gives net.ErrClosed (mbedtls_mpi_free).
func (z *Int) Close() error {
	if z == nil {
		return nil
	}
	return z.set((*cbridge.MPI).Close)
}

// Set makes z the same number as x (mbedtls_mpi_copy).
func (z *Int) Set(x *Int) error {
	return z.set(func(m *cbridge.MPI) error { return m.Copy(x.Operand()) })
}

// SetInt64 makes z v (mbedtls_mpi_lset).
func (z *Int) SetInt64(v int64) error {
	return z.set(func(m *cbridge.MPI) error { return m.SetInt64(v) })
}

// Int64 is the number, or ErrMPIBufferTooSmall if it does not fit (mbedtls_mpi_write_binary).
func (x *Int) Int64() (int64, error) { return x.Operand().Int64() }

// Swap exchanges the numbers (mbedtls_mpi_swap).
func (z *Int) Swap(y *Int) error { return z.both(y, (*cbridge.MPI).Swap) }

// CondAssign is z.Set(x) if assign is set, in a time and with memory accesses that do not depend on it
// (mbedtls_mpi_safe_cond_assign).
func (z *Int) CondAssign(x *Int, assign bool) error {
	return z.set(func(m *cbridge.MPI) error { return m.SafeCondAssign(x.Operand(), assign) })
}

// CondSwap is z.Swap(y) if swap is set, in a time and with memory accesses that do not depend on it
// (mbedtls_mpi_safe_cond_swap).
func (z *Int) CondSwap(y *Int, swap bool) error {
	return z.both(y, func(z, y *cbridge.MPI) error { return z.SafeCondSwap(y, swap) })
}

// both runs f on two numbers, both of which are results.
func (z *Int) both(y *Int, f func(z, y *cbridge.MPI) error) error {
	return z.set(func(m *cbridge.MPI) error {
		return y.set(func(n *cbridge.MPI) error { return f(m, n) })
	})
}

// Grow makes room for limbs, of [LimbBits] bits each (mbedtls_mpi_grow).
func (z *Int) Grow(limbs int) error {
	return z.set(func(m *cbridge.MPI) error { return m.Grow(limbs) })
}

// Shrink gives memory back that leading zeros occupy, but for the given number of limbs (mbedtls_mpi_shrink).
func (z *Int) Shrink(limbs int) error {
	return z.set(func(m *cbridge.MPI) error { return m.Shrink(limbs) })
}

// Limbs is how many limbs the number has room for. [Int.LessCT] needs the same of both its operands.
func (x *Int) Limbs() int { return inspect(x, (*cbridge.MPI).Limbs) }

// LimbBits is the size of a limb: 64, or 32 on small processors.
func LimbBits() int { return cbridge.LimbBits() }

// inspect reads something that is zero after Close, and of nil.
func inspect[T any](x *Int, read func(*cbridge.MPI) T) (v T) {
	if x == nil {
		return v
	}
	return read(x.Operand())
}

// BitLen is the number of bits of |x|: 0 of zero (mbedtls_mpi_bitlen).
func (x *Int) BitLen() int { return inspect(x, (*cbridge.MPI).BitLen) }

// Size is the number of bytes of |x|: 0 of zero (mbedtls_mpi_size).
func (x *Int) Size() int { return inspect(x, (*cbridge.MPI).Size) }

// TrailingZeroBits is the number of zero bits of |x| below the lowest that is one; 0 of zero (mbedtls_mpi_lsb).
func (x *Int) TrailingZeroBits() int { return inspect(x, (*cbridge.MPI).LSB) }

// Bit is a bit of |x|; 0 beyond its end (mbedtls_mpi_get_bit).
func (x *Int) Bit(i uint) uint {
	return inspect(x, func(m *cbridge.MPI) uint { return m.Bit(i) })
}

// SetBit sets a bit of |z| to b; another b than 0 and 1 is ErrMPIBadInputData (mbedtls_mpi_set_bit).
func (z *Int) SetBit(i, b uint) error {
	return z.set(func(m *cbridge.MPI) error { return m.SetBit(i, b) })
}

// SetText reads digits in a radix from 2 to 16, behind a minus sign if the number is negative. Letters may be small or
// capital; no digits are zero. Another character is ErrMPIInvalidCharacter, another radix ErrMPIBadInputData
// (mbedtls_mpi_read_string).
func (z *Int) SetText(text string, radix int) error {
	return z.set(func(m *cbridge.MPI) error { return m.ReadString(radix, text) })
}

// Text is the number in a radix from 2 to 16, as the library writes it: in radix 16, with capital letters, an even number of
// digits, and none of a zero that has no limbs. Another radix is ErrMPIBadInputData (mbedtls_mpi_write_string).
func (x *Int) Text(radix int) (string, error) {
	m := x.Operand()
	n, err := m.WriteString(radix, nil)
	if n == 0 {
		return "", err
	}
	buf := make([]byte, n)
	defer clear(buf)
	if n, err = m.WriteString(radix, buf); err != nil {
		return "", err
	}
	return string(buf[:n-1]), nil
}

// String is the number in radix 10; "<closed>" after Close, and "<nil>" of nil.
func (x *Int) String() string {
	if x == nil {
		return "<nil>"
	}
	s, err := x.Text(10)
	if err != nil {
		return "<closed>"
	}
	return s
}

// Format prints as [math/big.Int] does, for %d, %x, %o, %b, %s and %v.
func (x *Int) Format(f fmt.State, verb rune) {
	b, err := x.Big()
	if err != nil {
		fmt.Fprint(f, x.String())
		return
	}
	b.Format(f, verb)
}

// SetBytes reads a number in big-endian order (mbedtls_mpi_read_binary).
func (z *Int) SetBytes(b []byte) error {
	return z.set(func(m *cbridge.MPI) error { return m.ReadBinary(b) })
}

// SetBytesLE reads a number in little-endian order (mbedtls_mpi_read_binary_le).
func (z *Int) SetBytesLE(b []byte) error {
	return z.set(func(m *cbridge.MPI) error { return m.ReadBinaryLE(b) })
}

// Bytes is |x| in big-endian order, without leading zeros (mbedtls_mpi_write_binary).
func (x *Int) Bytes() ([]byte, error) {
	b := make([]byte, x.Size())
	return b, x.FillBytes(b)
}

// FillBytes fills buf with |x| in big-endian order; ErrMPIBufferTooSmall (mbedtls_mpi_write_binary).
func (x *Int) FillBytes(buf []byte) error { return x.Operand().WriteBinary(buf) }

// FillBytesLE fills buf with |x| in little-endian order; ErrMPIBufferTooSmall (mbedtls_mpi_write_binary_le).
func (x *Int) FillBytesLE(buf []byte) error { return x.Operand().WriteBinaryLE(buf) }

// SetBig converts a number of package math/big, whose memory is not wiped.
func (z *Int) SetBig(x *big.Int) error {
	return z.set(func(m *cbridge.MPI) error {
		if x == nil {
			return m.Copy(nil)
		}
		b := x.Bytes()
		defer clear(b)
		if err := m.ReadBinary(b); err != nil || x.Sign() >= 0 {
			return err
		}
		return m.SetNegative(true)
	})
}

// Big converts to package math/big, whose memory is not wiped.
func (x *Int) Big() (*big.Int, error) {
	b, err := x.Bytes()
	if err != nil {
		return nil, err
	}
	defer clear(b)
	z := new(big.Int).SetBytes(b)
	if x.Sign() < 0 {
		z.Neg(z)
	}
	return z, nil
}

// ReadFile reads a line, of which it takes the digits at the end: a label may stand before them (mbedtls_mpi_read_file).
func (z *Int) ReadFile(f *os.File, radix int) error {
	return z.set(func(m *cbridge.MPI) error { return m.ReadFile(radix, f) })
}

// WriteFile writes a line: the label and the digits (mbedtls_mpi_write_file).
func (x *Int) WriteFile(f *os.File, label string, radix int) error {
	return x.Operand().WriteFile(label, radix, f)
}

package cbridge

// #include "mpi.h"
import "C"

import (
	"errors"
	"math"
	"os"
	"runtime"
	"strings"
	"unsafe"
)

// MPI is an mbedtls_mpi, a number of any size up to MPIMaxLimbs limbs. One goroutine changes it at a time; any number of
// them may read it meanwhile if nobody does.
//
// Results may be operands, too, except where a method says otherwise. A nil operand is ErrMPIBadInputData.
type MPI struct {
	res *resource
	c   *C.mbedtls_mpi
}

// Limits of the library.
const (
	MPIMaxLimbs = C.MBEDTLS_MPI_MAX_LIMBS
	MPIMaxBits  = C.MBEDTLS_MPI_MAX_BITS // of a modulus or an exponent
)

var zeroMPI = func() *MPI {
	r := &resource{free: func() {}}
	r.state.Store(reference)
	return &MPI{res: r, c: C.gm_mpi_zero()}
}()

// ZeroMPI is a zero to be read only, and never closed.
func ZeroMPI() *MPI { return zeroMPI }

// NewMPI makes a number of no limbs: zero (mbedtls_mpi_init).
func NewMPI() (*MPI, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_mpi_new()
	if c == nil {
		return nil, errNoMemory
	}
	x := &MPI{c: c}
	x.res = own(x, func() { C.gm_mpi_delete(c) })
	return x, nil
}

// Close wipes and frees the number (mbedtls_mpi_free).
func (x *MPI) Close() error {
	x.res.close()
	return nil
}

var (
	errNoNumber = errors.New("an operand is nil")
	errRange    = errors.New("a size or a position is negative")
	errZeroByte = errors.New("the text has a zero byte")
	errSame     = errors.New("two results, or a result and a key, are the same object")
)

// saturated is an int of C's, which may be smaller than Go's.
func saturated(v int) C.int { return C.int(min(max(v, math.MinInt32), math.MaxInt32)) }

// numbers runs a call that uses numbers.
func numbers(op string, call func() C.int, xs ...*MPI) error {
	return withNumbers(op, func() error { return check(call(), op, "MBEDTLS_BIGNUM_C") }, xs...)
}

func withNumbers(op string, call func() error, xs ...*MPI) error {
	held := make([]*resource, len(xs))
	for i, x := range xs {
		if x == nil {
			return newError(op, int(ErrMPIBadInputData), errNoNumber)
		}
		held[i] = x.res
	}
	return during(call, held...)
}

// inspect reads something of x: def after Close.
func inspect[T any](x *MPI, def T, read func() T) T {
	if x.res.acquire() != nil {
		return def
	}
	defer x.res.release()
	return read()
}

// BitLen is the number of bits without leading zeros; 0 after Close (mbedtls_mpi_bitlen).
func (x *MPI) BitLen() int {
	return inspect(x, 0, func() int { return int(C.mbedtls_mpi_bitlen(x.c)) })
}

// Size is the number of bytes without leading zeros; 0 after Close (mbedtls_mpi_size).
func (x *MPI) Size() int {
	return inspect(x, 0, func() int { return int(C.mbedtls_mpi_size(x.c)) })
}

// LSB is the number of zero bits below the lowest that is one; 0 of zero, and after Close (mbedtls_mpi_lsb).
func (x *MPI) LSB() int {
	return inspect(x, 0, func() int { return int(C.mbedtls_mpi_lsb(x.c)) })
}

// Bit is a bit of the absolute value; 0 beyond its end, and after Close (mbedtls_mpi_get_bit).
func (x *MPI) Bit(pos uint) uint {
	return inspect(x, 0, func() uint { return uint(C.mbedtls_mpi_get_bit(x.c, C.size_t(pos))) })
}

// Limbs is the number of limbs that the number occupies, leading zeros included; 0 after Close.
func (x *MPI) Limbs() int { return inspect(x, 0, func() int { return int(C.gm_mpi_limbs(x.c)) }) }

// LimbBits is the size of a limb: 64, or 32 on small processors.
func LimbBits() int { return int(C.gm_mpi_limb_bits()) }

// Negative reports the sign as it is stored; false after Close.
func (x *MPI) Negative() bool {
	return inspect(x, false, func() bool { return C.gm_mpi_sign(x.c) < 0 })
}

// SetNegative stores the sign. The library's own functions give zero the positive one, and so must callers, except for
// tests of what happens otherwise.
func (x *MPI) SetNegative(on bool) error {
	return numbers("mbedtls_mpi", func() C.int {
		C.gm_mpi_set_sign(x.c, 1-2*flag(on))
		return 0
	}, x)
}

// Grow makes room for limbs, which are zero (mbedtls_mpi_grow).
func (x *MPI) Grow(limbs int) error { return x.resize("mbedtls_mpi_grow", limbs) }

// Shrink removes leading limbs that are zero, of those above the given number; with fewer it is Grow (mbedtls_mpi_shrink).
func (x *MPI) Shrink(limbs int) error { return x.resize("mbedtls_mpi_shrink", limbs) }

func (x *MPI) resize(op string, limbs int) error {
	if limbs < 0 {
		return newError(op, int(ErrMPIBadInputData), errRange)
	}
	return numbers(op, func() C.int {
		if op == "mbedtls_mpi_grow" {
			return C.mbedtls_mpi_grow(x.c, C.size_t(limbs))
		}
		return C.mbedtls_mpi_shrink(x.c, C.size_t(limbs))
	}, x)
}

// Copy makes x the same number as y (mbedtls_mpi_copy).
func (x *MPI) Copy(y *MPI) error {
	return numbers("mbedtls_mpi_copy", func() C.int { return C.mbedtls_mpi_copy(x.c, y.c) }, x, y)
}

// Swap exchanges the numbers (mbedtls_mpi_swap).
func (x *MPI) Swap(y *MPI) error {
	return numbers("mbedtls_mpi_swap", func() C.int {
		C.mbedtls_mpi_swap(x.c, y.c)
		return 0
	}, x, y)
}

// SafeCondAssign is Copy if assign is set, in a time and with memory accesses that do not depend on it
// (mbedtls_mpi_safe_cond_assign).
func (x *MPI) SafeCondAssign(y *MPI, assign bool) error {
	return numbers("mbedtls_mpi_safe_cond_assign", func() C.int {
		return C.mbedtls_mpi_safe_cond_assign(x.c, y.c, C.uchar(flag(assign)))
	}, x, y)
}

// SafeCondSwap is Swap if swap is set, in a time and with memory accesses that do not depend on it
// (mbedtls_mpi_safe_cond_swap).
func (x *MPI) SafeCondSwap(y *MPI, swap bool) error {
	return numbers("mbedtls_mpi_safe_cond_swap", func() C.int {
		return C.mbedtls_mpi_safe_cond_swap(x.c, y.c, C.uchar(flag(swap)))
	}, x, y)
}

// SetInt64 makes x v (mbedtls_mpi_lset).
func (x *MPI) SetInt64(v int64) error {
	return numbers("mbedtls_mpi_lset", func() C.int { return C.gm_mpi_set_int64(x.c, C.int64_t(v)) }, x)
}

// Int64 is the number, or ErrMPIBufferTooSmall if it does not fit (mbedtls_mpi_write_binary).
func (x *MPI) Int64() (int64, error) {
	var v C.int64_t
	err := numbers("mbedtls_mpi_write_binary", func() C.int { return C.gm_mpi_int64(x.c, &v) }, x)
	return int64(v), err
}

// SetBit sets a bit of the absolute value to 0 or 1; other values are ErrMPIBadInputData (mbedtls_mpi_set_bit).
func (x *MPI) SetBit(pos, v uint) error {
	return numbers("mbedtls_mpi_set_bit", func() C.int {
		return C.gm_mpi_set_bit(x.c, C.size_t(pos), C.uchar(min(v, math.MaxUint8)))
	}, x)
}

// ReadString reads a text of digits in the radix, 2 to 16, behind a minus sign if it is negative. The empty text is zero.
// What it is after an error is not defined (mbedtls_mpi_read_string).
func (x *MPI) ReadString(radix int, text string) error {
	const op = "mbedtls_mpi_read_string"
	if strings.Contains(text, "\x00") {
		return newError(op, int(ErrMPIInvalidCharacter), errZeroByte)
	}
	s := append([]byte(text), 0)
	defer clear(s)
	return numbers(op, func() C.int {
		return C.mbedtls_mpi_read_string(x.c, saturated(radix), (*C.char)(unsafe.Pointer(&s[0])))
	}, x)
}

// WriteString writes the text and a zero byte to buf, and says how many bytes that were; if buf is too small, the error is
// ErrMPIBufferTooSmall, and n what suffices. In radix 16 the digits are capital, and their number is even; a number of no
// limbs has none (mbedtls_mpi_write_string).
func (x *MPI) WriteString(radix int, buf []byte) (n int, err error) {
	var olen C.size_t
	const op = "mbedtls_mpi_write_string"
	err = numbers(op, func() C.int {
		return C.mbedtls_mpi_write_string(x.c, saturated(radix), (*C.char)(unsafe.Pointer(unsafe.SliceData(buf))),
			C.size_t(len(buf)), &olen)
	}, x)
	return int(olen), err
}

// ReadBinary reads a number in big-endian order (mbedtls_mpi_read_binary).
func (x *MPI) ReadBinary(b []byte) error {
	return numbers("mbedtls_mpi_read_binary", func() C.int {
		return C.mbedtls_mpi_read_binary(x.c, cbytes(b), C.size_t(len(b)))
	}, x)
}

// ReadBinaryLE reads a number in little-endian order (mbedtls_mpi_read_binary_le).
func (x *MPI) ReadBinaryLE(b []byte) error {
	return numbers("mbedtls_mpi_read_binary_le", func() C.int {
		return C.mbedtls_mpi_read_binary_le(x.c, cbytes(b), C.size_t(len(b)))
	}, x)
}

// WriteBinary fills buf with the absolute value, in big-endian order. If that is longer, the error is ErrMPIBufferTooSmall
// (mbedtls_mpi_write_binary).
func (x *MPI) WriteBinary(buf []byte) error {
	return numbers("mbedtls_mpi_write_binary", func() C.int {
		return C.mbedtls_mpi_write_binary(x.c, cbytes(buf), C.size_t(len(buf)))
	}, x)
}

// WriteBinaryLE fills buf with the absolute value, in little-endian order. If that is longer, the error is
// ErrMPIBufferTooSmall (mbedtls_mpi_write_binary_le).
func (x *MPI) WriteBinaryLE(buf []byte) error {
	return numbers("mbedtls_mpi_write_binary_le", func() C.int {
		return C.mbedtls_mpi_write_binary_le(x.c, cbytes(buf), C.size_t(len(buf)))
	}, x)
}

// ReadFile reads a line of f, of which it takes the digits at the end (mbedtls_mpi_read_file).
func (x *MPI) ReadFile(radix int, f *os.File) error {
	defer runtime.KeepAlive(f)
	const op = "mbedtls_mpi_read_file"
	return withNumbers(op, func() error {
		return check(C.gm_mpi_read_file(x.c, saturated(radix), C.int(f.Fd())), op, "MBEDTLS_FS_IO")
	}, x)
}

// WriteFile writes the prefix, the digits and the end of a line to f (mbedtls_mpi_write_file).
func (x *MPI) WriteFile(prefix string, radix int, f *os.File) error {
	defer runtime.KeepAlive(f)
	const op = "mbedtls_mpi_write_file"
	if strings.Contains(prefix, "\x00") {
		return newError(op, int(ErrMPIInvalidCharacter), errZeroByte)
	}
	p := append([]byte(prefix), 0)
	return withNumbers(op, func() error {
		c := (*C.char)(unsafe.Pointer(&p[0]))
		return check(C.gm_mpi_write_file(c, x.c, saturated(radix), C.int(f.Fd())), op, "MBEDTLS_FS_IO")
	}, x)
}

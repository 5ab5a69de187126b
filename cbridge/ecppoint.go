package cbridge

// #include "ec.h"
import "C"

import (
	"strings"
	"unsafe"
)

// ECPPoint is an mbedtls_ecp_point. One goroutine changes it at a time.
type ECPPoint struct {
	res *resource
	c   *C.mbedtls_ecp_point
}

// NewECPPoint makes a point with the coordinates 0, 0, 0, which stands for zero (mbedtls_ecp_point_init).
func NewECPPoint() (*ECPPoint, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_ecp_point_new()
	if c == nil {
		return nil, errNoMemory
	}
	p := &ECPPoint{c: c}
	p.res = own(p, func() { C.gm_ecp_point_delete(c) })
	return p, nil
}

// Close wipes and frees the point (mbedtls_ecp_point_free).
func (p *ECPPoint) Close() error {
	p.res.close()
	return nil
}

func (p *ECPPoint) resource() *resource {
	if p == nil {
		return nil
	}
	return p.res
}

func (p *ECPPoint) call(op string, call func() C.int, objects ...*resource) error {
	return held(op, func() error { return check(call(), op, "") }, append(objects, p.resource())...)
}

// Copy makes p the same point as q (mbedtls_ecp_copy).
func (p *ECPPoint) Copy(q *ECPPoint) error {
	return p.call("mbedtls_ecp_copy", func() C.int { return C.mbedtls_ecp_copy(p.c, q.c) }, q.resource())
}

// SetZero makes p the zero point (mbedtls_ecp_set_zero).
func (p *ECPPoint) SetZero() error {
	return p.call("mbedtls_ecp_set_zero", func() C.int { return C.mbedtls_ecp_set_zero(p.c) })
}

// IsZero reports whether p is zero (mbedtls_ecp_is_zero).
func (p *ECPPoint) IsZero() (zero bool, err error) {
	err = p.call("mbedtls_ecp_is_zero", func() C.int { zero = C.mbedtls_ecp_is_zero(p.c) != 0; return 0 })
	return zero, err
}

// Equal reports whether the coordinates are the same (mbedtls_ecp_point_cmp).
func (p *ECPPoint) Equal(q *ECPPoint) (equal bool, err error) {
	err = p.call("mbedtls_ecp_point_cmp", func() C.int {
		equal = C.mbedtls_ecp_point_cmp(p.c, q.c) == 0
		return 0
	}, q.resource())
	return equal, err
}

// Set sets the coordinates, of which z is 1, or 0 of the zero point.
func (p *ECPPoint) Set(x, y, z *MPI) error {
	const op = "mbedtls_ecp_point"
	return withNumbers(op, func() error {
		return p.call(op, func() C.int { return C.gm_ecp_point_set(p.c, x.c, y.c, z.c) })
	}, x, y, z)
}

// Get copies the coordinates.
func (p *ECPPoint) Get(x, y, z *MPI) error {
	const op = "mbedtls_ecp_point"
	return withNumbers(op, func() error {
		return p.call(op, func() C.int { return C.gm_ecp_point_get(p.c, x.c, y.c, z.c) })
	}, x, y, z)
}

// ReadString reads the affine coordinates in a radix (mbedtls_ecp_point_read_string).
func (p *ECPPoint) ReadString(radix int, x, y string) error {
	const op = "mbedtls_ecp_point_read_string"
	if strings.Contains(x+y, "\x00") {
		return newError(op, int(ErrMPIInvalidCharacter), errZeroByte)
	}
	cx, cy := append([]byte(x), 0), append([]byte(y), 0)
	return p.call(op, func() C.int {
		return C.mbedtls_ecp_point_read_string(p.c, saturated(radix), (*C.char)(unsafe.Pointer(&cx[0])),
			(*C.char)(unsafe.Pointer(&cy[0])))
	})
}

// ReadPoint reads a point in the format of SEC 1 or RFC 7748; whether it is on the curve is for CheckPubKey to find
// (mbedtls_ecp_point_read_binary).
func (g *ECPGroup) ReadPoint(p *ECPPoint, b []byte) error {
	return g.call("mbedtls_ecp_point_read_binary", func() C.int {
		return C.mbedtls_ecp_point_read_binary(g.c, p.c, cbytes(b), C.size_t(len(b)))
	}, p.resource())
}

// WritePoint writes a point to buf in the format of SEC 1 or RFC 7748 (mbedtls_ecp_point_write_binary).
func (g *ECPGroup) WritePoint(p *ECPPoint, format int, buf []byte) (n int, err error) {
	var olen C.size_t
	err = g.call("mbedtls_ecp_point_write_binary", func() C.int {
		return C.mbedtls_ecp_point_write_binary(g.c, p.c, saturated(format), &olen, cbytes(buf), C.size_t(len(buf)))
	}, p.resource())
	return int(olen), err
}

// ReadTLSPoint reads a point from an ECPoint record, of n bytes (mbedtls_ecp_tls_read_point).
func (g *ECPGroup) ReadTLSPoint(p *ECPPoint, b []byte) (n int, err error) {
	var read C.size_t
	err = g.call("mbedtls_ecp_tls_read_point", func() C.int {
		return C.gm_ecp_tls_read_point(g.c, p.c, cbytes(b), C.size_t(len(b)), &read)
	}, p.resource())
	return int(read), err
}

// WriteTLSPoint writes an ECPoint record to buf (mbedtls_ecp_tls_write_point).
func (g *ECPGroup) WriteTLSPoint(p *ECPPoint, format int, buf []byte) (n int, err error) {
	var olen C.size_t
	err = g.call("mbedtls_ecp_tls_write_point", func() C.int {
		return C.mbedtls_ecp_tls_write_point(g.c, p.c, saturated(format), &olen, cbytes(buf), C.size_t(len(buf)))
	}, p.resource())
	return int(olen), err
}

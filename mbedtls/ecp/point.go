package ecp

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// Point is a point of a curve, in affine coordinates: of the group it knows nothing (mbedtls_ecp_point). One goroutine
// changes it at a time.
type Point struct{ p *cbridge.ECPPoint }

// NewPoint makes the zero point, as a place for results (mbedtls_ecp_point_init).
func NewPoint() (*Point, error) {
	return newPoint((*cbridge.ECPPoint).SetZero)
}

// newPoint makes a point that f writes.
func newPoint(f func(p *cbridge.ECPPoint) error) (*Point, error) {
	p, err := cbridge.NewECPPoint()
	if err != nil {
		return nil, err
	}
	if err := f(p); err != nil {
		p.Close()
		return nil, err
	}
	return &Point{p}, nil
}

// PointOf makes the point with the coordinates x and y; on Montgomery curves y is of no use, and 0. Whether it is on a curve
// is for [Group.CheckPublic] to find.
func PointOf(x, y *bignum.Int) (*Point, error) {
	one, err := bignum.New(1)
	if err != nil {
		return nil, err
	}
	defer one.Close()
	return newPoint(func(p *cbridge.ECPPoint) error { return p.Set(x.Operand(), y.Operand(), one.Operand()) })
}

// ParsePoint makes the point with the coordinates in texts of a radix from 2 to 16 (mbedtls_ecp_point_read_string).
func ParsePoint(x, y string, radix int) (*Point, error) {
	return newPoint(func(p *cbridge.ECPPoint) error { return p.ReadString(radix, x, y) })
}

// Bridge is the point as the bridge's functions take it; nil of nil.
func (p *Point) Bridge() *cbridge.ECPPoint {
	if p == nil {
		return nil
	}
	return p.p
}

// Close wipes and frees the point (mbedtls_ecp_point_free).
func (p *Point) Close() error { return p.p.Close() }

// Set makes p the same point as q (mbedtls_ecp_copy).
func (p *Point) Set(q *Point) error { return p.Bridge().Copy(q.Bridge()) }

// SetZero makes p the zero point (mbedtls_ecp_set_zero).
func (p *Point) SetZero() error { return p.Bridge().SetZero() }

// IsZero reports whether p is the zero point (mbedtls_ecp_is_zero).
func (p *Point) IsZero() (bool, error) { return p.Bridge().IsZero() }

// Equal reports whether the points have the same coordinates (mbedtls_ecp_point_cmp).
func (p *Point) Equal(q *Point) (bool, error) { return p.Bridge().Equal(q.Bridge()) }

// XY are copies of the coordinates. Those of the zero point mean nothing.
func (p *Point) XY() (x, y *bignum.Int, err error) {
	z, err := cbridge.NewMPI()
	if err != nil {
		return nil, nil, err
	}
	defer z.Close()
	x, err = newInt(func(mx *cbridge.MPI) error {
		y, err = newInt(func(my *cbridge.MPI) error { return p.Bridge().Get(mx, my, z) })
		return err
	})
	return x, y, err
}

// ReadPoint makes a point of its encoding, which is SEC 1's in either format, or RFC 7748's. Whether it is on the curve is
// for CheckPublic to find (mbedtls_ecp_point_read_binary).
func (g *Group) ReadPoint(encoding []byte) (*Point, error) {
	return newPoint(func(p *cbridge.ECPPoint) error { return g.Bridge().ReadPoint(p, encoding) })
}

// WritePoint is the encoding of a point. Montgomery curves have one format only (mbedtls_ecp_point_write_binary).
func (g *Group) WritePoint(p *Point, format Format) ([]byte, error) {
	return cbridge.Output(cbridge.ECPMaxPointLen, func(buf []byte) (int, error) {
		return g.Bridge().WritePoint(p.Bridge(), int(format), buf)
	})
}

// ReadTLSPoint makes a point of an ECPoint record of TLS (RFC 8422), which is an encoding behind its length, of n bytes
// (mbedtls_ecp_tls_read_point).
func (g *Group) ReadTLSPoint(record []byte) (p *Point, n int, err error) {
	p, err = newPoint(func(c *cbridge.ECPPoint) error {
		n, err = g.Bridge().ReadTLSPoint(c, record)
		return err
	})
	return p, n, err
}

// WriteTLSPoint is the ECPoint record of a point (mbedtls_ecp_tls_write_point).
func (g *Group) WriteTLSPoint(p *Point, format Format) ([]byte, error) {
	return cbridge.Output(1+cbridge.ECPMaxPointLen, func(buf []byte) (int, error) {
		return g.Bridge().WriteTLSPoint(p.Bridge(), int(format), buf)
	})
}

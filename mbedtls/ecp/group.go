package ecp

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// Group is a curve with its parameters (mbedtls_ecp_group). One goroutine uses it at a time.
type Group struct{ g *cbridge.ECPGroup }

// NewGroup loads a curve: ErrECPFeatureUnavailable if the build does not have it (mbedtls_ecp_group_load).
func NewGroup(id ID) (*Group, error) { return group(cbridge.NewECPGroup(id)) }

func group(g *cbridge.ECPGroup, err error) (*Group, error) {
	if err != nil {
		return nil, err
	}
	return &Group{g}, nil
}

// Bridge is the group as the bridge's functions take it; nil of nil.
func (g *Group) Bridge() *cbridge.ECPGroup {
	if g == nil {
		return nil
	}
	return g.g
}

// Copy makes another group of the same curve, for another goroutine (mbedtls_ecp_group_copy).
func (g *Group) Copy() (*Group, error) { return group(g.g.Copy()) }

// Close frees the group (mbedtls_ecp_group_free).
func (g *Group) Close() error { return g.g.Close() }

// ID is the curve; None after Close.
func (g *Group) ID() ID { return g.g.ID() }

// Type is the kind of the curve; TypeNone after Close (mbedtls_ecp_get_type).
func (g *Group) Type() Type { return Type(g.g.Type()) }

// PBits is the size of the field in bits; 0 after Close.
func (g *Group) PBits() int { return g.g.PBits() }

// NBits is the size of the order in bits, or that of private keys on Montgomery curves, without their highest bit, which is
// always set; 0 after Close.
func (g *Group) NBits() int { return g.g.NBits() }

// P is the prime of the field.
func (g *Group) P() (*bignum.Int, error) { return g.number(cbridge.ECPNumberP) }

// A is the coefficient of x of the curve's equation, or of x² on Montgomery curves.
func (g *Group) A() (*bignum.Int, error) { return g.number(cbridge.ECPNumberA) }

// B is the constant of the curve's equation; 0 on Montgomery curves.
func (g *Group) B() (*bignum.Int, error) { return g.number(cbridge.ECPNumberB) }

// N is the order of the generator.
func (g *Group) N() (*bignum.Int, error) { return g.number(cbridge.ECPNumberN) }

func (g *Group) number(which int) (*bignum.Int, error) {
	return newInt(func(m *cbridge.MPI) error { return g.g.Number(which, m) })
}

// newInt makes a number that f writes.
func newInt(f func(m *cbridge.MPI) error) (*bignum.Int, error) {
	x := new(bignum.Int)
	m, err := x.Result()
	if err == nil {
		err = f(m)
	}
	if err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

// G is a copy of the generator.
func (g *Group) G() (*Point, error) {
	return newPoint(func(p *cbridge.ECPPoint) error { return g.g.Generator(p) })
}

// ReadTLSGroup makes the group that an ECParameters record of TLS (RFC 8422) names, of n bytes
// (mbedtls_ecp_tls_read_group).
func ReadTLSGroup(record []byte) (g *Group, n int, err error) {
	c, n, err := cbridge.ReadTLSGroup(record)
	g, err = group(c, err)
	return g, n, err
}

// ReadTLSGroupID is the curve that an ECParameters record of TLS names, of n bytes (mbedtls_ecp_tls_read_group_id).
func ReadTLSGroupID(record []byte) (id ID, n int, err error) { return cbridge.ReadTLSGroupID(record) }

// TLSGroup is the ECParameters record of TLS that names the group (mbedtls_ecp_tls_write_group).
func (g *Group) TLSGroup() ([]byte, error) {
	return cbridge.Output(3, g.g.WriteTLSGroup)
}

// Mul is r = m*p. The error is ErrECPInvalidKey if m is no private key of the group, or p no public key. With a restart, it
// may be ErrECPInProgress; restart may be nil (mbedtls_ecp_mul, mbedtls_ecp_mul_restartable).
func (g *Group) Mul(r *Point, m *bignum.Int, p *Point, random io.Reader, restart *Restart) error {
	return g.Bridge().Mul(r.Bridge(), m.Operand(), p.Bridge(), random, restart)
}

// MulAdd is r = m*p + n*q, on short Weierstrass curves, in a time that depends on the numbers: they must be no secret. With
// a restart, the error may be ErrECPInProgress; restart may be nil (mbedtls_ecp_muladd, mbedtls_ecp_muladd_restartable).
func (g *Group) MulAdd(r *Point, m *bignum.Int, p *Point, n *bignum.Int, q *Point, restart *Restart) error {
	return g.Bridge().MulAdd(r.Bridge(), m.Operand(), p.Bridge(), n.Operand(), q.Bridge(), restart)
}

// CheckPublic is nil if p is a public key of the group, else ErrECPInvalidKey: a point of the curve other than zero, whose
// order is not checked (mbedtls_ecp_check_pubkey).
func (g *Group) CheckPublic(p *Point) error { return g.Bridge().CheckPubKey(p.Bridge()) }

// CheckPrivate is nil if d is a private key of the group, else ErrECPInvalidKey (mbedtls_ecp_check_privkey).
func (g *Group) CheckPrivate(d *bignum.Int) error { return g.Bridge().CheckPrivKey(d.Operand()) }

// GenPrivate makes a private key (mbedtls_ecp_gen_privkey).
func (g *Group) GenPrivate(random io.Reader) (*bignum.Int, error) {
	return newInt(func(m *cbridge.MPI) error { return g.Bridge().GenPrivKey(m, random) })
}

// GenKeys makes a private key d and the public key q that belongs to it (mbedtls_ecp_gen_keypair).
func (g *Group) GenKeys(random io.Reader) (d *bignum.Int, q *Point, err error) {
	return g.GenKeysBase(nil, random)
}

// GenKeysBase is GenKeys with another point in the place of the generator, unless that is nil
// (mbedtls_ecp_gen_keypair_base).
func (g *Group) GenKeysBase(base *Point, random io.Reader) (d *bignum.Int, q *Point, err error) {
	q, err = newPoint(func(p *cbridge.ECPPoint) error {
		d, err = newInt(func(m *cbridge.MPI) error { return g.Bridge().GenKeyPair(base.Bridge(), m, p, random) })
		return err
	})
	return d, q, err
}

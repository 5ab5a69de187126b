package upstream

import (
	"crypto"
	"errors"
	"io"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// numberCase is a case of the suites of numbers and curves, with what it closes at its end: the objects are small, but there
// are very many of them.
type numberCase struct {
	*suites.T
	objects []io.Closer
}

func (n *numberCase) close() {
	for _, o := range n.objects {
		o.Close()
	}
	_ = ecp.SetMaxOps(0) // which builds without such operations refuse
}

// owned takes what a call has returned, and fails the case if there is an error.
func owned[O io.Closer](n *numberCase, o O, err error) O {
	n.Code("make an object", err, 0)
	n.objects = append(n.objects, o)
	return o
}

// result is a number that was never set.
func (n *numberCase) result() *bignum.Int { return owned(n, new(bignum.Int), nil) }

// read reads a number as cases have it: in hex, with leading zeros for as many limbs, and a sign that zero has as well
// (mbedtls_test_read_mpi).
func (n *numberCase) read(hex string) *bignum.Int {
	x := n.result()
	n.reread(x, hex)
	return x
}

func (n *numberCase) reread(x *bignum.Int, hex string) {
	digits, negative := strings.CutPrefix(hex, "-")
	n.Code("read "+hex, x.SetText(digits, 16), 0)
	if negative && digits != "" {
		n.Code("read "+hex, x.Operand().SetNegative(true), 0)
	}
}

// binary reads a number in big-endian order.
func (n *numberCase) binary(b []byte) *bignum.Int {
	x, err := bignum.FromBytes(b)
	return owned(n, x, err)
}

// same fails the case unless got is want, and well formed.
func (n *numberCase) same(what string, got, want *bignum.Int, args ...string) {
	order, err := got.Cmp(want)
	n.Code(what, err, 0)
	if order != 0 {
		n.Fatalf("%s: %v, want %v", what, got, want)
	}
	n.wellFormed(what, got, args...)
}

// wellFormed fails the case if x is a negative zero, unless the case has one among its arguments.
func (n *numberCase) wellFormed(what string, x *bignum.Int, args ...string) {
	if x.BitLen() != 0 || !x.Operand().Negative() {
		return
	}
	for _, arg := range args {
		if digits, negative := strings.CutPrefix(arg, "-"); negative && strings.Trim(digits, "0") == "" {
			return
		}
	}
	n.Fatalf("%s is a negative zero", what)
}

func (n *numberCase) group(id ecp.ID) *ecp.Group {
	g, err := ecp.NewGroup(id)
	return owned(n, g, err)
}

func (n *numberCase) point() *ecp.Point {
	p, err := ecp.NewPoint()
	return owned(n, p, err)
}

func (n *numberCase) generator(g *ecp.Group) *ecp.Point {
	p, err := g.G()
	return owned(n, p, err)
}

func (n *numberCase) readPoint(g *ecp.Group, b []byte) *ecp.Point {
	p, err := g.ReadPoint(b)
	return owned(n, p, err)
}

// pointOf makes a point of its three coordinates.
func (n *numberCase) pointOf(x, y, z *bignum.Int) *ecp.Point {
	p := n.point()
	n.Code("set coordinates", p.Bridge().Set(x.Operand(), y.Operand(), z.Operand()), 0)
	return p
}

// coordinates are the three coordinates of a point.
func (n *numberCase) coordinates(p *ecp.Point) (x, y, z *bignum.Int) {
	to := make([]*cbridge.MPI, 3)
	xyz := [3]*bignum.Int{n.result(), n.result(), n.result()}
	for i := range to {
		to[i], _ = xyz[i].Result()
	}
	n.Code("get coordinates", p.Bridge().Get(to[0], to[1], to[2]), 0)
	return xyz[0], xyz[1], xyz[2]
}

// at fails the case unless a point has the coordinates, or only x if y is nil.
func (n *numberCase) at(what string, p *ecp.Point, x, y *bignum.Int) {
	px, py, _ := n.coordinates(p)
	n.same(what+": x", px, x)
	if y != nil {
		n.same(what+": y", py, y)
	}
}

// mdHashes are the values of mbedtls_md_type_t in Go.
var mdHashes = map[int]crypto.Hash{
	0x03: crypto.MD5, 0x04: crypto.RIPEMD160, 0x05: crypto.SHA1,
	0x08: crypto.SHA224, 0x09: crypto.SHA256, 0x0a: crypto.SHA384, 0x0b: crypto.SHA512,
	0x10: crypto.SHA3_224, 0x11: crypto.SHA3_256, 0x12: crypto.SHA3_384, 0x13: crypto.SHA3_512,
}

// leftAligned shifts random bytes that stand for a private key of the group to where the library expects its bits.
func leftAligned(g *ecp.Group, b []byte) []byte {
	shift := (8 - g.NBits()%8) % 8
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] << shift
		if i+1 < len(b) {
			out[i] |= b[i+1] >> (8 - shift)
		}
	}
	return out
}

// drawnFirst yields the bytes, and others after that.
func drawnFirst(b []byte) io.Reader { return &rndBuffer{buf: b, fallback: rndStd{}} }

// bound sets the number of operations, and makes a restart that heeds it.
func (n *numberCase) bound(ops uint32) *ecp.Restart {
	n.Code("set max ops", ecp.SetMaxOps(ops), 0)
	r, err := ecp.NewRestart()
	return owned(n, r, err)
}

// restarted calls an operation until it is over, and fails the case unless it was not as often as is given.
func (n *numberCase) restarted(what string, least, most int, call func() error) error {
	for count := 0; ; count++ {
		err := call()
		if errors.Is(err, cbridge.ErrECPInProgress) {
			continue
		}
		if count < least || count > most {
			n.Fatalf("%s: %d restarts, want %d to %d", what, count, least, most)
		}
		return err
	}
}

// abandoned leaves an operation in the middle, if it has one.
func (n *numberCase) abandoned(least int, call func() error) {
	if least > 0 {
		n.Code("begin again", call(), int(cbridge.ErrECPInProgress))
	}
}

package cbridge

// #include "ec.h"
import "C"

import (
	"io"
	"unsafe"
)

type ecpMul struct {
	g       *ECPGroup
	r, p, q *ECPPoint
	m, n    *MPI
	id      ECPGroupID // of g, which may be loaded anew
}

// Mul is r = m * p. The error is ErrECPInvalidKey if m is no private key of the group, or p no public key. random is what
// values are blinded with that could leak through the time it takes. With restart, the error may be ErrECPInProgress: then
// the same call is to be made again (mbedtls_ecp_mul_restartable).
func (g *ECPGroup) Mul(r *ECPPoint, m *MPI, p *ECPPoint, random io.Reader, restart *ECRestart) error {
	const op = "mbedtls_ecp_mul"
	return withNumbers(op, func() error {
		return held(op, func() error {
			return restarting(restart, op, ecpMul{g: g, r: r, m: m, p: p, id: g.ID()}, func(rs *C.gm_ec_restart) error {
				return drawing(random, op, "", func(rng unsafe.Pointer) C.int {
					return C.gm_ecp_mul(g.c, r.c, m.c, p.c, rng, rs)
				})
			})
		}, g.resource(), r.resource(), p.resource())
	}, m)
}

// MulAdd is r = m * p + n * q, on short Weierstrass curves, in a time that depends on the numbers. With restart, the error
// may be ErrECPInProgress: then the same call is to be made again (mbedtls_ecp_muladd_restartable).
func (g *ECPGroup) MulAdd(r *ECPPoint, m *MPI, p *ECPPoint, n *MPI, q *ECPPoint, restart *ECRestart) error {
	const op, option = "mbedtls_ecp_muladd", "MBEDTLS_ECP_SHORT_WEIERSTRASS_ENABLED"
	return withNumbers(op, func() error {
		return held(op, func() error {
			return restarting(restart, op, ecpMul{g, r, p, q, m, n, g.ID()}, func(rs *C.gm_ec_restart) error {
				return check(C.gm_ecp_muladd(g.c, r.c, m.c, p.c, n.c, q.c, rs), op, option)
			})
		}, g.resource(), r.resource(), p.resource(), q.resource())
	}, m, n)
}

// CheckPubKey is nil if the point is a public key of the group, else ErrECPInvalidKey (mbedtls_ecp_check_pubkey).
func (g *ECPGroup) CheckPubKey(p *ECPPoint) error {
	return g.call("mbedtls_ecp_check_pubkey", func() C.int { return C.mbedtls_ecp_check_pubkey(g.c, p.c) }, p.resource())
}

// CheckPrivKey is nil if the number is a private key of the group, else ErrECPInvalidKey (mbedtls_ecp_check_privkey).
func (g *ECPGroup) CheckPrivKey(d *MPI) error {
	const op = "mbedtls_ecp_check_privkey"
	return withNumbers(op, func() error {
		return g.call(op, func() C.int { return C.mbedtls_ecp_check_privkey(g.c, d.c) })
	}, d)
}

// draw runs a call of a group that needs randomness.
func (g *ECPGroup) draw(random io.Reader, op, option string, call func(rng unsafe.Pointer) C.int,
	objects ...*resource) error {
	return held(op, func() error { return drawing(random, op, option, call) }, append(objects, g.resource())...)
}

// GenPrivKey makes d a private key (mbedtls_ecp_gen_privkey).
func (g *ECPGroup) GenPrivKey(d *MPI, random io.Reader) error {
	const op = "mbedtls_ecp_gen_privkey"
	return withNumbers(op, func() error {
		return g.draw(random, op, "", func(rng unsafe.Pointer) C.int { return C.gm_ecp_gen_privkey(g.c, d.c, rng) })
	}, d)
}

// GenKeyPair makes d a private key, and q the product of it and base, or the generator if base is nil
// (mbedtls_ecp_gen_keypair, mbedtls_ecp_gen_keypair_base).
func (g *ECPGroup) GenKeyPair(base *ECPPoint, d *MPI, q *ECPPoint, random io.Reader) error {
	const op = "mbedtls_ecp_gen_keypair"
	objects := []*resource{q.resource()}
	var c *C.mbedtls_ecp_point
	if base != nil {
		objects, c = append(objects, base.res), base.c
	}
	return withNumbers(op, func() error {
		return g.draw(random, op, "", func(rng unsafe.Pointer) C.int {
			return C.gm_ecp_gen_keypair(g.c, c, d.c, q.c, rng)
		}, objects...)
	}, d)
}

// ECPKeyPair is an mbedtls_ecp_keypair. One goroutine uses it at a time.
type ECPKeyPair struct {
	res *resource
	c   *C.mbedtls_ecp_keypair
}

// NewECPKeyPair makes a pair of no group and no keys (mbedtls_ecp_keypair_init).
func NewECPKeyPair() (*ECPKeyPair, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_ecp_keypair_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &ECPKeyPair{c: c}
	k.res = own(k, func() { C.gm_ecp_keypair_delete(c) })
	return k, nil
}

// Close wipes and frees the pair (mbedtls_ecp_keypair_free).
func (k *ECPKeyPair) Close() error {
	k.res.close()
	return nil
}

func (k *ECPKeyPair) resource() *resource {
	if k == nil {
		return nil
	}
	return k.res
}

func (k *ECPKeyPair) call(op string, call func() C.int, objects ...*resource) error {
	return held(op, func() error { return check(call(), op, "") }, append(objects, k.resource())...)
}

// Set sets the group, unless it is ECPNone, and those of the keys that are not nil, without a look at them.
func (k *ECPKeyPair) Set(id ECPGroupID, d *MPI, q *ECPPoint) error {
	var cd *C.mbedtls_mpi
	var cq *C.mbedtls_ecp_point
	var objects []*resource
	if d != nil {
		objects, cd = append(objects, d.res), d.c
	}
	if q != nil {
		objects, cq = append(objects, q.res), q.c
	}
	return k.call("mbedtls_ecp_group_load", func() C.int { return C.gm_ecp_keypair_set(k.c, C.int(id), cd, cq) }, objects...)
}

// GenKey makes a new pair of keys (mbedtls_ecp_gen_key).
func (k *ECPKeyPair) GenKey(id ECPGroupID, random io.Reader) error {
	const op = "mbedtls_ecp_gen_key"
	return held(op, func() error {
		return drawing(random, op, "", func(rng unsafe.Pointer) C.int { return C.gm_ecp_gen_key(C.int(id), k.c, rng) })
	}, k.resource())
}

// SetPublicKey sets the public key of a pair that has no group yet, or this one, else ErrECPBadInputData
// (mbedtls_ecp_set_public_key).
func (k *ECPKeyPair) SetPublicKey(id ECPGroupID, q *ECPPoint) error {
	return k.call("mbedtls_ecp_set_public_key", func() C.int {
		return C.mbedtls_ecp_set_public_key(C.mbedtls_ecp_group_id(id), k.c, q.c)
	}, q.resource())
}

// ReadKey reads a private key, in big-endian order, or little-endian of Montgomery curves. The public key stays as it is
// (mbedtls_ecp_read_key).
func (k *ECPKeyPair) ReadKey(id ECPGroupID, b []byte) error {
	return k.call("mbedtls_ecp_read_key", func() C.int {
		return C.mbedtls_ecp_read_key(C.mbedtls_ecp_group_id(id), k.c, cbytes(b), C.size_t(len(b)))
	})
}

// WriteKey writes the private key to buf as ReadKey reads it: n bytes, which the group says (mbedtls_ecp_write_key_ext).
func (k *ECPKeyPair) WriteKey(buf []byte) (n int, err error) {
	var olen C.size_t
	err = k.call("mbedtls_ecp_write_key_ext", func() C.int {
		return C.mbedtls_ecp_write_key_ext(k.c, &olen, cbytes(buf), C.size_t(len(buf)))
	})
	return int(olen), err
}

// WritePublicKey writes the public key to buf (mbedtls_ecp_write_public_key).
func (k *ECPKeyPair) WritePublicKey(format int, buf []byte) (n int, err error) {
	var olen C.size_t
	err = k.call("mbedtls_ecp_write_public_key", func() C.int {
		return C.mbedtls_ecp_write_public_key(k.c, saturated(format), &olen, cbytes(buf), C.size_t(len(buf)))
	})
	return int(olen), err
}

// CheckPair is nil if k has the public key of prv, and that belongs to the private key of prv, else ErrECPBadInputData
// (mbedtls_ecp_check_pub_priv).
func (k *ECPKeyPair) CheckPair(prv *ECPKeyPair, random io.Reader) error {
	const op = "mbedtls_ecp_check_pub_priv"
	return held(op, func() error {
		return drawing(random, op, "", func(rng unsafe.Pointer) C.int { return C.gm_ecp_check_pub_priv(k.c, prv.c, rng) })
	}, k.resource(), prv.resource())
}

// CalcPublic computes the public key from the private one (mbedtls_ecp_keypair_calc_public).
func (k *ECPKeyPair) CalcPublic(random io.Reader) error {
	const op = "mbedtls_ecp_keypair_calc_public"
	return held(op, func() error {
		return drawing(random, op, "", func(rng unsafe.Pointer) C.int { return C.gm_ecp_keypair_calc_public(k.c, rng) })
	}, k.resource())
}

// GroupID is the curve; ECPNone of a pair without one, and after Close (mbedtls_ecp_keypair_get_group_id).
func (k *ECPKeyPair) GroupID() (id ECPGroupID) {
	_ = during(func() error { id = ECPGroupID(C.mbedtls_ecp_keypair_get_group_id(k.c)); return nil }, k.res)
	return id
}

// Export copies those that are not nil (mbedtls_ecp_export).
func (k *ECPKeyPair) Export(g *ECPGroup, d *MPI, q *ECPPoint) error {
	var cg *C.mbedtls_ecp_group
	var cd *C.mbedtls_mpi
	var cq *C.mbedtls_ecp_point
	var objects []*resource
	if g != nil {
		objects, cg = append(objects, g.res), g.c
	}
	if d != nil {
		objects, cd = append(objects, d.res), d.c
	}
	if q != nil {
		objects, cq = append(objects, q.res), q.c
	}
	return k.call("mbedtls_ecp_export", func() C.int { return C.mbedtls_ecp_export(k.c, cg, cd, cq) }, objects...)
}

// ExportGroup makes a group like that of the pair (mbedtls_ecp_export).
func (k *ECPKeyPair) ExportGroup() (*ECPGroup, error) {
	return newECPGroup(func(c *C.mbedtls_ecp_group) error {
		return k.call("mbedtls_ecp_export", func() C.int { return C.mbedtls_ecp_export(k.c, c, nil, nil) })
	})
}

package cbridge

// #include "ec.h"
import "C"

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

// ECPGroupID is a curve (mbedtls_ecp_group_id).
type ECPGroupID int

// Curves. Which of them there are depends on the build.
const (
	ECPNone       ECPGroupID = C.MBEDTLS_ECP_DP_NONE
	ECPSecp192r1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP192R1
	ECPSecp224r1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP224R1
	ECPSecp256r1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP256R1
	ECPSecp384r1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP384R1
	ECPSecp521r1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP521R1
	ECPBP256r1    ECPGroupID = C.MBEDTLS_ECP_DP_BP256R1
	ECPBP384r1    ECPGroupID = C.MBEDTLS_ECP_DP_BP384R1
	ECPBP512r1    ECPGroupID = C.MBEDTLS_ECP_DP_BP512R1
	ECPCurve25519 ECPGroupID = C.MBEDTLS_ECP_DP_CURVE25519
	ECPSecp192k1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP192K1
	ECPSecp224k1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP224K1
	ECPSecp256k1  ECPGroupID = C.MBEDTLS_ECP_DP_SECP256K1
	ECPCurve448   ECPGroupID = C.MBEDTLS_ECP_DP_CURVE448
)

// Kinds of curves (mbedtls_ecp_curve_type).
const (
	ECPTypeNone             = C.MBEDTLS_ECP_TYPE_NONE
	ECPTypeShortWeierstrass = C.MBEDTLS_ECP_TYPE_SHORT_WEIERSTRASS
	ECPTypeMontgomery       = C.MBEDTLS_ECP_TYPE_MONTGOMERY
)

// Formats of points.
const (
	ECPUncompressed = C.MBEDTLS_ECP_PF_UNCOMPRESSED
	ECPCompressed   = C.MBEDTLS_ECP_PF_COMPRESSED
)

// Limits of the build's curves.
const (
	ECPMaxBytes    = C.MBEDTLS_ECP_MAX_BYTES
	ECPMaxPointLen = C.MBEDTLS_ECP_MAX_PT_LEN
)

// ECPCurve describes a curve (mbedtls_ecp_curve_info).
type ECPCurve struct {
	ID    ECPGroupID
	TLSID uint16
	Bits  int
	Name  string
}

func curveOf(info *C.mbedtls_ecp_curve_info) (ECPCurve, bool) {
	if info == nil {
		return ECPCurve{}, false
	}
	return ECPCurve{ECPGroupID(info.grp_id), uint16(info.tls_id), int(info.bit_size), C.GoString(info.name)}, true
}

var ecpCurves = sync.OnceValue(func() []ECPCurve {
	var list []ECPCurve
	for info := C.mbedtls_ecp_curve_list(); info.grp_id != C.MBEDTLS_ECP_DP_NONE; {
		c, _ := curveOf(info)
		list = append(list, c)
		info = (*C.mbedtls_ecp_curve_info)(unsafe.Add(unsafe.Pointer(info), unsafe.Sizeof(*info)))
	}
	return list
})

// ECPCurves are the build's curves, best first (mbedtls_ecp_curve_list).
func ECPCurves() []ECPCurve { return slices.Clone(ecpCurves()) }

// The library makes its list of IDs at the first call, without a lock.
var ecpGroupIDs = sync.OnceValue(func() []ECPGroupID {
	var list []ECPGroupID
	for id := C.mbedtls_ecp_grp_id_list(); *id != C.MBEDTLS_ECP_DP_NONE; {
		list = append(list, ECPGroupID(*id))
		id = (*C.mbedtls_ecp_group_id)(unsafe.Add(unsafe.Pointer(id), unsafe.Sizeof(*id)))
	}
	return list
})

// ECPGroupIDs are the build's curves, in the order of ECPCurves (mbedtls_ecp_grp_id_list).
func ECPGroupIDs() []ECPGroupID { return slices.Clone(ecpGroupIDs()) }

// ECPCurveByID finds a curve (mbedtls_ecp_curve_info_from_grp_id).
func ECPCurveByID(id ECPGroupID) (ECPCurve, bool) {
	return curveOf(C.mbedtls_ecp_curve_info_from_grp_id(C.mbedtls_ecp_group_id(id)))
}

// ECPCurveByTLSID finds a curve by its number in TLS (mbedtls_ecp_curve_info_from_tls_id).
func ECPCurveByTLSID(id uint16) (ECPCurve, bool) {
	return curveOf(C.mbedtls_ecp_curve_info_from_tls_id(C.uint16_t(id)))
}

// ECPCurveByName finds a curve by its name, such as secp256r1 (mbedtls_ecp_curve_info_from_name).
func ECPCurveByName(name string) (ECPCurve, bool) {
	if strings.Contains(name, "\x00") {
		return ECPCurve{}, false
	}
	b := append([]byte(name), 0)
	return curveOf(C.mbedtls_ecp_curve_info_from_name((*C.char)(unsafe.Pointer(&b[0]))))
}

// ECPGroup is an mbedtls_ecp_group. One goroutine uses it at a time.
type ECPGroup struct {
	res *resource
	c   *C.mbedtls_ecp_group
}

// NewECPGroup loads a group: ErrECPFeatureUnavailable if the build does not have it (mbedtls_ecp_group_load).
func NewECPGroup(id ECPGroupID) (*ECPGroup, error) {
	return newECPGroup(func(c *C.mbedtls_ecp_group) error {
		return check(C.mbedtls_ecp_group_load(c, C.mbedtls_ecp_group_id(id)), "mbedtls_ecp_group_load", "")
	})
}

func newECPGroup(load func(c *C.mbedtls_ecp_group) error) (*ECPGroup, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_ecp_group_new()
	if c == nil {
		return nil, errNoMemory
	}
	g := &ECPGroup{c: c}
	g.res = own(g, func() { C.gm_ecp_group_delete(c) })
	if err := load(c); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// Copy makes another of the same curve (mbedtls_ecp_group_copy).
func (g *ECPGroup) Copy() (*ECPGroup, error) {
	return newECPGroup(func(c *C.mbedtls_ecp_group) error {
		return g.call("mbedtls_ecp_group_copy", func() C.int { return C.mbedtls_ecp_group_copy(c, g.c) })
	})
}

// Close frees the group (mbedtls_ecp_group_free).
func (g *ECPGroup) Close() error {
	g.res.close()
	return nil
}

var errNoObject = errors.New("an argument is nil")

// held are the resources of what a call uses besides numbers; nil stands for an argument that is missing.
func held(op string, call func() error, objects ...*resource) error {
	if slices.Contains(objects, nil) {
		return newError(op, int(ErrECPBadInputData), errNoObject)
	}
	return during(call, objects...)
}

func (g *ECPGroup) resource() *resource {
	if g == nil {
		return nil
	}
	return g.res
}

func (g *ECPGroup) call(op string, call func() C.int, objects ...*resource) error {
	return held(op, func() error { return check(call(), op, "") }, append(objects, g.resource())...)
}

// property reads something of g: 0 after Close.
func (g *ECPGroup) property(read func() C.size_t) (n int) {
	_ = during(func() error { n = int(read()); return nil }, g.res)
	return n
}

// ID is the curve; ECPNone after Close.
func (g *ECPGroup) ID() ECPGroupID {
	return ECPGroupID(g.property(func() C.size_t { return C.size_t(C.gm_ecp_group_id(g.c)) }))
}

// Type is the kind of the curve; ECPTypeNone after Close (mbedtls_ecp_get_type).
func (g *ECPGroup) Type() int {
	return g.property(func() C.size_t { return C.size_t(C.mbedtls_ecp_get_type(g.c)) })
}

// PBits is the number of bits of the field; 0 after Close.
func (g *ECPGroup) PBits() int { return g.property(func() C.size_t { return C.gm_ecp_pbits(g.c) }) }

// NBits is the number of bits of the order, or of private keys on Montgomery curves, where the highest bit is set always and
// not counted; 0 after Close.
func (g *ECPGroup) NBits() int { return g.property(func() C.size_t { return C.gm_ecp_nbits(g.c) }) }

// Numbers of a group: the field's prime, the coefficients of the equation, of which Montgomery curves have no B, and the
// order.
const (
	ECPNumberP = C.GM_ECP_P
	ECPNumberA = C.GM_ECP_A
	ECPNumberB = C.GM_ECP_B
	ECPNumberN = C.GM_ECP_N
)

// Number copies one of the numbers to x.
func (g *ECPGroup) Number(which int, x *MPI) error {
	const op = "mbedtls_ecp_group"
	return withNumbers(op, func() error {
		return g.call(op, func() C.int { return C.gm_ecp_group_number(g.c, saturated(which), x.c) })
	}, x)
}

// Generator copies the generator to p.
func (g *ECPGroup) Generator(p *ECPPoint) error {
	return g.call("mbedtls_ecp_group", func() C.int { return C.gm_ecp_group_generator(g.c, p.c) }, p.resource())
}

// ReadTLSGroup makes the group of an ECParameters record, of n bytes (mbedtls_ecp_tls_read_group).
func ReadTLSGroup(b []byte) (g *ECPGroup, n int, err error) {
	var read C.size_t
	g, err = newECPGroup(func(c *C.mbedtls_ecp_group) error {
		return check(C.gm_ecp_tls_read_group(c, cbytes(b), C.size_t(len(b)), &read), "mbedtls_ecp_tls_read_group", "")
	})
	return g, int(read), err
}

// ReadTLSGroupID is the curve of an ECParameters record, of n bytes (mbedtls_ecp_tls_read_group_id).
func ReadTLSGroupID(b []byte) (id ECPGroupID, n int, err error) {
	var found C.int
	var read C.size_t
	err = check(C.gm_ecp_tls_read_group_id(&found, cbytes(b), C.size_t(len(b)), &read), "mbedtls_ecp_tls_read_group_id", "")
	return ECPGroupID(found), int(read), err
}

// WriteTLSGroup writes an ECParameters record to buf (mbedtls_ecp_tls_write_group).
func (g *ECPGroup) WriteTLSGroup(buf []byte) (n int, err error) {
	var olen C.size_t
	err = g.call("mbedtls_ecp_tls_write_group", func() C.int {
		return C.mbedtls_ecp_tls_write_group(g.c, &olen, cbytes(buf), C.size_t(len(buf)))
	})
	return int(olen), err
}

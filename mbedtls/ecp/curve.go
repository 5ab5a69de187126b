package ecp

import (
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ID is a curve (mbedtls_ecp_group_id).
type ID = cbridge.ECPGroupID

// Curves. Which of them there are depends on the build: see [Curves].
const (
	None       = cbridge.ECPNone
	Secp192r1  = cbridge.ECPSecp192r1
	Secp224r1  = cbridge.ECPSecp224r1
	Secp256r1  = cbridge.ECPSecp256r1
	Secp384r1  = cbridge.ECPSecp384r1
	Secp521r1  = cbridge.ECPSecp521r1
	BP256r1    = cbridge.ECPBP256r1 // Brainpool
	BP384r1    = cbridge.ECPBP384r1
	BP512r1    = cbridge.ECPBP512r1
	Curve25519 = cbridge.ECPCurve25519
	Secp192k1  = cbridge.ECPSecp192k1
	Secp224k1  = cbridge.ECPSecp224k1
	Secp256k1  = cbridge.ECPSecp256k1
	Curve448   = cbridge.ECPCurve448
)

// Curve describes a curve: its ID, its number in TLS, the size of its field in bits, and its name (mbedtls_ecp_curve_info).
type Curve = cbridge.ECPCurve

// Curves are those of the build, the largest ones first (mbedtls_ecp_curve_list).
func Curves() []Curve { return cbridge.ECPCurves() }

// IDs are those of the build, in the order of Curves (mbedtls_ecp_grp_id_list).
func IDs() []ID { return cbridge.ECPGroupIDs() }

// ByID finds a curve of the build (mbedtls_ecp_curve_info_from_grp_id).
func ByID(id ID) (Curve, bool) { return cbridge.ECPCurveByID(id) }

// ByTLSID finds a curve of the build by its number in TLS (mbedtls_ecp_curve_info_from_tls_id).
func ByTLSID(id uint16) (Curve, bool) { return cbridge.ECPCurveByTLSID(id) }

// ByName finds a curve of the build by its name, such as secp256r1 or x25519 (mbedtls_ecp_curve_info_from_name).
func ByName(name string) (Curve, bool) { return cbridge.ECPCurveByName(name) }

// Type is a kind of curves (mbedtls_ecp_curve_type).
type Type int

// Kinds of curves.
const (
	TypeNone             Type = cbridge.ECPTypeNone
	TypeShortWeierstrass Type = cbridge.ECPTypeShortWeierstrass // y² = x³ + ax + b
	TypeMontgomery       Type = cbridge.ECPTypeMontgomery       // y² = x³ + ax² + x, with x only
)

var typeNames = map[Type]string{TypeNone: "none", TypeShortWeierstrass: "short Weierstrass", TypeMontgomery: "Montgomery"}

// String is the name of the kind.
func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("Type(%d)", int(t))
}

// Format is how points of short Weierstrass curves are written (SEC 1, 2.3.3).
type Format int

// Formats of points.
const (
	Uncompressed Format = cbridge.ECPUncompressed
	Compressed   Format = cbridge.ECPCompressed
)

// SetMaxOps bounds how many elementary operations are done at once, for the process; 0, at first, is no bound. The library
// reads it without a lock: so it fails with mbedtls.ErrConnectionsExist while there is a connection, a Restart of this package,
// pk or x509, or an exchange of package ecdh with restarts, that was not closed (mbedtls_ecp_set_max_ops).
func SetMaxOps(n uint32) error { return cbridge.SetECPMaxOps(n) }

// RestartEnabled reports whether there is a bound (mbedtls_ecp_restart_is_enabled).
func RestartEnabled() bool { return cbridge.ECPRestartEnabled() }

// Restart is how far an operation has come that is over its bound, here or in package ecdsa. One goroutine uses it at a
// time, and each call gets the same arguments until the operation is over: others are ErrECPBadInputData. Close ends an
// operation as well, as does Reset (mbedtls_ecp_restart_ctx, mbedtls_ecdsa_restart_ctx).
type Restart = cbridge.ECRestart

// NewRestart makes one (mbedtls_ecp_restart_init, mbedtls_ecdsa_restart_init).
func NewRestart() (*Restart, error) { return cbridge.NewECRestart() }

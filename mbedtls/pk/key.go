package pk

import "github.com/gombedtls/gombedtls/cbridge"

// Kind is what a key is, or is used as (mbedtls_pk_type_t).
type Kind int

// The kinds. Keys that are parsed are RSA or ECKey.
const (
	None      Kind = cbridge.PKNone      // of a key that is closed
	RSA       Kind = cbridge.PKRSA       // RSA in the padding of PKCS #1 v1.5, unless its context has another
	ECKey     Kind = cbridge.PKECKey     // for ECDSA and ECDH
	ECKeyDH   Kind = cbridge.PKECKeyDH   // for ECDH alone
	ECDSA     Kind = cbridge.PKECDSA     // for ECDSA alone
	RSAAlt    Kind = cbridge.PKRSAAlt    // RSA that is done elsewhere
	RSASSAPSS Kind = cbridge.PKRSASSAPSS // RSA in the padding of PSS: a way to use a key of the kind RSA
	Opaque    Kind = cbridge.PKOpaque    // in PSA's key store
)

// key is what private and public keys have in common.
type key struct{ pk *cbridge.PK }

// Type is the kind of the key in words: "RSA", "EC", "EC_DH", "ECDSA", "RSA-alt", or "Opaque"; "" after Close
// (mbedtls_pk_get_name).
func (k key) Type() string { return k.pk.Type() }

// Kind is the kind of the key; [None] after Close (mbedtls_pk_get_type).
func (k key) Kind() Kind { return Kind(k.pk.Kind()) }

// Bits is the size of the key: of RSA's modulus, or the curve's field; 0 after Close (mbedtls_pk_get_bitlen).
func (k key) Bits() int { return k.pk.Bits() }

// CanDo tells whether the key can be used as one of the kind: an ECKey as ECDSA, an RSA key as RSASSAPSS. A private key and
// a public one are alike here; false after Close (mbedtls_pk_can_do).
func (k key) CanDo(kind Kind) bool { return k.pk.CanDo(int(kind)) }

// CanDoExt tells whether a private key can be used with an algorithm of PSA (psa_algorithm_t) in all the ways that usage
// (psa_key_usage_t) is made of. Of an opaque key it is the policy that allows. It needs a build with MBEDTLS_USE_PSA_CRYPTO
// (mbedtls_pk_can_do_ext).
func (k key) CanDoExt(algorithm, usage uint32) (bool, error) { return k.pk.CanDoExt(algorithm, usage) }

// DebugItem is a number of a key, or a point (mbedtls_pk_debug_item).
type DebugItem = cbridge.PKDebugItem

// Debug is the public numbers of the key, as the library's debug messages have them (mbedtls_pk_debug). Of an opaque key,
// ErrPKTypeMismatch.
func (k key) Debug() ([]DebugItem, error) { return k.pk.Debug() }

// Bridge is the key for package cbridge. It is for the packages of this module; the key stays the owner.
func (k key) Bridge() *cbridge.PK { return k.pk }

// Close wipes the key once no Config uses it, without waiting for the garbage collector. It may be called again.
func (k key) Close() error { return k.pk.Close() }

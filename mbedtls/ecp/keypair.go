package ecp

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// KeyPair is a group with a private key, a public key, or both (mbedtls_ecp_keypair, mbedtls_ecdsa_context). One goroutine
// uses it at a time.
type KeyPair struct{ k *cbridge.ECPKeyPair }

// NewKeyPair makes a pair of the keys that are not nil, and does not look at them: see [KeyPair.Check], [Group.CheckPublic]
// and [Group.CheckPrivate]. Of the ID None it has no group yet.
func NewKeyPair(id ID, d *bignum.Int, q *Point) (*KeyPair, error) {
	return newKeyPair(func(k *cbridge.ECPKeyPair) error { return k.Set(id, d.Operand(), q.Bridge()) })
}

func newKeyPair(f func(k *cbridge.ECPKeyPair) error) (*KeyPair, error) {
	k, err := cbridge.NewECPKeyPair()
	if err != nil {
		return nil, err
	}
	if err := f(k); err != nil {
		k.Close()
		return nil, err
	}
	return &KeyPair{k}, nil
}

// GenerateKey makes a new pair of keys (mbedtls_ecp_gen_key, mbedtls_ecdsa_genkey).
func GenerateKey(id ID, random io.Reader) (*KeyPair, error) {
	return newKeyPair(func(k *cbridge.ECPKeyPair) error { return k.GenKey(id, random) })
}

// ReadKey makes a pair of a private key alone, in big-endian order, or as RFC 7748 has it; see [KeyPair.CalcPublic]. The
// error is ErrECPInvalidKey if it is none (mbedtls_ecp_read_key).
func ReadKey(id ID, private []byte) (*KeyPair, error) {
	return newKeyPair(func(k *cbridge.ECPKeyPair) error { return k.ReadKey(id, private) })
}

// Bridge is the pair as the bridge's functions take it; nil of nil.
func (k *KeyPair) Bridge() *cbridge.ECPKeyPair {
	if k == nil {
		return nil
	}
	return k.k
}

// Close wipes and frees the pair (mbedtls_ecp_keypair_free).
func (k *KeyPair) Close() error { return k.k.Close() }

// ID is the curve; None of a pair without one, and after Close (mbedtls_ecp_keypair_get_group_id).
func (k *KeyPair) ID() ID { return k.k.GroupID() }

// SetPublic sets the public key of a pair that has no group yet, or this one, else ErrECPBadInputData
// (mbedtls_ecp_set_public_key).
func (k *KeyPair) SetPublic(id ID, q *Point) error { return k.Bridge().SetPublicKey(id, q.Bridge()) }

// SetPrivate sets the private key, as [ReadKey] does, and the group; the public key stays as it is (mbedtls_ecp_read_key).
func (k *KeyPair) SetPrivate(id ID, private []byte) error { return k.Bridge().ReadKey(id, private) }

// CalcPublic computes the public key from the private one (mbedtls_ecp_keypair_calc_public).
func (k *KeyPair) CalcPublic(random io.Reader) error { return k.Bridge().CalcPublic(random) }

// Check is nil if both pairs have the same public key, and private has the private key that belongs to it, else
// ErrECPBadInputData; they may be the same (mbedtls_ecp_check_pub_priv).
func (k *KeyPair) Check(private *KeyPair, random io.Reader) error {
	return k.Bridge().CheckPair(private.Bridge(), random)
}

// Private is the private key as [ReadKey] reads it, or ErrECPBadInputData (mbedtls_ecp_write_key_ext).
func (k *KeyPair) Private() ([]byte, error) {
	return cbridge.Output(cbridge.ECPMaxBytes, k.Bridge().WriteKey)
}

// Public is the encoding of the public key (mbedtls_ecp_write_public_key).
func (k *KeyPair) Public(format Format) ([]byte, error) {
	return cbridge.Output(cbridge.ECPMaxPointLen, func(buf []byte) (int, error) {
		return k.Bridge().WritePublicKey(int(format), buf)
	})
}

// Group is a group like that of the pair (mbedtls_ecp_export).
func (k *KeyPair) Group() (*Group, error) { return group(k.Bridge().ExportGroup()) }

// D is a copy of the private key; 0 if there is none (mbedtls_ecp_export).
func (k *KeyPair) D() (*bignum.Int, error) {
	return newInt(func(m *cbridge.MPI) error { return k.Bridge().Export(nil, m, nil) })
}

// Q is a copy of the public key; the zero point if there is none (mbedtls_ecp_export).
func (k *KeyPair) Q() (*Point, error) {
	return newPoint(func(p *cbridge.ECPPoint) error { return k.Bridge().Export(nil, nil, p) })
}

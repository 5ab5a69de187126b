package pk

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// curve is an elliptic curve that the standard library has: for ECDSA, or for ECDH alone.
type curve struct {
	ecdsa elliptic.Curve
	ecdh  ecdh.Curve
}

// curves are those of mbedtls_ecp_group_id.
var curves = map[int]curve{
	cbridge.PKGroupP224:   {ecdsa: elliptic.P224()},
	cbridge.PKGroupP256:   {ecdsa: elliptic.P256()},
	cbridge.PKGroupP384:   {ecdsa: elliptic.P384()},
	cbridge.PKGroupP521:   {ecdsa: elliptic.P521()},
	cbridge.PKGroupX25519: {ecdh: ecdh.X25519()},
}

// Public is the public half of the key, as [crypto.Signer] asks: an *[rsa.PublicKey], *[ecdsa.PublicKey] or
// *[ecdh.PublicKey] where the standard library has the curve, else a *[PublicKey]. It is nil after Close.
func (k *PrivateKey) Public() crypto.PublicKey {
	if k.elsewhere != nil {
		return k.elsewhere.Public()
	}
	pub, err := k.PublicKey()
	if err != nil {
		return nil
	}
	std, err := pub.Standard()
	if err != nil {
		return pub
	}
	pub.Close()
	return std
}

// Standard is the key for the standard library: an *[rsa.PublicKey], *[ecdsa.PublicKey] or *[ecdh.PublicKey]. A curve that
// it does not have is [errors.ErrUnsupported].
func (k *PublicKey) Standard() (crypto.PublicKey, error) {
	if k.Kind() == RSA {
		n, err := numbers(k.key, false)
		if err != nil {
			return nil, err
		}
		return rsaPublic(n)
	}
	group, _, q, err := k.pk.EC()
	if err != nil {
		return nil, err
	}
	switch c := curves[group]; {
	case c.ecdsa != nil:
		return ecdsa.ParseUncompressedPublicKey(c.ecdsa, q)
	case c.ecdh != nil:
		return c.ecdh.NewPublicKey(q)
	}
	return nil, noCurve(group)
}

// Standard is the key for the standard library: an *[rsa.PrivateKey], *[ecdsa.PrivateKey] or *[ecdh.PrivateKey], which
// nobody wipes. That of X25519 has the bits set that RFC 7748 fixes, as the library sets them when it reads the key. A curve that it does not have is [errors.ErrUnsupported]; a key that does not show its numbers,
// ErrPKTypeMismatch.
func (k *PrivateKey) Standard() (crypto.PrivateKey, error) {
	if k.Kind() == RSA {
		n, err := numbers(k.key, true)
		if err != nil {
			return nil, err
		}
		public, err := rsaPublic(n)
		if err != nil {
			return nil, err
		}
		key := &rsa.PrivateKey{PublicKey: *public, D: n.D}
		key.Primes = append(key.Primes, n.P, n.Q)
		key.Precompute()
		return key, nil
	}
	group, d, _, err := k.pk.EC()
	if err != nil {
		return nil, err
	}
	defer clear(d)
	switch c := curves[group]; {
	case c.ecdsa != nil:
		return ecdsa.ParseRawPrivateKey(c.ecdsa, d)
	case c.ecdh != nil:
		return c.ecdh.NewPrivateKey(d)
	}
	return nil, noCurve(group)
}

func numbers(k key, private bool) (n cbridge.RSANumbers, err error) {
	r, err := k.pk.RSA()
	if err != nil {
		return n, err
	}
	defer r.Close()
	return r.Export(true, private)
}

func rsaPublic(n cbridge.RSANumbers) (*rsa.PublicKey, error) {
	if !n.E.IsInt64() || int64(int(n.E.Int64())) != n.E.Int64() {
		return nil, fmt.Errorf("an RSA key whose exponent has %d bits: %w", n.E.BitLen(), errors.ErrUnsupported)
	}
	return &rsa.PublicKey{N: n.N, E: int(n.E.Int64())}, nil
}

func noCurve(group int) error {
	return fmt.Errorf("a key of mbedtls_ecp_group_id %d: %w", group, errors.ErrUnsupported)
}

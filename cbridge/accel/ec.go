package accel

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256" // for Sign
	_ "crypto/sha512"
	"math/big"

	"filippo.io/nistec"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Constant time: the multiplications of nistec and crypto/ecdsa choose from their tables by masks, whatever the scalar; points
// are compared with the generator, and points are public. ECDSA inverts by a fixed chain of multiplications, as crypto/tls
// does with the same code. Scalars stay in the caller's memory, but for Sign: crypto/ecdsa keeps copies of the key for as long
// as the garbage collector lets it, which nobody can wipe; the one that is ours is.

// A Curve is one of NIST's over prime fields. Scalars and coordinates are big-endian and Size bytes long; a point is 4, x
// and y (SEC 1, section 2.3.3), never infinity. Scalars are secrets to Mul and Sign, which are in constant time; MulAdd and
// Verify have no secrets.
type Curve struct {
	Size  int
	curve elliptic.Curve
	points
}

// The curves.
var (
	P256 = &Curve{32, elliptic.P256(), pointsOf(nistec.NewP256Point)}
	P384 = &Curve{48, elliptic.P384(), pointsOf(nistec.NewP384Point)}
	P521 = &Curve{66, elliptic.P521(), pointsOf(nistec.NewP521Point)}
)

// points is the arithmetic of a curve, whatever the type of its points.
type points interface {
	// Mul sets out to k times p, for k below the order. It is false if p is not on the curve.
	Mul(out, k, p []byte) bool
	// MulAdd sets out to k p + l q. It is false if p or q is not on the curve, or if the sum is infinity.
	MulAdd(out, k, p, l, q []byte) bool
}

type point[P any] interface {
	Add(P, P) P
	Bytes() []byte
	ScalarBaseMult([]byte) (P, error)
	ScalarMult(P, []byte) (P, error)
	SetBytes([]byte) (P, error)
	SetGenerator() P
}

type pointsWith[P point[P]] struct {
	zero      func() P
	generator []byte
}

func pointsOf[P point[P]](zero func() P) points {
	return &pointsWith[P]{zero, zero().SetGenerator().Bytes()}
}

func (c *pointsWith[P]) mul(k, p []byte) (P, error) {
	if bytes.Equal(p, c.generator) {
		return c.zero().ScalarBaseMult(k)
	}
	q, err := c.zero().SetBytes(p)
	if err != nil {
		return q, err
	}
	return q.ScalarMult(q, k)
}

func (c *pointsWith[P]) Mul(out, k, p []byte) bool {
	r, err := c.mul(k, p)
	return err == nil && put(out, r.Bytes())
}

func (c *pointsWith[P]) MulAdd(out, k, p, l, q []byte) bool {
	r, err := c.mul(k, p)
	if err != nil {
		return false
	}
	s, err := c.mul(l, q)
	return err == nil && put(out, r.Add(r, s).Bytes())
}

// put moves a point to out. It is false for infinity, which has one byte.
func put(out, p []byte) bool {
	defer clear(p)
	return copy(out, p) == len(out)
}

// Sign is the ECDSA signature of digest, in DER, that RFC 6979 defines for the private key d and the hash function that
// made digest. It is nil if d is no private key, if the hash function is not linked, and if its digests are of another length.
func (c *Curve) Sign(d, digest []byte, hash crypto.Hash) []byte {
	if !hash.Available() {
		return nil
	}
	params := c.curve.Params()
	// The public half is not used, but must be a point of the curve. To compute the real one would cost half a signature.
	//lint:ignore SA1019 the parsers of keys compute the public half
	key := ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: c.curve, X: params.Gx, Y: params.Gy}, D: new(big.Int).SetBytes(d)}
	//lint:ignore SA1019 as above
	defer clear(key.D.Bits())
	sig, err := key.Sign(nil, digest, hash) // also finds, by masks, whether d is below the order
	if err != nil {
		return nil
	}
	return sig
}

// Verify tells whether sig, in DER, is the ECDSA signature of digest by the public key q. It is malformed if q is not on the
// curve, and if sig is not DER of two numbers and nothing else.
func (c *Curve) Verify(q, digest, sig []byte) (valid, malformed bool) {
	key, err := ecdsa.ParseUncompressedPublicKey(c.curve, q)
	if err != nil {
		return false, true
	}
	if ecdsa.VerifyASN1(key, digest, sig) {
		return true, false
	}
	var r, s []byte
	all := cryptobyte.String(sig)
	var numbers cryptobyte.String
	ok := all.ReadASN1(&numbers, asn1.SEQUENCE) && all.Empty() &&
		numbers.ReadASN1Integer(&r) && numbers.ReadASN1Integer(&s) && numbers.Empty()
	return false, !ok
}

// VerifyRS is Verify of the signature r and s, which are Size bytes long.
func (c *Curve) VerifyRS(q, digest, r, s []byte) (valid, malformed bool) {
	key, err := ecdsa.ParseUncompressedPublicKey(c.curve, q)
	if err != nil {
		return false, true
	}
	return ecdsa.Verify(key, digest, new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)), false
}

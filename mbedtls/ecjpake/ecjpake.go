// Package ecjpake is Mbed TLS's EC J-PAKE: two sides that know the same password agree on a key, in two rounds. Who does not
// know the password learns nothing about it but whether one guess was right. It is what Thread's commissioning uses; for
// that in TLS, package mbedtls has an option.
//
// A [Context] sends the messages of TLS (draft-cragie-tls-ecjpake-01). Errors are *cbridge.Error, which package mbedtls
// calls mbedtls.Error, with the library's code, such as mbedtls.ErrECPVerifyFailed; a build without an option that a call
// needs gives a *cbridge.NotBuiltError. Randomness is the library's own for nil and [crypto/rand.Reader].
package ecjpake

import (
	"crypto"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// Role is the side of an exchange.
type Role int

// Roles.
const (
	Client Role = cbridge.ECJPAKEClient
	Server Role = cbridge.ECJPAKEServer
)

// Context is one side of one exchange (mbedtls_ecjpake_context). One goroutine uses it at a time. After Close it gives
// [net.ErrClosed].
//
// Both sides write and read the first round, in any order. Of the second, the server writes first in TLS, and the order does
// not matter either. Then both have the same key, if they have the same password: whoever needs to know that has to compare.
type Context struct{ c *cbridge.ECJPAKE }

// New makes a context: ErrECPBadInputData of another role, ErrMDFeatureUnavailable of a hash and ErrECPFeatureUnavailable of
// a curve that the build does not have. TLS has SHA-256 and secp256r1; others must be of short Weierstrass form. An empty
// password is taken, but fails in the second round (mbedtls_ecjpake_setup).
func New(role Role, h crypto.Hash, id ecp.ID, password []byte) (*Context, error) {
	c, err := cbridge.NewECJPAKE(int(role), h, id, password)
	if err != nil {
		return nil, err
	}
	return &Context{c}, nil
}

// Bridge is the context as the bridge's functions take it.
func (c *Context) Bridge() *cbridge.ECJPAKE { return c.c }

// Close wipes and frees the context (mbedtls_ecjpake_free).
func (c *Context) Close() error { return c.c.Close() }

// SetPointFormat chooses how points are written: Uncompressed at first. Both sides must choose the same, since they hash
// them (mbedtls_ecjpake_set_point_format).
func (c *Context) SetPointFormat(format ecp.Format) error { return c.c.SetPointFormat(int(format)) }

// Check is nil if the context is ready for use, as it is until Close (mbedtls_ecjpake_check).
func (c *Context) Check() error { return c.c.Check() }

// Room for messages: two keys with their proofs, each of which is two points, a number, and their lengths; and a group.
const (
	keyWithProof = 1 + cbridge.ECPMaxPointLen + 1 + cbridge.ECPMaxPointLen + 1 + cbridge.ECPMaxBytes
	maxMessage   = 3 + 2*keyWithProof
)

// WriteRoundOne is the message of the first round (mbedtls_ecjpake_write_round_one).
func (c *Context) WriteRoundOne(random io.Reader) ([]byte, error) {
	return written(maxMessage, random, c.c.WriteRoundOne)
}

// ReadRoundOne reads the peer's message of the first round. The error is ErrECPVerifyFailed if a proof in it is wrong,
// ErrECPInvalidKey or ErrECPBadInputData if something else is (mbedtls_ecjpake_read_round_one).
func (c *Context) ReadRoundOne(message []byte) error { return c.c.ReadRoundOne(message) }

// WriteRoundTwo is the message of the second round, after both messages of the first (mbedtls_ecjpake_write_round_two).
func (c *Context) WriteRoundTwo(random io.Reader) ([]byte, error) {
	return written(maxMessage, random, c.c.WriteRoundTwo)
}

// ReadRoundTwo reads the peer's message of the second round, after both messages of the first
// (mbedtls_ecjpake_read_round_two).
func (c *Context) ReadRoundTwo(message []byte) error { return c.c.ReadRoundTwo(message) }

// DeriveSecret is the hash of the shared key's coordinate x: the premaster secret of TLS (mbedtls_ecjpake_derive_secret).
func (c *Context) DeriveSecret(random io.Reader) ([]byte, error) {
	return written(64, random, c.c.DeriveSecret) // no hash is longer
}

// WriteSharedKey is the shared key itself, a point (mbedtls_ecjpake_write_shared_key).
func (c *Context) WriteSharedKey(random io.Reader) ([]byte, error) {
	return written(cbridge.ECPMaxPointLen, random, c.c.WriteSharedKey)
}

func written(size int, random io.Reader, write func([]byte, io.Reader) (int, error)) ([]byte, error) {
	return cbridge.Output(size, func(buf []byte) (int, error) { return write(buf, random) })
}

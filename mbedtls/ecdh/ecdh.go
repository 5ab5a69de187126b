// Package ecdh is Mbed TLS's key exchange on elliptic curves: the functions of it, and contexts that speak the messages of
// TLS 1.2 (RFC 8422). Numbers are those of package bignum, groups, points and keys those of package ecp.
//
// Errors are *cbridge.Error, which package mbedtls calls mbedtls.Error, with the library's code, such as
// mbedtls.ErrECPInvalidKey; a build without an option that a call needs gives a *cbridge.NotBuiltError. Randomness is the
// library's own for nil and [crypto/rand.Reader]. What is closed gives [net.ErrClosed].
package ecdh

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// CanDo reports whether the exchange is possible on the curve (mbedtls_ecdh_can_do).
func CanDo(id ecp.ID) bool { return cbridge.ECDHCanDo(id) }

// GenPublic makes a private key d and the public key q to send (mbedtls_ecdh_gen_public).
func GenPublic(g *ecp.Group, random io.Reader) (d *bignum.Int, q *ecp.Point, err error) {
	d = new(bignum.Int)
	m, err := d.Result()
	if err == nil {
		q, err = ecp.NewPoint()
	}
	if err == nil {
		err = cbridge.ECDHGenPublic(g.Bridge(), m, q.Bridge(), random)
	}
	if err != nil {
		d.Close()
		if q != nil {
			q.Close()
		}
		return nil, nil, err
	}
	return d, q, nil
}

// ComputeShared is the shared secret of the private key d and the peer's public key q: the coordinate x of their product.
// The error is ErrECPInvalidKey if one of them is no key, and ErrECPBadInputData if the secret would be zero
// (mbedtls_ecdh_compute_shared).
func ComputeShared(g *ecp.Group, q *ecp.Point, d *bignum.Int, random io.Reader) (*bignum.Int, error) {
	z := new(bignum.Int)
	m, err := z.Result()
	if err == nil {
		err = cbridge.ECDHComputeShared(g.Bridge(), m, q.Bridge(), d.Operand(), random)
	}
	if err != nil {
		z.Close()
		return nil, err
	}
	return z, nil
}

// Side is whose key [Context.SetKey] takes.
type Side int

// Sides.
const (
	Ours   Side = cbridge.ECDHOurs
	Theirs Side = cbridge.ECDHTheirs
)

// Context is one exchange (mbedtls_ecdh_context). One goroutine uses it at a time. A server calls New, MakeParams,
// ReadPublic and CalcSecret; a client NewEmpty, ReadParams, MakePublic and CalcSecret; whoever has keys already, NewEmpty,
// SetKey for both sides, and CalcSecret.
type Context struct{ c *cbridge.ECDH }

// New makes a context on a curve: ErrECPFeatureUnavailable if the build does not have it (mbedtls_ecdh_setup).
func New(id ecp.ID) (*Context, error) {
	c, err := NewEmpty()
	if err != nil {
		return nil, err
	}
	if err := c.Setup(id); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// NewEmpty makes a context without a group, which the first key brings along (mbedtls_ecdh_init).
func NewEmpty() (*Context, error) { return context(false) }

// NewRestartable is NewEmpty for a context whose MakeParams, MakePublic and CalcSecret heed [ecp.SetMaxOps]: the error may
// be ErrECPInProgress, and then the same method is to be called again. Until it is over, others are ErrECPBadInputData
// (mbedtls_ecdh_enable_restart).
func NewRestartable() (*Context, error) { return context(true) }

func context(restart bool) (*Context, error) {
	c, err := cbridge.NewECDH(restart)
	if err != nil {
		return nil, err
	}
	return &Context{c}, nil
}

// Bridge is the context as the bridge's functions take it.
func (c *Context) Bridge() *cbridge.ECDH { return c.c }

// Close wipes and frees the context (mbedtls_ecdh_free).
func (c *Context) Close() error { return c.c.Close() }

// Setup chooses the curve; a context that had one starts anew (mbedtls_ecdh_setup).
func (c *Context) Setup(id ecp.ID) error { return c.c.Setup(id) }

// ID is the curve; None without one, and after Close (mbedtls_ecdh_get_grp_id).
func (c *Context) ID() ecp.ID { return c.c.GroupID() }

// MakeParams makes a key pair, and the ServerECDHParams of TLS with the group and the public key
// (mbedtls_ecdh_make_params).
func (c *Context) MakeParams(random io.Reader) ([]byte, error) {
	return written(3+1+cbridge.ECPMaxPointLen, random, c.c.MakeParams)
}

// ReadParams starts anew with the group and the public key of ServerECDHParams, of n bytes (mbedtls_ecdh_read_params).
func (c *Context) ReadParams(params []byte) (n int, err error) { return c.c.ReadParams(params) }

// SetKey takes the keys of one side, and their group unless there is one: then it must be the same, else ErrECPBadInputData
// (mbedtls_ecdh_get_params).
func (c *Context) SetKey(k *ecp.KeyPair, side Side) error {
	return c.c.GetParams(k.Bridge(), int(side))
}

// MakePublic makes a key pair, and the ClientECDiffieHellmanPublic of TLS with the public key (mbedtls_ecdh_make_public).
func (c *Context) MakePublic(random io.Reader) ([]byte, error) {
	return written(1+cbridge.ECPMaxPointLen, random, c.c.MakePublic)
}

// ReadPublic takes the public key of a ClientECDiffieHellmanPublic (mbedtls_ecdh_read_public).
func (c *Context) ReadPublic(public []byte) error { return c.c.ReadPublic(public) }

// CalcSecret is the shared secret, of as many bytes as the field has: ErrECPInvalidKey if a key is missing or invalid
// (mbedtls_ecdh_calc_secret).
func (c *Context) CalcSecret(random io.Reader) ([]byte, error) {
	return written(cbridge.ECPMaxBytes, random, c.c.CalcSecret)
}

func written(size int, random io.Reader, write func([]byte, io.Reader) (int, error)) ([]byte, error) {
	return cbridge.Output(size, func(buf []byte) (int, error) { return write(buf, random) })
}

// Package dhm is Mbed TLS's Diffie-Hellman exchange in the multiplicative group of integers modulo a prime, with the
// messages of TLS 1.2. Numbers are those of package bignum.
//
// Errors are *cbridge.Error, which package mbedtls calls mbedtls.Error, with the library's code, such as
// mbedtls.ErrDHMBadInputData; a build without MBEDTLS_DHM_C gives a *cbridge.NotBuiltError. Randomness is the library's own
// for nil and [crypto/rand.Reader].
package dhm

import (
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// Group is one of the groups that are known to be safe.
type Group int

// Groups of RFC 3526 and RFC 7919.
const (
	MODP2048 Group = iota
	MODP3072
	MODP4096
	FFDHE2048
	FFDHE3072
	FFDHE4096
	FFDHE6144
	FFDHE8192
)

var groupNames = [...]string{
	MODP2048: "modp2048", MODP3072: "modp3072", MODP4096: "modp4096",
	FFDHE2048: "ffdhe2048", FFDHE3072: "ffdhe3072", FFDHE4096: "ffdhe4096", FFDHE6144: "ffdhe6144", FFDHE8192: "ffdhe8192",
}

// String is the name of the group, such as ffdhe2048.
func (g Group) String() string {
	if g < 0 || int(g) >= len(groupNames) {
		return fmt.Sprintf("Group(%d)", int(g))
	}
	return groupNames[g]
}

// Numbers are the prime and the generator in big-endian order; nil of another value than those above
// (MBEDTLS_DHM_RFC7919_FFDHE2048_P_BIN, MBEDTLS_DHM_RFC7919_FFDHE2048_G_BIN, …).
func (g Group) Numbers() (p, generator []byte) { return cbridge.DHMGroup(int(g)) }

// Context is one side of an exchange (mbedtls_dhm_context). One goroutine uses it at a time. After Close it gives
// [net.ErrClosed].
//
// A server calls SetGroup, MakeParams, ReadPublic and CalcSecret; a client ReadParams, MakePublic and CalcSecret. The
// library checks neither that the prime is one, nor what the generator generates: use a [Group], or what is trusted.
type Context struct{ c *cbridge.DHM }

// New makes a context without a group (mbedtls_dhm_init).
func New() (*Context, error) {
	c, err := cbridge.NewDHM()
	if err != nil {
		return nil, err
	}
	return &Context{c}, nil
}

// Bridge is the context as the bridge's functions take it.
func (c *Context) Bridge() *cbridge.DHM { return c.c }

// Close wipes and frees the context (mbedtls_dhm_free).
func (c *Context) Close() error { return c.c.Close() }

// SetGroup starts anew with a prime and a generator (mbedtls_dhm_set_group).
func (c *Context) SetGroup(p, g *bignum.Int) error { return c.c.SetGroup(p.Operand(), g.Operand()) }

// UseGroup starts anew with a group; ErrDHMBadInputData of a value that is none (mbedtls_dhm_set_group).
func (c *Context) UseGroup(g Group) error {
	pb, gb := g.Numbers()
	if pb == nil {
		cause := fmt.Errorf("there is no %v", g)
		return &cbridge.Error{Code: cbridge.ErrDHMBadInputData, Op: "mbedtls_dhm_set_group", Cause: cause}
	}
	var p, generator bignum.Int
	defer p.Close()
	defer generator.Close()
	if err := p.SetBytes(pb); err != nil {
		return err
	}
	if err := generator.SetBytes(gb); err != nil {
		return err
	}
	return c.SetGroup(&p, &generator)
}

// Parse starts anew with the group of DHParameters in PEM or DER. What is after an error in it is no group
// (mbedtls_dhm_parse_dhm).
func (c *Context) Parse(params []byte) error { return c.c.Parse(params) }

// ParseFile is Parse of a file; ErrDHMFileIoError if that cannot be read (mbedtls_dhm_parse_dhmfile).
func (c *Context) ParseFile(path string) error { return c.c.ParseFile(path) }

// MakeParams chooses a private value of xSize bytes, or one up to the prime if that is not longer, and gives the
// ServerDHParams of TLS, with the group and the public value: ErrDHMBadInputData without a group, or if the public value is
// not in range (mbedtls_dhm_make_params).
func (c *Context) MakeParams(xSize int, random io.Reader) ([]byte, error) {
	params, err := c.c.MakeParams(xSize, random)
	if err != nil {
		return nil, err
	}
	return params, nil
}

// ReadParams starts anew with the group and the public value of ServerDHParams, of n bytes (mbedtls_dhm_read_params).
func (c *Context) ReadParams(params []byte) (n int, err error) { return c.c.ReadParams(params) }

// MakePublic chooses a private value as MakeParams does, and gives the public value, of as many bytes as the prime
// (mbedtls_dhm_make_public).
func (c *Context) MakePublic(xSize int, random io.Reader) ([]byte, error) {
	public := make([]byte, c.Len())
	if err := c.c.MakePublic(xSize, public, random); err != nil {
		return nil, err
	}
	return public, nil
}

// ReadPublic takes the peer's public value, of which CalcSecret finds whether it is in range (mbedtls_dhm_read_public).
func (c *Context) ReadPublic(public []byte) error { return c.c.ReadPublic(public) }

// CalcSecret is the shared secret, without leading zeros, as TLS 1.2 has it; ErrDHMBadInputData without a private value, or
// if the peer's public one is not in range (mbedtls_dhm_calc_secret).
func (c *Context) CalcSecret(random io.Reader) ([]byte, error) {
	return cbridge.Output(c.Len(), func(buf []byte) (int, error) { return c.c.CalcSecret(buf, random) })
}

// BitLen is the size of the prime in bits; 0 without one, and after Close (mbedtls_dhm_get_bitlen).
func (c *Context) BitLen() int { return c.c.BitLen() }

// Len is the size of the prime in bytes; 0 without one, and after Close (mbedtls_dhm_get_len).
func (c *Context) Len() int { return c.c.Len() }

// Parameter is one of the values of an exchange (mbedtls_dhm_parameter).
type Parameter int

// Values of an exchange.
const (
	P  Parameter = cbridge.DHMP  // the prime
	G  Parameter = cbridge.DHMG  // the generator
	X  Parameter = cbridge.DHMX  // our private value
	GX Parameter = cbridge.DHMGX // our public value
	GY Parameter = cbridge.DHMGY // the peer's public value
	K  Parameter = cbridge.DHMK  // the shared secret
)

// Value is a copy of a value, 0 if there is none yet; ErrDHMBadInputData of another parameter (mbedtls_dhm_get_value).
func (c *Context) Value(which Parameter) (*bignum.Int, error) {
	x := new(bignum.Int)
	m, err := x.Result()
	if err == nil {
		err = c.c.Value(int(which), m)
	}
	if err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

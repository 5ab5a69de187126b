package dhm_test

import (
	"bytes"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/dhm"
)

// context makes a context, in a build that has them: another says so.
func context(t *testing.T) *dhm.Context {
	t.Helper()
	c, err := dhm.New()
	if !cbridge.Feature("MBEDTLS_DHM_C") {
		objtest.NotBuilt(t, "New", err, "MBEDTLS_DHM_C")
		t.Skip("the build lacks DHM")
	}
	objtest.Must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func number(t *testing.T, v int64) *bignum.Int {
	t.Helper()
	x, err := bignum.New(v)
	objtest.Must(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

func value(t *testing.T, c *dhm.Context, which dhm.Parameter) *big.Int {
	t.Helper()
	x, err := c.Value(which)
	objtest.Must(t, err)
	defer x.Close()
	b, err := x.Big()
	objtest.Must(t, err)
	return b
}

// A context that was used with one group goes on with another.
func TestExchange(t *testing.T) {
	t.Parallel()
	server, client := context(t), context(t)
	for _, g := range []dhm.Group{dhm.MODP2048, dhm.FFDHE2048, dhm.FFDHE3072, dhm.MODP2048} {
		for _, size := range []int{32, 10000} {
			objtest.Must(t, server.UseGroup(g))
			params, err := server.MakeParams(size, nil)
			objtest.Must(t, err)
			n, err := client.ReadParams(append(params, 1, 2, 3))
			objtest.Must(t, err)
			public, err := client.MakePublic(size, nil)
			objtest.Must(t, err)
			objtest.Must(t, server.ReadPublic(public))
			for range 2 { // values are blinded from the second time on
				secret, err := client.CalcSecret(nil)
				objtest.Must(t, err)
				again, err := server.CalcSecret(nil)
				objtest.Must(t, err)
				p, gx := value(t, client, dhm.P), value(t, client, dhm.GY)
				want := new(big.Int).Exp(gx, value(t, client, dhm.X), p)
				if !bytes.Equal(secret, again) || !bytes.Equal(secret, want.Bytes()) || n != len(params) {
					t.Errorf("%v: secrets %x and %x, want %x", g, secret, again, want)
				}
			}
			p, _ := g.Numbers()
			if server.Len() != len(p) || server.BitLen() != 8*len(p) || value(t, server, dhm.K).Cmp(value(t, client, dhm.K)) != 0 {
				t.Errorf("%v: %d bytes, %d bits", g, server.Len(), server.BitLen())
			}
		}
	}
}

// OpenSSL has the same groups by the same names.
func TestGroupsAreOpenSSLs(t *testing.T) {
	t.Parallel()
	for g, name := range map[dhm.Group]string{
		dhm.MODP2048: "modp_2048", dhm.MODP3072: "modp_3072", dhm.MODP4096: "modp_4096", dhm.FFDHE2048: "ffdhe2048",
		dhm.FFDHE3072: "ffdhe3072", dhm.FFDHE4096: "ffdhe4096", dhm.FFDHE6144: "ffdhe6144", dhm.FFDHE8192: "ffdhe8192",
	} {
		pem, err := exec.Command("openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:"+name).Output()
		objtest.Must(t, err)
		file := filepath.Join(t.TempDir(), name)
		objtest.Must(t, os.WriteFile(file, pem, 0o600))
		c := context(t)
		p, generator := g.Numbers()
		for what, parse := range map[string]func() error{
			"PEM":  func() error { return c.Parse(pem) },
			"file": func() error { return c.ParseFile(file) },
		} {
			objtest.Must(t, parse())
			if !bytes.Equal(value(t, c, dhm.P).Bytes(), p) || !bytes.Equal(value(t, c, dhm.G).Bytes(), generator) {
				t.Errorf("%v: %s of openssl has another group", g, what)
			}
		}
	}
	if p, generator := dhm.Group(8).Numbers(); p != nil || generator != nil || dhm.Group(-1).String() != "Group(-1)" ||
		dhm.FFDHE6144.String() != "ffdhe6144" {
		t.Error("a group is there that does not exist")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	c, ready, other := context(t), context(t), context(t)
	objtest.Must(t, errors.Join(ready.UseGroup(dhm.FFDHE2048), other.SetGroup(number(t, 1), number(t, 2))))
	result := func(_ []byte, err error) error { return err }
	read := func(b []byte) error { _, err := c.ReadParams(b); return err }
	parse := func(b []byte) error { return other.Parse(b) }
	even, huge := number(t, 1), number(t, 2)
	objtest.Must(t, errors.Join(even.Lsh(even, 2048), huge.Lsh(huge, 8*70000)))
	evenGroup, hugeGenerator := context(t), context(t)
	objtest.Must(t, errors.Join(evenGroup.SetGroup(even, number(t, 2)), hugeGenerator.SetGroup(number(t, 23), huge)))
	const badInput = cbridge.ErrDHMBadInputData
	for what, test := range map[string]struct {
		err  error
		want cbridge.Code
	}{
		"params without a group":     {result(c.MakeParams(32, nil)), badInput},
		"public without a group":     {result(c.MakePublic(32, nil)), badInput},
		"secret without a group":     {result(c.CalcSecret(nil)), badInput},
		"secret without keys":        {result(ready.CalcSecret(nil)), badInput},
		"a private value of no size": {result(ready.MakeParams(-1, nil)), badInput},
		"a private value of 0":       {result(ready.MakeParams(0, nil)), badInput},
		"a generator too large":      {result(hugeGenerator.MakeParams(1, nil)), badInput},
		"an even prime": {result(evenGroup.MakeParams(32, nil)),
			cbridge.ErrDHMMakeParamsFailed + cbridge.ErrMPIBadInputData},
		"an empty public value": {ready.ReadPublic(nil), badInput},
		"a long public value":   {ready.ReadPublic(make([]byte, 257)), badInput},
		"no params":             {read(nil), badInput},
		"half of params":        {read([]byte{0, 2, 1}), badInput},
		"no such value":         {func() error { _, err := ready.Value(6); return err }(), badInput},
		"no such group":         {c.UseGroup(8), badInput},
		"no prime":              {c.SetGroup(nil, number(t, 2)), cbridge.ErrMPIBadInputData},
		"nothing to parse":      {parse(nil), cbridge.ErrDHMInvalidFormat + cbridge.ErrASN1OutOfData},
		"what is no group":      {parse([]byte{2, 1, 1}), cbridge.ErrDHMInvalidFormat + cbridge.ErrASN1UnexpectedTag},
		"no file":               {c.ParseFile("/no/such/file"), cbridge.ErrDHMFileIoError},
		"no file name":          {c.ParseFile("a\x00b"), cbridge.ErrDHMFileIoError},
		"params after an error": {result(other.MakeParams(1, nil)), badInput},
	} {
		objtest.Code(t, what, test.err, test.want)
	}
	_, err := ready.MakePublic(32, nil)
	objtest.Must(t, err)
	objtest.Must(t, ready.ReadPublic([]byte{1}))
	objtest.Code(t, "a public value out of range", result(ready.CalcSecret(nil)), badInput)
	for range 2 {
		objtest.Must(t, ready.Close())
	}
	if err := result(ready.MakeParams(1, nil)); !errors.Is(err, net.ErrClosed) || ready.Len() != 0 || ready.BitLen() != 0 {
		t.Errorf("MakeParams after Close: %v", err)
	}
}

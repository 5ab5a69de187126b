package upstream

import (
	"encoding/binary"

	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/dhm"
)

func init() {
	register("dhm", functions{
		"dhm_do_dhm":      dhmExchange,
		"dhm_make_public": dhmMakePublic,
		"dhm_file":        dhmFile,
	}, unmapped{
		"dhm_selftest": "the library's self-test calls no API",
	})
}

func (n *numberCase) dhm() *dhm.Context {
	c, err := dhm.New()
	return owned(n, c, err)
}

func (n *numberCase) dhmValue(c *dhm.Context, which dhm.Parameter) *bignum.Int {
	x, err := c.Value(which)
	return owned(n, x, err)
}

// dhmParams fails the case unless the values of the server are in range, and the message is made of them.
func (n *numberCase) dhmParams(c *dhm.Context, xSize int, message []byte) {
	p, x, gx := n.dhmValue(c, dhm.P), n.dhmValue(c, dhm.X), n.dhmValue(c, dhm.GX)
	n.inRange(x, 2, p)
	n.inRange(gx, 2, p)
	if x.Size() > xSize {
		n.Fatalf("the private value has %d bytes, want %d", x.Size(), xSize)
	}
	var want []byte
	for _, v := range []*bignum.Int{p, n.dhmValue(c, dhm.G), gx} {
		b, err := v.Bytes()
		n.Code("bytes", err, 0)
		want = append(binary.BigEndian.AppendUint16(want, uint16(len(b))), b...)
	}
	n.Equal("message", message, want)
}

func dhmExchange(t *suites.T, p string, xSize int, g string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	server, client, random := n.dhm(), n.dhm(), new(rndPseudo)
	prime, generator := n.read(p), n.read(g)
	t.Code("set group", server.SetGroup(prime, generator), 0)
	n.same("P", n.dhmValue(server, dhm.P), prime)
	n.same("G", n.dhmValue(server, dhm.G), generator)
	for round := range 2 { // the second changes the values that the server blinds with
		params, err := server.MakeParams(xSize, random)
		t.Code("make params", err, code)
		if code != 0 {
			return
		}
		n.dhmParams(server, xSize, params)
		read, err := client.ReadParams(append(params, 0, 0))
		t.Code("read params", err, 0)
		t.Equal("bytes read", read, len(params))
		n.same("P", n.dhmValue(client, dhm.P), prime)
		n.same("G", n.dhmValue(client, dhm.G), generator)
		public, err := client.MakePublic(xSize, random)
		t.Code("make public", err, 0)
		t.Equal("size of the public value", len(public), prime.Size())
		t.Code("read public", server.ReadPublic(public), 0)
		secret, err := client.CalcSecret(random)
		t.Code("secret of the client", err, 0)
		if len(secret) == 0 {
			t.Fatalf("the secret is empty")
		}
		again := 1
		if round == 0 {
			again = 4 // values are blinded from the second time on
		}
		for range again {
			other, err := server.CalcSecret(random)
			t.Code("secret of the server", err, 0)
			t.Equal("secret", other, secret)
		}
		n.same("public value of the client", n.dhmValue(client, dhm.GX), n.dhmValue(server, dhm.GY))
		n.same("public value of the server", n.dhmValue(server, dhm.GX), n.dhmValue(client, dhm.GY))
		n.same("secret", n.dhmValue(server, dhm.K), n.dhmValue(client, dhm.K))
		n.inRange(n.dhmValue(client, dhm.X), 1, prime)
	}
}

func dhmMakePublic(t *suites.T, size int, g string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	c, p := n.dhm(), n.powerOfTwo(8*size)
	t.Code("set bit", p.SetBit(0, 1), 0)
	t.Code("set group", c.SetGroup(p, n.read(g)), 0)
	buf := make([]byte, bignum.MaxBits/8)
	t.Code("make public", c.Bridge().MakePublic(p.Size(), buf, rndStd{}), code)
}

func dhmFile(t *suites.T, name, p, g string, size int) {
	n := &numberCase{T: t}
	defer n.close()
	c, prime := n.dhm(), n.read(p)
	t.Code("parse", c.ParseFile(name), 0)
	t.Equal("size", c.Len(), size)
	t.Equal("bits", c.BitLen(), prime.BitLen())
	n.same("P", n.dhmValue(c, dhm.P), prime)
	n.same("G", n.dhmValue(c, dhm.G), n.read(g))
}

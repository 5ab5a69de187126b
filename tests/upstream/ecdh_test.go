package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecdh"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func init() {
	register("ecdh", functions{
		"ecdh_invalid_param":            ecdhInvalidParam,
		"ecdh_primitive_random":         ecdhPrimitiveRandom,
		"ecdh_primitive_testvec":        ecdhPrimitiveVector,
		"ecdh_exchange":                 ecdhExchange,
		"ecdh_restart":                  ecdhRestart,
		"ecdh_context_reuse":            ecdhContextReuse,
		"ecdh_exchange_calc_secret":     ecdhCalcSecret,
		"ecdh_exchange_get_params_fail": ecdhGetParamsFail,
		"ecdh_context_grp":              ecdhContextGroup,
	}, nil)
}

func (n *numberCase) exchangeOf(c *ecdh.Context, err error) *ecdh.Context { return owned(n, c, err) }

func ecdhInvalidParam(t *suites.T) {
	n := &numberCase{T: t}
	defer n.close()
	c := n.exchangeOf(ecdh.NewEmpty())
	t.Code("set key", c.SetKey(n.keyPair(ecp.None, nil, nil), 42), badECP)
}

func (n *numberCase) shared(g *ecp.Group, q *ecp.Point, d *bignum.Int, random *rndPseudo) *bignum.Int {
	z, err := ecdh.ComputeShared(g, q, d, random)
	return owned(n, z, err)
}

func ecdhPrimitiveRandom(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	g, random := n.group(id), new(rndPseudo)
	dA, qA, err := ecdh.GenPublic(g, random)
	owned(n, dA, err)
	owned(n, qA, nil)
	dB, qB, err := ecdh.GenPublic(g, random)
	owned(n, dB, err)
	owned(n, qB, nil)
	n.same("secret", n.shared(g, qB, dA, random), n.shared(g, qA, dB, random))
}

func ecdhPrimitiveVector(t *suites.T, id ecp.ID, rndA []byte, xA, yA string, rndB []byte, xB, yB, z string) {
	n := &numberCase{T: t}
	defer n.close()
	g, random := n.group(id), new(rndPseudo)
	side := func(rnd []byte, x, y string) (*bignum.Int, *ecp.Point) {
		d, q, err := ecdh.GenPublic(g, drawnFirst(leftAligned(g, rnd)))
		owned(n, d, err)
		zero, err := owned(n, q, nil).IsZero()
		t.Code("compare", err, 0)
		t.Equal("public key is zero", zero, false)
		n.at("public key", q, n.read(x), n.read(y))
		return d, q
	}
	dA, qA := side(rndA, xA, yA)
	dB, qB := side(rndB, xB, yB)
	n.same("secret of A", n.shared(g, qB, dA, random), n.read(z))
	n.same("secret of B", n.shared(g, qA, dB, random), n.read(z))
}

func ecdhExchange(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	server, client, random := n.exchangeOf(ecdh.New(id)), n.exchangeOf(ecdh.NewEmpty()), new(rndPseudo)
	params, err := server.MakeParams(random)
	t.Code("make params", err, 0)
	read, err := client.ReadParams(params)
	t.Code("read params", err, 0)
	t.Equal("bytes read", read, len(params))
	public, err := client.MakePublic(random)
	t.Code("make public", err, 0)
	t.Code("read public", server.ReadPublic(public), 0)
	secret, err := server.CalcSecret(random)
	t.Code("secret of the server", err, 0)
	again, err := client.CalcSecret(random)
	t.Code("secret of the client", err, 0)
	t.Equal("secret", again, secret)
}

func ecdhRestart(t *suites.T, id ecp.ID, dA, dB, want []byte, enable int, ops uint32, least, most int) {
	n := &numberCase{T: t}
	defer n.close()
	t.Equal("bits that are no bytes", n.group(id).NBits()%8, 0)
	t.Code("set max ops", ecp.SetMaxOps(ops), 0)
	empty := ecdh.NewEmpty
	if enable != 0 {
		empty = ecdh.NewRestartable
	}
	server, client := n.exchangeOf(empty()), n.exchangeOf(empty())
	t.Code("set up", server.Setup(id), 0)
	rndA, rndB, random := drawnFirst(dA), drawnFirst(dB), new(rndPseudo)
	message := func(what string, make func() ([]byte, error)) (b []byte) {
		t.Code(what, n.restarted(what, least, most, func() (err error) { b, err = make(); return err }), 0)
		return b
	}
	params := message("params", func() ([]byte, error) { return server.MakeParams(rndA) })
	_, err := client.ReadParams(params)
	t.Code("read params", err, 0)
	public := message("public", func() ([]byte, error) { return client.MakePublic(rndB) })
	t.Code("read public", server.ReadPublic(public), 0)
	for _, side := range []*ecdh.Context{server, client} {
		t.Equal("secret", message("secret", func() ([]byte, error) { return side.CalcSecret(random) }), want)
	}
}

// keys are our pair, with the public key that belongs to it, and the peer's public key.
func (n *numberCase) keys(id ecp.ID, private []byte, theirID ecp.ID, point []byte) (ours, theirs *ecp.KeyPair) {
	ours = n.privateKey(id, private)
	n.Code("public key", ours.CalcPublic(new(rndPseudo)), 0)
	return ours, n.peer(theirID, point)
}

func (n *numberCase) peer(id ecp.ID, point []byte) *ecp.KeyPair {
	g := n.group(id)
	q := n.readPoint(g, point)
	n.Code("check key", g.CheckPublic(q), 0)
	return n.keyPair(id, nil, q)
}

func ecdhContextReuse(t *suites.T, id ecp.ID, private, point1, want1, point2, want2 []byte) {
	n := &numberCase{T: t}
	defer n.close()
	c := n.exchangeOf(ecdh.NewEmpty())
	ours, _ := n.keys(id, private, id, point1)
	t.Code("set our key", c.SetKey(ours, ecdh.Ours), 0)
	buf := make([]byte, (n.group(id).PBits()+7)/8)
	for _, e := range []struct{ point, want []byte }{{point1, want1}, {point2, want2}} {
		t.Code("set their key", c.SetKey(n.peer(id, e.point), ecdh.Theirs), 0)
		length, err := c.Bridge().CalcSecret(buf, new(rndPseudo))
		t.Code("secret", err, 0)
		t.Equal("secret", buf[:length], e.want)
	}
}

func ecdhCalcSecret(t *suites.T, id ecp.ID, private, point []byte, oursFirst int, want []byte) {
	n := &numberCase{T: t}
	defer n.close()
	c := n.exchangeOf(ecdh.NewEmpty())
	ours, theirs := n.keys(id, private, id, point)
	first, second := c.SetKey(ours, ecdh.Ours), error(nil)
	if oursFirst != 0 {
		second = c.SetKey(theirs, ecdh.Theirs)
	} else {
		c = n.exchangeOf(ecdh.NewEmpty())
		first, second = c.SetKey(theirs, ecdh.Theirs), c.SetKey(ours, ecdh.Ours)
	}
	t.Code("set the first key", first, 0)
	t.Code("set the second key", second, 0)
	size := (n.group(id).PBits() + 7) / 8
	for _, room := range []int{size, size + 1} {
		buf := make([]byte, room)
		length, err := c.Bridge().CalcSecret(buf, new(rndPseudo))
		t.Code("secret", err, 0)
		t.Equal("secret", buf[:length], want)
	}
	_, err := c.Bridge().CalcSecret(make([]byte, size-1), new(rndPseudo))
	t.Code("secret without room", err, int(cbridge.ErrECPBufferTooSmall))
}

func ecdhGetParamsFail(t *suites.T, id ecp.ID, private []byte, theirID ecp.ID, point []byte, oursFirst, code int) {
	n := &numberCase{T: t}
	defer n.close()
	c := n.exchangeOf(ecdh.NewEmpty())
	ours, theirs := n.keys(id, private, theirID, point)
	if oursFirst != 0 {
		t.Code("set our key", c.SetKey(ours, ecdh.Ours), 0)
		t.Code("set their key", c.SetKey(theirs, ecdh.Theirs), code)
	} else {
		t.Code("set their key", c.SetKey(theirs, ecdh.Theirs), 0)
		t.Code("set our key", c.SetKey(ours, ecdh.Ours), code)
	}
}

func ecdhContextGroup(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	t.Equal("group", n.exchangeOf(ecdh.New(id)).ID(), id)
}

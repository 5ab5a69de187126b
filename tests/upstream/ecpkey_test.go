package upstream

import (
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// keyPair makes a pair of what is not nil.
func (n *numberCase) keyPair(id ecp.ID, d *bignum.Int, q *ecp.Point) *ecp.KeyPair {
	k, err := ecp.NewKeyPair(id, d, q)
	return owned(n, k, err)
}

// privateKey makes a pair of the encoding of a private key.
func (n *numberCase) privateKey(id ecp.ID, b []byte) *ecp.KeyPair {
	k, err := ecp.ReadKey(id, b)
	return owned(n, k, err)
}

// parts are copies of what a pair has.
func (n *numberCase) parts(k *ecp.KeyPair) (*ecp.Group, *bignum.Int, *ecp.Point) {
	g, err := k.Group()
	owned(n, g, err)
	d, err := k.D()
	owned(n, d, err)
	q, err := k.Q()
	return g, d, owned(n, q, err)
}

func (n *numberCase) samePoint(what string, p, q *ecp.Point) {
	equal, err := p.Equal(q)
	n.Code(what, err, 0)
	n.Equal(what+" is the same", equal, true)
}

func (n *numberCase) parsePoint(x, y string) *ecp.Point {
	p, err := ecp.ParsePoint(x, y, 16)
	return owned(n, p, err)
}

func ecpCheckPubPriv(t *suites.T, idPub ecp.ID, xPub, yPub string, id ecp.ID, d, x, y string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	pub := n.keyPair(idPub, nil, n.parsePoint(xPub, yPub))
	t.Code("check", pub.Check(n.keyPair(id, n.read(d), n.parsePoint(x, y)), new(rndPseudo)), code)
}

func ecpCalcPublic(t *suites.T, id ecp.ID, private []byte, code int, want []byte) {
	n := &numberCase{T: t}
	defer n.close()
	k, random := n.keyPair(id, n.binary(private), nil), new(rndPseudo)
	t.Code("compute", k.CalcPublic(random), code)
	if code == 0 {
		t.Code("check", k.Check(k, random), 0)
		got, err := k.Public(ecp.Uncompressed)
		t.Code("write", err, 0)
		t.Equal("public key", got, want)
	}
}

func ecpGenKeypair(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	g := n.group(id)
	d, q, err := g.GenKeys(new(rndPseudo))
	owned(n, d, err)
	owned(n, q, nil)
	t.Code("check public key", g.CheckPublic(q), 0)
	t.Code("check private key", g.CheckPrivate(d), 0)
}

func ecpGenKey(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	k, err := ecp.GenerateKey(id, new(rndPseudo))
	owned(n, k, err)
	t.Equal("group", k.ID(), id)
	g, d, q := n.parts(k)
	t.Code("check public key", g.CheckPublic(q), 0)
	t.Code("check private key", g.CheckPrivate(d), 0)
}

func ecpSetPublicGood(t *suites.T, id ecp.ID, public []byte) {
	n := &numberCase{T: t}
	defer n.close()
	q := n.readPoint(n.group(id), public)
	x, y, z := n.coordinates(q)
	for _, x := range []*bignum.Int{x, y, z} {
		t.Code("add", x.AddInt(x, 1), 0)
	}
	for _, k := range []*ecp.KeyPair{n.keyPair(ecp.None, nil, nil), n.keyPair(id, nil, n.pointOf(x, y, z))} {
		t.Code("set", k.SetPublic(id, q), 0)
		t.Equal("group", k.ID(), id)
		_, _, got := n.parts(k)
		n.samePoint("public key", got, q)
	}
}

func ecpSetPublicAfterPrivate(t *suites.T, id ecp.ID, private []byte, publicID ecp.ID, public []byte) {
	n := &numberCase{T: t}
	defer n.close()
	q, k := n.readPoint(n.group(publicID), public), n.privateKey(id, private)
	_, before, _ := n.parts(k)
	if id != publicID {
		t.Code("set", k.SetPublic(publicID, q), badECP)
		return
	}
	t.Code("set", k.SetPublic(publicID, q), 0)
	t.Equal("group", k.ID(), id)
	_, d, got := n.parts(k)
	n.same("private key", d, before)
	n.samePoint("public key", got, q)
}

func ecpReadKey(t *suites.T, id ecp.ID, b []byte, code, canonical int) {
	n := &numberCase{T: t}
	defer n.close()
	q := n.pointOf(n.read("01"), n.read("02"), n.read("03"))
	k := n.keyPair(ecp.None, nil, q)
	t.Code("read", k.SetPrivate(id, b), code)
	if code != 0 {
		return
	}
	t.Equal("group", k.ID(), id)
	g, d, public := n.parts(k)
	t.Code("check", g.CheckPrivate(d), 0)
	n.samePoint("public key", public, q)
	written, err := k.Private()
	t.Code("write", err, 0)
	if canonical != 0 && len(b) == (g.NBits()+7)/8 {
		t.Equal("private key", written, b)
		return
	}
	again, err := n.privateKey(id, written).Private()
	t.Code("write again", err, 0)
	t.Equal("private key", again, written)
}

func ecpWriteKeyExt(t *suites.T, id ecp.ID, b []byte, size, code int) {
	n := &numberCase{T: t}
	defer n.close()
	k := n.keyPair(id, nil, nil)
	if len(b) != 0 {
		t.Code("read", k.SetPrivate(id, b), 0)
	}
	buf := make([]byte, size)
	length, err := k.Bridge().WriteKey(buf)
	t.Code("write", err, code)
	if length > size {
		t.Fatalf("%d bytes were written to %d", length, size)
	}
	if code == 0 {
		t.Equal("private key", buf[:length], b)
	}
}

func ecpExport(t *suites.T, id ecp.ID, x, y, d string, code, noGroup int) {
	n := &numberCase{T: t}
	defer n.close()
	if noGroup != 0 {
		id = ecp.None
	}
	wantD, wantQ := n.read(d), n.parsePoint(x, y)
	k := n.keyPair(id, wantD, wantQ)
	g, err := k.Group()
	t.Code("export", err, code)
	if code != 0 {
		return
	}
	n.sameGroup(owned(n, g, nil), n.group(id))
	t.Equal("group", k.ID(), id)
	_, gotD, gotQ := n.parts(k)
	n.same("private key", gotD, wantD)
	n.samePoint("public key", gotQ, wantQ)
	all, all2, all3 := n.group(id), n.result(), n.point()
	m, err := all2.Result()
	t.Code("number", err, 0)
	t.Code("export", k.Bridge().Export(all.Bridge(), m, all3.Bridge()), 0)
	n.same("private key", all2, wantD)
	n.samePoint("public key", all3, wantQ)
}

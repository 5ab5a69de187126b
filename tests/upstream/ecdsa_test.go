package upstream

import (
	"crypto"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecdsa"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func init() {
	register("ecdsa", functions{
		"ecdsa_prim_zero": func(t *suites.T, id ecp.ID) {
			ecdsaPrimitive(t, id, make([]byte, 64), new(rndPseudo))
		},
		"ecdsa_prim_random": func(t *suites.T, id ecp.ID) {
			random, hash := new(rndPseudo), make([]byte, 64)
			random.Read(hash)
			ecdsaPrimitive(t, id, hash, random)
		},
		"ecdsa_prim_test_vectors": ecdsaVectors,
		"ecdsa_det_test_vectors":  ecdsaDeterministic,
		"ecdsa_write_read_zero": func(t *suites.T, id ecp.ID) {
			ecdsaWriteRead(t, id, make([]byte, 32), new(rndPseudo))
		},
		"ecdsa_write_read_random": func(t *suites.T, id ecp.ID) {
			random, hash := new(rndPseudo), make([]byte, 32)
			random.Read(hash)
			ecdsaWriteRead(t, id, hash, random)
		},
		"ecdsa_read_restart":  ecdsaReadRestart,
		"ecdsa_write_restart": ecdsaWriteRestart,
		"ecdsa_verify":        ecdsaVerify,
	}, nil)
}

func ecdsaPrimitive(t *suites.T, id ecp.ID, hash []byte, random io.Reader) {
	n := &numberCase{T: t}
	defer n.close()
	g, r, s := n.group(id), n.result(), n.result()
	d, q, err := g.GenKeys(random)
	owned(n, d, err)
	owned(n, q, nil)
	t.Code("sign", ecdsa.Sign(g, r, s, d, hash, random, nil), 0)
	t.Code("verify", ecdsa.Verify(g, hash, q, r, s, nil), 0)
}

func ecdsaVectors(t *suites.T, id ecp.ID, d, xQ, yQ string, random, hash []byte, wantR, wantS string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	g, r, s := n.group(id), n.result(), n.result()
	q := n.parsePoint(xQ, yQ)
	t.Code("sign", ecdsa.Sign(g, r, s, n.read(d), hash, drawnFirst(leftAligned(g, random)), nil), code)
	if code != 0 {
		return
	}
	goodR, goodS := n.read(wantR), n.read(wantS)
	n.same("r", r, goodR)
	n.same("s", s, goodS)
	verify := func(q *ecp.Point, r, s *bignum.Int, code int) {
		t.Code("verify", ecdsa.Verify(g, hash, q, r, s, nil), code)
	}
	verify(q, goodR, goodS, 0)
	verify(n.generator(g), goodR, goodS, verifyFailed)

	order, err := g.N()
	owned(n, order, err)
	changed := func(op func(z, x *bignum.Int) error, x *bignum.Int) *bignum.Int {
		z := n.result()
		t.Code("change", op(z, x), 0)
		return z
	}
	less := func(z, x *bignum.Int) error { return z.SubInt(x, 1) }
	more := func(z, x *bignum.Int) error { return z.AddInt(x, 1) }
	zero := func(z, _ *bignum.Int) error { return z.SetInt64(0) }
	theOrder := func(z, _ *bignum.Int) error { return z.Set(order) }
	negative := func(z, x *bignum.Int) error { return z.Sub(x, order) }
	large := func(z, x *bignum.Int) error { return z.Add(x, order) }
	for _, bad := range [][2]func(z, x *bignum.Int) error{
		{less, more}, {zero, zero}, {theOrder, theOrder}, {negative, negative}, {large, large},
	} {
		badR, badS := changed(bad[0], goodR), changed(bad[1], goodS)
		verify(q, badR, goodS, verifyFailed)
		verify(q, goodR, badS, verifyFailed)
		verify(q, badR, badS, verifyFailed)
	}
}

func ecdsaDeterministic(t *suites.T, id ecp.ID, d string, md int, hash []byte, wantR, wantS string) {
	n := &numberCase{T: t}
	defer n.close()
	r, s := n.result(), n.result()
	t.Code("sign", ecdsa.SignDeterministic(n.group(id), r, s, n.read(d), hash, mdHashes[md], rndStd{}, nil), 0)
	n.same("r", r, n.read(wantR))
	n.same("s", s, n.read(wantS))
}

func ecdsaWriteRead(t *suites.T, id ecp.ID, hash []byte, random io.Reader) {
	n := &numberCase{T: t}
	defer n.close()
	k, err := ecp.GenerateKey(id, random)
	owned(n, k, err)
	sig, err := ecdsa.SignASN1(k, crypto.SHA256, hash, random, nil)
	t.Code("sign", err, 0)
	verify := func(sig []byte) error { return ecdsa.VerifyASN1(k, hash, sig, nil) }
	t.Code("verify", verify(sig), 0)
	incremented := func(i int) []byte {
		b := append([]byte{}, sig...)
		b[i]++
		return b
	}
	for what, bad := range map[string][]byte{
		"a shorter one": sig[:len(sig)-1], "a longer one": append(sig[:len(sig):len(sig)], 0x2a), "another tag": incremented(0),
	} {
		if verify(bad) == nil {
			t.Fatalf("%s is valid", what)
		}
	}
	t.Code("verify with another r", verify(incremented(10)), verifyFailed)
	t.Code("verify with another s", verify(incremented(len(sig)-1)), verifyFailed)
}

func ecdsaReadRestart(t *suites.T, id ecp.ID, public, hash, sig []byte, ops uint32, least, most int) {
	n := &numberCase{T: t}
	defer n.close()
	k := n.keyPair(id, nil, n.readPoint(n.group(id), public))
	restart := n.bound(ops)
	verify := func() error { return ecdsa.VerifyASN1(k, hash, sig, restart) }
	t.Code("verify", n.restarted("verification", least, most, verify), 0)
	for _, i := range []int{10, len(sig) - 1} {
		sig[i]++
		t.Code("verify", n.restarted("verification", 0, 1<<30, verify), verifyFailed)
		sig[i]--
	}
	n.abandoned(least, verify)
}

func ecdsaWriteRestart(t *suites.T, id ecp.ID, d string, md int, hash, want []byte, ops uint32, least, most int) {
	n := &numberCase{T: t}
	defer n.close()
	k, restart := n.keyPair(id, n.read(d), nil), n.bound(ops)
	var sig []byte
	sign := func() (err error) {
		sig, err = ecdsa.SignASN1(k, mdHashes[md], hash, rndStd{}, restart)
		return err
	}
	t.Code("sign", n.restarted("signature", least, most, sign), 0)
	t.Equal("signature", sig, want)
	n.abandoned(least, sign)
}

func ecdsaVerify(t *suites.T, id ecp.ID, x, y, r, s string, content []byte, code int) {
	n := &numberCase{T: t}
	defer n.close()
	g, q := n.group(id), n.pointOf(n.read(x), n.read(y), n.read("01"))
	validity := 0
	if code == int(cbridge.ErrECPInvalidKey) {
		validity = code
	}
	t.Code("check key", g.CheckPublic(q), validity)
	t.Code("verify", ecdsa.Verify(g, content, q, n.read(r), n.read(s), nil), code)
}

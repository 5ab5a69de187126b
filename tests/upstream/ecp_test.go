package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecdh"
	"github.com/gombedtls/gombedtls/mbedtls/ecdsa"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

const (
	badECP       = int(cbridge.ErrECPBadInputData)
	invalidKey   = int(cbridge.ErrECPInvalidKey)
	verifyFailed = int(cbridge.ErrECPVerifyFailed)
)

func init() {
	register("ecp", functions{
		"ecp_invalid_param":                ecpInvalidParam,
		"mbedtls_ecp_curve_info":           ecpCurveInfo,
		"ecp_check_pub":                    ecpCheckPub,
		"ecp_test_vect_restart":            ecpVectorRestart,
		"ecp_muladd_restart":               ecpMulAddRestart,
		"ecp_test_vect":                    ecpVector,
		"ecp_test_vec_x":                   ecpVectorX,
		"ecp_test_mul":                     ecpMul,
		"ecp_test_mul_rng":                 ecpMulRng,
		"ecp_muladd":                       ecpMulAdd,
		"ecp_write_binary":                 ecpWriteBinary,
		"ecp_read_binary":                  ecpReadBinary,
		"mbedtls_ecp_tls_read_point":       ecpTLSReadPoint,
		"ecp_tls_write_read_point":         ecpTLSWriteReadPoint,
		"mbedtls_ecp_tls_read_group":       ecpTLSReadGroup,
		"ecp_tls_write_read_group":         ecpTLSWriteReadGroup,
		"mbedtls_ecp_group_metadata":       ecpGroupMetadata,
		"mbedtls_ecp_check_privkey":        ecpCheckPrivkey,
		"ecp_set_zero":                     ecpSetZero,
		"ecp_check_order":                  ecpCheckOrder,
		"mbedtls_ecp_check_pub_priv":       ecpCheckPubPriv,
		"ecp_calc_public":                  ecpCalcPublic,
		"mbedtls_ecp_gen_keypair":          ecpGenKeypair,
		"mbedtls_ecp_gen_key":              ecpGenKey,
		"ecp_set_public_key_good":          ecpSetPublicGood,
		"mbedtls_ecp_read_key":             ecpReadKey,
		"ecp_write_key_ext":                ecpWriteKeyExt,
		"ecp_export":                       ecpExport,
		"ecp_set_public_key_after_private": ecpSetPublicAfterPrivate,
		"ecp_set_public_key_group_check": func(t *suites.T, id ecp.ID, code int) {
			n := &numberCase{T: t}
			defer n.close()
			t.Code("set", n.keyPair(ecp.None, nil, nil).SetPublic(id, n.point()), code)
		},
	}, unmapped{
		"ecp_fast_mod":           noSuchAPI,
		"ecp_write_key":          "deprecated: mbedtls_ecp_write_key_ext",
		"genkey_mx_known_answer": noSuchAPI,
		"ecp_selftest":           "the library's self-test calls no API",
		"ecp_mod_p_generic_raw":  noSuchAPI,
		"ecp_mod_setup":          noSuchAPI,
		"ecp_mod_mul_inv":        noSuchAPI,
		"ecp_mod_add_sub":        noSuchAPI,
		"ecp_mod_read_write":     noSuchAPI,
		"ecp_mod_random":         noSuchAPI,
	})
}

func ecpInvalidParam(t *suites.T) {
	n := &numberCase{T: t}
	defer n.close()
	g, p := n.group(ecp.Secp256r1), n.point()
	_, err := g.WritePoint(p, 42)
	t.Code("write", err, badECP)
	_, err = g.WriteTLSPoint(p, 42)
	t.Code("write for TLS", err, badECP)
}

func ecpCurveInfo(t *suites.T, id ecp.ID, tlsID uint16, bits int, name string) {
	want := ecp.Curve{ID: id, TLSID: tlsID, Bits: bits, Name: name}
	byID, _ := ecp.ByID(id)
	byTLSID, _ := ecp.ByTLSID(tlsID)
	byName, _ := ecp.ByName(name)
	t.Equal("curves", []ecp.Curve{byID, byTLSID, byName}, []ecp.Curve{want, want, want})
	if bits > 8*cbridge.ECPMaxBytes {
		t.Fatalf("the build's largest curve has %d bytes", cbridge.ECPMaxBytes)
	}
}

func ecpCheckPub(t *suites.T, id ecp.ID, x, y, z string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	t.Code("check", n.group(id).CheckPublic(n.pointOf(n.read(x), n.read(y), n.read(z))), code)
}

func ecpVectorRestart(t *suites.T, id ecp.ID, dA, xA, yA, dB, xZ, yZ string, ops uint32, least, most int) {
	n := &numberCase{T: t}
	defer n.close()
	g, restart, random := n.group(id), n.bound(ops), new(rndPseudo)
	p, r := n.point(), n.point()
	base, a, b := n.generator(g), n.read(dA), n.read(dB)
	t.Code("multiply", n.restarted("the generator", least, most, func() error { return g.Mul(p, a, base, random, restart) }), 0)
	n.at("the generator times A", p, n.read(xA), n.read(yA))
	t.Code("multiply", n.restarted("another point", least, most, func() error { return g.Mul(r, b, p, random, restart) }), 0)
	n.at("that times B", r, n.read(xZ), n.read(yZ))
	n.abandoned(least, func() error { return g.Mul(r, b, p, random, restart) })
}

func ecpMulAddRestart(t *suites.T, id ecp.ID, xR, yR, u1, u2, xQ, yQ string, ops uint32, least, most int) {
	n := &numberCase{T: t}
	defer n.close()
	g, restart, r := n.group(id), n.bound(ops), n.point()
	base, m1, m2, q := n.generator(g), n.read(u1), n.read(u2), n.pointOf(n.read(xQ), n.read(yQ), n.read("01"))
	mulAdd := func() error { return g.MulAdd(r, m1, base, m2, q, restart) }
	t.Code("multiply and add", n.restarted("linear combination", least, most, mulAdd), 0)
	n.at("sum", r, n.read(xR), n.read(yR))
	n.abandoned(least, mulAdd)
}

func ecpVector(t *suites.T, id ecp.ID, dA, xA, yA, dB, xB, yB, xZ, yZ string) {
	n := &numberCase{T: t}
	defer n.close()
	n.exchange(id, dA, dB, [3][2]string{{xA, yA}, {xB, yB}, {xZ, yZ}}, true)
}

func ecpVectorX(t *suites.T, id ecp.ID, dA, xA, dB, xB, xS string) {
	n := &numberCase{T: t}
	defer n.close()
	n.exchange(id, dA, dB, [3][2]string{{xA}, {xB}, {xS}}, false)
}

// exchange multiplies the generator by each key, and each product by the other: the public keys are A, B, and the secret.
func (n *numberCase) exchange(id ecp.ID, dA, dB string, want [3][2]string, withY bool) {
	g, random, r := n.group(id), new(rndPseudo), n.point()
	base := n.generator(g)
	n.Code("check generator", g.CheckPublic(base), 0)
	multiply := func(d string, p *ecp.Point, want [2]string) {
		n.Code("multiply", g.Mul(r, n.read(d), p, random, nil), 0)
		var y *bignum.Int
		if withY {
			y = n.read(want[1])
		}
		n.at("product", r, n.read(want[0]), y)
		n.Code("check product", g.CheckPublic(r), 0)
	}
	multiply(dA, base, want[0])
	multiply(dB, r, want[2])
	multiply(dB, base, want[1])
	multiply(dA, r, want[2])
}

func ecpMul(t *suites.T, id ecp.ID, m, x, y, z, wantX, wantY, wantZ []byte, code int) {
	n := &numberCase{T: t}
	defer n.close()
	g, r := n.group(id), n.point()
	t.Code("check generator", g.CheckPublic(n.generator(g)), 0)
	p := n.pointOf(n.binary(x), n.binary(y), n.binary(z))
	t.Code("multiply", g.Mul(r, n.binary(m), p, new(rndPseudo), nil), code)
	if code == 0 {
		gotX, gotY, gotZ := n.coordinates(r)
		n.same("x", gotX, n.binary(wantX))
		n.same("y", gotY, n.binary(wantY))
		n.same("z", gotZ, n.binary(wantZ))
	}
}

func ecpMulRng(t *suites.T, id ecp.ID, d []byte) {
	n := &numberCase{T: t}
	defer n.close()
	g := n.group(id)
	base := n.generator(g)
	t.Code("check generator", g.CheckPublic(base), 0)
	cbridge.SetExactRandomness(true) // else an accelerated multiplication draws nothing
	defer cbridge.SetExactRandomness(false)
	t.Code("multiply", g.Mul(n.point(), n.binary(d), base, rndZero{}, nil), int(cbridge.ErrECPRandomFailed))
}

func ecpMulAdd(t *suites.T, id ecp.ID, u1, p1, u2, p2, want []byte) {
	n := &numberCase{T: t}
	defer n.close()
	g, r := n.group(id), n.point()
	t.Code("multiply and add", g.MulAdd(r, n.binary(u1), n.readPoint(g, p1), n.binary(u2), n.readPoint(g, p2), nil), 0)
	got, err := g.WritePoint(r, ecp.Uncompressed)
	t.Code("write", err, 0)
	t.Equal("sum", got, want)
}

func ecpWriteBinary(t *suites.T, id ecp.ID, x, y, z string, format int, want []byte, size, code int) {
	n := &numberCase{T: t}
	defer n.close()
	g, p := n.group(id), n.pointOf(n.read(x), n.read(y), n.read(z))
	k := n.keyPair(ecp.None, nil, nil)
	t.Code("set public key", k.SetPublic(id, p), 0)
	for what, write := range map[string]func(buf []byte) (int, error){
		"point":      func(buf []byte) (int, error) { return g.Bridge().WritePoint(p.Bridge(), format, buf) },
		"public key": func(buf []byte) (int, error) { return k.Bridge().WritePublicKey(format, buf) },
	} {
		buf := make([]byte, size)
		length, err := write(buf)
		t.Code("write "+what, err, code)
		if code == 0 {
			t.Equal(what, buf[:length], want)
		}
	}
}

func ecpReadBinary(t *suites.T, id ecp.ID, b []byte, x, y, z string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	g, p := n.group(id), n.point()
	t.Code("read", g.Bridge().ReadPoint(p.Bridge(), b), code)
	if code != 0 {
		return
	}
	gotX, gotY, gotZ := n.coordinates(p)
	n.same("x", gotX, n.read(x))
	n.same("y", gotY, n.read(y))
	n.same("z", gotZ, n.read(z))
	if g.Type() == ecp.TypeMontgomery {
		t.Equal("limbs of y", gotY.Limbs(), 0)
		t.Equal("z", gotZ.String(), "1")
		return
	}
	// The library finds y again of curves only whose prime is 3 mod 4.
	if b[0] != 4 || id == ecp.Secp224r1 || id == ecp.Secp224k1 {
		return
	}
	compressed := append([]byte{2 + byte(gotY.Bit(0))}, b[1:len(b)/2+1]...)
	_, gotY, _ = n.coordinates(n.readPoint(g, compressed))
	n.same("y, found again", gotY, n.read(y))
}

func ecpTLSReadPoint(t *suites.T, id ecp.ID, b []byte, x, y, z string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	p := n.point()
	read, err := n.group(id).Bridge().ReadTLSPoint(p.Bridge(), b)
	t.Code("read", err, code)
	if code == 0 {
		gotX, gotY, gotZ := n.coordinates(p)
		n.same("x", gotX, n.read(x))
		n.same("y", gotY, n.read(y))
		n.same("z", gotZ, n.read(z))
		t.Equal("bytes read", read, len(b))
	}
}

func ecpTLSWriteReadPoint(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	g := n.group(id)
	for _, p := range []*ecp.Point{n.generator(g), n.point()} {
		for _, format := range []ecp.Format{ecp.Compressed, ecp.Uncompressed} {
			record, err := g.WriteTLSPoint(p, format)
			t.Code("write", err, 0)
			q, read, err := g.ReadTLSPoint(record)
			q = owned(n, q, err)
			t.Equal("bytes read", read, len(record))
			equal, err := q.Equal(p)
			t.Code("compare", err, 0)
			t.Equal("the points are the same", equal, true)
		}
	}
}

func ecpTLSReadGroup(t *suites.T, b []byte, code, bits, size int) {
	n := &numberCase{T: t}
	defer n.close()
	g, read, err := ecp.ReadTLSGroup(b)
	t.Code("read", err, code)
	if code != 0 {
		return
	}
	owned(n, g, nil)
	p, err := g.P()
	t.Equal("bits", owned(n, p, err).BitLen(), bits)
	t.Equal("bytes read", read, size)
}

func ecpTLSWriteReadGroup(t *suites.T, id ecp.ID) {
	n := &numberCase{T: t}
	defer n.close()
	g := n.group(id)
	record, err := g.TLSGroup()
	t.Code("write", err, 0)
	again, _, err := ecp.ReadTLSGroup(record)
	n.sameGroup(owned(n, again, err), g)
}

func (n *numberCase) sameGroup(got, want *ecp.Group) {
	n.Equal("group", got.ID(), want.ID())
	for what, number := range groupNumbers {
		x, err := number(got)
		y, err2 := number(want)
		n.same(what, owned(n, x, err), owned(n, y, err2))
	}
	equal, err := n.generator(got).Equal(n.generator(want))
	n.Code("compare generators", err, 0)
	n.Equal("the generators are the same", equal, true)
	n.Equal("sizes", []int{got.PBits(), got.NBits()}, []int{want.PBits(), want.NBits()})
}

var groupNumbers = map[string]func(*ecp.Group) (*bignum.Int, error){
	"P": (*ecp.Group).P, "A": (*ecp.Group).A, "B": (*ecp.Group).B, "N": (*ecp.Group).N,
}

func ecpGroupMetadata(t *suites.T, id ecp.ID, bits int, kind ecp.Type, p, a, b, gX, gY, order string, tlsID uint16) {
	n := &numberCase{T: t}
	defer n.close()
	g := n.group(id)
	for what, want := range map[string]string{"P": p, "A": a, "B": b, "N": order} {
		got, err := groupNumbers[what](g)
		owned(n, got, err)
		if want != "" {
			n.same(what, got, n.read(want))
		}
	}
	var y *bignum.Int
	if gY != "" {
		y = n.read(gY)
	}
	n.at("generator", n.generator(g), n.read(gX), y)

	curve, ok := ecp.ByID(id)
	t.Equal("curve is known", ok, true)
	t.Equal("curve", curve, ecp.Curve{ID: id, TLSID: tlsID, Bits: bits, Name: curve.Name})
	byTLSID, _ := ecp.ByTLSID(tlsID)
	byName, _ := ecp.ByName(curve.Name)
	t.Equal("curves by number and name", []ecp.Curve{byTLSID, byName}, []ecp.Curve{curve, curve})

	record, err := g.TLSGroup()
	t.Code("write", err, 0)
	t.Equal("record", record, []byte{3, byte(tlsID >> 8), byte(tlsID)})
	read, length, err := ecp.ReadTLSGroupID(record)
	t.Code("read", err, 0)
	t.Equal("ID", read, id)
	t.Equal("bytes read", length, 3)
	again, _, err := ecp.ReadTLSGroup(record)
	n.sameGroup(owned(n, again, err), g)

	t.Equal("type", g.Type(), kind)
	t.Equal("ECDH", ecdh.CanDo(id), true)
	t.Equal("ECDSA", ecdsa.CanDo(id), kind == ecp.TypeShortWeierstrass)
	copied, err := g.Copy()
	n.sameGroup(owned(n, copied, err), g)

	listed := map[ecp.ID]int{}
	for _, c := range ecp.Curves() {
		listed[c.ID]++
	}
	for _, id := range ecp.IDs() {
		listed[id]++
	}
	t.Equal("lists that have it", listed[id], 2)
}

func ecpCheckPrivkey(t *suites.T, id ecp.ID, d string, code int) {
	n := &numberCase{T: t}
	defer n.close()
	t.Code("check", n.group(id).CheckPrivate(n.read(d)), code)
}

func ecpSetZero(t *suites.T, id ecp.ID, b []byte) {
	n := &numberCase{T: t}
	defer n.close()
	g, p, zero := n.group(id), n.point(), n.point()
	other := n.readPoint(g, b)
	is := func(what string, p *ecp.Point, wantZero bool) {
		got, err := p.IsZero()
		t.Code(what, err, 0)
		t.Equal(what+" is zero", got, wantZero)
		for q, want := range map[*ecp.Point]bool{zero: wantZero, other: !wantZero} {
			got, err := q.Equal(p)
			t.Code(what, err, 0)
			t.Equal(what+" is the same", got, want)
		}
	}
	is("the zero point", zero, true)
	is("another", other, false)
	for range 2 {
		t.Code("set zero", p.SetZero(), 0)
		is("a point set to zero", p, true)
		t.Code("read", g.Bridge().ReadPoint(p.Bridge(), b), 0)
		is("a point read again", p, false)
	}
}

func ecpCheckOrder(t *suites.T, id ecp.ID, want string) {
	n := &numberCase{T: t}
	defer n.close()
	order, err := n.group(id).N()
	n.same("order", owned(n, order, err), n.read(want))
}

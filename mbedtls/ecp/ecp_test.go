package ecp_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/asn1"
	"errors"
	"net"
	"os/exec"
	"slices"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func group(t testing.TB, id ecp.ID) *ecp.Group { return objtest.Made[*ecp.Group](t)(ecp.NewGroup(id)) }
func point(t testing.TB) *ecp.Point            { return objtest.Made[*ecp.Point](t)(ecp.NewPoint()) }
func number(t testing.TB, v int64) *bignum.Int { return objtest.Made[*bignum.Int](t)(bignum.New(v)) }

// eachCurve runs a test for each curve of the build.
func eachCurve(t *testing.T, test func(t *testing.T, c ecp.Curve, g *ecp.Group)) {
	t.Parallel()
	for _, c := range ecp.Curves() {
		t.Run(c.Name, func(t *testing.T) { test(t, c, group(t, c.ID)) })
	}
}

func TestCurves(t *testing.T) {
	t.Parallel()
	curves, ids := ecp.Curves(), ecp.IDs()
	if len(curves) < 2 || len(ids) != len(curves) {
		t.Fatalf("curves %v, IDs %v", curves, ids)
	}
	for i, c := range curves {
		byID, ok := ecp.ByID(c.ID)
		byTLSID, ok2 := ecp.ByTLSID(c.TLSID)
		byName, ok3 := ecp.ByName(c.Name)
		if !ok || !ok2 || !ok3 || byID != c || byTLSID != c || byName != c || ids[i] != c.ID {
			t.Errorf("%v: by ID %v, by TLS ID %v, by name %v, in IDs %v", c, byID, byTLSID, byName, ids[i])
		}
	}
	curves[0].Name, ids[0] = "changed", ecp.None
	if ecp.Curves()[0].Name == "changed" || ecp.IDs()[0] == ecp.None {
		t.Error("callers share the lists")
	}
	for _, found := range []bool{
		second(ecp.ByID(ecp.None)), second(ecp.ByID(1000)), second(ecp.ByTLSID(0)), second(ecp.ByName("")),
		second(ecp.ByName("secp256r1\x00")), second(ecp.ByName("none")),
	} {
		if found {
			t.Error("a curve is found that does not exist")
		}
	}
	_, err := ecp.NewGroup(ecp.None)
	objtest.Code(t, "group of no curve", err, cbridge.ErrECPFeatureUnavailable)
}

func second(_ ecp.Curve, ok bool) bool { return ok }

// The generator's order times the generator is zero, and the equation holds.
func TestGroup(t *testing.T) {
	eachCurve(t, func(t *testing.T, c ecp.Curve, g *ecp.Group) {
		g1 := objtest.Made[*ecp.Point](t)(g.G())
		objtest.Must(t, g.CheckPublic(g1))
		order := objtest.Made[*bignum.Int](t)(g.N())
		p := objtest.Made[*bignum.Int](t)(g.P())
		a := objtest.Made[*bignum.Int](t)(g.A())
		b := objtest.Made[*bignum.Int](t)(g.B())
		prime := func(x *bignum.Int) bool { return x.CheckPrime(20, nil) == nil || !cbridge.Feature("MBEDTLS_GENPRIME") }
		if !prime(order) || !prime(p) || p.BitLen() != g.PBits() || g.ID() != c.ID {
			t.Errorf("P %v, N %v, %d bits", p, order, g.PBits())
		}
		if g.Type() != ecp.TypeShortWeierstrass {
			return // the generator has no y
		}
		// y² - x³ - ax - b = 0
		x, y, err := g1.XY()
		objtest.Made[*bignum.Int](t)(x, err)
		objtest.Made[*bignum.Int](t)(y, nil)
		sum, term := number(t, 0), number(t, 0)
		objtest.Must(t, errors.Join(sum.Mul(y, y), term.Mul(x, x), term.Add(term, a), term.Mul(term, x), sum.Sub(sum, term),
			sum.Sub(sum, b), sum.Mod(sum, p)))
		if sum.Sign() != 0 {
			t.Errorf("the equation is off by %v", sum)
		}
		// (n-1) G + G = 0
		objtest.Must(t, order.SubInt(order, 1))
		objtest.Must(t, g.MulAdd(g1, order, g1, number(t, 1), g1, nil))
		if zero, err := g1.IsZero(); err != nil || !zero {
			t.Errorf("the order times the generator is not zero (%v)", err)
		}
	})
}

func TestPointEncodings(t *testing.T) {
	eachCurve(t, func(t *testing.T, c ecp.Curve, g *ecp.Group) {
		d, q, err := g.GenKeys(nil)
		objtest.Made[*bignum.Int](t)(d, err)
		objtest.Made[*ecp.Point](t)(q, nil)
		objtest.Must(t, errors.Join(g.CheckPrivate(d), g.CheckPublic(q)))
		for _, format := range []ecp.Format{ecp.Uncompressed, ecp.Compressed} {
			b, err := g.WritePoint(q, format)
			objtest.Must(t, err)
			record, err := g.WriteTLSPoint(q, format)
			objtest.Must(t, err)
			if !bytes.Equal(record, append([]byte{byte(len(b))}, b...)) {
				t.Errorf("record %x of %x", record, b)
			}
			if format == ecp.Compressed && slices.Contains([]ecp.ID{ecp.Secp224r1, ecp.Secp224k1}, c.ID) {
				_, err := g.ReadPoint(b)
				objtest.Code(t, "compressed point of a prime that is 1 mod 4", err, cbridge.ErrECPFeatureUnavailable)
				continue
			}
			p := objtest.Made[*ecp.Point](t)(g.ReadPoint(b))
			again, n, err := g.ReadTLSPoint(append(record, 1, 2))
			objtest.Made[*ecp.Point](t)(again, err)
			for _, p := range []*ecp.Point{p, again} {
				if equal, err := p.Equal(q); err != nil || !equal || n != len(record) {
					t.Errorf("format %d: another point (%v), %d bytes", format, err, n)
				}
			}
			for length := range b {
				if _, err := g.ReadPoint(b[:length]); err == nil && (length != 1 || b[0] != 0) {
					t.Errorf("a point of %d bytes instead of %d", length, len(b))
				}
			}
		}
	})
}

var oids = map[ecp.ID]asn1.ObjectIdentifier{
	ecp.Secp192r1: {1, 2, 840, 10045, 3, 1, 1}, ecp.Secp224r1: {1, 3, 132, 0, 33}, ecp.Secp256r1: {1, 2, 840, 10045, 3, 1, 7},
	ecp.Secp384r1: {1, 3, 132, 0, 34}, ecp.Secp521r1: {1, 3, 132, 0, 35}, ecp.Secp192k1: {1, 3, 132, 0, 31},
	ecp.Secp224k1: {1, 3, 132, 0, 32}, ecp.Secp256k1: {1, 3, 132, 0, 10}, ecp.BP256r1: {1, 3, 36, 3, 3, 2, 8, 1, 1, 7},
	ecp.BP384r1: {1, 3, 36, 3, 3, 2, 8, 1, 1, 11}, ecp.BP512r1: {1, 3, 36, 3, 3, 2, 8, 1, 1, 13},
	ecp.Curve25519: {1, 3, 101, 110}, ecp.Curve448: {1, 3, 101, 111},
}

// derPrivate is a private key in PKCS #8.
func derPrivate(t *testing.T, id ecp.ID, private []byte) []byte {
	t.Helper()
	type algorithm struct {
		OID    asn1.ObjectIdentifier
		Params asn1.ObjectIdentifier `asn1:"optional"`
	}
	a := algorithm{OID: oids[id]}
	inner, err := asn1.Marshal(private)
	if id != ecp.Curve25519 && id != ecp.Curve448 {
		a = algorithm{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, oids[id]}
		inner, err = asn1.Marshal(struct {
			Version int
			Key     []byte
		}{1, private})
	}
	objtest.Must(t, err)
	der, err := asn1.Marshal(struct {
		Version   int
		Algorithm algorithm
		Key       []byte
	}{0, a, inner})
	objtest.Must(t, err)
	return der
}

// OpenSSL computes the same public key from a private one.
func TestPublicKeyIsOpenSSLs(t *testing.T) {
	eachCurve(t, func(t *testing.T, c ecp.Curve, _ *ecp.Group) {
		k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(c.ID, nil))
		private, err := k.Private()
		objtest.Must(t, err)
		public, err := k.Public(ecp.Uncompressed)
		objtest.Must(t, err)
		cmd := exec.Command("openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER")
		cmd.Stdin = bytes.NewReader(derPrivate(t, c.ID, private))
		out, err := cmd.Output()
		if err != nil || !bytes.HasSuffix(out, public) {
			t.Errorf("private key %x: public key %x, and openssl's %x (%v)", private, public, out, err)
		}
	})
}

func TestKeyPair(t *testing.T) {
	eachCurve(t, func(t *testing.T, c ecp.Curve, g *ecp.Group) {
		k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(c.ID, nil))
		private, err := k.Private()
		objtest.Must(t, err)
		public, err := k.Public(ecp.Uncompressed)
		objtest.Must(t, err)
		again := objtest.Made[*ecp.KeyPair](t)(ecp.ReadKey(c.ID, private))
		objtest.Must(t, again.CalcPublic(nil))
		objtest.Must(t, again.Check(k, nil))
		d, q := objtest.Made[*bignum.Int](t)(k.D()), objtest.Made[*ecp.Point](t)(k.Q())
		if b, err := g.WritePoint(q, ecp.Uncompressed); err != nil || !bytes.Equal(b, public) {
			t.Errorf("public key %x, and %x (%v)", public, b, err)
		}
		copied := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(c.ID, d, q))
		objtest.Must(t, copied.Check(copied, nil))
		other := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(c.ID, nil))
		objtest.Code(t, "check with another pair", k.Check(other, nil), cbridge.ErrECPBadInputData)
		g2 := objtest.Made[*ecp.Group](t)(k.Group())
		if k.ID() != c.ID || g2.ID() != c.ID {
			t.Errorf("curves %v and %v, want %v", k.ID(), g2.ID(), c.ID)
		}
	})
}

func TestSharedSecretIsGos(t *testing.T) {
	t.Parallel()
	for id, curve := range map[ecp.ID]ecdh.Curve{
		ecp.Secp256r1: ecdh.P256(), ecp.Secp384r1: ecdh.P384(), ecp.Secp521r1: ecdh.P521(), ecp.Curve25519: ecdh.X25519(),
	} {
		if _, ok := ecp.ByID(id); !ok {
			continue
		}
		g := group(t, id)
		d, q, err := g.GenKeys(nil)
		objtest.Made[*bignum.Int](t)(d, err)
		objtest.Made[*ecp.Point](t)(q, nil)
		k := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(id, d, q))
		private, err := k.Private()
		objtest.Must(t, err)
		key, err := curve.NewPrivateKey(private)
		objtest.Must(t, err)
		peer := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
		public, err := peer.Public(ecp.Uncompressed)
		objtest.Must(t, err)
		theirs, err := curve.NewPublicKey(public)
		objtest.Must(t, err)
		want, err := key.ECDH(theirs)
		objtest.Must(t, err)
		r := point(t)
		objtest.Must(t, g.Mul(r, d, objtest.Made[*ecp.Point](t)(peer.Q()), nil, nil))
		b, err := g.WritePoint(r, ecp.Uncompressed)
		objtest.Must(t, err)
		if id != ecp.Curve25519 {
			b = b[1 : 1+len(want)]
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%v: %x, want %x", id, b, want)
		}
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	g, other := group(t, ecp.Secp256r1), group(t, ecp.Secp384r1)
	base, r, one := objtest.Made[*ecp.Point](t)(g.G()), point(t), number(t, 1)
	off := objtest.Made[*ecp.Point](t)(ecp.PointOf(one, one))
	order := objtest.Made[*bignum.Int](t)(g.N())
	k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp256r1, nil))
	empty := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(ecp.None, nil, nil))
	const badInput, invalid = cbridge.ErrECPBadInputData, cbridge.ErrECPInvalidKey
	wide := int64(1) << 32
	if int64(int(wide)) != wide {
		wide = 2 // C's numbers are as large as Go's
	}
	for what, test := range map[string]struct {
		err  error
		want cbridge.Code
	}{
		"zero times":               {g.Mul(r, number(t, 0), base, nil, nil), invalid},
		"the order times":          {g.Mul(r, order, base, nil, nil), invalid},
		"a negative number times":  {g.Mul(r, number(t, -5), base, nil, nil), invalid},
		"a point off the curve":    {g.Mul(r, one, off, nil, nil), invalid},
		"the zero point":           {g.Mul(r, one, r, nil, nil), invalid},
		"a point of another curve": {other.CheckPublic(base), invalid},
		"a sum with such a point":  {other.MulAdd(r, one, base, one, base, nil), invalid},
		"no factor":                {g.Mul(r, nil, base, nil, nil), cbridge.ErrMPIBadInputData},
		"no point":                 {g.Mul(r, one, nil, nil, nil), badInput},
		"no result":                {g.Mul(nil, one, base, nil, nil), badInput},
		"no group":                 {(*ecp.Group)(nil).Mul(r, one, base, nil, nil), badInput},
		"no point to check":        {g.CheckPublic(nil), badInput},
		"no point to copy":         {r.Set(nil), badInput},
		"no private key":           {empty.CalcPublic(nil), badInput},
		"a key of another curve":   {k.SetPublic(ecp.Secp384r1, base), badInput},
		"no curve":                 {empty.SetPublic(ecp.None, base), cbridge.ErrECPFeatureUnavailable},
		"a private key of zero":    {k.SetPrivate(ecp.Secp256r1, make([]byte, 32)), invalid},
		"an empty private key":     {k.SetPrivate(ecp.Secp256r1, nil), invalid},
		"no pair to check":         {k.Check(nil, nil), badInput},
		"a pair without a curve":   {empty.Check(empty, nil), badInput},
		"no private key to write":  {third(empty.Private()), badInput},
		"no curve to write for":    {third(empty.Public(ecp.Uncompressed)), cbridge.ErrECPFeatureUnavailable},
		"no group of a pair":       {third(empty.Group()), cbridge.ErrECPFeatureUnavailable},
		"no format":                {third(g.WritePoint(base, 2)), badInput},
		"no format that C has":     {third(g.WritePoint(base, ecp.Format(wide))), badInput},
		"a coordinate too large":   {third(g.WritePoint(objtest.Made[*ecp.Point](t)(other.G()), 0)), cbridge.ErrMPIBufferTooSmall},
		"an empty point":           {third(g.ReadPoint(nil)), badInput},
		"an unknown curve of TLS":  {last(ecp.ReadTLSGroup([]byte{3, 0, 1})), cbridge.ErrECPFeatureUnavailable},
		"an explicit curve of TLS": {last(ecp.ReadTLSGroupID([]byte{1, 0, 23})), badInput},
		"half a curve of TLS":      {last(ecp.ReadTLSGroupID([]byte{3, 0})), badInput},
		"half a point of TLS":      {last(g.ReadTLSPoint([]byte{65, 4})), badInput},
		"an empty point of TLS":    {last(g.ReadTLSPoint(nil)), badInput},
		"text that is no number":   {third(ecp.ParsePoint("x", "1", 10)), cbridge.ErrMPIInvalidCharacter},
		"text with a zero byte":    {third(ecp.ParsePoint("1\x00", "1", 10)), cbridge.ErrMPIInvalidCharacter},
	} {
		objtest.Code(t, what, test.err, test.want)
	}
}

func third[T any](_ T, err error) error        { return err }
func last[T, U any](_ T, _ U, err error) error { return err }

func TestClose(t *testing.T) {
	t.Parallel()
	g, p, k := group(t, ecp.Secp256r1), point(t), objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp256r1, nil))
	open := group(t, ecp.Secp256r1)
	for range 2 {
		objtest.Must(t, errors.Join(g.Close(), p.Close(), k.Close()))
	}
	for what, err := range map[string]error{
		"group": g.CheckPrivate(number(t, 1)), "point": open.CheckPublic(p), "coordinates": last(p.XY()), "zero": p.SetZero(),
		"pair": k.CalcPublic(nil), "private key": third(k.Private()), "generator": third(g.G()), "copy": third(g.Copy()),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
	if g.ID() != ecp.None || g.Type() != ecp.TypeNone || g.PBits() != 0 || k.ID() != ecp.None {
		t.Error("a closed group has properties")
	}
}

func TestRestart(t *testing.T) { // not parallel: the bound is the process's
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		_, err := ecp.NewRestart()
		objtest.NotBuilt(t, "NewRestart", err, "MBEDTLS_ECP_RESTARTABLE")
		objtest.NotBuilt(t, "SetMaxOps", ecp.SetMaxOps(1), "MBEDTLS_ECP_RESTARTABLE")
		if ecp.RestartEnabled() {
			t.Error("restarts are on")
		}
		return
	}
	objtest.Must(t, ecp.SetMaxOps(500))
	r := objtest.Made[*ecp.Restart](t)(ecp.NewRestart())
	if err := ecp.SetMaxOps(1); !errors.Is(err, cbridge.ErrConnectionsExist) || !ecp.RestartEnabled() {
		t.Errorf("SetMaxOps beside a restart: %v", err)
	}
	g, other := group(t, ecp.Secp256r1), group(t, ecp.BP512r1)
	base, result, d := objtest.Made[*ecp.Point](t)(g.G()), point(t), number(t, 123456789)
	const inProgress = cbridge.ErrECPInProgress
	objtest.Code(t, "first call", g.Mul(result, d, base, nil, r), inProgress)
	base2 := objtest.Made[*ecp.Point](t)(other.G())
	objtest.Code(t, "another group", other.Mul(result, d, base2, nil, r), cbridge.ErrECPBadInputData)
	objtest.Code(t, "another operation", g.MulAdd(result, d, base, d, base, r), cbridge.ErrECPBadInputData)
	calls := 1
	for ; calls < 1000; calls++ {
		if err := g.Mul(result, d, base, nil, r); !errors.Is(err, inProgress) {
			objtest.Must(t, err)
			break
		}
	}
	want := point(t)
	objtest.Must(t, g.Mul(want, d, base, nil, nil))
	if equal, err := result.Equal(want); err != nil || !equal || calls < 2 {
		t.Errorf("after %d calls: %v, %v", calls, equal, err)
	}
	objtest.Code(t, "another operation begins", g.MulAdd(result, d, base, d, base, r), inProgress)
	objtest.Must(t, r.Reset())
	objtest.Code(t, "another operation after Reset", g.Mul(result, d, base, nil, r), inProgress)
	objtest.Must(t, r.Close())
	if err := g.Mul(result, d, base, nil, r); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Mul after Close: %v", err)
	}
	objtest.Must(t, ecp.SetMaxOps(0))
}

func TestTypeNames(t *testing.T) {
	t.Parallel()
	if got := ecp.TypeMontgomery.String() + ", " + ecp.Type(9).String(); got != "Montgomery, Type(9)" {
		t.Error(got)
	}
}

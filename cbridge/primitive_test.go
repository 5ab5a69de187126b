package cbridge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sameAsC compares a call with acceleration and without: the result, and, where random numbers are drawn exactly, how many.
// It tells whether the call succeeds.
func sameAsC(t testing.TB, name string, p primitive) bool {
	t.Helper()
	before := Acceleration()
	defer func() {
		SetExactRandomness(false)
		if err := SetAcceleration(before); err != nil {
			t.Error(err)
		}
	}()
	run := func(a Accel) primitiveResult {
		if err := SetAcceleration(a); err != nil {
			t.Fatal(err)
		}
		return p.call()
	}
	want := run(0)
	SetExactRandomness(true)
	if diff := cmp.Diff(want, run(AvailableAcceleration())); diff != "" {
		t.Errorf("%s, exact randomness: accelerated (+) and not (-):\n%s", name, diff)
	}
	SetExactRandomness(false)
	got := run(AvailableAcceleration())
	if got.Drawn > want.Drawn {
		t.Errorf("%s draws %d random bytes, and %d without acceleration", name, got.Drawn, want.Drawn)
	}
	got.Drawn = want.Drawn
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: accelerated (+) and not (-):\n%s", name, diff)
	}
	return want.Code == 0
}

var testCurves = []struct {
	name, option string
	group        int
	curve        elliptic.Curve
}{
	{"P-256", "MBEDTLS_ECP_DP_SECP256R1_ENABLED", groupP256, elliptic.P256()},
	{"P-384", "MBEDTLS_ECP_DP_SECP384R1_ENABLED", groupP384, elliptic.P384()},
	{"P-521", "MBEDTLS_ECP_DP_SECP521R1_ENABLED", groupP521, elliptic.P521()},
}

func num(i int64) *big.Int { return big.NewInt(i) }

func plus(n *big.Int, i int64) *big.Int { return new(big.Int).Add(n, big.NewInt(i)) }

func hexNumber(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic(s)
	}
	return n
}

func randomBelow(t testing.TB, n *big.Int) *big.Int {
	t.Helper()
	k, err := rand.Int(rand.Reader, n)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type xyz = [3]*big.Int

func publicKey(t testing.TB, curve elliptic.Curve) (d *big.Int, q xyz) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := (len(der) - 1) / 2
	return new(big.Int).SetBytes(raw), xyz{new(big.Int).SetBytes(der[1 : 1+half]), new(big.Int).SetBytes(der[1+half:]), num(1)}
}

// scalars are those of a curve of order n that something could be special about, and random ones.
func scalars(t testing.TB, n *big.Int) map[string]*big.Int {
	t.Helper()
	return map[string]*big.Int{
		"unset": nil, "0": num(0), "1": num(1), "2": num(2), "-1": num(-1), "n-1": plus(n, -1), "n-2": plus(n, -2),
		"n": n, "n+1": plus(n, 1), "2n": new(big.Int).Lsh(n, 1), "long": new(big.Int).Lsh(num(1), 600),
		"half": new(big.Int).Rsh(n, 1), "random": randomBelow(t, n), "short": randomBelow(t, num(1<<40)),
	}
}

// pointsOf are valid and invalid points of a curve.
func pointsOf(t testing.TB, curve elliptic.Curve) map[string]xyz {
	t.Helper()
	c := curve.Params()
	_, q := publicKey(t, curve)
	return map[string]xyz{
		"random":       q,
		"generator":    {c.Gx, c.Gy, num(1)},
		"-generator":   {c.Gx, new(big.Int).Sub(c.P, c.Gy), num(1)},
		"infinity":     {num(1), num(1), num(0)},
		"0, 0":         {num(0), num(0), num(1)},
		"unset":        {nil, nil, nil},
		"off":          {q[0], plus(q[1], 1), num(1)},
		"x + p":        {new(big.Int).Add(q[0], c.P), q[1], num(1)},
		"y + p":        {q[0], new(big.Int).Add(q[1], c.P), num(1)},
		"-x":           {new(big.Int).Neg(q[0]), q[1], num(1)},
		"-y":           {q[0], new(big.Int).Neg(q[1]), num(1)},
		"z 2":          {q[0], q[1], num(2)},
		"x = p":        {c.P, q[1], num(1)},
		"long":         {new(big.Int).Lsh(q[0], 600), q[1], num(1)},
		"other random": func() xyz { _, q := publicKey(t, curve); return q }(),
	}
}

// handshakeCalls are what handshakes spend their time in.
func handshakeCalls(t testing.TB) map[string]primitive {
	t.Helper()
	set := func(p primitive, at int, numbers ...*big.Int) primitive {
		copy(p.Numbers[at:], numbers)
		return p
	}
	calls := map[string]primitive{}
	digest := make([]byte, 32)
	digest[0] = 1
	sha256, _ := mdOf(crypto.SHA256)
	for _, tc := range testCurves {
		d, q := publicKey(t, tc.curve)
		g := tc.curve.Params()
		calls[tc.name+" key pair"] = set(set(primitive{Op: opECPMulRestartable, Group: tc.group}, 0, d), 3, g.Gx, g.Gy, num(1))
		calls[tc.name+" shared secret"] = set(set(primitive{Op: opECPMulRestartable, Group: tc.group}, 0, d), 3, q[:]...)
		sign := set(primitive{Op: opECDSAWrite, Group: tc.group, MD: int(sha256), Hash: digest, Bytes: make([]byte, 141)}, 0, d)
		verify := set(primitive{Op: opECDSARead, Group: tc.group, Hash: digest}, 3, q[:]...)
		if signed := sign.call(); signed.Code == 0 {
			verify.Bytes = signature(signed)
		}
		calls[tc.name+" sign"], calls[tc.name+" verify"] = sign, verify
	}
	k := new(big.Int).SetBit(new(big.Int).Lsh(randomBelow(t, new(big.Int).Lsh(num(1), 251)), 3), 254, 1)
	calls["X25519 key pair"] = set(set(primitive{Op: opECPMulRestartable, Group: groupX25519}, 0, k), 3, num(9), nil, num(1))
	calls["X25519 shared secret"] = set(set(primitive{Op: opECPMulRestartable, Group: groupX25519}, 0, k), 3, num(12345), nil, num(1))
	sign := primitive{Op: opRSASign, Group: paddingPKCS1, MD: int(sha256), Hash: digest, Bytes: make([]byte, 256), Numbers: rsaNumbers(rsaKey(t, 2048))}
	verify := sign
	verify.Op, verify.Bytes = opRSAVerify, signature(sign.call())
	calls["RSA-2048 sign"], calls["RSA-2048 verify"] = sign, verify
	return calls
}

func signature(r primitiveResult) []byte {
	return hexNumber("0" + r.Bytes).FillBytes(make([]byte, len(r.Bytes)/2))
}

// What is accelerated draws no numbers to blind its secrets with.
func TestAccelerationIsUsed(t *testing.T) {
	available := AvailableAcceleration()
	if available == 0 {
		t.Skip("this build has no acceleration")
	}
	before := Acceleration()
	defer func() {
		if err := SetAcceleration(before); err != nil {
			t.Error(err)
		}
	}()
	for name, call := range handshakeCalls(t) {
		for _, a := range []Accel{0, available} {
			if err := SetAcceleration(a); err != nil {
				t.Fatal(err)
			}
			r := call.call()
			secret := call.Op != opECDSARead && call.Op != opRSAVerify
			drawsAnyway := call.Op == opECDSAWrite && !Feature("MBEDTLS_ECDSA_DETERMINISTIC")
			switch {
			case r.Code == notBuilt || r.Code == ErrECPFeatureUnavailable:
				t.Logf("%s: this build lacks it", name)
			case r.Code != 0:
				t.Errorf("%s, acceleration %v: %v", name, a, r.Code)
			case (r.Drawn > 0) != (secret && a == 0 || drawsAnyway):
				t.Errorf("%s, acceleration %v: %d random bytes", name, a, r.Drawn)
			}
		}
	}
}

// BenchmarkPrimitives is without acceleration and with. The call itself takes a few µs of each.
func BenchmarkPrimitives(b *testing.B) {
	before := Acceleration()
	defer func() {
		if err := SetAcceleration(before); err != nil {
			b.Error(err)
		}
	}()
	calls := handshakeCalls(b)
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		for _, a := range []Accel{0, AvailableAcceleration()} {
			b.Run(fmt.Sprintf("%s/accelerated=%v", name, a != 0), func(b *testing.B) {
				if err := SetAcceleration(a); err != nil {
					b.Fatal(err)
				}
				call := calls[name]
				for b.Loop() {
					if r := call.call(); r.Code != 0 {
						b.Skip(r.Code)
					}
				}
			})
		}
	}
}

func TestECMultiplicationIsAsInC(t *testing.T) {
	for _, tc := range testCurves {
		t.Run(tc.name, func(t *testing.T) {
			n, worked := tc.curve.Params().N, 0
			for pn, p := range pointsOf(t, tc.curve) {
				for kn, k := range scalars(t, n) {
					for _, op := range []int{opECPMul, opECPMulRestartable} {
						call := primitive{Op: op, Group: tc.group}
						call.Numbers[0] = k
						copy(call.Numbers[3:], p[:])
						if sameAsC(t, kn+" times "+pn, call) {
							worked++
						}
					}
				}
			}
			if Feature("MBEDTLS_ECP_C") && Feature(tc.option) && worked < 40 {
				t.Errorf("%d multiplications succeed", worked)
			}
			sameAsC(t, "key pair", primitive{Op: opECPGenKeypair, Group: tc.group})
		})
	}
	t.Run("other curve", func(t *testing.T) { sameAsC(t, "key pair", primitive{Op: opECPGenKeypair, Group: groupBrainpool}) })
}

func TestECMultiplicationAndAdditionIsAsInC(t *testing.T) {
	for _, tc := range testCurves {
		t.Run(tc.name, func(t *testing.T) {
			points := pointsOf(t, tc.curve)
			ks := scalars(t, tc.curve.Params().N)
			for _, pq := range [][2]string{{"generator", "random"}, {"random", "random"}, {"generator", "-generator"},
				{"generator", "generator"}, {"infinity", "random"}, {"random", "off"}, {"z 2", "random"}, {"random", "-y"}} {
				for _, kl := range [][2]string{{"random", "random"}, {"random", "short"}, {"0", "random"}, {"random", "0"}, {"0", "0"},
					{"1", "1"}, {"1", "-1"}, {"-1", "random"}, {"n-1", "1"}, {"n", "random"}, {"random", "long"}, {"unset", "1"}} {
					call := primitive{Op: opECPMulAdd, Group: tc.group}
					call.Numbers[0], call.Numbers[1] = ks[kl[0]], ks[kl[1]]
					p, q := points[pq[0]], points[pq[1]]
					copy(call.Numbers[3:], p[:])
					copy(call.Numbers[6:], q[:])
					sameAsC(t, kl[0]+" "+pq[0]+" + "+kl[1]+" "+pq[1], call)
				}
			}
		})
	}
}

func TestX25519IsAsInC(t *testing.T) {
	p := hexNumber("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed")
	clamped := func(k *big.Int) *big.Int {
		k = new(big.Int).Mod(k, new(big.Int).Lsh(num(1), 254))
		return new(big.Int).SetBit(new(big.Int).Lsh(new(big.Int).Rsh(k, 3), 3), 254, 1)
	}
	full := new(big.Int).Lsh(num(1), 256)
	ks := map[string]*big.Int{"least": clamped(num(0)), "greatest": clamped(plus(full, -1)), "random": clamped(randomBelow(t, full)),
		"other random": clamped(randomBelow(t, full)), "not clamped": plus(clamped(num(0)), 1), "short": num(8), "0": num(0),
		"negative": new(big.Int).Neg(clamped(num(0))), "unset": nil}
	low := []*big.Int{num(0), num(1), plus(p, -1), p, plus(p, 1), new(big.Int).Lsh(p, 1), plus(new(big.Int).Lsh(p, 1), 1),
		hexNumber("00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0"),
		hexNumber("57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5f")}
	us := map[string]*big.Int{"base": num(9), "random": randomBelow(t, p), "other random": randomBelow(t, p), "p+9": plus(p, 9),
		"2^255-1": plus(p, 18), "2^255": plus(p, 19), "2^255+9": plus(p, 28), "2^256-1": plus(full, -1), "2^256": full,
		"negative": num(-9), "2": num(2), "unset": nil}
	for _, u := range low {
		us["low "+u.Text(16)] = u
		us["low + p "+u.Text(16)] = new(big.Int).Add(u, p)
	}
	worked := 0
	for un, u := range us {
		for kn, k := range ks {
			for _, z := range []*big.Int{num(1), num(2), num(0)} {
				call := primitive{Op: opECPMulRestartable, Group: groupX25519}
				call.Numbers[0], call.Numbers[3], call.Numbers[4], call.Numbers[5] = k, u, num(5), z
				if sameAsC(t, kn+" times "+un, call) {
					worked++
				}
			}
		}
	}
	if Feature("MBEDTLS_ECP_DP_CURVE25519_ENABLED") && worked < 20 {
		t.Errorf("%d multiplications succeed", worked)
	}
	sameAsC(t, "key pair", primitive{Op: opECPGenKeypair, Group: groupX25519})
}

func TestECDSAIsAsInC(t *testing.T) {
	for _, tc := range testCurves {
		t.Run(tc.name, func(t *testing.T) {
			n := tc.curve.Params().N
			d, q := publicKey(t, tc.curve)
			ks := scalars(t, n)
			ks["random"] = d
			for _, size := range []int{0, 1, 16, 20, 28, 32, 48, 64, 66, 67, 100} {
				digest := make([]byte, size)
				for _, fill := range []byte{0, 0xff, 0x5a} {
					for i := range digest {
						digest[i] = fill
					}
					key, err := ecdsa.ParseRawPrivateKey(tc.curve, d.FillBytes(make([]byte, (n.BitLen()+7)/8)))
					if err != nil {
						t.Fatal(err)
					}
					sig, err := ecdsa.SignASN1(rand.Reader, key, digest)
					if err != nil {
						t.Fatal(err)
					}
					call := primitive{Op: opECDSARead, Group: tc.group, Hash: digest, Bytes: sig}
					copy(call.Numbers[3:], q[:])
					if !sameAsC(t, "signature", call) && Feature("MBEDTLS_ECDSA_C") && Feature(tc.option) {
						t.Errorf("a signature of %d bytes of %#x is refused", size, fill)
					}
					if size == 32 && fill == 0x5a {
						verifiesNearly(t, tc.group, q, digest, sig)
					}
				}
				for kn, k := range ks {
					for md := range hashes {
						if size != hashes[md].Size() && (kn != "random" || hashes[md] != crypto.SHA256) {
							continue
						}
						call := primitive{Op: opECDSAWrite, Group: tc.group, MD: int(md), Hash: digest, Bytes: make([]byte, 200)}
						call.Numbers[0] = k
						sameAsC(t, kn+" signs with "+hashes[md].String(), call)
						call.Bytes = call.Bytes[:64]
						sameAsC(t, kn+" signs into little with "+hashes[md].String(), call)
						call = primitive{Op: opECDSASignDet, Group: tc.group, MD: int(md), Hash: digest}
						call.Numbers[2] = k
						sameAsC(t, kn+" signs to numbers with "+hashes[md].String(), call)
					}
				}
			}
		})
	}
}

// verifiesNearly compares the verdicts about what is nearly a signature.
func verifiesNearly(t *testing.T, group int, q xyz, digest, sig []byte) {
	t.Helper()
	read := func(name string, q xyz, sig []byte) {
		call := primitive{Op: opECDSARead, Group: group, Hash: digest, Bytes: sig}
		copy(call.Numbers[3:], q[:])
		sameAsC(t, "signature "+name, call)
	}
	for i := range sig {
		changed := append([]byte(nil), sig...)
		changed[i] ^= 1
		if i < 8 || i%16 == 0 {
			read("changed", q, changed)
			read("cut", q, sig[:i])
		}
	}
	read("and more", q, append(append([]byte(nil), sig...), 0))
	read("by another", xyz{q[0], plus(q[1], 1), q[2]}, sig)
	read("by infinity", xyz{num(1), num(1), num(0)}, sig)
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &rs); err != nil {
		t.Fatal(err)
	}
	n := order(group)
	for _, r := range []*big.Int{rs.R, num(0), num(1), n, plus(n, -1), plus(n, 1), new(big.Int).Neg(rs.R), new(big.Int).Add(rs.R, n)} {
		for _, s := range []*big.Int{rs.S, num(0), num(1), n, plus(n, -1), new(big.Int).Sub(n, rs.S), new(big.Int).Add(rs.S, n)} {
			call := primitive{Op: opECDSAVerify, Group: group, Hash: digest}
			call.Numbers[0], call.Numbers[1] = r, s
			copy(call.Numbers[3:], q[:])
			sameAsC(t, "numbers "+r.Text(16)+" "+s.Text(16), call)
			der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
			if err != nil {
				t.Fatal(err)
			}
			read("encoded", q, der)
		}
	}
	read("longer than DER", q, append([]byte{0x30, 0x82, 0, byte(len(sig) - 2)}, sig[2:]...)) // the library takes it
}

func order(group int) *big.Int {
	for _, tc := range testCurves {
		if tc.group == group {
			return tc.curve.Params().N
		}
	}
	panic("no such curve")
}

//go:debug rsa1024min=0

package cbridge

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	mrand "math/rand/v2"
	"testing"
)

func TestExpModIsAsInC(t *testing.T) {
	odd := func(bits uint) *big.Int {
		n := randomBelow(t, new(big.Int).Lsh(num(1), bits))
		return n.SetBit(n.SetBit(n, 0, 1), int(bits-1), 1)
	}
	for _, bits := range []uint{500, 512, 1000, 1023, 1024, 1032, 1536, 2047, 2048, 3072, 4096, 4104} {
		n := odd(bits)
		as := []*big.Int{nil, num(0), num(1), num(-1), plus(n, -1), n, plus(n, 1), randomBelow(t, n),
			odd(bits/2 + 1), odd(2 * bits / 3), odd(min(2*bits, 5000)), odd(min(2*bits+9, 5000)), new(big.Int).Neg(odd(bits / 2))}
		es := []*big.Int{nil, num(0), num(1), num(2), num(3), num(65537), hexNumber("ffffffffffffffff"),
			hexNumber("10000000000000001"), num(-3)}
		for i, a := range as {
			for j, e := range es {
				expMod(t, a, e, n)
				if i == 7 || j == 5 {
					expMod(t, a, e, plus(n, 1))
					expMod(t, a, e, new(big.Int).Neg(n))
				}
			}
		}
		if bits <= 2048 {
			expMod(t, as[7], odd(bits/2+224), n)
		}
	}
	for _, bits := range []int{8191, 8192, 8256} { // MBEDTLS_MPI_MAX_BITS is 8192
		expMod(t, num(2), new(big.Int).SetBit(num(1), bits, 1), odd(512))
	}
	expMod(t, num(2), num(3), nil)
	expMod(t, num(2), num(3), num(1))
}

func expMod(t testing.TB, a, e, n *big.Int) {
	t.Helper()
	for _, op := range []int{opExpMod, opExpModUnsafe} {
		call := primitive{Op: op}
		call.Numbers[0], call.Numbers[1], call.Numbers[2] = a, e, n
		sameAsC(t, "power", call)
	}
}

// rsaNumbers are those of GM_RSA_SIGN.
func rsaNumbers(k *rsa.PrivateKey) (n [9]*big.Int) {
	return [9]*big.Int{k.N, num(int64(k.E)), k.D, k.Primes[0], k.Primes[1], k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv}
}

func TestRSAIsAsInC(t *testing.T) {
	type change struct {
		name string
		set  func(n *[9]*big.Int)
	}
	field := func(name string, i int, f func(*big.Int) *big.Int) change {
		return change{name, func(n *[9]*big.Int) { n[i] = f(n[i]) }}
	}
	inc := func(n *big.Int) *big.Int { return plus(n, 1) }
	inc2 := func(n *big.Int) *big.Int { return plus(n, 2) }
	neg := func(n *big.Int) *big.Int { return new(big.Int).Neg(n) }
	zero := func(*big.Int) *big.Int { return num(0) }
	unset := func(*big.Int) *big.Int { return nil }
	changes := []change{
		{"as it is", func(*[9]*big.Int) {}},
		field("N even", 0, inc), field("N other", 0, inc2), field("N negative", 0, neg), field("N unset", 0, unset),
		field("E 0", 1, zero), field("E other", 1, inc2), field("E negative", 1, neg),
		field("E long", 1, func(*big.Int) *big.Int { return new(big.Int).SetBit(num(1), 70, 1) }),
		field("P even", 3, inc), field("P other", 3, inc2), field("P 0", 3, zero), field("P negative", 3, neg), field("Q even", 4, inc),
		field("Q other", 4, inc2), field("DP other", 5, inc), field("DP unset", 5, unset), field("DQ negative", 6, neg),
		field("DQ other", 6, inc), field("QP other", 7, inc), field("QP 0", 7, zero),
		field("QP long", 7, func(n *big.Int) *big.Int { return new(big.Int).Lsh(n, 2000) }),
		{"P and Q the other way", func(n *[9]*big.Int) {
			n[3], n[4], n[5], n[6] = n[4], n[3], n[6], n[5]
			n[7] = new(big.Int).ModInverse(n[4], n[3])
		}},
	}
	for _, bits := range []int{512, 1000, 1016, 1024, 2048, 3072, 4096} {
		if testing.Short() && bits > 2048 {
			break
		}
		key := rsaKey(t, bits)
		for _, c := range changes {
			if bits != 1024 && c.name != "as it is" {
				continue
			}
			n := rsaNumbers(key)
			c.set(&n)
			for md, hash := range hashes {
				digest := make([]byte, hash.Size())
				for i := range digest {
					digest[i] = byte(mrand.Uint())
				}
				if hash != crypto.SHA256 && bits != 1024 && bits != 2048 || hash != crypto.SHA256 && c.name != "as it is" {
					continue
				}
				if c.name == "as it is" {
					rsaSigns(t, hash.String(), n, int(md), digest)
				}
				// A key that does not fit may fail by chance, and PSS has drawn other numbers before that is seen.
				rsaSignsPKCS1(t, c.name+" with "+hash.String(), n, int(md), digest)
			}
		}
	}
}

// rsaKey is a key that crypto/rsa may find too small, and of whatever odd size.
func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaSigns(t testing.TB, name string, n [9]*big.Int, md int, digest []byte) {
	t.Helper()
	for _, op := range []int{opRSASign, opRSASignPSS, opRSASignPSSSalt, opRSASignPSSAnyMode} {
		for _, padding := range []int{paddingPKCS1, paddingPSS} {
			for _, hashID := range []int{mdNone, md} {
				salts := []int{saltAny}
				if op == opRSASignPSSSalt {
					salts = []int{saltAny, -2, 0, 20, 64, 65, 1 << 20}
				}
				for _, salt := range salts {
					call := primitive{Op: op, Group: padding, HashID: hashID, MD: md, SaltLen: salt, Hash: digest, Bytes: make([]byte, 520), Numbers: n}
					sameAsC(t, name, call)
				}
			}
		}
	}
}

func rsaSignsPKCS1(t testing.TB, name string, n [9]*big.Int, md int, digest []byte) {
	t.Helper()
	call := primitive{Op: opRSASign, Group: paddingPKCS1, MD: md, Hash: digest, Bytes: make([]byte, 520), Numbers: n}
	sameAsC(t, name, call)
	signed := call.call()
	call.Hash = digest[:len(digest)-1]
	sameAsC(t, name+", short digest", call)
	call.Hash, call.Op, call.Bytes = digest, opRSAVerify, signature(signed)
	if signed.Code != 0 {
		return
	}
	if !sameAsC(t, name+", verified", call) {
		t.Errorf("%s: the signature is refused", name)
	}
	call.Bytes[9] ^= 1
	sameAsC(t, name+", changed", call)
	for i := range call.Bytes {
		call.Bytes[i] = 0xff // more than the modulus
	}
	sameAsC(t, name+", too great", call)
}

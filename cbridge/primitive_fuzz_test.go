package cbridge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"testing"
)

// fuzzNumber is b as a number that a primitive's call can hold.
func fuzzNumber(b []byte) *big.Int { return new(big.Int).SetBytes(b[:min(len(b), 600)]) }

func FuzzECMultiplicationIsAsInC(f *testing.F) {
	for i, tc := range testCurves {
		_, q := publicKey(f, tc.curve)
		f.Add(uint8(i), tc.curve.Params().N.Bytes(), q[0].Bytes(), q[1].Bytes(), []byte{7})
		f.Add(uint8(i), []byte{3}, tc.curve.Params().Gx.Bytes(), tc.curve.Params().Gy.Bytes(), []byte{9})
	}
	f.Fuzz(func(t *testing.T, curve uint8, k, x, y, seed []byte) {
		tc := testCurves[int(curve)%len(testCurves)]
		if len(seed) > 0 { // a point of the curve, which chance does not find
			n := tc.curve.Params().N
			d := new(big.Int).Mod(new(big.Int).SetBytes(seed), n)
			key, err := ecdsa.ParseRawPrivateKey(tc.curve, d.FillBytes(make([]byte, (n.BitLen()+7)/8)))
			if err != nil {
				return // 0
			}
			q, err := key.PublicKey.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			x, y = q[1:1+len(q)/2], q[1+len(q)/2:]
		}
		call := primitive{Op: opECPMul, Group: tc.group}
		call.Numbers[0], call.Numbers[3], call.Numbers[4], call.Numbers[5] = fuzzNumber(k), fuzzNumber(x), fuzzNumber(y), num(1)
		sameAsC(t, "product", call)
		call.Op, call.Numbers[1] = opECPMulAdd, fuzzNumber(seed)
		call.Numbers[6], call.Numbers[7], call.Numbers[8] = tc.curve.Params().Gx, tc.curve.Params().Gy, num(1)
		sameAsC(t, "sum of products", call)
	})
}

func FuzzX25519IsAsInC(f *testing.F) {
	f.Add(make([]byte, 32), []byte{9})
	f.Add([]byte{0x7f, 31: 0xf8}, []byte{1})
	f.Fuzz(func(t *testing.T, k, u []byte) {
		for _, clamp := range []bool{false, true} {
			n := fuzzNumber(k)
			if clamp {
				n.SetBit(n.Lsh(n.Rsh(n, 3), 3), 254, 1)
			}
			call := primitive{Op: opECPMulRestartable, Group: groupX25519}
			call.Numbers[0], call.Numbers[3], call.Numbers[5] = n, fuzzNumber(u), num(1)
			sameAsC(t, "product", call)
		}
	})
}

func FuzzECDSAIsAsInC(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	d, err := key.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	sig, err := ecdsa.SignASN1(rand.Reader, key, make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(d, make([]byte, 32), sig)
	f.Add(d, []byte{}, []byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, d, digest, sig []byte) {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
		if err != nil {
			return
		}
		q, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		call := primitive{Op: opECDSARead, Group: groupP256, Hash: digest, Bytes: sig}
		call.Numbers[3], call.Numbers[4], call.Numbers[5] = fuzzNumber(q[1:33]), fuzzNumber(q[33:]), num(1)
		sameAsC(t, "verdict", call)
		for md := range hashes {
			call := primitive{Op: opECDSAWrite, Group: groupP256, MD: int(md), Hash: digest, Bytes: make([]byte, 80)}
			call.Numbers[0] = fuzzNumber(d)
			sameAsC(t, "signature", call)
		}
	})
}

func FuzzExpModIsAsInC(f *testing.F) {
	f.Add([]byte{2}, []byte{1, 0, 1}, []byte{0x80, 63: 1})
	f.Add([]byte{0xff, 200: 3}, []byte{0}, []byte{0xff, 127: 0xff})
	f.Fuzz(func(t *testing.T, a, e, n []byte) {
		expMod(t, fuzzNumber(a), fuzzNumber(e[:min(len(e), 64)]), fuzzNumber(n))
	})
}

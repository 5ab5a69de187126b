package differential

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"
)

// pkcs1 is an RSAPrivateKey to be changed.
type pkcs1 struct {
	Version                          int
	N, E, D, P, Q, DP, DQ, QInv, End *big.Int `asn1:"optional"`
}

func newPKCS1(k *rsa.PrivateKey) pkcs1 {
	crt := k.Precomputed
	return pkcs1{0, k.N, big.NewInt(int64(k.E)), k.D, k.Primes[0], k.Primes[1], crt.Dp, crt.Dq, crt.Qinv, nil}
}

// TestConditionsOfRSAKeys: what crypto/rsa takes is consistent, and what is not so, it refuses.
func TestConditionsOfRSAKeys(t *testing.T) {
	two := big.NewInt(2)
	for name, test := range map[string]struct {
		change             func(*pkcs1)
		unchecked, isOther bool
	}{
		"none":       {func(k *pkcs1) {}, false, false},
		"N":          {func(k *pkcs1) { k.N = new(big.Int).Add(k.N, two) }, true, false},
		"E":          {func(k *pkcs1) { k.E = big.NewInt(65539) }, true, false},
		"large E":    {func(k *pkcs1) { k.E = new(big.Int).SetBit(k.E, 32, 1) }, true, false},
		"D":          {func(k *pkcs1) { k.D = new(big.Int).Add(k.D, two) }, true, false},
		"P":          {func(k *pkcs1) { k.P = new(big.Int).Add(k.P, two) }, true, false},
		"DP":         {func(k *pkcs1) { k.DP = new(big.Int).Add(k.DP, two) }, true, false},
		"DQ":         {func(k *pkcs1) { k.DQ = new(big.Int).Add(k.DQ, two) }, true, false},
		"QInv":       {func(k *pkcs1) { k.QInv = new(big.Int).Add(k.QInv, two) }, true, false},
		"negative Q": {func(k *pkcs1) { k.Q = new(big.Int).Neg(k.Q) }, true, true},
		"version":    {func(k *pkcs1) { k.Version = 1 }, false, true},
		"no CRT":     {func(k *pkcs1) { k.DP, k.DQ, k.QInv = nil, nil, nil }, false, true},
		"more":       {func(k *pkcs1) { k.End = two }, false, true},
	} {
		k := newPKCS1(rsaKey())
		test.change(&k)
		der, err := asn1.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		if got := isUncheckedRSAKey(der); got != test.unchecked {
			t.Errorf("%s: the numbers are unchecked: %v", name, got)
		}
		if got := isOtherRSAKey(der); got != test.isOther {
			t.Errorf("%s: the key is of another kind: %v", name, got)
		}
		if _, err := standardKey(der); (err != nil) != test.unchecked {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestConditionsOfOtherKeys: none holds for what both libraries write; each does for its own change.
func TestConditionsOfOtherKeys(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	sec1, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	withParameters := func(tag byte) []byte {
		return bytes.Replace(pkcs8(rsaKey()), append(bytes.Clone(idRSA), tagNull, 0), append(bytes.Clone(idRSA), tag, 0), 1)
	}
	replace := func(der []byte, old, now []byte) []byte { return bytes.Replace(der, old, now, 1) }
	for name, test := range map[string]struct {
		der  []byte
		want []difference
	}{
		"EC":               {pkcs8(p256), nil},
		"EC alone":         {sec1, nil},
		"RSA":              {pkcs8(rsaKey()), nil},
		"X25519":           {pkcs8(x25519), nil},
		"bytes behind":     {append(pkcs8(x25519), 0), []difference{newerPKCS8}},
		"version":          {replace(pkcs8(x25519), []byte{2, 1, 0}, []byte{2, 1, 1}), []difference{newerPKCS8}},
		"public key":       {append(bytes.Clone(sec1[:len(sec1)-1]), sec1[len(sec1)-1]^1), []difference{otherECKey}},
		"another field":    {replace(sec1, []byte{0xa1, 0x44}, []byte{0xa2, 0x44}), []difference{otherECKey}},
		"curve":            {replace(sec1, standardCurves[1], []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 8}), nil},
		"parameters":       {withParameters(tagOctetString), []difference{otherParameters}},
		"empty parameters": {withParameters(0), []difference{otherParameters}},
	} {
		conditions := map[difference]bool{
			newerPKCS8: isNewerPKCS8(test.der), otherECKey: isOtherECKey(test.der), otherParameters: hasOtherParameters(test.der),
			uncheckedRSAKey: isUncheckedRSAKey(test.der), otherRSAKey: isOtherRSAKey(test.der),
		}
		for _, d := range test.want {
			if !conditions[d] {
				t.Errorf("%s: not %s", name, d)
			}
			delete(conditions, d)
		}
		for d, holds := range conditions {
			if holds {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

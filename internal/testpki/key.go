package testpki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
)

// Algorithm is a kind of key. The zero value is P-256.
type Algorithm int

// The algorithms.
const (
	P256 Algorithm = iota
	P384
	RSA2048
	RSA1024 // weak: the profiles of Mbed TLS refuse it
)

var algorithms = map[Algorithm]struct {
	name  string
	curve elliptic.Curve
	bits  int
}{
	P256:    {"P-256", elliptic.P256(), 0},
	P384:    {"P-384", elliptic.P384(), 0},
	RSA2048: {"RSA-2048", nil, 2048},
	RSA1024: {"RSA-1024", nil, 1024},
}

// String names the algorithm: "RSA-2048".
func (a Algorithm) String() string { return algorithms[a].name }

// RSA tells whether keys of the algorithm are RSA keys.
func (a Algorithm) RSA() bool { return algorithms[a].bits > 0 }

// rsaKeys are made once in a process, one for each place in a chain: a new one takes a good part of a second.
var rsaKeys = struct {
	sync.Mutex
	made map[rsaKeyID]func() *rsa.PrivateKey
}{made: map[rsaKeyID]func() *rsa.PrivateKey{}}

type rsaKeyID struct {
	place string
	bits  int
}

func newKey(a Algorithm, place string) crypto.Signer {
	alg, ok := algorithms[a]
	if !ok {
		panic(fmt.Sprintf("testpki: no algorithm %d", int(a)))
	}
	if alg.curve != nil {
		return must(ecdsa.GenerateKey(alg.curve, rand.Reader))
	}
	return rsaKey(rsaKeyID{place, alg.bits})()
}

func rsaKey(id rsaKeyID) func() *rsa.PrivateKey {
	rsaKeys.Lock()
	defer rsaKeys.Unlock()
	make, ok := rsaKeys.made[id]
	if !ok {
		make = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, id.bits)) })
		rsaKeys.made[id] = make
	}
	return make
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("testpki: " + err.Error())
	}
	return v
}

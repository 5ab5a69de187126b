package psa_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// BenchmarkSign compares a signature by a key in the store with one by the library's own, and by the standard library's.
func BenchmarkSign(b *testing.B) {
	std := must[*ecdsa.PrivateKey](b)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	library := must[*pk.PrivateKey](b)(pk.NewPrivateKey(std))
	defer library.Close()
	for name, s := range map[string]crypto.Signer{"psa": ecKey(b, 256, psa.ECDSA(psa.AnyHash)), "pk": library, "std": std} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package x509

import (
	"crypto/x509"
	"testing"
)

// The standard library's figures are those to compare with.
func BenchmarkParse(b *testing.B) {
	_, _, leaf := chainOf(b)
	b.Run("mbedtls", func(b *testing.B) {
		for b.Loop() {
			if _, err := ParseCertificate(leaf.Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("crypto/x509", func(b *testing.B) {
		for b.Loop() {
			if _, err := x509.ParseCertificate(leaf.Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	root, middle, leaf := chainOf(b)
	b.Run("mbedtls", func(b *testing.B) {
		o := &VerifyOptions{Roots: list(b, root), Name: "leaf.example"}
		chain := list(b, leaf, middle)
		for b.Loop() {
			if err := chain.Verify(o); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("crypto/x509", func(b *testing.B) {
		standard := func(c *Certificate) *x509.Certificate { return must[*x509.Certificate](b)(c.Standard()) }
		o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), DNSName: "leaf.example"}
		o.Roots.AddCert(standard(root))
		o.Intermediates.AddCert(standard(middle))
		std := standard(leaf)
		for b.Loop() {
			if _, err := std.Verify(o); err != nil {
				b.Fatal(err)
			}
		}
	})
}

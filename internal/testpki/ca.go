package testpki

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"time"
)

// CA is a certificate authority with its key.
type CA struct {
	Cert *x509.Certificate
	Key  crypto.Signer

	parent *CA // nil: a root
}

// NewCA makes a root.
func NewCA(a Algorithm, name string) *CA {
	key := newKey(a, "root")
	template := caTemplate(name)
	return &CA{Cert: sign(template, template, key.Public(), key), Key: key}
}

// Intermediate makes an authority below ca.
func (ca *CA) Intermediate(a Algorithm, name string) *CA {
	key := newKey(a, "intermediate")
	return &CA{Cert: sign(caTemplate(name), ca.Cert, key.Public(), ca.Key), Key: key, parent: ca}
}

// Pool is a pool of the CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	return pool
}

// Leaf says what a certificate is for. The zero value is for localhost and its addresses, client and server, and good
// for a day.
type Leaf struct {
	Algorithm           Algorithm
	Name                string // common name; "" is "localhost"
	DNSNames            []string
	IPs                 []net.IP
	NotBefore, NotAfter time.Time
	KeyUsage            x509.KeyUsage // 0 is digital signature, and for RSA key encipherment
	ExtKeyUsage         []x509.ExtKeyUsage
}

// Issue makes a certificate. The chain holds the intermediates, and not the root.
func (ca *CA) Issue(l Leaf) tls.Certificate {
	key := newKey(l.Algorithm, "leaf")
	leaf := sign(l.template(), ca.Cert, key.Public(), ca.Key)
	chain := [][]byte{leaf.Raw}
	for above := ca; above.parent != nil; above = above.parent {
		chain = append(chain, above.Cert.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}
}

// SelfSigned makes a certificate that vouches for itself.
func SelfSigned(l Leaf) tls.Certificate {
	key := newKey(l.Algorithm, "leaf")
	template := l.template()
	leaf := sign(template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// CRL makes a revocation list in DER. It is good from an hour ago until nextUpdate.
func (ca *CA) CRL(nextUpdate time.Time, revoked ...*x509.Certificate) []byte {
	// An expired list must still have begun before it ended.
	thisUpdate := earlier(time.Now(), nextUpdate).Add(-time.Hour)
	template := &x509.RevocationList{Number: serial(), ThisUpdate: thisUpdate, NextUpdate: nextUpdate}
	for _, cert := range revoked {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: thisUpdate})
	}
	return must(x509.CreateRevocationList(rand.Reader, template, ca.Cert, ca.Key))
}

func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"gombedtls"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func (l Leaf) template() *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: l.Name, Organization: []string{"gombedtls"}},
		DNSNames:              l.DNSNames,
		IPAddresses:           l.IPs,
		NotBefore:             l.NotBefore,
		NotAfter:              l.NotAfter,
		BasicConstraintsValid: true,
		KeyUsage:              l.KeyUsage,
		ExtKeyUsage:           l.ExtKeyUsage,
	}
	if l.Name == "" {
		t.Subject.CommonName = "localhost"
	}
	if l.DNSNames == nil && l.IPs == nil {
		t.DNSNames = []string{"localhost"}
		t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = later(time.Now(), t.NotBefore).Add(24 * time.Hour)
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = earlier(time.Now(), t.NotAfter).Add(-time.Hour)
	}
	if t.KeyUsage == 0 {
		t.KeyUsage = x509.KeyUsageDigitalSignature
		if l.Algorithm.RSA() {
			t.KeyUsage |= x509.KeyUsageKeyEncipherment
		}
	}
	if t.ExtKeyUsage == nil {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return t
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, parent, public, key))))
}

func serial() *big.Int { return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))) }

func earlier(times ...time.Time) time.Time { return slices.MinFunc(times, time.Time.Compare) }
func later(times ...time.Time) time.Time   { return slices.MaxFunc(times, time.Time.Compare) }

package testpki

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
)

// Files are the paths of a chain and its key in PEM.
type Files struct{ Cert, Key string }

// Write puts a certificate with its key in dir, as name.crt and name.key. The key is in PKCS#8.
func Write(dir, name string, c tls.Certificate) (Files, error) {
	f := Files{filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")}
	if err := os.WriteFile(f.Cert, CertPEM(c.Certificate...), 0o644); err != nil {
		return Files{}, err
	}
	return f, os.WriteFile(f.Key, KeyPEM(c), 0o600)
}

// Write puts the CA's certificate in dir, as name.crt.
func (ca *CA) Write(dir, name string) (file string, err error) {
	file = filepath.Join(dir, name+".crt")
	return file, os.WriteFile(file, CertPEM(ca.Cert.Raw), 0o644)
}

// CertPEM encodes certificates.
func CertPEM(ders ...[]byte) (out []byte) {
	for _, der := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return out
}

// CRLPEM encodes a revocation list.
func CRLPEM(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}) }

// KeyPEM encodes the key of a certificate in PKCS#8.
func KeyPEM(c tls.Certificate) []byte {
	der := must(x509.MarshalPKCS8PrivateKey(c.PrivateKey))
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

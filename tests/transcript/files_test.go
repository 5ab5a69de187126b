package transcript

import (
	"crypto/x509"
	"encoding/pem"
	"os"
)

// fileOptions are what a build must have to read certificates or revocation lists of upstream's test data.
func fileOptions(name string) (list []string) {
	if name == "" {
		return nil
	}
	data, err := os.ReadFile(dataFile(name))
	if err != nil {
		panic(err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if crl, err := x509.ParseRevocationList(block.Bytes); err == nil {
			list = append(list, signatureOptions[crl.SignatureAlgorithm]...)
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, signatureOptions[cert.SignatureAlgorithm]...)
			if cert.PublicKeyAlgorithm == x509.RSA {
				list = append(list, "MBEDTLS_RSA_C")
			}
		}
	}
	return list
}

var signatureOptions = map[x509.SignatureAlgorithm][]string{
	x509.SHA1WithRSA:     {"MBEDTLS_RSA_C", "MBEDTLS_SHA1_C"},
	x509.SHA256WithRSA:   {"MBEDTLS_RSA_C"},
	x509.SHA384WithRSA:   {"MBEDTLS_RSA_C"},
	x509.SHA512WithRSA:   {"MBEDTLS_RSA_C"},
	x509.ECDSAWithSHA1:   {"MBEDTLS_SHA1_C"},
	x509.ECDSAWithSHA256: {"MBEDTLS_ECDSA_C"},
}

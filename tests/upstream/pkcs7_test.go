package upstream

import (
	"errors"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/pkcs7"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

func init() {
	const signedData = 2 // what the C function returns
	parse := func(t *suites.T, name string, want int) *pkcs7.SignedData {
		s, err := pkcs7.Parse(readFile(t, name))
		if want == signedData {
			want = 0
		}
		t.Code("parse "+name, err, want)
		return s
	}
	register("pkcs7", functions{
		"pkcs7_asn1_fail": func(t *suites.T, der []byte) {
			s, err := pkcs7.Parse(der)
			var e *cbridge.Error
			if !errors.As(err, &e) || e.Code >= 0 || s != nil {
				t.Fatalf("parsed: %v", err)
			}
		},
		"pkcs7_parse": func(t *suites.T, name string, want int) {
			if s := parse(t, name, want); s != nil {
				t.Code("close", s.Close(), 0)
			}
		},
		"pkcs7_parse_reuse": func(t *suites.T, first, second string, want int) {
			s := parse(t, first, signedData)
			t.Code("close", s.Close(), 0)
			if s := parse(t, second, want); s != nil {
				s.Close()
			}
		},
		"pkcs7_verify": func(t *suites.T, name, certs, signed string, md, want int) {
			s := parse(t, name, signedData)
			defer s.Close()
			files := strings.Split(certs, " ")
			t.Equal("signers", len(s.Signers), len(files))
			data := readFile(t, signed)
			for _, file := range files {
				cert := readCertificates(t, file)[0]
				if md == 0 {
					t.Code("verify data", s.VerifyData(cert, data), want)
					continue
				}
				digest, err := cbridge.Digest(cbridge.MDType(md), data)
				t.Code("hash", err, 0)
				t.Code("verify hash", s.VerifyHash(cert, digest), want)
			}
		},
	}, nil)
}

// readCertificates parses a file that has no broken certificate.
func readCertificates(t *suites.T, name string) []*x509.Certificate {
	certs, err := x509.ParseCertificates(readFile(t, name))
	t.Code("parse "+name, err, 0)
	return certs
}

package upstream

import (
	"crypto"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

func init() {
	hash := func(lookup func(oid.OID) (crypto.Hash, error)) func(*suites.T, []byte, int) {
		return func(t *suites.T, id []byte, want int) {
			got, err := lookup(id)
			if want < 0 {
				t.Code("lookup", err, int(cbridge.ErrOIDNotFound))
				want = 0
			} else {
				t.Code("lookup", err, 0)
			}
			t.Equal("hash", int(cbridge.MDOf(got)), want)
		}
	}
	text := func(lookup func(oid.OID) (string, error)) func(*suites.T, []byte, string) {
		return func(t *suites.T, id []byte, want string) {
			got, err := lookup(id)
			code := 0
			if want == "" {
				code = int(cbridge.ErrOIDNotFound)
			}
			t.Code("lookup", err, code)
			t.Equal("text", got, want)
		}
	}
	register("oid", functions{
		"oid_get_certificate_policies": text(oid.OID.CertificatePolicy),
		"oid_get_extended_key_usage":   text(oid.OID.ExtendedKeyUsage),
		"oid_get_x509_extension": func(t *suites.T, id []byte, want oid.Extension) {
			got, err := oid.OID(id).Extension()
			code := 0
			if want == 0 {
				code = int(cbridge.ErrOIDNotFound)
			}
			t.Code("lookup", err, code)
			t.Equal("extension", got, want)
		},
		"oid_get_md_alg_id":       hash(oid.OID.Hash),
		"mbedtls_oid_get_md_hmac": hash(oid.OID.HMAC),
		"oid_get_numeric_string": func(t *suites.T, id []byte, want int, text string) {
			got, err := cbridge.OIDString(id, 256)
			t.Code("text", err, want)
			if want == 0 {
				t.Equal("text", got, text)
				long, err := oid.OID(id).Text()
				t.Code("text", err, 0)
				t.Equal("text", long, text)
			}
		},
		"oid_from_numeric_string": func(t *suites.T, text string, want int, id []byte) {
			got, err := oid.Parse(text)
			t.Code("parse", err, want)
			if want == 0 {
				t.Equal("identifier", []byte(got), id)
			}
		},
	}, nil)
}

package oid

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func TestText(t *testing.T) {
	for _, s := range []string{"0.0", "1.39", "2.999.3", "1.2.840.113549.1.1.11", "2.5.4.4294967295",
		"1.2" + strings.Repeat(".7", 100)} {
		o, err := Parse(s)
		if err != nil || o.String() != s {
			t.Errorf("%s: %v, %v", s, o, err)
			continue
		}
		if s == "2.5.4.4294967295" {
			continue // not an int everywhere, and encoding/asn1 stops before
		}
		id := o.ObjectIdentifier()
		if id.String() != s {
			t.Errorf("%s: %v", s, id)
		}
		if back, err := From(id); err != nil || !back.Equal(o) {
			t.Errorf("%s: %v, %v", s, back, err)
		}
	}
	for _, s := range []string{"", "1", "1.", ".1", "3.1", "1.40", "1.2.x", "1.2.4294967296", "1.2.-3", "1..2", "1.2\x00",
		strings.Repeat("1.", 200) + "1"} {
		if o, err := Parse(s); o != nil || err == nil {
			t.Errorf("%q: %v", s, o)
		}
	}
	for _, o := range []OID{nil, {0x80}, {0x2a, 0x80}, {0x2a, 0x80, 1}, {0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}} {
		if s, err := o.Text(); s != "" || err == nil || !strings.HasPrefix(o.String(), "#") {
			t.Errorf("%x: %q, %q, %v", []byte(o), s, o.String(), err)
		}
	}
	if id := (OID{0x80}).ObjectIdentifier(); id != nil {
		t.Errorf("%v", id)
	}
	if _, err := From(asn1.ObjectIdentifier{1}); err == nil {
		t.Error("one number")
	}
	defer func() {
		if recover() == nil {
			t.Error("MustParse of no identifier")
		}
	}()
	MustParse("x")
}

func TestTables(t *testing.T) {
	sha256, ecdsa := MustParse("2.16.840.1.101.3.4.2.1"), MustParse("1.2.840.10045.4.3.2")
	if h, err := sha256.Hash(); h != crypto.SHA256 || err != nil {
		t.Errorf("%v, %v", h, err)
	}
	if o, err := OfHash(crypto.SHA256); !o.Equal(sha256) || err != nil {
		t.Errorf("%v, %v", o, err)
	}
	if h, err := MustParse("1.2.840.113549.2.9").HMAC(); h != crypto.SHA256 || err != nil {
		t.Errorf("%v, %v", h, err)
	}
	if s, err := MustParse("2.5.4.3").AttributeName(); s != "CN" || err != nil {
		t.Errorf("%v, %v", s, err)
	}
	if e, err := MustParse("2.5.29.17").Extension(); e != ExtSubjectAltName || err != nil {
		t.Errorf("%v, %v", e, err)
	}
	if k, err := MustParse("1.2.840.10045.2.1").Key(); k != KeyEC || err != nil {
		t.Errorf("%v, %v", k, err)
	}
	if o, err := OfKey(KeyEC); o.String() != "1.2.840.10045.2.1" || err != nil {
		t.Errorf("%v, %v", o, err)
	}
	p256 := MustParse("1.2.840.10045.3.1.7")
	g, err := p256.Group()
	if g.String() != "secp256r1" || err != nil {
		t.Errorf("%v, %v", g, err)
	}
	if o, err := OfGroup(g); !o.Equal(p256) || err != nil {
		t.Errorf("%v, %v", o, err)
	}
	if cbridge.Feature("MBEDTLS_ECP_DP_CURVE25519_ENABLED") {
		x := MustParse("1.3.101.110")
		g, err := x.Group()
		back, err2 := OfGroup(g)
		if g.String() != "x25519" || err != nil || err2 != nil || !back.Equal(x) {
			t.Errorf("%v, %v, %v, %v", g, err, back, err2)
		}
	}
	if cbridge.Feature("MBEDTLS_ECDSA_C") {
		k, h, err := ecdsa.Signature()
		text, textErr := ecdsa.SignatureText()
		o, oidErr := OfSignature(KeyECDSA, crypto.SHA256)
		if k != KeyECDSA || h != crypto.SHA256 || text != "ECDSA with SHA256" || !o.Equal(ecdsa) || errors.Join(err, textErr,
			oidErr) != nil {
			t.Errorf("%v %v %q %v, %v", k, h, text, o, errors.Join(err, textErr, oidErr))
		}
	}
	if cbridge.Feature("MBEDTLS_DES_C") {
		if c, err := MustParse("1.2.840.113549.3.7").Cipher(); c.String() != "DES-EDE3-CBC" || err != nil {
			t.Errorf("%v, %v", c, err)
		}
	}
	if cbridge.Feature("MBEDTLS_PKCS12_C") && cbridge.Feature("MBEDTLS_DES_C") {
		if h, c, err := MustParse("1.2.840.113549.1.12.1.3").PKCS12(); h != crypto.SHA1 || c.String() != "DES-EDE3-CBC" ||
			err != nil {
			t.Errorf("%v, %v, %v", h, c, err)
		}
	}
	if s, err := MustParse("2.5.29.32.0").CertificatePolicy(); s != "Any Policy" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if s, err := MustParse("1.3.6.1.5.5.7.3.1").ExtendedKeyUsage(); s != "TLS Web Server Authentication" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
}

func TestUnknown(t *testing.T) {
	o := MustParse("1.3.6.1.4.1.55555.1")
	second := func(_ any, err error) error { return err }
	_, _, signature := o.Signature()
	calls := map[string]error{
		"Hash": second(o.Hash()), "HMAC": second(o.HMAC()), "AttributeName": second(o.AttributeName()),
		"Extension": second(o.Extension()),
		"Key":       second(o.Key()), "Group": second(o.Group()), "Signature": signature, "Cipher": second(o.Cipher()),
		"CertificatePolicy": second(o.CertificatePolicy()), "ExtendedKeyUsage": second(o.ExtendedKeyUsage()),
		"SignatureText": second(o.SignatureText()), "of a hash": second(OfHash(crypto.BLAKE2b_256)),
		"of a key":   second(OfKey("x")),
		"of a group": second(OfGroup(999)), "of a signature": second(OfSignature("x", 0)),
	}
	for name, err := range calls {
		if !errors.Is(err, cbridge.ErrOIDNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if Group(999).String() != "" || Cipher(999).String() != "" || KeyOfNumber(1) != KeyRSA {
		t.Error("names")
	}
}

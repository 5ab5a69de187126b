package x509

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

func pkcs8(t testing.TB, s crypto.Signer) []byte {
	t.Helper()
	return must[[]byte](t)(x509.MarshalPKCS8PrivateKey(s))
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// signers are each kind of key, in the library and elsewhere.
func signers(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	return map[string]crypto.Signer{
		"RSA elsewhere": rsaKey(), "RSA in the library": toLibrary(t, rsaKey()),
		"EC elsewhere": ecKey(), "EC in the library": toLibrary(t, ecKey()),
	}
}

func TestOpenSSLVerifiesWhatIsIssued(t *testing.T) {
	needs(t, writers, "MBEDTLS_RSA_C")
	for kind, signer := range signers(t) {
		for _, hash := range []crypto.Hash{0, crypto.SHA384, crypto.SHA512} {
			t.Run(fmt.Sprintf("%s %v", kind, hash), func(t *testing.T) {
				dir := t.TempDir()
				rootT := caTemplate(t, "C=NL, O=Test, CN=Root "+kind)
				rootT.Hash = hash
				root := issue(t, rootT, nil, nil, signer)
				middleT := caTemplate(t, "C=NL, O=Test, CN=Middle")
				middleT.BasicConstraints.MaxPathLen = 0
				middleT.Hash = hash
				middle := issue(t, middleT, root, otherKey().Public(), signer)
				leafT := template(t, "CN=leaf")
				leafT.ExtKeyUsage = []oid.OID{ExtKeyUsageServerAuth}
				leafT.SubjectAltNames = []AltName{DNSName("leaf.example"), IPAddress(netip.MustParseAddr("192.0.2.1"))}
				leaf := issue(t, leafT, middle, ecKey().Public(), otherKey())

				write(t, dir, "root.pem", pemOf("CERTIFICATE", root.Raw))
				write(t, dir, "middle.pem", pemOf("CERTIFICATE", middle.Raw))
				write(t, dir, "leaf.pem", pemOf("CERTIFICATE", leaf.Raw))
				openssl(t, dir, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "leaf.example",
					"-CAfile", "root.pem", "-untrusted", "middle.pem", "leaf.pem")
				if err := list(t, leaf, middle).Verify(&VerifyOptions{Roots: list(t, root), Name: "leaf.example"}); err != nil {
					t.Error(err)
				}
				roots, between := x509.NewCertPool(), x509.NewCertPool()
				roots.AddCert(must[*x509.Certificate](t)(root.Standard()))
				between.AddCert(must[*x509.Certificate](t)(middle.Standard()))
				if _, err := must[*x509.Certificate](t)(leaf.Standard()).Verify(x509.VerifyOptions{
					Roots: roots, Intermediates: between, DNSName: "192.0.2.1"}); err != nil {
					t.Error("crypto/x509:", err)
				}
			})
		}
	}
}

func TestEachFieldIsWritten(t *testing.T) {
	needs(t, writers)
	directory := name(t, "C=NL, O=Somebody, CN=some \\, name")
	c := &CertificateTemplate{
		SerialNumber: bytes.Repeat([]byte{0xFE}, 20), Subject: name(t, "C=NL, O=Test, OU=Unit, CN=All fields"),
		NotBefore: time.Date(1999, 12, 31, 23, 59, 58, 0, time.UTC), NotAfter: time.Date(2077, 1, 2, 3, 4, 5, 0, time.UTC),
		Hash: crypto.SHA384, BasicConstraints: &BasicConstraints{CA: true, MaxPathLen: 3},
		KeyUsage:    KeyUsageCertSign | KeyUsageDigitalSignature | KeyUsageDecipherOnly,
		ExtKeyUsage: []oid.OID{ExtKeyUsageClientAuth, oid.MustParse("1.2.3.4")},
		NSCertType:  NSCertTypeSSLCA | NSCertTypeSSLServer,
		SubjectAltNames: []AltName{DNSName("a.example"), EmailAddress("a@b.example"), URI("coap://x"),
			IPAddress(netip.MustParseAddr("2001:db8::1")), IPAddress(netip.MustParseAddr("::ffff:192.0.2.7")),
			DirectoryName(directory)},
		SubjectKeyID: []byte("subject"), AuthorityKeyID: []byte("authority"),
		ExtraExtensions: []Extension{{oid.MustParse("1.3.6.1.4.1.55555.1"), false, []byte{5, 0}}},
	}
	text := must[[]byte](t)(CreateCertificatePEM(nil, c, nil, nil, ecKey()))
	certs := must[[]*Certificate](t)(ParseCertificates(text))
	got := certs[0]
	for what, ok := range map[string]bool{
		"version": got.Version == 3, "serial": bytes.Equal(got.SerialNumber, append([]byte{0}, c.SerialNumber...)),
		"subject": got.Subject.Equal(c.Subject) && got.Issuer.Equal(c.Subject) &&
			got.Subject.String() == "C=NL, O=Test, OU=Unit, CN=All fields",
		"validity": got.NotBefore.Equal(c.NotBefore) && got.NotAfter.Equal(c.NotAfter),
		"basic":    got.IsCA && got.MaxPathLen == 3, "key usage": got.KeyUsage == c.KeyUsage,
		"ext key usage": len(got.ExtKeyUsage) == 2 && got.ExtKeyUsage[1].String() == "1.2.3.4",
		"ns cert type":  got.NSCertType == c.NSCertType, "key id": string(got.SubjectKeyID) == "subject",
		"authority": string(got.AuthorityKeyID.KeyID) == "authority",
		"names":     fmt.Sprint(got.SubjectAltNames) == fmt.Sprint(c.SubjectAltNames),
		"algorithm": got.SignatureAlgorithm.String() == "ECDSA with SHA-384" && got.SignatureAlgorithm.Hash == crypto.SHA384,
		"key":       got.KeyType == "EC" && got.KeyBits == 256,
	} {
		if !ok {
			info, _ := got.Info("")
			t.Errorf("%s is not as in the template: %s", what, info)
		}
	}
	std := must[*x509.Certificate](t)(got.Standard())
	if !strings.Contains(fmt.Sprint(std.UnhandledCriticalExtensions, std.Extensions), "1.3.6.1.4.1.55555.1") {
		t.Error("the extra extension is not there")
	}
	shown := openssl(t, t.TempDir(), "x509", "-noout", "-text", "-in", write(t, t.TempDir(), "c.pem", text))
	for _, want := range []string{"DNS:a.example, email:a@b.example, URI:coap://x, IP Address:2001:DB8:0:0:0:0:0:1, IP Address:192.0.2.7, DirName:",
		"Digital Signature, Certificate Sign, Decipher Only", "CA:TRUE, pathlen:3", "SSL Server, SSL CA",
		"Dec 31 23:59:58 1999 GMT"} {
		if !strings.Contains(strings.ReplaceAll(shown, " = ", "="), want) {
			t.Errorf("openssl does not show %q:\n%s", want, shown)
		}
	}
}

// The keys' ids: those of the keys by default, the parent's own for what it issues.
func TestKeyIDs(t *testing.T) {
	needs(t, writers)
	c := caTemplate(t, "CN=Root")
	c.SubjectKeyID = []byte{1, 2, 3, 4}
	root := issue(t, c, nil, nil, ecKey())
	if !bytes.Equal(root.AuthorityKeyID.KeyID, c.SubjectKeyID) {
		t.Errorf("a root's own id is %x to itself", root.AuthorityKeyID.KeyID)
	}
	leaf := issue(t, template(t, "CN=leaf"), root, otherKey().Public(), ecKey())
	if !bytes.Equal(leaf.AuthorityKeyID.KeyID, c.SubjectKeyID) || len(leaf.SubjectKeyID) != 20 {
		t.Errorf("ids %x and %x", leaf.AuthorityKeyID.KeyID, leaf.SubjectKeyID)
	}
	c = caTemplate(t, "CN=Root")
	c.SubjectKeyID, c.AuthorityKeyID = []byte{}, []byte{}
	root = issue(t, c, nil, nil, ecKey())
	if root.SubjectKeyID != nil || root.AuthorityKeyID.KeyID != nil {
		t.Error("ids that were not wanted")
	}
	leaf = issue(t, template(t, "CN=leaf"), root, otherKey().Public(), ecKey())
	if len(leaf.AuthorityKeyID.KeyID) != 20 {
		t.Errorf("without the parent's id: %x", leaf.AuthorityKeyID.KeyID)
	}
}

func TestVersionOneHasNoExtensions(t *testing.T) {
	needs(t, writers)
	c := template(t, "CN=old")
	c.Version = 1
	got := issue(t, c, nil, nil, ecKey())
	if got.Version != 1 || got.RawExtensions != nil || got.MaxPathLen != -1 {
		t.Errorf("%+v", got)
	}
}

// A subject that the library's text has no form of.
func TestRawNames(t *testing.T) {
	needs(t, writers)
	c := template(t, "CN=x")
	unit := asn1.ObjectIdentifier{2, 5, 4, 11}
	raw := must[[]byte](t)(asn1.Marshal(pkix.RDNSequence{attribute(t, unit, asn1.TagUTF8String, "a"),
		attribute(t, unit, asn1.TagUTF8String, "b"), attribute(t, asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.TagPrintableString,
			"two units")}))
	subject := must[Name](t)(ParseRawName(raw))
	c.Subject = subject
	got := issue(t, c, nil, nil, ecKey())
	if !bytes.Equal(got.Subject.Raw, raw) || strings.Join(got.Subject.Get("OU"), ",") != "a,b" {
		t.Errorf("%s", got.Subject)
	}
	std, err := subject.PKIX()
	if err != nil || len(std.OrganizationalUnit) != 2 {
		t.Errorf("%v, %v", std, err)
	}
	if back := must[Name](t)(FromPKIX(std)); strings.Join(back.Get("OU"), ",") != "a,b" {
		t.Errorf("%v", back)
	}
}

func TestBadTemplates(t *testing.T) {
	needs(t, writers)
	root := issue(t, caTemplate(t, "CN=Root"), nil, nil, ecKey())
	leaf := issue(t, template(t, "CN=leaf"), root, otherKey().Public(), ecKey())
	noSign := issue(t, func() *CertificateTemplate {
		c := caTemplate(t, "CN=Root")
		c.KeyUsage = KeyUsageCRLSign
		return c
	}(), nil, nil, ecKey())
	ed := must[ed25519.PrivateKey](t)(func() (ed25519.PrivateKey, error) {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return k, err
	}())
	type change struct {
		set    func(c *CertificateTemplate)
		parent *Certificate
		pub    crypto.PublicKey
		signer crypto.Signer
		code   error
	}
	same := func(*CertificateTemplate) {}
	bad := cbridge.ErrX509BadInputData
	for what, b := range map[string]change{
		"version 4":        {func(c *CertificateTemplate) { c.Version = 4 }, nil, nil, ecKey(), bad},
		"version -1":       {func(c *CertificateTemplate) { c.Version = -1 }, nil, nil, ecKey(), bad},
		"extensions of v1": {func(c *CertificateTemplate) { c.Version, c.NSCertType = 1, 1 }, nil, nil, ecKey(), bad},
		"no serial":        {func(c *CertificateTemplate) { c.SerialNumber = nil }, nil, nil, ecKey(), bad},
		"serial 0":         {func(c *CertificateTemplate) { c.SerialNumber = []byte{0} }, nil, nil, ecKey(), bad},
		"serial of 21 bytes": {func(c *CertificateTemplate) { c.SerialNumber = bytes.Repeat([]byte{1}, 21) }, nil, nil,
			ecKey(), bad},
		"no times": {func(c *CertificateTemplate) { c.NotBefore, c.NotAfter = time.Time{}, time.Time{} }, nil, nil,
			ecKey(), bad},
		"1949": {func(c *CertificateTemplate) { c.NotBefore = time.Date(1949, 1, 1, 0, 0, 0, 0, time.UTC) },
			nil, nil, ecKey(), bad},
		"10000": {func(c *CertificateTemplate) { c.NotAfter = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
			nil, nil, ecKey(), bad},
		"ends before it begins": {func(c *CertificateTemplate) { c.NotAfter = c.NotBefore.Add(-time.Second) }, nil, nil,
			ecKey(), bad},
		"no subject": {func(c *CertificateTemplate) { c.Subject = Name{} }, nil, nil, ecKey(), bad},
		"path length without CA": {func(c *CertificateTemplate) { c.BasicConstraints = &BasicConstraints{} }, nil, nil, ecKey(),
			bad},
		"path length 128": {func(c *CertificateTemplate) { c.BasicConstraints = &BasicConstraints{true, 128} }, nil, nil,
			ecKey(), bad},
		"certificates by no CA": {func(c *CertificateTemplate) { c.KeyUsage = KeyUsageCertSign }, nil, nil, ecKey(), bad},
		"unknown usage": {func(c *CertificateTemplate) { c.KeyUsage = 0x100 }, nil, nil, ecKey(),
			cbridge.ErrX509FeatureUnavailable},
		"unknown hash": {func(c *CertificateTemplate) { c.Hash = crypto.BLAKE2b_256 }, nil, nil, ecKey(),
			cbridge.ErrOIDNotFound},
		"registered id": {func(c *CertificateTemplate) {
			c.SubjectAltNames = []AltName{{Kind: AltRegisteredID,
				Value: []byte{1}}}
		}, nil, nil, ecKey(),
			cbridge.ErrX509FeatureUnavailable},
		"address of 5 bytes": {func(c *CertificateTemplate) {
			c.SubjectAltNames = []AltName{{Kind: AltIP, Value: make([]byte,
				5)}}
		}, nil, nil, ecKey(), bad},
		"name of UTF-8": {func(c *CertificateTemplate) { c.SubjectAltNames = []AltName{DNSName("ä.example")} }, nil, nil,
			ecKey(), bad},
		"NUL in a name": {func(c *CertificateTemplate) { c.SubjectAltNames = []AltName{DNSName("a\x00b")} }, nil, nil,
			ecKey(), bad},
		"twice the same": {func(c *CertificateTemplate) { c.ExtraExtensions = []Extension{{ID: oidSubjectKeyID}} }, nil, nil,
			ecKey(), bad},
		"extension of no id": {func(c *CertificateTemplate) { c.ExtraExtensions = []Extension{{}} }, nil, nil, ecKey(), bad},
		"many purposes": {func(c *CertificateTemplate) {
			for range 40 {
				c.ExtKeyUsage = append(c.ExtKeyUsage, ExtKeyUsageAny, ExtKeyUsageServerAuth)
			}
		}, nil, nil, ecKey(), cbridge.ErrASN1BufTooSmall},
		"parent is no CA":             {same, leaf, otherKey().Public(), otherKey(), bad},
		"parent may not sign":         {same, noSign, otherKey().Public(), ecKey(), bad},
		"not the parent's key":        {same, root, otherKey().Public(), otherKey(), bad},
		"not the parent's, in C":      {same, root, otherKey().Public(), toLibrary(t, otherKey()), bad},
		"no public key":               {same, root, nil, ecKey(), bad},
		"a private key as public one": {same, root, otherKey(), ecKey(), bad},
		"the same, and C signs":       {same, root, otherKey(), toLibrary(t, ecKey()), bad},
		"self-signed by another":      {same, nil, otherKey().Public(), ecKey(), bad},
		"no signer":                   {same, nil, nil, nil, bad},
		"Ed25519":                     {same, nil, nil, ed, cbridge.ErrPKUnknownPKAlg},
		"key that is none":            {same, root, SubjectPublicKeyInfo{0x30, 0}, ecKey(), cbridge.ErrPKInvalidAlg},
		"key of no type":              {same, root, "key", ecKey(), bad},
	} {
		c := template(t, "CN=x")
		b.set(c)
		der, err := CreateCertificate(nil, c, b.parent, b.pub, b.signer)
		if der != nil || !errors.Is(err, b.code) {
			t.Errorf("%s: %d bytes, %v", what, len(der), err)
		}
	}
}

// What a signer fails with comes back whole, and so does its panic.
func TestSignersThatFail(t *testing.T) {
	needs(t, writers)
	mine := errors.New("mine")
	for what, s := range map[string]func() ([]byte, error){
		"error": func() ([]byte, error) { return nil, mine },
		"none":  func() ([]byte, error) { return nil, nil },
		"long":  func() ([]byte, error) { return make([]byte, 1<<16), nil },
	} {
		der, err := CreateCertificate(nil, template(t, "CN=x"), nil, nil, failing{ecKey(), s})
		var e *cbridge.Error
		if der != nil || !errors.As(err, &e) || e.Code != cbridge.ErrPKFeatureUnavailable || e.Cause == nil || what == "error" &&
			!errors.Is(err, mine) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if cbridge.Feature("MBEDTLS_PK_RSA_ALT_SUPPORT") {
		alt := must[*pk.PrivateKey](t)(pk.NewRSAAlt(failing{newRSA(), func() ([]byte, error) { return nil, mine }}))
		defer alt.Close()
		if der, err := CreateCertificate(nil, template(t, "CN=x"), nil, nil, alt); der != nil || !errors.Is(err, mine) {
			t.Errorf("RSA elsewhere: %v", err)
		}
		if der, err := CreateCertificateRequest(nil, &RequestTemplate{Subject: name(t, "CN=x")}, alt); der != nil || !errors.Is(err, mine) {
			t.Errorf("RSA elsewhere, a request: %v", err)
		}
		alt = must[*pk.PrivateKey](t)(pk.NewRSAAlt(newRSA()))
		defer alt.Close()
		r := must[*CertificateRequest](t)(ParseCertificateRequestDER(must[[]byte](t)(CreateCertificateRequest(nil,
			&RequestTemplate{Subject: name(t, "CN=x")}, alt))))
		if err := r.CheckSignature(); err != nil {
			t.Errorf("RSA elsewhere, a request: %v", err)
		}
	}
	defer func() {
		if v := recover(); v != mine {
			t.Errorf("recovered %v", v)
		}
	}()
	_, err := CreateCertificate(nil, template(t, "CN=x"), nil, nil, failing{ecKey(), func() ([]byte, error) { panic(mine) }})
	t.Error("no panic:", err)
}

type failing struct {
	crypto.Signer
	sign func() ([]byte, error)
}

func (f failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return f.sign() }

// Keys that the standard library has not: the library certifies them, and signs with them.
func TestCurvesOfTheLibraryAlone(t *testing.T) {
	needs(t, writers, "MBEDTLS_ECP_DP_BP256R1_ENABLED", "MBEDTLS_ECP_DP_SECP256K1_ENABLED")
	for id, kind := range map[string]string{"1.3.36.3.3.2.8.1.1.7": "brainpool", "1.3.132.0.10": "Koblitz"} {
		group := must[oid.Group](t)(oid.MustParse(id).Group())
		key := must[*pk.PrivateKey](t)(pk.NewEC(pk.ECKey, int(group), append(make([]byte, 31), 7)))
		root := issue(t, caTemplate(t, "CN="+kind), nil, nil, key)
		public := must[*pk.PublicKey](t)(key.PublicKey())
		leaf := issue(t, template(t, "CN=leaf"), root, public, key)
		back := must[*pk.PublicKey](t)(leaf.Key())
		anyCurve := ProfileDefault // which has no Koblitz curves
		anyCurve.Curves = 1<<32 - 1
		verify := leaf.Verify(&VerifyOptions{Roots: list(t, root), Profile: &anyCurve})
		if err := errors.Join(verify, back.CheckPair(key)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if pub, err := leaf.PublicKey(); err == nil {
			t.Errorf("%s: the standard library has %T", kind, pub)
		}
		if _, err := CreateCertificate(nil, template(t, "CN=x"), root, ecKey().Public(), ecKey()); !errors.Is(err,
			cbridge.ErrX509BadInputData) {
			t.Errorf("%s: signed by another: %v", kind, err)
		}
		dir := t.TempDir()
		write(t, dir, "root.pem", pemOf("CERTIFICATE", root.Raw))
		write(t, dir, "leaf.pem", pemOf("CERTIFICATE", leaf.Raw))
		openssl(t, dir, "verify", "-CAfile", "root.pem", "leaf.pem")
		for _, k := range []interface{ Close() error }{key, public, back} {
			k.Close()
		}
	}
}

func TestLargeExtensions(t *testing.T) {
	needs(t, writers)
	c := template(t, "CN=large")
	c.ExtraExtensions = []Extension{{oid.MustParse("1.2.3"), false, bytes.Repeat([]byte{7}, 100_000)}}
	if got := issue(t, c, nil, nil, ecKey()); len(got.Raw) < 100_000 {
		t.Errorf("%d bytes", len(got.Raw))
	}
	if text, err := CreateCertificatePEM(nil, c, nil, nil, ecKey()); err != nil || len(text) < 130_000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}

func TestRequests(t *testing.T) {
	needs(t, "MBEDTLS_X509_CSR_WRITE_C", "MBEDTLS_RSA_C")
	for kind, signer := range signers(t) {
		c := &RequestTemplate{Subject: name(t, "C=NL, CN=request"), KeyUsage: KeyUsageDigitalSignature,
			ExtKeyUsage: []oid.OID{ExtKeyUsageServerAuth}, NSCertType: NSCertTypeSSLServer,
			SubjectAltNames: []AltName{DNSName("r.example"), IPAddress(netip.MustParseAddr("192.0.2.1"))},
			ExtraExtensions: []Extension{{oid.MustParse("1.2.3"), false, []byte{5, 0}}}}
		text := must[[]byte](t)(CreateCertificateRequestPEM(nil, c, signer))
		shown := openssl(t, t.TempDir(), "req", "-verify", "-noout", "-text", "-in", write(t, t.TempDir(), "r.pem", text))
		for _, want := range []string{"verify OK", "DNS:r.example, IP Address:192.0.2.1", "Digital Signature",
			"TLS Web Server Authentication", "SSL Server"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: no %q in\n%s", kind, want, shown)
			}
		}
		r := must[*CertificateRequest](t)(ParseCertificateRequest(text))
		if err := r.CheckSignature(); err != nil || r.KeyUsage != c.KeyUsage || r.NSCertType != c.NSCertType ||
			!r.Subject.Equal(c.Subject) ||
			fmt.Sprint(r.SubjectAltNames) != fmt.Sprint(c.SubjectAltNames) || r.Version != 1 || r.Extensions&oid.ExtKeyUsage == 0 {
			t.Errorf("%s: %v, %+v", kind, err, r)
		}
		pub := must[crypto.PublicKey](t)(r.PublicKey())
		if !pub.(interface{ Equal(crypto.PublicKey) bool }).Equal(signer.Public()) {
			t.Errorf("%s: the key is another", kind)
		}
		std := must[*x509.CertificateRequest](t)(r.Standard())
		if err := std.CheckSignature(); err != nil {
			t.Errorf("%s: crypto/x509: %v", kind, err)
		}
		back := must[*CertificateRequest](t)(CertificateRequestFromStandard(std))
		if diff := cmp.Diff(r, back, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s: there and back: %s", kind, diff)
		}
		der := bytes.Clone(r.Raw)
		der[len(der)-1] ^= 1
		if broken, err := ParseCertificateRequestDER(der); err != nil || broken.CheckSignature() == nil {
			t.Errorf("%s: a changed signature: %v", kind, err)
		}
	}
	for what, c := range map[string]*RequestTemplate{
		"decipherOnly": {KeyUsage: KeyUsageDecipherOnly}, "twice": {KeyUsage: 1, ExtraExtensions: []Extension{{ID: oidKeyUsage}}},
	} {
		if der, err := CreateCertificateRequest(nil, c, ecKey()); der != nil || err == nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := CreateCertificateRequest(nil, &RequestTemplate{}, nil)
	if e, ok := errors.AsType[*cbridge.Error](err); !ok || e.Code != cbridge.ErrX509BadInputData || e.Op != opWriteCSR {
		t.Error("no signer:", err)
	}
}

func TestRequestsOfOpenSSL(t *testing.T) {
	needs(t, "MBEDTLS_X509_CSR_PARSE_C", "MBEDTLS_RSA_C")
	dir := t.TempDir()
	write(t, dir, "key.pem", pemOf("PRIVATE KEY", pkcs8(t, rsaKey())))
	for _, args := range [][]string{{}, {"-newhdr"}, {"-sigopt", "rsa_padding_mode:pss"}, {"-outform", "DER"}} {
		openssl(t, dir, append([]string{"req", "-new", "-key", "key.pem", "-subj", "/C=NL/CN=theirs", "-out", "r",
			"-addext", "subjectAltName=DNS:t.example", "-addext", "keyUsage=keyAgreement"}, args...)...)
		r := must[*CertificateRequest](t)(ReadCertificateRequest(dir + "/r"))
		if err := r.CheckSignature(); err != nil || r.Subject.String() != "C=NL, CN=theirs" ||
			r.KeyUsage != KeyUsageKeyAgreement ||
			fmt.Sprint(r.SubjectAltNames) != "[dNSName:t.example]" {
			t.Errorf("%v: %v, %+v", args, err, r)
		}
		if info, err := r.Info("> "); err != nil || !strings.Contains(info, "> subject name  : C=NL, CN=theirs") {
			t.Errorf("%v: %s, %v", args, info, err)
		}
	}
	if _, err := ReadCertificateRequest(dir + "/none"); err == nil {
		t.Error("a file that is not there")
	}
	if _, err := ParseCertificateRequest([]byte("none")); err == nil {
		t.Error("text")
	}
}

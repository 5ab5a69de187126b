package x509

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

// chainOf is a root, a CA below it, and a leaf.
func chainOf(t testing.TB) (root, middle, leaf *Certificate) {
	t.Helper()
	needs(t, writers)
	root = issue(t, caTemplate(t, "C=NL, O=Test, CN=Root"), nil, nil, ecKey())
	middle = issue(t, caTemplate(t, "C=NL, O=Test, CN=Middle"), root, otherKey().Public(), ecKey())
	c := template(t, "CN=common.example")
	c.SubjectAltNames = []AltName{DNSName("leaf.example"), DNSName("*.wild.example"), IPAddress(netip.MustParseAddr("192.0.2.1")),
		IPAddress(netip.MustParseAddr("2001:db8::1")), URI("urn:example:thing")}
	c.KeyUsage, c.ExtKeyUsage = KeyUsageDigitalSignature, []oid.OID{ExtKeyUsageServerAuth}
	leaf = issue(t, c, middle, ecKey().Public(), otherKey())
	return root, middle, leaf
}

func TestVerifyNames(t *testing.T) {
	root, middle, leaf := chainOf(t)
	chain, roots := list(t, leaf, middle), list(t, root)
	for name, want := range map[string]VerifyFlags{
		"": 0, "leaf.example": 0, "LEAF.example": 0, "a.wild.example": 0, "a.b.wild.example": CertNameMismatch,
		"192.0.2.1": 0, "192.0.2.2": CertNameMismatch, "2001:db8:0::1": 0, "2001:db8::2": CertNameMismatch,
		"urn:example:thing": 0, "other.example": CertNameMismatch, "common.example": CertNameMismatch,
	} {
		if got := flags(t, chain.Verify(&VerifyOptions{Roots: roots, Name: name})); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	err := chain.Verify(&VerifyOptions{Roots: roots, Name: "leaf.example\x00.evil.example"})
	if !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Errorf("a name with a NUL byte: %v", err)
	}
}

func TestVerifyProfilesAndTimes(t *testing.T) {
	root, middle, leaf := chainOf(t)
	roots := list(t, root)
	strict := Profile{Hashes: cbridge.HashSHA512, PublicKeys: cbridge.KeyEC, Curves: ProfileDefault.Curves}
	for what, v := range map[string]struct {
		p    *Profile
		want VerifyFlags
	}{
		"default": {nil, 0}, "next": {&ProfileNext, 0}, "suite B": {&ProfileSuiteB, 0},
		"none":   {&ProfileNone, CertNotTrusted | CertBadHash | CertBadPK | CertBadKey},
		"custom": {&strict, CertBadHash},
	} {
		got := flags(t, leaf.Verify(&VerifyOptions{Roots: roots, Profile: v.p}, middle))
		if got&v.want != v.want&^CertNotTrusted|got&CertNotTrusted&v.want || v.want == 0 && got != 0 {
			t.Errorf("%s: %v, want %v", what, got, v.want)
		}
	}
	for what, v := range map[string]struct {
		from, to time.Time
		want     VerifyFlags
	}{
		"expired": {notBefore.Add(-48 * time.Hour), notBefore, CertExpired},
		"future":  {notAfter, notAfter.Add(time.Hour), CertFuture},
	} {
		c := template(t, "CN=x")
		c.NotBefore, c.NotAfter = v.from, v.to
		if got := flags(t, issue(t, c, root, ecKey().Public(), ecKey()).Verify(&VerifyOptions{Roots: roots})); got != v.want {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := flags(t, leaf.Verify(&VerifyOptions{Roots: roots})); got != CertNotTrusted {
		t.Errorf("without the CA between: %v", got)
	}
	if got := flags(t, leaf.Verify(&VerifyOptions{}, middle, root)); got != CertNotTrusted {
		t.Errorf("without roots: %v", got)
	}
}

func TestVerifyClosure(t *testing.T) {
	root, middle, leaf := chainOf(t)
	chain, roots := list(t, leaf, middle), list(t, root)
	var seen []string
	o := &VerifyOptions{Roots: roots, Verify: func(c *Certificate, depth int, f VerifyFlags) (VerifyFlags, error) {
		seen = append(seen, fmt.Sprintf("%d %s", depth, c.Subject))
		if depth == 1 {
			f |= CertOther
		}
		return f, nil
	}}
	if got := flags(t, chain.Verify(o)); got != CertOther {
		t.Errorf("%v", got)
	}
	if got := strings.Join(seen, "; "); got != "2 C=NL, O=Test, CN=Root; 1 C=NL, O=Test, CN=Middle; 0 CN=common.example" {
		t.Error(got)
	}
	mine := errors.New("mine")
	for _, test := range []struct {
		err  error
		code cbridge.Code
	}{{mine, cbridge.ErrX509FatalError}, {cbridge.Code(-2), -2}, {fmt.Errorf("%w", cbridge.ErrX509SigMismatch), cbridge.ErrX509SigMismatch},
		{cbridge.ErrX509CertVerifyFailed, cbridge.ErrX509FatalError}} {
		o.Verify = func(*Certificate, int, VerifyFlags) (VerifyFlags, error) { return 0, test.err }
		err := chain.Verify(o)
		var e *cbridge.Error
		if !errors.As(err, &e) || e.Code != test.code || !errors.Is(err, test.err) {
			t.Errorf("%v: %v", test.err, err)
		}
	}
	o.Verify = func(*Certificate, int, VerifyFlags) (VerifyFlags, error) { panic(mine) }
	func() {
		defer func() {
			if v := recover(); v != mine {
				t.Errorf("recovered %v", v)
			}
		}()
		t.Error("no panic:", chain.Verify(o))
	}()
	o.Verify = nil
	if err := chain.Verify(o); err != nil {
		t.Error("after a panic:", err)
	}
}

func TestTrustedCAs(t *testing.T) {
	root, middle, leaf := chainOf(t)
	chain := list(t, leaf, middle)
	var children []string
	o := &VerifyOptions{TrustedCAs: func(child *Certificate) ([]*Certificate, error) {
		children = append(children, child.Subject.String())
		return []*Certificate{root}, nil
	}}
	err := chain.Verify(o)
	if !cbridge.Feature("MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK") {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		return
	}
	if err != nil || strings.Join(children, "; ") != "CN=common.example; C=NL, O=Test, CN=Middle" {
		t.Errorf("%v, %v", err, children)
	}
	mine := errors.New("mine")
	for what, f := range map[string]func(*Certificate) ([]*Certificate, error){
		"error":  func(*Certificate) ([]*Certificate, error) { return nil, mine },
		"broken": func(*Certificate) ([]*Certificate, error) { return []*Certificate{root, {Raw: []byte{1}}}, nil },
	} {
		o.TrustedCAs = f
		if err := chain.Verify(o); err == nil || what == "error" && !errors.Is(err, mine) {
			t.Errorf("%s: %v", what, err)
		}
	}
	o.TrustedCAs = func(*Certificate) ([]*Certificate, error) { return nil, nil }
	if got := flags(t, chain.Verify(o)); got != CertNotTrusted {
		t.Errorf("none: %v", got)
	}
	o.Roots = list(t, root)
	if err := chain.Verify(o); !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Errorf("with roots, too: %v", err)
	}
}

// crlOf is a revocation list by crypto/x509, whose issuer is called as subject says.
func crlOf(t testing.TB, issuer *Certificate, subject []byte, signer crypto.Signer, next time.Time, serials ...[]byte) []byte {
	t.Helper()
	std := must[*x509.Certificate](t)(issuer.Standard())
	std.RawSubject = subject
	c := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: notBefore, NextUpdate: next}
	for _, s := range serials {
		c.RevokedCertificateEntries = append(c.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: new(big.Int).SetBytes(s), RevocationTime: notBefore, ReasonCode: 1})
	}
	return must[[]byte](t)(x509.CreateRevocationList(rand.Reader, c, std, signer))
}

// attribute is one attribute of a name, as a string of that kind.
func attribute(t testing.TB, id asn1.ObjectIdentifier, tag int, value string) pkix.RelativeDistinguishedNameSET {
	t.Helper()
	raw := asn1.RawValue{Tag: tag, Bytes: []byte(value)}
	return pkix.RelativeDistinguishedNameSET{{Type: id, Value: raw}}
}

// The issuer of a revocation list is compared without regard to case and kind of string (RFC 5280 section 7.1).
func TestRevocationByIssuerOfAnotherSpelling(t *testing.T) {
	needs(t, writers, "MBEDTLS_X509_CRL_PARSE_C")
	root := issue(t, caTemplate(t, "O=Test, CN=Root Authority"), nil, nil, ecKey())
	c := template(t, "CN=bad")
	c.SerialNumber = []byte{0x66}
	revoked := issue(t, c, root, otherKey().Public(), ecKey())
	c.SerialNumber = []byte{0x67}
	good := issue(t, c, root, otherKey().Public(), ecKey())
	organization, common := asn1.ObjectIdentifier{2, 5, 4, 10}, asn1.ObjectIdentifier{2, 5, 4, 3}
	spell := func(org string, orgTag int, cn string, cnTag int) []byte {
		return must[[]byte](t)(asn1.Marshal(pkix.RDNSequence{attribute(t, organization, orgTag, org), attribute(t, common, cnTag, cn)}))
	}
	for what, v := range map[string]struct {
		issuer []byte
		want   VerifyFlags
	}{
		"the same bytes":                    {root.Subject.Raw, CertRevoked},
		"another case":                      {spell("TEST", asn1.TagUTF8String, "root AUTHORITY", asn1.TagUTF8String), CertRevoked},
		"another kind":                      {spell("Test", asn1.TagPrintableString, "Root Authority", asn1.TagPrintableString), CertRevoked},
		"both":                              {spell("tEST", asn1.TagPrintableString, "ROOT authority", asn1.TagUTF8String), CertRevoked},
		"another name":                      {spell("Test", asn1.TagUTF8String, "Root Authorit", asn1.TagUTF8String), 0},
		"more spaces":                       {spell("Test", asn1.TagUTF8String, "Root  Authority", asn1.TagUTF8String), 0},
		"another kind that is not compared": {spell("TEST", asn1.TagIA5String, "Root Authority", asn1.TagUTF8String), 0},
	} {
		crls := must[*CRLs](t)(NewCRLs(must[*RevocationList](t)(ParseRevocationList(crlOf(t, root, v.issuer, ecKey(), notAfter, []byte{0x66})))))
		o := &VerifyOptions{Roots: list(t, root), CRLs: crls}
		if got := flags(t, revoked.Verify(o)); got != v.want {
			t.Errorf("%s: %v, want %v", what, got, v.want)
		}
		if got := flags(t, good.Verify(o)); got != 0 {
			t.Errorf("%s: the one that is not on the list: %v", what, got)
		}
		crls.Close()
	}
}

func TestRevocationLists(t *testing.T) {
	needs(t, "MBEDTLS_X509_CRL_PARSE_C")
	root, _, leaf := chainOf(t)
	der := crlOf(t, root, root.Subject.Raw, ecKey(), notAfter, []byte{0x66}, []byte{1, 2, 3})
	l := must[*RevocationList](t)(ParseRevocationList(der))
	std := must[*x509.RevocationList](t)(l.Standard())
	if l.Version != 2 || !bytes.Equal(l.Issuer.Raw, std.RawIssuer) || !l.ThisUpdate.Equal(std.ThisUpdate) || !l.NextUpdate.Equal(std.NextUpdate) ||
		!bytes.Equal(l.Signature, std.Signature) || l.SignatureAlgorithm.String() != "ECDSA with SHA-256" || len(l.RevokedCertificates) != 2 {
		t.Errorf("%+v", l)
	}
	for i, r := range l.RevokedCertificates {
		want := std.RevokedCertificateEntries[i]
		if new(big.Int).SetBytes(r.SerialNumber).Cmp(want.SerialNumber) != 0 || !r.Date.Equal(want.RevocationTime) || !bytes.Equal(r.Raw, want.Raw[2:]) ||
			!bytes.HasSuffix(want.Raw, r.RawExtensions) || len(r.RawExtensions) != 14 {
			t.Errorf("%d: %+v", i, r)
		}
	}
	if info, err := l.Info("- "); err != nil || !strings.Contains(info, "- serial number: 66 revocation date: ") {
		t.Errorf("%s, %v", info, err)
	}
	if is, err := leaf.IsRevoked(l); !is || err != nil { // by the number alone
		t.Errorf("%v, %v", is, err)
	}
	if is, err := root.IsRevoked(must[*RevocationList](t)(ParseRevocationList(crlOf(t, root, root.Subject.Raw, ecKey(), notAfter)))); is || err != nil {
		t.Errorf("on an empty list: %v, %v", is, err)
	}
	child := issue(t, template(t, "CN=child"), root, otherKey().Public(), ecKey())
	for what, v := range map[string]struct {
		der  []byte
		want VerifyFlags
	}{
		"old":              {crlOf(t, root, root.Subject.Raw, ecKey(), notBefore.Add(time.Minute)), CRLExpired},
		"of another's key": {crlOf(t, issue(t, caTemplate(t, "CN=Other"), nil, nil, otherKey()), root.Subject.Raw, otherKey(), notAfter), CRLNotTrusted},
	} {
		crls := must[*CRLs](t)(NewCRLs())
		if err := crls.Parse(pemOf("X509 CRL", v.der)); err != nil {
			t.Fatal(err)
		}
		if got := flags(t, child.Verify(&VerifyOptions{Roots: list(t, root), CRLs: crls})); got != v.want {
			t.Errorf("%s: %v, want %v", what, got, v.want)
		}
		crls.Close()
	}
	for _, data := range []string{"", "x", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"} {
		if l, err := ParseRevocationList([]byte(data)); l != nil || err == nil {
			t.Errorf("%q: %v", data, err)
		}
	}
	empty := must[*CRLs](t)(NewCRLs())
	if err := empty.ParseFile("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if got := must[[]*RevocationList](t)(empty.RevocationLists()); len(got) != 0 {
		t.Errorf("%d lists", len(got))
	}
	empty.Close()
	empty.Close()
	if err := empty.Parse(der); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestOpenSSLsChainAndRevocationList(t *testing.T) {
	needs(t, "MBEDTLS_RSA_C", "MBEDTLS_X509_CRL_PARSE_C", "MBEDTLS_PKCS1_V21")
	for _, pss := range []bool{false, true} {
		dir := t.TempDir()
		sig := []string{}
		if pss {
			sig = []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"}
		}
		write(t, dir, "ca.key", pemOf("PRIVATE KEY", pkcs8(t, rsaKey())))
		write(t, dir, "ca.cnf", []byte("[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=3\n"))
		write(t, dir, "index", nil)
		write(t, dir, "crlnumber", []byte("01\n"))
		openssl(t, dir, append([]string{"req", "-x509", "-key", "ca.key", "-subj", "/CN=Their CA", "-days", "3", "-out", "ca.pem"}, sig...)...)
		openssl(t, dir, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key", "-subj", "/CN=theirs",
			"-addext", "subjectAltName=DNS:theirs.example", "-out", "leaf.csr")
		openssl(t, dir, append([]string{"x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-copy_extensions", "copy",
			"-days", "2", "-out", "leaf.pem"}, sig...)...)
		crl := append([]string{"ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "crl.pem"}, sig...)
		openssl(t, dir, crl...)
		roots, _, err := ParseList(read(t, dir, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		defer roots.Close()
		leaf := must[[]*Certificate](t)(ParseCertificates(read(t, dir, "leaf.pem")))[0]
		if pss != (leaf.SignatureAlgorithm.PSS != nil) || pss && leaf.SignatureAlgorithm.PSS.SaltLength != 32 {
			t.Errorf("%v", leaf.SignatureAlgorithm)
		}
		verify := func() VerifyFlags {
			crls := must[*CRLs](t)(NewCRLs())
			defer crls.Close()
			if err := crls.ParseFile(dir + "/crl.pem"); err != nil {
				t.Fatal(err)
			}
			return flags(t, leaf.Verify(&VerifyOptions{Roots: roots, CRLs: crls, Name: "theirs.example"}))
		}
		if got := verify(); got != 0 {
			t.Errorf("PSS %v: %v", pss, got)
		}
		openssl(t, dir, append([]string{"ca", "-config", "ca.cnf", "-revoke", "leaf.pem", "-keyfile", "ca.key", "-cert", "ca.pem"}, sig...)...)
		openssl(t, dir, crl...)
		if got := verify(); got != CertRevoked {
			t.Errorf("PSS %v, revoked: %v", pss, got)
		}
	}
}

func TestUsage(t *testing.T) {
	_, middle, leaf := chainOf(t)
	bad := cbridge.ErrX509BadInputData
	for what, v := range map[string]struct {
		got  error
		want error
	}{
		"signature":   {leaf.CheckKeyUsage(KeyUsageDigitalSignature), nil},
		"certificate": {leaf.CheckKeyUsage(KeyUsageCertSign), bad},
		"CA's":        {middle.CheckKeyUsage(KeyUsageCertSign | KeyUsageCRLSign), nil},
		"server":      {leaf.CheckExtKeyUsage(ExtKeyUsageServerAuth), nil},
		"client":      {leaf.CheckExtKeyUsage(ExtKeyUsageClientAuth), bad},
		"not said":    {middle.CheckExtKeyUsage(ExtKeyUsageClientAuth), nil},
	} {
		if !errors.Is(v.got, v.want) || v.want == nil && v.got != nil {
			t.Errorf("%s: %v", what, v.got)
		}
	}
	if ca, err := middle.CA(); !ca || err != nil {
		t.Errorf("%v, %v", ca, err)
	}
	if _, err := leaf.CA(); !errors.Is(err, cbridge.ErrX509InvalidExtensions) {
		t.Errorf("without basic constraints: %v", err)
	}
	if has, err := leaf.HasExtension(oid.ExtKeyUsage | oid.ExtBasicConstraints); has != oid.ExtKeyUsage || err != nil {
		t.Errorf("%v, %v", has, err)
	}
	for _, s := range []string{"digitalSignature", "keyCertSign, cRLSign", "encipherOnly, decipherOnly"} {
		if u, err := ParseKeyUsage(s); err != nil || u.String() != s {
			t.Errorf("%q: %v, %v", s, u, err)
		}
	}
	if u, err := ParseNSCertType("sslca,SSLserver"); err != nil || u != NSCertTypeSSLCA|NSCertTypeSSLServer || u.String() != "sslServer, sslCA" {
		t.Errorf("%v, %v", u, err)
	}
	var unknown *UnknownNameError
	if _, err := ParseKeyUsage("none"); !errors.As(err, &unknown) || unknown.Name != "none" || len(unknown.Known) != 9 {
		t.Error(err)
	}
}

// An extension that nobody knows, critical.
func TestExtensionClosure(t *testing.T) {
	needs(t, writers)
	c := template(t, "CN=x")
	id := oid.MustParse("1.3.6.1.4.1.55555.7")
	c.ExtraExtensions = []Extension{{id, true, []byte{2, 1, 9}}}
	der := must[[]byte](t)(CreateCertificate(nil, c, nil, nil, ecKey()))
	if _, err := ParseCertificate(der); !errors.Is(err, cbridge.ErrX509InvalidExtensions) {
		t.Errorf("without a closure: %v", err)
	}
	cert, err := ParseCertificateExtensions(der, func(got oid.OID, critical bool, value []byte) error {
		if !got.Equal(id) || !critical || !bytes.Equal(value, []byte{2, 1, 9}) {
			t.Errorf("%v %v %x", got, critical, value)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := cert.Info(""); err != nil || !strings.Contains(info, "CN=x") { // also later
		t.Errorf("%s, %v", info, err)
	}
	l := list(t)
	if err := l.ParseExtensions(der, func(oid.OID, bool, []byte) error { return nil }); err != nil || l.Len() != 1 {
		t.Errorf("%d, %v", l.Len(), err)
	}
	mine := errors.New("mine")
	if _, err := ParseCertificateExtensions(der, func(oid.OID, bool, []byte) error { return mine }); !errors.Is(err, mine) ||
		!errors.Is(err, cbridge.ErrX509InvalidExtensions) {
		t.Errorf("refused: %v", err)
	}
}

func TestListsAndDirectories(t *testing.T) {
	root, middle, leaf := chainOf(t)
	dir := t.TempDir()
	var pem []byte
	for _, c := range []*Certificate{root, middle} {
		pem = append(pem, pemOf("CERTIFICATE", c.Raw)...)
	}
	broken := pemOf("CERTIFICATE", root.Raw[:20])
	write(t, dir, "a.pem", pem)
	write(t, dir, "b.pem", append(bytes.Clone(pem), broken...))
	write(t, dir, "c.der", leaf.Raw)
	write(t, dir, "d.txt", []byte("none"))
	write(t, dir, "e.pem", broken)
	if err := os.Mkdir(dir+"/f", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", dir+"/g"); err != nil {
		t.Fatal(err)
	}
	l := list(t)
	failed, err := l.ParseDir(dir)
	var names []string
	for _, f := range failed {
		names = append(names, strings.TrimPrefix(f.File, dir+"/"))
		if !strings.Contains(f.Error(), f.File) {
			t.Errorf("%v does not name the file", f)
		}
	}
	if err != nil || l.Len() != 5 || strings.Join(names, " ") != "b.pem d.txt e.pem g" || failed[0].Skipped != 1 ||
		!errors.Is(failed[1], cbridge.ErrX509InvalidFormat) || !errors.Is(failed[3], fs.ErrNotExist) {
		t.Errorf("%d certificates, %v, %v", l.Len(), failed, err)
	}
	if _, err := l.ParseDir(dir + "/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if certs, err := ParseCertificates(pem); err != nil || len(certs) != 2 || !certs[1].Subject.Equal(middle.Subject) {
		t.Errorf("%v, %v", certs, err)
	}
	if certs, err := ParseCertificates(append(bytes.Clone(pem), broken...)); certs != nil || !errors.Is(err, cbridge.ErrX509InvalidFormat) {
		t.Errorf("a part broken: %v", err)
	}
	for _, data := range [][]byte{nil, {}, {0x30}, []byte("text"), broken, []byte("-----BEGIN CERTIFICATE-----")} {
		if l, _, err := ParseList(data); l != nil || err == nil {
			t.Errorf("%q: %v", data, err)
		}
		if c, err := ParseCertificate(data); c != nil || err == nil {
			t.Errorf("%q: %v", data, err)
		}
	}
	if _, err := NewList(root, nil); !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Error(err)
	}
	if err := list(t).Verify(&VerifyOptions{}); !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Errorf("an empty list: %v", err)
	}
	if got := flags(t, list(t, leaf).Verify(&VerifyOptions{Roots: list(t)})); got != CertNotTrusted {
		t.Errorf("empty roots: %v", got)
	}
	closed := must[*List](t)(NewList(root))
	closed.Close()
	closed.Close()
	_, err1 := closed.Parse(pem)
	_, err2 := closed.Certificates()
	_, err3 := closed.ParseDir(dir)
	for _, err := range []error{err1, err2, closed.Verify(&VerifyOptions{}), list(t, leaf).Verify(&VerifyOptions{Roots: closed})} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if err3 != nil || closed.Len() != 0 {
		t.Errorf("after Close: %v", err3)
	}
	if _, err := FromStandard(nil); err == nil {
		t.Error("nil")
	}
}

// Lists may be shared.
func TestVerifyAtOnce(t *testing.T) {
	root, middle, leaf := chainOf(t)
	chain, roots := list(t, leaf, middle), list(t, root)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				err := chain.Verify(&VerifyOptions{Roots: roots, Name: "leaf.example",
					Verify: func(_ *Certificate, _ int, f VerifyFlags) (VerifyFlags, error) { return f, nil }})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNames(t *testing.T) {
	needs(t, "MBEDTLS_X509_CREATE_C")
	n := name(t, "C=NL, O=a\\, b, CN=x+y, 2.5.4.12=#0C0474657374")
	if n.String() != `C=NL, O=a\, b, CN=x\+y, title=test` || len(n.RDNs()) != 4 || n.Get("2.5.4.12")[0] != "test" || n.Get("O")[0] != "a, b" {
		t.Errorf("%s, %v", n, n.Attributes)
	}
	for _, s := range []string{"CN", "CN=", "XX=y", "CN=a, CN=b", "CN=\x00", "OU=a,O=b,OU=c", "CN=#zz"} {
		if n, err := ParseName(s); !errors.Is(err, cbridge.ErrX509InvalidName) || n.Raw != nil {
			t.Errorf("%q: %v, %v", s, n, err)
		}
	}
	if empty := must[Name](t)(ParseRawName([]byte{0x30, 0})); empty.String() != "" || empty.Attributes != nil {
		t.Errorf("%v", empty)
	}
	for _, der := range [][]byte{nil, {0x30}, {0x30, 1}, {0x31, 0}, {0x30, 0, 0}, {0x30, 2, 0x31, 0}} {
		if _, err := ParseRawName(der); !errors.Is(err, cbridge.ErrX509InvalidName) {
			t.Errorf("%x: %v", der, err)
		}
	}
	// Two attributes in one RDN, which the library reads and does not write.
	both := must[[]byte](t)(asn1.Marshal(pkix.RDNSequence{append(attribute(t, asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.TagUTF8String, "a"),
		attribute(t, asn1.ObjectIdentifier{2, 5, 4, 11}, asn1.TagUTF8String, "b")...)}))
	multi := must[Name](t)(ParseRawName(both))
	if multi.String() != "CN=a + OU=b" || len(multi.RDNs()) != 1 {
		t.Errorf("%s", multi)
	}
	needs(t, writers)
	c := template(t, "CN=x")
	c.Subject = multi
	if _, err := CreateCertificate(nil, c, nil, nil, ecKey()); !errors.Is(err, cbridge.ErrX509InvalidName) {
		t.Errorf("written: %v", err)
	}
	long := Name{Attributes: []Attribute{{Type: oid.MustParse("2.5.4.3"), Tag: asn1.TagUTF8String, Value: bytes.Repeat([]byte("x"), 300)}}}
	if s, err := long.Text(); !errors.Is(err, cbridge.ErrX509BufferTooSmall) || !strings.HasPrefix(long.String(), "(") {
		t.Errorf("%q, %v", s, err)
	}
}

func TestAltNames(t *testing.T) {
	for hex, want := range map[string]string{
		"820161": "dNSName:a", "810161": "rfc822Name:a", "860161": "uniformResourceIdentifier:a", "87047f000001": "iPAddress:127.0.0.1",
		"a40f300d310b3009060355040613024e4c": "directoryName:C=NL",
	} {
		var der []byte
		fmt.Sscanf(hex, "%x", &der)
		if a, err := ParseAltName(der); err != nil || a.String() != want {
			t.Errorf("%s: %v, %v", hex, a, err)
		}
	}
	for hex, want := range map[string]error{
		"88032a0304": cbridge.ErrX509FeatureUnavailable, "8703000000": cbridge.ErrX509BadInputData, "": cbridge.ErrX509BadInputData,
		"82016161": cbridge.ErrX509BadInputData, "a4023000": cbridge.ErrASN1OutOfData,
	} {
		var der []byte
		fmt.Sscanf(hex, "%x", &der)
		if a, err := ParseAltName(der); err == nil || hex != "a4023000" && !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", hex, a, err)
		}
	}
}

func TestTimesAndAddresses(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if got, err := ParseTime(23, "200102030405Z"); err != nil || !got.Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
	for _, s := range []string{"", "x", "201302030405Z", strings.Repeat("1", 300)} {
		if _, err := ParseTime(23, s); !errors.Is(err, cbridge.ErrX509InvalidDate) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if CompareTimes(at, at.Add(time.Second)) >= 0 || CompareTimes(at, at) != 0 || CompareTimes(at.Add(time.Hour), at) <= 0 {
		t.Error("comparison")
	}
	if !IsPast(at) || IsFuture(at) || IsPast(notAfter) || !IsFuture(notAfter) {
		t.Error("past and future")
	}
	if got := ParseIP("::1"); len(got) != 16 || got[15] != 1 || len(ParseIP("1.2.3.4")) != 4 || ParseIP("1.2.3.4\x00") != nil || len(ParseIP("x")) != 0 {
		t.Error("addresses")
	}
}

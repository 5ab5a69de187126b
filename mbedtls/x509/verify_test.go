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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	c.SubjectAltNames = []AltName{DNSName("leaf.example"), DNSName("*.wild.example"),
		IPAddress(netip.MustParseAddr("192.0.2.1")),
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
	}{{mine, cbridge.ErrX509FatalError}, {cbridge.Code(-2), -2}, {fmt.Errorf("%w", cbridge.ErrX509SigMismatch),
		cbridge.ErrX509SigMismatch},
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
		"nil":    func(*Certificate) ([]*Certificate, error) { return []*Certificate{root, nil}, nil },
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
	if cbridge.Feature("MBEDTLS_X509_CRT_WRITE_C") { // what was accepted once is so again
		c := caTemplate(t, "CN=Unusual")
		c.ExtraExtensions = []Extension{{oid.MustParse("1.3.6.1.4.1.55555.7"), true, []byte{2, 1, 9}}}
		unusual := must[*Certificate](t)(ParseCertificateExtensions(must[[]byte](t)(CreateCertificate(nil, c, nil, nil, ecKey())),
			func(oid.OID, bool, []byte) error { return nil }))
		o.TrustedCAs = func(*Certificate) ([]*Certificate, error) { return []*Certificate{unusual, root}, nil }
		if err := chain.Verify(o); err != nil {
			t.Errorf("beside a root with an extension that is not known: %v", err)
		}
	}
	o.Roots = list(t, root)
	if err := chain.Verify(o); !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Errorf("with roots, too: %v", err)
	}
}

// crlOf is a revocation list by crypto/x509, whose issuer is called as subject says.
func crlOf(t testing.TB, issuer *Certificate, subject []byte, signer crypto.Signer, next time.Time,
	serials ...[]byte) []byte {
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
		return must[[]byte](t)(asn1.Marshal(pkix.RDNSequence{attribute(t, organization, orgTag, org), attribute(t, common, cnTag,
			cn)}))
	}
	for what, v := range map[string]struct {
		issuer []byte
		want   VerifyFlags
	}{
		"the same bytes": {root.Subject.Raw, CertRevoked},
		"another case": {spell("TEST", asn1.TagUTF8String, "root AUTHORITY", asn1.TagUTF8String),
			CertRevoked},
		"another kind": {spell("Test", asn1.TagPrintableString, "Root Authority", asn1.TagPrintableString),
			CertRevoked},
		"both": {spell("tEST", asn1.TagPrintableString, "ROOT authority", asn1.TagUTF8String),
			CertRevoked},
		"another name":                      {spell("Test", asn1.TagUTF8String, "Root Authorit", asn1.TagUTF8String), 0},
		"more spaces":                       {spell("Test", asn1.TagUTF8String, "Root  Authority", asn1.TagUTF8String), 0},
		"another kind that is not compared": {spell("TEST", asn1.TagIA5String, "Root Authority", asn1.TagUTF8String), 0},
	} {
		crls := must[*CRLs](t)(NewCRLs(must[*RevocationList](t)(ParseRevocationList(crlOf(t, root, v.issuer, ecKey(), notAfter,
			[]byte{0x66})))))
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
	if diff := cmp.Diff(l, must[*RevocationList](t)(RevocationListFromStandard(std))); diff != "" {
		t.Error("there and back:", diff)
	}
	if l.Version != 2 || !bytes.Equal(l.Issuer.Raw, std.RawIssuer) || !l.ThisUpdate.Equal(std.ThisUpdate) ||
		!l.NextUpdate.Equal(std.NextUpdate) ||
		!bytes.Equal(l.Signature, std.Signature) || l.SignatureAlgorithm.String() != "ECDSA with SHA-256" ||
		len(l.RevokedCertificates) != 2 {
		t.Errorf("%+v", l)
	}
	for i, r := range l.RevokedCertificates {
		want := std.RevokedCertificateEntries[i]
		if new(big.Int).SetBytes(r.SerialNumber).Cmp(want.SerialNumber) != 0 || !r.Date.Equal(want.RevocationTime) ||
			!bytes.Equal(r.Raw, want.Raw[2:]) ||
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
	if is, err := root.IsRevoked(must[*RevocationList](t)(ParseRevocationList(crlOf(t, root, root.Subject.Raw, ecKey(),
		notAfter)))); is || err != nil {
		t.Errorf("on an empty list: %v, %v", is, err)
	}
	child := issue(t, template(t, "CN=child"), root, otherKey().Public(), ecKey())
	for what, v := range map[string]struct {
		der  []byte
		want VerifyFlags
	}{
		"old": {crlOf(t, root, root.Subject.Raw, ecKey(), notBefore.Add(time.Minute)), CRLExpired},
		"of another's key": {crlOf(t, issue(t, caTemplate(t, "CN=Other"), nil, nil, otherKey()), root.Subject.Raw, otherKey(),
			notAfter), CRLNotTrusted},
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
		openssl(t, dir, append([]string{"req", "-x509", "-key", "ca.key", "-subj", "/CN=Their CA", "-days", "3", "-out",
			"ca.pem"}, sig...)...)
		openssl(t, dir, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "leaf.key", "-subj",
			"/CN=theirs",
			"-addext", "subjectAltName=DNS:theirs.example", "-out", "leaf.csr")
		openssl(t, dir, append([]string{"x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
			"-copy_extensions", "copy",
			"-days", "2", "-out", "leaf.pem"}, sig...)...)
		crl := append([]string{"ca", "-config", "ca.cnf", "-gencrl", "-keyfile", "ca.key", "-cert", "ca.pem", "-out", "crl.pem"},
			sig...)
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
		openssl(t, dir, append([]string{"ca", "-config", "ca.cnf", "-revoke", "leaf.pem", "-keyfile", "ca.key", "-cert",
			"ca.pem"}, sig...)...)
		openssl(t, dir, crl...)
		if got := verify(); got != CertRevoked {
			t.Errorf("PSS %v, revoked: %v", pss, got)
		}
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

// A verification that is under way goes on with its own lists alone, which it keeps.
func TestRestart(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		if r, err := NewRestart(); r != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("in a build without it: %v", err)
		}
		return
	}
	root, middle, leaf := chainOf(t)
	if err := cbridge.SetECPMaxOps(100); err != nil {
		t.Fatal(err)
	}
	defer cbridge.SetECPMaxOps(0)
	restart := must[*Restart](t)(NewRestart())
	chain, roots := must[*List](t)(NewList(leaf, middle)), must[*List](t)(NewList(root))
	o := &VerifyOptions{Roots: roots, Restart: restart}
	if err := chain.Verify(o); !errors.Is(err, cbridge.ErrECPInProgress) {
		t.Fatalf("the first call: %v", err)
	}
	if err := list(t, leaf, middle).Verify(o); !errors.Is(err, cbridge.ErrX509BadInputData) {
		t.Errorf("another list: %v", err)
	}
	if err := cbridge.SetECPMaxOps(1000); !errors.Is(err, cbridge.ErrConnectionsExist) {
		t.Errorf("another bound meanwhile: %v", err)
	}
	calls := 1
	err := chain.Verify(o)
	for ; errors.Is(err, cbridge.ErrECPInProgress); calls++ {
		err = chain.Verify(o)
	}
	if err != nil {
		t.Errorf("after %d calls: %v", calls, err)
	}
	if err := chain.Verify(o); !errors.Is(err, cbridge.ErrECPInProgress) {
		t.Errorf("again: %v", err)
	}
	chain.Close()
	roots.Close()
	restart.Close()
	if err := list(t, leaf).Verify(o); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

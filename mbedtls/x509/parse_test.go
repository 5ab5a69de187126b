package x509

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

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
	if u, err := ParseNSCertType("sslca,SSLserver"); err != nil || u != NSCertTypeSSLCA|NSCertTypeSSLServer ||
		u.String() != "sslServer, sslCA" {
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
	if certs, err := ParseCertificates(append(bytes.Clone(pem), broken...)); certs != nil || !errors.Is(err,
		cbridge.ErrX509InvalidFormat) {
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
	for _, err := range []error{err1, err2, err3, closed.Verify(&VerifyOptions{}), list(t,
		leaf).Verify(&VerifyOptions{Roots: closed})} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if n := closed.Len(); n != 0 {
		t.Errorf("after Close: %d certificates", n)
	}
	if got := flags(t, list(t, leaf).Verify(nil)); got != CertNotTrusted {
		t.Errorf("without options: %v", got)
	}
	_, err0 := NewCRLs(nil)
	_, err4 := leaf.IsRevoked(nil)
	_, err1 = FromStandard(nil)
	_, err2 = RevocationListFromStandard(nil)
	_, err3 = CertificateRequestFromStandard(nil)
	for _, v := range []struct {
		err error
		op  string
	}{
		{err0, opParseCRL}, {err1, opParseCrt}, {err2, opParseCRL}, {err3, opParseCSR}, {err4, opParseCRL},
		{leaf.Verify(&VerifyOptions{Restart: new(Restart)}), opVerify},
	} {
		if e, ok := errors.AsType[*cbridge.Error](v.err); !ok || e.Code != cbridge.ErrX509BadInputData || e.Op != v.op {
			t.Errorf("%v, want an error of %s", v.err, v.op)
		}
	}
}

func TestNames(t *testing.T) {
	needs(t, "MBEDTLS_X509_CREATE_C")
	n := name(t, "C=NL, O=a\\, b, CN=x+y, 2.5.4.12=#0C0474657374")
	if n.String() != `C=NL, O=a\, b, CN=x\+y, title=test` || len(n.RDNs()) != 4 || n.Get("2.5.4.12")[0] != "test" ||
		n.Get("O")[0] != "a, b" {
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
	both := must[[]byte](t)(asn1.Marshal(pkix.RDNSequence{append(attribute(t, asn1.ObjectIdentifier{2, 5, 4, 3},
		asn1.TagUTF8String, "a"),
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
	long := Name{Attributes: []Attribute{{Type: oid.MustParse("2.5.4.3"), Tag: asn1.TagUTF8String,
		Value: bytes.Repeat([]byte("x"), 300)}}}
	if s, err := long.Text(); !errors.Is(err, cbridge.ErrX509BufferTooSmall) || !strings.HasPrefix(long.String(), "(") {
		t.Errorf("%q, %v", s, err)
	}
}

func TestAltNames(t *testing.T) {
	for hex, want := range map[string]string{
		"820161": "dNSName:a", "810161": "rfc822Name:a", "860161": "uniformResourceIdentifier:a",
		"87047f000001":                       "iPAddress:127.0.0.1",
		"a40f300d310b3009060355040613024e4c": "directoryName:C=NL",
	} {
		var der []byte
		fmt.Sscanf(hex, "%x", &der)
		if a, err := ParseAltName(der); err != nil || a.String() != want {
			t.Errorf("%s: %v, %v", hex, a, err)
		}
	}
	for hex, want := range map[string]error{
		"88032a0304": cbridge.ErrX509FeatureUnavailable, "8703000000": cbridge.ErrX509BadInputData,
		"":         cbridge.ErrX509BadInputData,
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
	if got := ParseIP("::1"); len(got) != 16 || got[15] != 1 || len(ParseIP("1.2.3.4")) != 4 ||
		ParseIP("1.2.3.4\x00") != nil || ParseIP("x") != nil {
		t.Error("addresses")
	}
}

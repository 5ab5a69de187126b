package cbridge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certificate is one of that subject with those names.
func certificate(t *testing.T, subject pkix.Name, names []string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234),
		Subject:      subject,
		DNSNames:     names,
		NotBefore:    time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:     time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestCertInfo(t *testing.T) {
	subject := pkix.Name{Country: []string{"NL"}, Organization: []string{"Org"}, CommonName: "the, name"}
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("host-%d.example", i))
	}
	der := certificate(t, subject, names)
	info, err := CertInfo(der, "  | ")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  | cert. version     : 3\n", "serial number     : 12:34\n", "subject name      : C=NL, O=Org, CN=the\\, name\n",
		"issued  on        : 2020-01-02 03:04:05\n", "signed using      : ECDSA with SHA256\n",
		"EC key size       : 256 bits\n", "dNSName : host-0.example\n", "dNSName : host-499.example\n",
	} {
		if !strings.Contains(info, want) {
			t.Errorf("no %q in\n%.1000s", want, info)
		}
	}
	for line := range strings.Lines(info) {
		if !strings.HasPrefix(line, "  | ") {
			t.Errorf("a line without the prefix: %q", line)
		}
	}
	if name, err := SubjectName(der); name != `C=NL, O=Org, CN=the\, name` || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	crt, _ := identity(t)
	if info, err := crt.Info(""); !strings.Contains(info, "CN=localhost\n") || err != nil {
		t.Errorf("%v:\n%s", err, info)
	}
	if name, err := crt.Subject(); name != "CN=localhost" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
}

func TestInfoOfNoCertificate(t *testing.T) {
	for _, der := range [][]byte{nil, {}, {0x30}, []byte("no certificate")} {
		if info, err := CertInfo(der, ""); info != "" || err == nil {
			t.Errorf("CertInfo of %x: %q, %v", der, info, err)
		}
		if name, err := SubjectName(der); name != "" || err == nil {
			t.Errorf("SubjectName of %x: %q, %v", der, name, err)
		}
	}
	empty, err := NewCrt()
	if err != nil {
		t.Fatal(err)
	}
	if name, err := empty.Subject(); name != "" || !errors.Is(err, ErrX509BadInputData) {
		t.Errorf("the subject of an empty list: %q, %v", name, err)
	}
	if info, err := empty.Info(">"); info != "" || !errors.Is(err, ErrX509BadInputData) {
		t.Errorf("an empty list: %q, %v", info, err)
	}
	empty.Close()
	_, infoErr := empty.Info("")
	_, nameErr := empty.Subject()
	if !errors.Is(infoErr, net.ErrClosed) || !errors.Is(nameErr, net.ErrClosed) {
		t.Errorf("after Close: %v, %v", infoErr, nameErr)
	}
}

func TestVerifyInfo(t *testing.T) {
	for _, test := range []struct {
		flags  uint32
		prefix string
		want   string
	}{
		{0, "! ", ""},
		{0x08, "  ! ", "  ! The certificate is not correctly signed by the trusted CA\n"},
		{0x09, "", "The certificate validity has expired\nThe certificate is not correctly signed by the trusted CA\n"},
		{1 << 30, "! ", "! Unknown reason (this should not happen)\n"},
		{0x01, strings.Repeat("x", 5000), strings.Repeat("x", 5000) + "The certificate validity has expired\n"},
	} {
		if got := VerifyInfo(test.flags, test.prefix); got != test.want {
			t.Errorf("flags %#x: %q, want %q", test.flags, got, test.want)
		}
	}
}

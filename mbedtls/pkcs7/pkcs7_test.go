package pkcs7

import (
	"crypto"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

const data = "what is signed\n"

// openssl runs it in a folder.
func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// signer makes a certificate of its own, valid for a day.
func signer(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	openssl(t, dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name+".key", "-subj", "/CN="+name, "-days", "1",
		"-set_serial", "7", "-out", name+".pem")
	return readCertificate(t, filepath.Join(dir, name+".pem"))
}

func readCertificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := x509.ParseCertificates(text)
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}

// sign makes a detached signature over data.
func sign(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "data"), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	openssl(t, dir, append([]string{"smime", "-sign", "-binary", "-noattr", "-in", "data", "-outform", "DER", "-out",
		"signed"}, args...)...)
	der, err := os.ReadFile(filepath.Join(dir, "signed"))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func needs(t *testing.T) {
	t.Helper()
	for _, o := range []string{"MBEDTLS_PKCS7_C", "MBEDTLS_RSA_C"} {
		if !cbridge.Feature(o) {
			t.Skipf("this build lacks %s", o)
		}
	}
}

func TestOpenSSLsSignatures(t *testing.T) {
	needs(t)
	dir := t.TempDir()
	one, other := signer(t, dir, "one"), signer(t, dir, "other")
	for md, hash := range map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512} {
		for _, certs := range []bool{true, false} {
			args := []string{"-signer", "one.pem", "-inkey", "one.key", "-md", md}
			if !certs {
				args = append(args, "-nocerts")
			}
			s, err := Parse(sign(t, dir, args...))
			if err != nil {
				t.Fatal(md, err)
			}
			h := hash.New()
			h.Write([]byte(data))
			for what, err := range map[string]error{"data": s.VerifyData(one, []byte(data)), "hash": s.VerifyHash(one, h.Sum(nil))} {
				if err != nil {
					t.Errorf("%s, %s: %v", md, what, err)
				}
			}
			for what, err := range map[string]error{
				"other data": s.VerifyData(one, []byte("x")), "no data": s.VerifyData(one, nil),
				"another's certificate": s.VerifyData(other, []byte(data)),
				"short hash":            s.VerifyHash(one, h.Sum(nil)[1:]), "no hash": s.VerifyHash(one, nil), "no certificate": s.VerifyData(nil,
					[]byte(data)),
			} {
				var e *cbridge.Error
				if !errors.As(err, &e) {
					t.Errorf("%s, %s: %v", md, what, err)
				}
			}
			digest, err := s.Digest.Hash()
			if err != nil || digest != hash || s.Version != 1 || len(s.Signers) != 1 {
				t.Errorf("%s: %v, %v, %+v", md, digest, err, s)
			}
			if i := s.Signers[0]; i.Issuer.String() != "CN=one" || fmt.Sprint(i.SerialNumber) != "[7]" || len(i.Signature) != 256 ||
				i.Version != 1 ||
				!i.Digest.Equal(s.Digest) {
				t.Errorf("%s: %+v", md, i)
			}
			if want := map[bool]int{true: 1}[certs]; len(s.Certificates) != want || certs &&
				s.Certificates[0].Subject.String() != "CN=one" {
				t.Errorf("%s: %d certificates", md, len(s.Certificates))
			}
			s.Close()
			s.Close()
			if err := s.VerifyData(one, []byte(data)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		}
	}
}

func TestSeveralSigners(t *testing.T) {
	needs(t)
	dir := t.TempDir()
	one, other, third := signer(t, dir, "one"), signer(t, dir, "other"), signer(t, dir, "third")
	s, err := Parse(sign(t, dir, "-nocerts", "-signer", "one.pem", "-inkey", "one.key", "-signer", "other.pem", "-inkey",
		"other.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if len(s.Signers) != 2 || s.Certificates != nil {
		t.Errorf("%+v", s)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := errors.Join(s.VerifyData(one, []byte(data)), s.VerifyData(other, []byte(data))); err != nil {
				t.Error(err)
			}
			if s.VerifyData(third, []byte(data)) == nil {
				t.Error("one that did not sign")
			}
		})
	}
	wg.Wait()
}

func TestWhatIsNoSignedData(t *testing.T) {
	needs(t)
	dir := t.TempDir()
	signer(t, dir, "one")
	der := sign(t, dir, "-signer", "one.pem", "-inkey", "one.key")
	for what, b := range map[string][]byte{
		"nothing": nil, "text": []byte("text"), "a part": der[:len(der)-1], "more": append(der[:len(der):len(der)], 0),
		"with content":     sign(t, dir, "-nodetach", "-signer", "one.pem", "-inkey", "one.key"),
		"two certificates": sign(t, dir, "-signer", "one.pem", "-inkey", "one.key", "-certfile", "one.pem"),
	} {
		s, err := Parse(b)
		var e *cbridge.Error
		if s != nil || !errors.As(err, &e) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNotBuilt(t *testing.T) {
	if cbridge.Feature("MBEDTLS_PKCS7_C") {
		t.Skip("this build has it")
	}
	if s, err := Parse([]byte{0x30, 0}); s != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

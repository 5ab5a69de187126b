package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// needs skips a test in a build without an option.
func needs(t testing.TB, options ...string) {
	t.Helper()
	for _, o := range options {
		if !cbridge.Feature(o) {
			t.Skipf("this build lacks %s", o)
		}
	}
}

const writers = "MBEDTLS_X509_CRT_WRITE_C"

// openssl runs it in a folder, and returns what it prints.
func openssl(t testing.TB, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, parts ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var (
	rsaKey   = sync.OnceValue(newRSA)
	ecKey    = sync.OnceValue(func() crypto.Signer { return newEC(elliptic.P256()) })
	otherKey = sync.OnceValue(func() crypto.Signer { return newEC(elliptic.P384()) })
)

func newRSA() crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func newEC(c elliptic.Curve) crypto.Signer {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func name(t testing.TB, s string) Name {
	t.Helper()
	return must[Name](t)(ParseName(s))
}

// toLibrary is the key in the library, which then signs.
func toLibrary(t testing.TB, s crypto.Signer) crypto.Signer {
	t.Helper()
	k := must[*pk.PrivateKey](t)(pk.NewPrivateKey(s))
	t.Cleanup(func() { k.Close() })
	return k
}

var (
	notBefore = time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	notAfter  = notBefore.Add(24 * time.Hour)
)

// template is one that has all that it needs.
func template(t testing.TB, subject string) *CertificateTemplate {
	t.Helper()
	return &CertificateTemplate{SerialNumber: []byte{1, 2, 3}, Subject: name(t, subject),
		NotBefore: notBefore, NotAfter: notAfter}
}

func caTemplate(t testing.TB, subject string) *CertificateTemplate {
	t.Helper()
	c := template(t, subject)
	c.BasicConstraints = &BasicConstraints{CA: true, MaxPathLen: -1}
	c.KeyUsage = KeyUsageCertSign | KeyUsageCRLSign
	return c
}

func issue(t testing.TB, c *CertificateTemplate, parent *Certificate, pub crypto.PublicKey,
	signer crypto.Signer) *Certificate {
	t.Helper()
	return must[*Certificate](t)(ParseCertificate(must[[]byte](t)(CreateCertificate(nil, c, parent, pub, signer))))
}

// list makes a list that the test closes.
func list(t testing.TB, certs ...*Certificate) *List {
	t.Helper()
	l := must[*List](t)(NewList(certs...))
	t.Cleanup(func() { l.Close() })
	return l
}

// flags are what a verification found wrong; another error is the test's.
func flags(t testing.TB, err error) VerifyFlags {
	t.Helper()
	if err == nil {
		return 0
	}
	var v *VerifyError
	if !errors.As(err, &v) || !errors.Is(err, cbridge.ErrX509CertVerifyFailed) {
		t.Fatalf("verify: %v", err)
	}
	return v.Flags
}

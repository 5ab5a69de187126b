package testpki_test

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestIssuedCertificatesVerifyAgainstTheirRoot(t *testing.T) {
	for _, a := range []testpki.Algorithm{testpki.P256, testpki.P384, testpki.RSA2048, testpki.RSA1024} {
		t.Run(fmt.Sprint(a), func(t *testing.T) {
			ca := testpki.NewCA(a, "root")
			leaf := ca.Intermediate(a, "intermediate").Issue(testpki.Leaf{Algorithm: a})
			if got := len(leaf.Certificate); got != 2 {
				t.Fatalf("the chain has %d certificates, want leaf and intermediate", got)
			}
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(testpki.CertPEM(leaf.Certificate[1]))
			opts := x509.VerifyOptions{Roots: ca.Pool(), Intermediates: pool, DNSName: "localhost"}
			if _, err := leaf.Leaf.Verify(opts); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRSAKeysAreMadeOnce(t *testing.T) {
	ca := testpki.NewCA(testpki.P256, "root")
	a, b := ca.Issue(testpki.Leaf{Algorithm: testpki.RSA1024}), ca.Issue(testpki.Leaf{Algorithm: testpki.RSA1024})
	if !a.PrivateKey.(*rsa.PrivateKey).Equal(b.PrivateKey) {
		t.Error("two leaves have two RSA keys")
	}
}

func TestValidityFollowsTheBoundThatIsSet(t *testing.T) {
	ca := testpki.NewCA(testpki.P256, "root")
	for _, past := range []testpki.Leaf{
		{NotAfter: time.Now().Add(-time.Minute)},
		{NotBefore: time.Now().Add(time.Hour)},
	} {
		leaf := ca.Issue(past).Leaf
		if !leaf.NotBefore.Before(leaf.NotAfter) {
			t.Errorf("not before %v, not after %v", leaf.NotBefore, leaf.NotAfter)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: ca.Pool()}); err == nil {
			t.Errorf("%v to %v verifies now", leaf.NotBefore, leaf.NotAfter)
		}
	}
}

func TestCRLIsSignedAndListsTheRevoked(t *testing.T) {
	ca := testpki.NewCA(testpki.P256, "root")
	bad := ca.Issue(testpki.Leaf{}).Leaf
	list, err := x509.ParseRevocationList(ca.CRL(time.Now().Add(-time.Minute), bad))
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(ca.Cert); err != nil {
		t.Error(err)
	}
	if n := len(list.RevokedCertificateEntries); n != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(bad.SerialNumber) != 0 {
		t.Errorf("%d entries", n)
	}
	if !list.NextUpdate.Before(time.Now()) || !list.ThisUpdate.Before(list.NextUpdate) {
		t.Errorf("from %v to %v", list.ThisUpdate, list.NextUpdate)
	}
}

func TestWrittenFilesAreWhatCryptoTLSLoads(t *testing.T) {
	want := testpki.SelfSigned(testpki.Leaf{Algorithm: testpki.P384})
	f, err := testpki.Write(t.TempDir(), "self", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Certificate, got.Certificate); diff != "" {
		t.Error(diff)
	}
}

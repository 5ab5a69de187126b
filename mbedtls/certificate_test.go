package mbedtls

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestX509KeyPairTakesPEMAndDER(t *testing.T) {
	setUp(t)
	middle := authority.Intermediate(testpki.P256, "Middle")
	for name, ca := range map[string]*testpki.CA{"leaf": authority, "chain": middle} {
		for _, algorithm := range []testpki.Algorithm{testpki.P256, testpki.P384, testpki.RSA2048} {
			want := ca.Issue(testpki.Leaf{Algorithm: algorithm})
			cert, key := testpki.CertPEM(want.Certificate...), testpki.KeyPEM(want)
			if name == "leaf" {
				block, _ := pem.Decode(key)
				if _, err := X509KeyPair(want.Certificate[0], block.Bytes); err != nil {
					t.Errorf("%s %s in DER: %v", algorithm, name, err)
				}
			}
			got, err := X509KeyPair(cert, key)
			if err != nil {
				t.Errorf("%s %s: %v", algorithm, name, err)
				continue
			}
			if diff := cmp.Diff(want.Certificate, got.Certificate); diff != "" || !got.Leaf.Equal(want.Leaf) {
				t.Errorf("%s %s: (-want +got):\n%s", algorithm, name, diff)
			}
			wantType := "EC"
			if algorithm.RSA() {
				wantType = "RSA"
			}
			if k := got.PrivateKey.(*PrivateKey); k.Type() != wantType {
				t.Errorf("%s: key of type %s", algorithm, k.Type())
			}
		}
	}
}

func TestX509KeyPairRefusesBadInput(t *testing.T) {
	setUp(t)
	c := authority.Issue(testpki.Leaf{})
	other := authority.Issue(testpki.Leaf{})
	cert, key := testpki.CertPEM(c.Certificate...), testpki.KeyPEM(c)
	half := func(b []byte) []byte { return b[:len(b)/2] }
	tests := map[string]struct {
		cert, key []byte
		want      error
		text      string
	}{
		"no certificate":      {nil, key, ErrX509BadInputData, "certificate: "},
		"truncated PEM":       {half(cert), key, ErrX509CertUnknownFormat, "certificate: "},
		"garbage":             {[]byte("garbage"), key, ErrX509InvalidFormat, "certificate: "},
		"a broken second one": {append(bytes.Clone(cert), half(cert)...), key, nil, "certificate"},
		"a key for it":        {key, key, nil, "certificate: "},
		"no key":              {cert, nil, ErrPKKeyInvalidFormat, "private key: "},
		"truncated key":       {cert, half(key), nil, "private key: "},
		"a certificate":       {cert, cert, ErrPKKeyInvalidFormat, "private key: "},
		"another's key":       {cert, testpki.KeyPEM(other), nil, "the private key is not the certificate's"},
	}
	for name, test := range tests {
		_, err := X509KeyPair(test.cert, test.key)
		if err == nil || !strings.Contains(err.Error(), test.text) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v and %q", name, err, test.want, test.text)
		}
	}
}

func TestLoadX509KeyPair(t *testing.T) {
	setUp(t)
	dir := t.TempDir()
	files, err := testpki.Write(dir, "server", authority.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadX509KeyPair(files.Cert, files.Key); err != nil {
		t.Error(err)
	}
	_, err = LoadX509KeyPair(filepath.Join(dir, "none"), files.Key)
	mustBe(t, "a missing certificate", err, os.ErrNotExist)
	_, err = LoadX509KeyPair(files.Cert, filepath.Join(dir, "none"))
	mustBe(t, "a missing key", err, os.ErrNotExist)
	if _, err := LoadX509KeyPair(files.Key, files.Key); err == nil || !strings.Contains(err.Error(), files.Key) {
		t.Errorf("%v does not name the file", err)
	}
}

func TestFromTLSCertificateRefusesWhatTheLibraryLacks(t *testing.T) {
	setUp(t)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := authority.Issue(testpki.Leaf{})
	for name, c := range map[string]tls.Certificate{
		"Ed25519":  {Certificate: good.Certificate, PrivateKey: key},
		"no key":   {Certificate: good.Certificate},
		"no chain": {PrivateKey: good.PrivateKey},
		"mismatch": {Certificate: good.Certificate, PrivateKey: authority.Issue(testpki.Leaf{}).PrivateKey},
		"a name":   {Certificate: good.Certificate, PrivateKey: "key"},
	} {
		if _, err := FromTLSCertificate(c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestCertificateWithAKeyOfTheStandardLibrary(t *testing.T) {
	client, server := configs(t)
	for _, algorithm := range []testpki.Algorithm{testpki.P256, testpki.RSA2048} {
		c := authority.Issue(testpki.Leaf{Algorithm: algorithm})
		config := server.Clone()
		config.Certificates = []Certificate{{Certificate: c.Certificate, PrivateKey: c.PrivateKey}}
		connected(t, client, config)
		config.Close()
	}
}

// Of several chains, a server of TLS 1.2 takes one whose key may do what the suite needs.
func TestOpaqueKeysAreChosenByTheirPolicy(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		t.Skip("this build has no MBEDTLS_USE_PSA_CRYPTO")
	}
	client, server := configs(t)
	client.CipherSuites = []uint16{0xC02B} // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	server.Certificates = nil
	for _, use := range []KeyUse{AgreeECDH, SignECDSA} {
		c := issue(t, testpki.Leaf{Algorithm: testpki.P256})
		key, err := c.PrivateKey.(*PrivateKey).Opaque(use)
		if err != nil {
			t.Fatal(err)
		}
		defer key.Close()
		c.PrivateKey = key
		server.Certificates = append(server.Certificates, c)
	}
	c, _ := connected(t, client, server)
	if got := c.ConnectionState().PeerCertificatesDER[0]; !bytes.Equal(got, server.Certificates[1].Certificate[0]) {
		t.Error("the server did not use its second chain")
	}
}

func TestCertificateWithAnOpaqueKey(t *testing.T) {
	client, server := configs(t)
	for _, test := range []struct {
		algorithm testpki.Algorithm
		uses      []KeyUse
		want      [2]bool // in TLS 1.2 and 1.3
	}{
		{testpki.P256, nil, [2]bool{true, true}},
		{testpki.RSA2048, nil, [2]bool{true, true}},
		{testpki.RSA2048, []KeyUse{SignPKCS1}, [2]bool{true, false}},
		{testpki.RSA2048, []KeyUse{SignPSS}, [2]bool{false, true}},
		{testpki.RSA2048, []KeyUse{SignPSS, SignPKCS1}, [2]bool{false, true}}, // TLS 1.2 goes by the first
	} {
		c := issue(t, testpki.Leaf{Algorithm: test.algorithm})
		key, err := c.PrivateKey.(*PrivateKey).Opaque(test.uses...)
		if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
			mustBe(t, "without PSA", err, errors.ErrUnsupported)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		c.PrivateKey = key
		for i, version := range []uint16{VersionTLS12, VersionTLS13} {
			config := server.Clone()
			config.Certificates, config.MinVersion, config.MaxVersion = []Certificate{c}, version, version
			a, b := ends(t, client, config)
			if cErr, sErr := handshakes(a, b); (cErr == nil && sErr == nil) != test.want[i] {
				t.Errorf("%s %v, %s: %v, %v", test.algorithm, test.uses, VersionName(version), cErr, sErr)
			}
			config.Close()
		}
		if _, err := key.Opaque(AgreeECDH, AgreeECDH, AgreeECDH); err == nil {
			t.Error("three algorithms are taken")
		}
		if key.Type() != "Opaque" {
			t.Errorf("type %s", key.Type())
		}
		c.Certificate = authority.Issue(testpki.Leaf{}).Certificate // of another EC key
		config := &Config{Certificates: []Certificate{c}}
		if _, err := config.build(true, cbridge.Stream); err == nil {
			t.Error("another's key is taken")
		}
		key.Close()
	}
}

func TestCertPool(t *testing.T) {
	setUp(t)
	other := otherAuthority(t)
	p := NewCertPool()
	if n, err := p.AppendCertsFromPEM(testpki.CertPEM(authority.Cert.Raw, other.Cert.Raw, authority.Cert.Raw)); n != 3 || err != nil {
		t.Errorf("appended %d, %v", n, err)
	}
	if p.AddCert(authority.Cert); p.Len() != 2 {
		t.Errorf("%d certificates, want 2", p.Len())
	}
	if n, err := p.AppendCertsFromPEM([]byte("nothing")); n != 0 || err == nil {
		t.Errorf("appended %d of nothing, %v", n, err)
	}
	before, err := p.chain()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := p.chain(); again != before {
		t.Error("the pool is parsed twice")
	}
	p.AddCert(otherAuthority(t).Cert)
	if after, err := p.chain(); err != nil || len(after.DER()) != 3 {
		t.Errorf("%v: what is added is not seen", err)
	}
}

func TestSystemRootsComeFromTheFirstPlaceThatHasSome(t *testing.T) {
	setUp(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "roots.pem")
	if err := os.WriteFile(file, testpki.CertPEM(authority.Cert.Raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	for name, places := range map[string][2][]string{
		"file":      {{none, file}, nil},
		"directory": {{none}, {none, dir}},
	} {
		p, err := loadRoots(places[0], places[1])
		if err != nil || p.Len() != 1 {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if _, err := loadRoots([]string{none}, []string{none}); err == nil || !strings.Contains(err.Error(), none) {
		t.Errorf("no roots at all: %v", err)
	}
}

func TestClosedPrivateKey(t *testing.T) {
	setUp(t)
	c := issue(t, testpki.Leaf{})
	k := c.PrivateKey.(*PrivateKey)
	k.Close()
	k.Close()
	if k.Bits() != 0 || k.Type() != "" {
		t.Errorf("%s with %d bits", k.Type(), k.Bits())
	}
	config := &Config{Certificates: []Certificate{c}}
	defer config.Close()
	mustBe(t, "Validate", config.Validate(true), net.ErrClosed)
}

func TestSystemCertPoolIsACopy(t *testing.T) {
	setUp(t)
	p, err := SystemCertPool()
	if err != nil {
		t.Skip(err)
	}
	n := p.Len()
	p.AddCert(authority.Cert)
	if again, _ := SystemCertPool(); again.Len() != n || p.Len() != n+1 {
		t.Errorf("%d and %d roots, want %d and %d", again.Len(), p.Len(), n, n+1)
	}
}

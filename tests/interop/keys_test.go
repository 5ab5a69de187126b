package interop_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

const keyPassword = "correct horse"

// encryptions are commands of openssl that read a key and encrypt it.
var encryptions = []struct {
	name    string
	args    []string
	rsa     bool         // for RSA keys alone
	missing mbedtls.Code // without a password
}{
	{"PBES2, AES-256-CBC, HMAC-SHA256", []string{"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"}, false, mbedtls.ErrPKPasswordRequired},
	{"PBES2, AES-128-CBC, HMAC-SHA1", []string{"pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"}, false, mbedtls.ErrPKPasswordRequired},
	{"PBES2, DER", []string{"pkcs8", "-topk8", "-outform", "DER", "-v2", "aes-256-cbc"}, false, mbedtls.ErrPKKeyInvalidFormat}, // only PEM says that it is encrypted
	{"DEK-Info, AES-256-CBC", []string{"rsa", "-aes256", "-traditional"}, true, mbedtls.ErrPKPasswordRequired},
	{"DEK-Info, AES-128-CBC, EC", []string{"ec", "-aes128"}, false, mbedtls.ErrPKPasswordRequired},
}

func TestEncryptedKeysOpenWithTheirPasswordAlone(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []testpki.Algorithm{testpki.RSA2048, testpki.P256} {
		for _, e := range encryptions {
			if e.args[0] != "pkcs8" && e.rsa != algorithm.RSA() {
				continue
			}
			t.Run(algorithm.String()+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				cert := w.ca.Issue(testpki.Leaf{Algorithm: algorithm})
				plain := w.file("plain.key", testpki.KeyPEM(cert))
				args := append(e.args, "-in", plain, "-passout", "pass:"+keyPassword)
				encrypted, err := peers.Run(w.ctx, "openssl", args...)
				if err != nil {
					t.Fatal(err)
				}
				chain := testpki.CertPEM(cert.Certificate...)

				if _, err := mbedtls.X509KeyPair(chain, encrypted); !errors.Is(err, e.missing) {
					t.Errorf("without a password: %v, want %v", err, e.missing)
				}
				if !refusesWrongPasswords(t, chain, encrypted) {
					t.Error("wrong passwords never are ErrPKPasswordMismatch")
				}
				good, err := mbedtls.X509KeyPairWithPassword(chain, encrypted, []byte(keyPassword))
				if err != nil {
					t.Fatal(err)
				}
				config := w.config()
				config.Certificates = []mbedtls.Certificate{good}
				l := w.listen(config)
				peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Size: 1000})
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				exchange(t, peer, conn)
			})
		}
	}
}

// refusesWrongPasswords tries several: what one of 256 decrypts to looks right at first, and is refused for another
// reason.
func refusesWrongPasswords(t *testing.T, chain, encrypted []byte) (mismatch bool) {
	t.Helper()
	for _, password := range []string{"wrong", "also wrong", keyPassword + " ", "Correct horse"} {
		_, err := mbedtls.X509KeyPairWithPassword(chain, encrypted, []byte(password))
		if err == nil {
			t.Errorf("opened with %q", password)
		}
		mismatch = mismatch || errors.Is(err, mbedtls.ErrPKPasswordMismatch)
	}
	return mismatch
}

func TestKeyOfAnotherCertificateIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	a, b := w.ca.Issue(testpki.Leaf{}), w.ca.Issue(testpki.Leaf{})
	if _, err := mbedtls.X509KeyPair(testpki.CertPEM(a.Certificate...), testpki.KeyPEM(b)); err == nil {
		t.Error("accepted")
	}
	files, err := testpki.Write(w.dir, "pair", a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := mbedtls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Leaf.Raw, a.Leaf.Raw) {
		t.Error("another certificate was loaded")
	}
}

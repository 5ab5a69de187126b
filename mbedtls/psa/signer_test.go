package psa_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

var digest = sha256.Sum256([]byte("a message"))

func ecKey(t testing.TB, bits int, alg psa.Algorithm) *psa.Key {
	t.Helper()
	needs(t, "MBEDTLS_ECDSA_C")
	return key(t, psa.Attributes{Type: psa.ECCKeyPair(psa.SECPR1), Bits: bits, Algorithm: alg, Usage: psa.UsageSignHash | psa.UsageVerifyHash})
}

func rsaKey(t testing.TB, a psa.Attributes) *psa.Key {
	t.Helper()
	needs(t, "MBEDTLS_RSA_C", "MBEDTLS_GENPRIME")
	a.Type, a.Bits = psa.TypeRSAKeyPair, 2048
	return key(t, a)
}

func TestECDSASigner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bits int
		alg  psa.Algorithm
		opts crypto.SignerOpts
	}{
		{256, psa.ECDSA(psa.AnyHash), crypto.SHA256}, {384, psa.ECDSA(psa.SHA256), crypto.SHA256},
		{256, psa.DeterministicECDSA(psa.SHA256), crypto.SHA256}, {256, psa.ECDSAAny, crypto.Hash(0)},
		{256, psa.ECDSAAny, nil},
	} {
		if c.alg.IsDeterministicECDSA() {
			needs(t, "MBEDTLS_ECDSA_DETERMINISTIC")
		}
		k := ecKey(t, c.bits, c.alg)
		public, ok := k.Public().(*ecdsa.PublicKey)
		if !ok || public.Curve.Params().BitSize != c.bits {
			t.Fatalf("%T", k.Public())
		}
		sig := must[[]byte](t)(k.Sign(rand.Reader, digest[:], c.opts))
		if !ecdsa.VerifyASN1(public, digest[:], sig) {
			t.Errorf("%d bits, %#x: crypto/ecdsa does not verify %x", c.bits, c.alg, sig)
		}
		raw := must[[]byte](t)(psa.ECDSADERToRaw(c.bits, sig))
		alg := c.alg
		if alg.SignHash() == psa.AnyHash {
			alg = psa.ECDSA(psa.SHA256)
		}
		check(t, k.VerifyHash(alg, digest[:], raw))
		raw[5] ^= 1
		is(t, "a changed signature", k.VerifyHash(alg, digest[:], raw), psa.ErrInvalidSignature)
	}
	k := ecKey(t, 256, psa.ECDSA(psa.SHA256))
	_, err := k.Sign(nil, digest[:5], crypto.SHA256)
	is(t, "a short digest", err, psa.ErrInvalidArgument)
	_, err = k.Sign(nil, digest[:], crypto.BLAKE2b_256)
	is(t, "a hash that is not there", err, psa.ErrInvalidArgument)
	_, err = k.Sign(nil, digest[:], nil)
	is(t, "no options, where the policy wants a hash", err, psa.ErrNotPermitted)
	_, err = k.Sign(nil, make([]byte, 48), crypto.SHA384)
	is(t, "a hash that the policy does not allow", err, psa.ErrNotPermitted)
}

func TestRSASigner(t *testing.T) {
	t.Parallel()
	k := rsaKey(t, psa.Attributes{
		Algorithm: psa.RSAPKCS1v15Sign(psa.AnyHash), EnrollmentAlgorithm: psa.RSAPSS(psa.AnyHash), Usage: psa.UsageSignHash,
	})
	public := k.Public().(*rsa.PublicKey)
	check(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], must[[]byte](t)(k.Sign(nil, digest[:], crypto.SHA256))))
	for _, salt := range []int{rsa.PSSSaltLengthEqualsHash, rsa.PSSSaltLengthAuto, 32} {
		opts := &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
		check(t, rsa.VerifyPSS(public, crypto.SHA256, digest[:], must[[]byte](t)(k.Sign(nil, digest[:], opts)), opts))
	}
	_, err := k.Sign(nil, digest[:], &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256})
	is(t, "another salt", err, psa.ErrInvalidArgument)
	_, err = k.Export()
	is(t, "Export", err, psa.ErrNotPermitted)
}

func TestDecrypter(t *testing.T) {
	t.Parallel()
	k := rsaKey(t, psa.Attributes{
		Algorithm: psa.RSAPKCS1v15Crypt, EnrollmentAlgorithm: psa.RSAOAEP(psa.SHA256), Usage: psa.UsageEncrypt | psa.UsageDecrypt,
	})
	public := k.Public().(*rsa.PublicKey)
	//lint:ignore SA1019 what is tested has this padding
	sealed := must[[]byte](t)(rsa.EncryptPKCS1v15(rand.Reader, public, []byte("plain")))
	//lint:ignore SA1019 likewise
	for _, opts := range []crypto.DecrypterOpts{nil, &rsa.PKCS1v15DecryptOptions{}, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 5}} {
		if got := must[[]byte](t)(k.Decrypt(nil, sealed, opts)); string(got) != "plain" {
			t.Errorf("%T: %q", opts, got)
		}
	}
	for _, n := range []int{4, 6, 48} {
		//lint:ignore SA1019 likewise
		a, b := must[[]byte](t)(k.Decrypt(nil, sealed, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: n})), must[[]byte](t)(k.Decrypt(nil, sealed, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: n}))
		if len(a) != n || string(a) == string(b) {
			t.Errorf("a session key of another length: %x, %x", a, b)
		}
	}
	wrong := append([]byte(nil), sealed...)
	wrong[len(wrong)-1] ^= 1
	//lint:ignore SA1019 likewise
	if got, err := k.Decrypt(nil, wrong, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 5}); err != nil || len(got) != 5 || string(got) == "plain" {
		t.Errorf("wrong padding: %q, %v", got, err)
	}
	oaep := must[[]byte](t)(rsa.EncryptOAEP(sha256.New(), rand.Reader, public, []byte("plain"), []byte("label")))
	opts := &rsa.OAEPOptions{Hash: crypto.SHA256, Label: []byte("label")}
	if got := must[[]byte](t)(k.Decrypt(nil, oaep, opts)); string(got) != "plain" {
		t.Errorf("%q", got)
	}
	opts.Label = nil
	_, err := k.Decrypt(nil, oaep, opts)
	is(t, "another label", err, psa.ErrInvalidPadding)
	_, err = k.Decrypt(nil, oaep, &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1})
	is(t, "two hashes", err, psa.ErrInvalidArgument)
	_, err = k.Decrypt(nil, oaep, 7)
	is(t, "other options", err, psa.ErrInvalidArgument)
}

func TestPublicOfOtherKeys(t *testing.T) {
	t.Parallel()
	if k := key(t, aes); k.Public() != nil {
		t.Errorf("%T", k.Public())
	}
	k, err := psa.Generate(psa.Attributes{Type: psa.ECCKeyPair(psa.SECPK1), Bits: 256})
	if errors.Is(err, psa.ErrNotSupported) {
		return
	}
	check(t, err)
	defer k.Close()
	if k.Public() != nil {
		t.Errorf("%T", k.Public())
	}
}

// selfSigned is a certificate of a key that may sign.
func selfSigned(k crypto.Signer) (der []byte, err error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	return x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
}

func TestCertificateOfAKeyInTheStore(t *testing.T) {
	t.Parallel()
	k := ecKey(t, 256, psa.ECDSA(psa.AnyHash))
	cert := must[*x509.Certificate](t)(x509.ParseCertificate(must[[]byte](t)(selfSigned(k))))
	check(t, cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature))
}

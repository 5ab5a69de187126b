package cbridge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"net"
	"sync"
	"testing"
)

// keyPair is a key in Go and the library, with a certificate.
type keyPair struct {
	signer crypto.Signer
	crt    *Crt
	pk     *PK
}

func keyPairs(t *testing.T) (rsaPair, ecPair keyPair) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPair.signer, ecPair.signer = r, e
	rsaPair.crt, rsaPair.pk = selfSigned(t, r)
	ecPair.crt, ecPair.pk = selfSigned(t, e)
	return rsaPair, ecPair
}

var testDigest = sha256.Sum256([]byte("data"))

func (k keyPair) verifies(sig []byte) bool {
	switch public := k.signer.Public().(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, testDigest[:], sig) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, testDigest[:], sig)
	}
	return false
}

// seals encrypts for the key, as a client of RSA key exchange does.
func (k keyPair) seals(t *testing.T, plain string) []byte {
	t.Helper()
	//lint:ignore SA1019 that key exchange has no other padding
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &k.signer.(*rsa.PrivateKey).PublicKey, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSign(t *testing.T) {
	r, e := keyPairs(t)
	for _, k := range []keyPair{r, e} {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if sig, err := k.pk.Sign(crypto.SHA256, testDigest[:]); err != nil || !k.verifies(sig) {
					t.Errorf("%s: %x, %v", k.pk.Type(), sig, err)
				}
			})
		}
		wg.Wait()
		for _, bad := range []struct {
			hash   crypto.Hash
			digest []byte
		}{
			{crypto.SHA256, nil}, {crypto.SHA256, testDigest[:31]}, {crypto.SHA384, testDigest[:]}, {0, nil}, {0, testDigest[:]},
			{99, testDigest[:]}, {crypto.BLAKE2b_256, testDigest[:]},
		} {
			if sig, err := k.pk.Sign(bad.hash, bad.digest); sig != nil || !errors.Is(err, ErrPKBadInputData) {
				t.Errorf("hash %d, %d bytes: %x, %v", bad.hash, len(bad.digest), sig, err)
			}
		}
	}
	r.pk.Close()
	_, signErr := r.pk.Sign(crypto.SHA256, testDigest[:])
	_, decryptErr := r.pk.Decrypt(nil, 1)
	if !errors.Is(signErr, net.ErrClosed) || !errors.Is(decryptErr, net.ErrClosed) || r.pk.Matches(r.crt.DER()[0]) {
		t.Errorf("after Close: %v, %v", signErr, decryptErr)
	}
}

func TestDecrypt(t *testing.T) {
	r, e := keyPairs(t)
	plain := "forty-eight bytes of a premaster secret, or less"
	sealed := r.seals(t, plain)
	for _, limit := range []int{len(plain), 256} {
		if got, err := r.pk.Decrypt(sealed, limit); string(got) != plain || err != nil {
			t.Errorf("limit %d: %q, %v", limit, got, err)
		}
	}
	for _, c := range []struct {
		name   string
		key    *PK
		sealed []byte
		limit  int
		want   Code
	}{
		{"too long", r.pk, sealed, len(plain) - 1, ErrRSAOutputTooLarge},
		{"no room", r.pk, sealed, 0, ErrRSAOutputTooLarge},
		{"less than no room", r.pk, sealed, -1, ErrRSAOutputTooLarge},
		{"cut", r.pk, sealed[1:], 256, ErrRSABadInputData},
		{"nothing", r.pk, nil, 256, ErrRSABadInputData},
		{"an EC key", e.pk, sealed, 256, ErrPKTypeMismatch},
	} {
		if got, err := c.key.Decrypt(c.sealed, c.limit); len(got) > 0 || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v; want %v", c.name, got, err, c.want)
		}
	}
}

func TestMatches(t *testing.T) {
	r, e := keyPairs(t)
	other, _ := keyPairs(t)
	for _, c := range []struct {
		name string
		key  *PK
		der  []byte
		want bool
	}{
		{"RSA", r.pk, r.crt.DER()[0], true},
		{"EC", e.pk, e.crt.DER()[0], true},
		{"another RSA", r.pk, other.crt.DER()[0], false},
		{"EC for RSA", e.pk, r.crt.DER()[0], false},
		{"RSA for EC", r.pk, e.crt.DER()[0], false},
		{"no certificate", r.pk, []byte("no certificate"), false},
		{"nothing", r.pk, nil, false},
	} {
		if got := c.key.Matches(c.der); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// A key whose private half is elsewhere works in handshakes alone.
func TestSignerKeysDoNoWork(t *testing.T) {
	_, e := keyPairs(t)
	k, err := NewSignerKey(e.crt, Signer{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if sig, err := k.Sign(crypto.SHA256, testDigest[:]); sig != nil || !errors.Is(err, ErrPKFeatureUnavailable) {
		t.Errorf("Sign: %x, %v", sig, err)
	}
	if out, err := k.Decrypt(nil, 1); out != nil || !errors.Is(err, ErrPKFeatureUnavailable) {
		t.Errorf("Decrypt: %x, %v", out, err)
	}
	if k.Matches(e.crt.DER()[0]) {
		t.Error("it matches")
	}
}

package rsa

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math"
	"math/big"
	"net"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

var digest = sha256.Sum256([]byte("data"))

// generated is a key, and the same in the standard library.
func generated(t *testing.T) (*Key, *rsa.PrivateKey) {
	t.Helper()
	if !cbridge.Feature("MBEDTLS_RSA_C") || !cbridge.Feature("MBEDTLS_GENPRIME") {
		t.Skip("not in this build")
	}
	k, err := Generate(nil, 1024, 65537)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	der, err := k.MarshalPKCS1PrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	std, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return k, std
}

func TestGeneratedKeyIsOneForTheStandardLibrary(t *testing.T) {
	k, std := generated(t)
	if err := errors.Join(std.Validate(), k.CheckPrivate(), k.CheckPublic(), k.CheckPair(k)); err != nil {
		t.Error(err)
	}
	dp, dq, qp, err := k.CRT()
	if err != nil || dp.Cmp(std.Precomputed.Dp) != 0 || dq.Cmp(std.Precomputed.Dq) != 0 || qp.Cmp(std.Precomputed.Qinv) != 0 {
		t.Errorf("CRT: %v", err)
	}
	if err := ValidateCRT(std.Primes[0], std.Primes[1], std.D, dp, dq, qp); err != nil {
		t.Error(err)
	}
	if dp, dq, qp, err = DeduceCRT(std.Primes[0], std.Primes[1], std.D); err != nil || dp.Cmp(std.Precomputed.Dp) != 0 {
		t.Errorf("DeduceCRT: %v, %v, %v, %v", dp, dq, qp, err)
	}
	public, err := k.MarshalPKCS1PublicKey()
	if err != nil || !bytes.Equal(public, x509.MarshalPKCS1PublicKey(&std.PublicKey)) {
		t.Errorf("public key %x, %v", public, err)
	}
}

func TestSchemes(t *testing.T) {
	k, std := generated(t)
	sig, err := k.SignPKCS1v15(nil, crypto.SHA256, digest[:])
	if err != nil || rsa.VerifyPKCS1v15(&std.PublicKey, crypto.SHA256, digest[:], sig) != nil || k.VerifyPKCS1v15(crypto.SHA256, digest[:], sig) != nil {
		t.Errorf("PKCS #1 v1.5: %x, %v", sig, err)
	}
	if _, err := k.SignPSS(nil, crypto.SHA256, digest[:]); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Errorf("PSS with the other padding: %v", err)
	}
	if err := k.SetPadding(PKCS1v21, crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := k.SignPKCS1v15(nil, crypto.SHA256, digest[:]); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Errorf("PKCS #1 v1.5 with the other padding: %v", err)
	}
	for _, salt := range []int{AnySalt, 0, 20, 94} {
		sig, err := k.SignPSSSalt(nil, crypto.SHA256, digest[:], salt)
		if err != nil {
			t.Fatal(err)
		}
		if err := rsa.VerifyPSS(&std.PublicKey, crypto.SHA256, digest[:], sig, nil); err != nil {
			t.Errorf("salt %d: %v", salt, err)
		}
		if salt == AnySalt {
			salt = 32
		}
		if err := k.VerifyPSSSalt(crypto.SHA256, digest[:], crypto.SHA256, salt, sig); err != nil {
			t.Errorf("salt %d: %v", salt, err)
		}
		if err := k.VerifyPSSSalt(crypto.SHA256, digest[:], crypto.SHA256, salt+1, sig); !errors.Is(err, cbridge.ErrRSAInvalidPadding) {
			t.Errorf("salt %d, not %d: %v", salt, salt+1, err)
		}
	}
	if _, err := k.SignPSSSalt(nil, crypto.SHA256, digest[:], 95); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Errorf("a salt that is too long: %v", err)
	}
	sealed, err := k.EncryptOAEP(nil, []byte("label"), []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rsa.DecryptOAEP(sha256.New(), nil, std, sealed, []byte("label")); string(got) != "message" {
		t.Errorf("OAEP: %q, %v", got, err)
	}
	if got, err := k.DecryptOAEP(nil, []byte("label"), sealed, 7); string(got) != "message" {
		t.Errorf("OAEP: %q, %v", got, err)
	}
	if _, err := k.DecryptOAEP(nil, []byte("label"), sealed, 6); !errors.Is(err, cbridge.ErrRSAOutputTooLarge) {
		t.Errorf("too little room: %v", err)
	}
	if _, err := k.DecryptOAEP(nil, nil, sealed, 7); !errors.Is(err, cbridge.ErrRSAInvalidPadding) {
		t.Errorf("another label: %v", err)
	}
}

// What was computed of the numbers before must not be used with the new ones.
func TestNewNumbersInTheSameContext(t *testing.T) {
	k, _ := generated(t)
	other, std := generated(t)
	if _, err := k.Sign(nil, crypto.SHA256, digest[:]); err != nil { // which computes some
		t.Fatal(err)
	}
	if err := k.Import(Numbers{N: std.N, P: std.Primes[0], Q: std.Primes[1], D: std.D, E: big.NewInt(int64(std.E))}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.Complete(), k.CheckPrivate(), other.CheckPair(k)); err != nil {
		t.Error(err)
	}
	sig, err := k.Sign(nil, crypto.SHA256, digest[:])
	if err != nil || rsa.VerifyPKCS1v15(&std.PublicKey, crypto.SHA256, digest[:], sig) != nil {
		t.Errorf("%x, %v", sig, err)
	}
	der, err := k.MarshalPKCS1PrivateKey()
	if err != nil || !bytes.Equal(der, x509.MarshalPKCS1PrivateKey(std)) {
		t.Errorf("%x, %v", der, err)
	}

	// A context stays one after a key that could not be made, with its padding.
	if err := k.SetPadding(PKCS1v21, crypto.SHA256); err != nil {
		t.Skip(err)
	}
	if err := k.Bridge().GenKey(nil, 1025, 3); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Error(err)
	}
	if p, h := k.Padding(); p != PKCS1v21 || h != crypto.SHA256 {
		t.Errorf("padding %v, %v", p, h)
	}
	if err := k.Bridge().GenKey(nil, 1024, 3); err != nil {
		t.Fatal(err)
	}
	if err := k.CheckPrivate(); err != nil {
		t.Error(err)
	}
}

// TestBadInput gives what the library, which gets no lengths, would read beyond.
func TestBadInput(t *testing.T) {
	k, _ := generated(t)
	_, publicErr := k.Public(make([]byte, 127))
	_, privateErr := k.Private(nil, nil)
	_, decryptErr := k.Decrypt(nil, make([]byte, 129), 128)
	_, signErr := k.Sign(nil, crypto.SHA256, nil)
	_, lengthErr := k.Sign(nil, crypto.SHA256, digest[:31])
	_, longErr := k.Encrypt(nil, make([]byte, 118))
	for _, err := range []error{publicErr, privateErr, decryptErr, signErr, lengthErr, longErr, k.Import(Numbers{N: big.NewInt(-1)})} {
		if !errors.Is(err, cbridge.ErrRSABadInputData) {
			t.Errorf("%v, want ErrRSABadInputData", err)
		}
	}
	if err := k.Verify(crypto.SHA256, digest[:], nil); !errors.Is(err, cbridge.ErrRSAVerifyFailed) {
		t.Error(err)
	}
	empty, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if _, err := empty.Sign(nil, crypto.SHA256, digest[:]); err == nil {
		t.Error("no key signs")
	}
	if _, _, err := DeducePrimes(nil, nil, nil); !errors.Is(err, cbridge.ErrMPIBadInputData) {
		t.Error(err)
	}
	if _, err := Generate(nil, 1025, 3); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Error(err)
	}
	if truncated := math.MaxInt&^0xfffffffe | 3; truncated > math.MaxInt32 {
		if _, err := Generate(nil, 1024, truncated); !errors.Is(err, cbridge.ErrRSABadInputData) {
			t.Errorf("an exponent that C truncates: %v", err)
		}
	}
	sealed, err := k.Encrypt(nil, []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Decrypt(nil, sealed, math.MaxInt); string(got) != "message" {
		t.Errorf("no limit: %q, %v", got, err)
	}
}

func TestManyGoroutinesAndClose(t *testing.T) {
	k, std := generated(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			sig, err := k.Sign(nil, crypto.SHA256, digest[:])
			if err != nil || rsa.VerifyPKCS1v15(&std.PublicKey, crypto.SHA256, digest[:], sig) != nil {
				t.Errorf("%x, %v", sig, err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Error(err)
	}
	if _, err := k.Sign(nil, crypto.SHA256, digest[:]); !errors.Is(err, net.ErrClosed) || k.Size() != 0 {
		t.Errorf("%v, want net.ErrClosed", err)
	}
}

package pk

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	mrsa "github.com/gombedtls/gombedtls/mbedtls/rsa"
)

var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	testHash = sha256.Sum256([]byte("data"))
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// pair is a key of the standard library's in this one.
func pair(t testing.TB, key crypto.PrivateKey) (*PrivateKey, *PublicKey) {
	t.Helper()
	if _, ok := key.(*rsa.PrivateKey); ok && !cbridge.Feature("MBEDTLS_RSA_C") {
		t.Skip("no RSA in this build")
	}
	k, err := NewPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := k.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close(); public.Close() })
	return k, public
}

// TestSignaturesOfBoth has each side verify what the other signed.
func TestSignaturesOfBoth(t *testing.T) {
	for _, test := range []struct {
		key  crypto.Signer
		opts crypto.SignerOpts
	}{
		{rsaKey(), crypto.SHA256},
		{rsaKey(), crypto.Hash(0)},
		{rsaKey(), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}},
		{rsaKey(), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}},
		{rsaKey(), &rsa.PSSOptions{SaltLength: 7, Hash: crypto.SHA256}},
		{ecKey(), crypto.SHA256},
		{ecKey(), &ECDSAOptions{Hash: crypto.SHA256}},
	} {
		t.Run(fmt.Sprintf("%T %+v", test.key, test.opts), func(t *testing.T) {
			k, public := pair(t, test.key)
			verify := func(sig []byte) error {
				switch p := test.key.Public().(type) {
				case *rsa.PublicKey:
					if pss, ok := test.opts.(*rsa.PSSOptions); ok {
						return rsa.VerifyPSS(p, crypto.SHA256, testHash[:], sig, pss)
					}
					return rsa.VerifyPKCS1v15(p, test.opts.HashFunc(), testHash[:], sig)
				case *ecdsa.PublicKey:
					if !ecdsa.VerifyASN1(p, testHash[:], sig) {
						return errors.New("no signature")
					}
				}
				return nil
			}
			sig, err := k.Sign(nil, testHash[:], test.opts)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(sig); err != nil {
				t.Errorf("the standard library: %v", err)
			}
			theirs, err := test.key.Sign(rand.Reader, testHash[:], test.opts)
			if err != nil {
				t.Fatal(err)
			}
			for _, sig := range [][]byte{sig, theirs} {
				if err := public.Verify(testHash[:], sig, test.opts); err != nil {
					t.Errorf("%x: %v", sig, err)
				}
				sig[len(sig)-1] ^= 1
				if public.Verify(testHash[:], sig, test.opts) == nil {
					t.Errorf("%x: a signature that was changed", sig)
				}
			}
			if public.Verify(testHash[:], nil, test.opts) == nil {
				t.Error("no signature is one")
			}
		})
	}
}

// TestShortSalt signs a large hash under a small key, where the salt has two bytes less than the hash.
func TestShortSalt(t *testing.T) {
	key := must(rsa.GenerateKey(rand.Reader, 1024))
	k, public := pair(t, key)
	digest := sha512.Sum512([]byte("data"))
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		sig, err := k.Sign(nil, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA512})
		if err != nil {
			t.Fatal(err)
		}
		for salt, ok := range map[int]bool{rsa.PSSSaltLengthAuto: true, rsa.PSSSaltLengthEqualsHash: true, 62: true, 64: false} {
			err := public.Verify(digest[:], sig, &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA512})
			if (err == nil) != ok {
				t.Errorf("salt of %d bytes: %v", salt, err)
			}
		}
	}
	if _, err := k.Sign(nil, digest[:], &rsa.PSSOptions{SaltLength: 63, Hash: crypto.SHA512}); !errors.Is(err, cbridge.ErrRSABadInputData) {
		t.Errorf("a salt that is too long: %v", err)
	}
}

func TestDeterministicECDSA(t *testing.T) {
	k, public := pair(t, ecKey())
	var sigs [2][2][]byte
	for i, deterministic := range []bool{false, true} {
		for j := range sigs[i] {
			opts := &ECDSAOptions{Hash: crypto.SHA256, Deterministic: deterministic}
			sig, err := k.Sign(nil, testHash[:], opts)
			if deterministic && errors.Is(err, errors.ErrUnsupported) && !cbridge.Feature("MBEDTLS_ECDSA_DETERMINISTIC") {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := public.Verify(testHash[:], sig, opts); err != nil {
				t.Error(err)
			}
			sigs[i][j] = sig
		}
		if equal := bytes.Equal(sigs[i][0], sigs[i][1]); equal != deterministic {
			t.Errorf("deterministic %v: equal signatures %v", deterministic, equal)
		}
	}
}

func TestDecrypt(t *testing.T) {
	k, public := pair(t, rsaKey())
	oaep := &rsa.OAEPOptions{Hash: crypto.SHA256, Label: []byte("label")}
	msg := []byte("message")
	sealed := must(public.Encrypt(nil, msg, oaep))
	if got, err := rsaKey().Decrypt(nil, sealed, oaep); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("the standard library: %q, %v", got, err)
	}
	if got, err := k.Decrypt(nil, must(rsa.EncryptOAEP(sha256.New(), rand.Reader, &rsaKey().PublicKey, msg, oaep.Label)), oaep); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("OAEP: %q, %v", got, err)
	}
	if _, err := k.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: crypto.SHA256}); !errors.Is(err, cbridge.ErrRSAInvalidPadding) {
		t.Errorf("another label: %v", err)
	}
	if _, err := k.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("two hashes: %v", err)
	}
	sealed = must(public.Encrypt(nil, msg, nil))
	if got, err := k.Decrypt(nil, sealed, nil); err != nil || !bytes.Equal(got, msg) {
		t.Errorf("PKCS #1 v1.5: %q, %v", got, err)
	}
	session := func(size int) []byte {
		//lint:ignore SA1019 this is what the padding is still for
		return must(k.Decrypt(nil, sealed, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size}))
	}
	if got := session(len(msg)); !bytes.Equal(got, msg) {
		t.Errorf("session key: %x", got)
	}
	sealed[9] ^= 1
	if a, b := session(48), session(48); len(a) != 48 || bytes.Equal(a, b) {
		t.Errorf("wrong padding: %x, %x", a, b)
	}
	if _, err := k.Decrypt(nil, sealed[1:], nil); err == nil {
		t.Error("a short message can be decrypted")
	}
	ec, _ := pair(t, ecKey())
	//lint:ignore SA1019 this is what the padding is still for
	if _, err := ec.Decrypt(nil, sealed, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: math.MaxInt}); !errors.Is(err, cbridge.ErrPKTypeMismatch) {
		t.Errorf("EC, a session key: %v", err)
	}
	if _, err := ec.Decrypt(nil, sealed, nil); !errors.Is(err, cbridge.ErrPKTypeMismatch) {
		t.Errorf("EC: %v", err)
	}
}

// A context in the padding of OAEP and PSS keeps it where the options say nothing, and only there.
func TestPaddingOfAContext(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_PKCS1_V21") {
		t.Skip("not in this build")
	}
	plain, public := pair(t, rsaKey())
	context := must(plain.RSA())
	defer context.Close()
	if err := context.SetPadding(mrsa.PKCS1v21, crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	k := must(FromRSA(context))
	defer k.Close()
	msg := []byte("message")
	v15, oaep := must(public.Encrypt(nil, msg, nil)), must(public.Encrypt(nil, msg, &rsa.OAEPOptions{Hash: crypto.SHA256}))
	for name, c := range map[string]struct {
		sealed []byte
		opts   crypto.DecrypterOpts
	}{
		//lint:ignore SA1019 this is what the padding is still for
		"v1.5": {v15, &rsa.PKCS1v15DecryptOptions{}},
		//lint:ignore SA1019 this is what the padding is still for
		"session": {v15, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: len(msg)}},
		"OAEP":    {oaep, &rsa.OAEPOptions{Hash: crypto.SHA256}},
		"none":    {oaep, nil},
	} {
		if got, err := k.Decrypt(nil, c.sealed, c.opts); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	//lint:ignore SA1019 this is what the padding is still for
	long := &rsa.PKCS1v15DecryptOptions{SessionKeyLen: math.MaxInt}
	if _, err := k.Decrypt(nil, v15, long); !errors.Is(err, cbridge.ErrPKBadInputData) {
		t.Errorf("a session key that is too long: %v", err)
	}
}

func TestStandard(t *testing.T) {
	for _, key := range []interface{ Public() crypto.PublicKey }{
		rsaKey(), ecKey(), must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), must(ecdh.X25519().GenerateKey(rand.Reader)),
	} {
		if _, ok := key.(*ecdh.PrivateKey); ok && !cbridge.Feature("MBEDTLS_ECP_DP_CURVE25519_ENABLED") {
			continue
		}
		k, public := pair(t, key)
		back, err := k.Standard()
		if _, ok := key.(*ecdh.PrivateKey); ok && err == nil {
			key = back.(*ecdh.PrivateKey) // whose fixed bits the library has set; the public half must be the same
		} else if err != nil || !key.(interface{ Equal(crypto.PrivateKey) bool }).Equal(back) {
			t.Errorf("%T comes back as %T, %v", key, back, err)
		}
		if !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public()) {
			t.Errorf("%T: public %T", key, k.Public())
		}
		again, err := NewPublicKey(k.Public())
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if _, ok := key.(*ecdh.PrivateKey); ok && cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
			continue // the library then compares by PSA, and has no pairs of these curves
		}
		for _, p := range []*PublicKey{public, again} {
			if err := p.CheckPair(k); err != nil {
				t.Errorf("%T: %v", key, err)
			}
		}
	}
}

func TestClosed(t *testing.T) {
	k, public := pair(t, ecKey())
	for range 2 {
		if err := errors.Join(k.Close(), public.Close()); err != nil {
			t.Error(err)
		}
	}
	_, signErr := k.Sign(nil, testHash[:], crypto.SHA256)
	_, writeErr := public.MarshalDER()
	_, publicErr := k.PublicKey()
	for _, err := range []error{signErr, writeErr, publicErr, public.CheckPair(k), public.Verify(testHash[:], nil, crypto.SHA256)} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%v, want net.ErrClosed", err)
		}
	}
	if k.Type() != "" || k.Bits() != 0 || k.Kind() != None || k.CanDo(ECDSA) || k.Public() != nil {
		t.Error("a closed key says what it was")
	}
}

func TestRSAAlt(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_PK_RSA_ALT_SUPPORT") {
		t.Skip("not in this build")
	}
	_, public := pair(t, rsaKey())
	k, err := NewRSAAlt(rsaKey())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	sig, err := k.Sign(nil, testHash[:], crypto.SHA256)
	if err != nil || public.Verify(testHash[:], sig, crypto.SHA256) != nil {
		t.Errorf("%x, %v", sig, err)
	}
	if err := public.CheckPair(k); err != nil {
		t.Error(err)
	}
	if got, err := k.Decrypt(nil, must(public.Encrypt(nil, []byte("message"), nil)), nil); string(got) != "message" {
		t.Errorf("%q, %v", got, err)
	}
	//lint:ignore SA1019 this is what the padding is still for
	session := &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 48}
	want := bytes.Repeat([]byte{7}, 48)
	sealed := must(public.Encrypt(nil, want, nil))
	if got, err := k.Decrypt(nil, sealed, session); !bytes.Equal(got, want) {
		t.Errorf("session key: %x, %v", got, err)
	}
	sealed[9] ^= 1
	if got, err := k.Decrypt(nil, sealed, session); len(got) != 48 || bytes.Equal(got, want) || err != nil {
		t.Errorf("wrong padding: %x, %v", got, err)
	}
	broken, err := NewRSAAlt(failing{rsaKey()})
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	if _, err := broken.Sign(nil, testHash[:], crypto.SHA256); !errors.Is(err, errFailing) {
		t.Errorf("%v, want the signer's error", err)
	}
	if _, err := broken.Decrypt(nil, sealed, session); !errors.Is(err, errFailing) {
		t.Errorf("%v, want the decrypter's error", err)
	}
	if _, err := NewRSAAlt(ecKey()); !errors.Is(err, cbridge.ErrPKTypeMismatch) {
		t.Errorf("EC: %v", err)
	}
}

type failing struct{ *rsa.PrivateKey }

var errFailing = errors.New("out of order")

func (failing) Decrypt(io.Reader, []byte, crypto.DecrypterOpts) ([]byte, error) {
	return nil, errFailing
}

func (failing) Sign(_ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	return nil, errFailing
}

// openssl runs it, and returns what it prints.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command("openssl", args...).Output()
	if err != nil {
		t.Fatalf("openssl %q: %v", args, err)
	}
	return out
}

// TestOpenSSLReadsKeys has openssl read what the library writes.
func TestOpenSSLReadsKeys(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_PEM_WRITE_C") || !cbridge.Feature("MBEDTLS_PK_WRITE_C") {
		t.Skip("not in this build")
	}
	for _, key := range []crypto.PrivateKey{rsaKey(), ecKey(), must(ecdh.X25519().GenerateKey(rand.Reader))} {
		k, public := pair(t, key)
		file := filepath.Join(t.TempDir(), "key.pem")
		if err := os.WriteFile(file, must(k.MarshalPEM()), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := openssl(t, "pkey", "-in", file, "-pubout"); !bytes.Equal(got, must(public.MarshalPEM())) {
			t.Errorf("%T:\n%s", key, got)
		}
	}
}

// TestOpenSSLEncryptedKeys reads keys in every encryption of openssl's that the library has.
func TestOpenSSLEncryptedKeys(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain.pem")
	openssl(t, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", plain)
	for _, args := range [][]string{
		{"pkcs8", "-topk8", "-v2", "aes-128-cbc"}, {"pkcs8", "-topk8", "-v2", "aes-192-cbc"}, {"pkcs8", "-topk8", "-v2", "aes-256-cbc"},
		{"pkcs8", "-topk8", "-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"}, {"pkcs8", "-topk8", "-v2", "des3"},
		{"pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"},
		{"ec", "-aes128"}, {"ec", "-aes256"}, {"ec", "-des3"},
	} {
		for _, form := range []string{"PEM", "DER"} {
			if args[0] == "ec" && form == "DER" {
				continue // PEM's own encryption
			}
			data := openssl(t, append(append([]string{}, args...), "-in", plain, "-passout", "pass:secret", "-outform", form)...)
			k, err := ParsePrivateKey(data, []byte("secret"))
			if err != nil {
				if !cbridge.Feature("MBEDTLS_DES_C") || !cbridge.Feature("MBEDTLS_PKCS12_C") || !cbridge.Feature("MBEDTLS_MD5_C") {
					continue // a small build lacks the cipher
				}
				t.Errorf("%q %s: %v", args, form, err)
				continue
			}
			k.Close()
			if k, err := ParsePrivateKey(data, []byte("wrong")); err == nil {
				k.Close()
				t.Errorf("%q %s: a wrong password opens it", args, form)
			}
		}
	}
}

func BenchmarkSignPKCS1v15(b *testing.B) {
	k, _ := pair(b, rsaKey())
	for name, s := range map[string]crypto.Signer{"mbedtls": k, "crypto-rsa": rsaKey()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Sign(rand.Reader, testHash[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

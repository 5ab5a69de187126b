package psa_test

import (
	"bytes"
	stdaes "crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// draw gives random bytes, of which there are many in a test.
func draw(t testing.TB, n int) []byte {
	p := make([]byte, n)
	must[int](t)(rand.Read(p))
	return p
}

func TestAEADsAreTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option string
		typ    psa.KeyType
		alg    psa.Algorithm
		std    func(key []byte) (cipher.AEAD, error)
	}{
		{"MBEDTLS_GCM_C", psa.TypeAES, psa.GCM, func(key []byte) (cipher.AEAD, error) {
			block, err := stdaes.NewCipher(key)
			if err != nil {
				return nil, err
			}
			return cipher.NewGCM(block)
		}},
		{"MBEDTLS_CHACHAPOLY_C", psa.TypeChaCha20, psa.ChaCha20Poly1305, chacha20poly1305.New},
	} {
		t.Run(c.option, func(t *testing.T) {
			t.Parallel()
			needs(t, c.option)
			data := draw(t, 32)
			k := imported(t, psa.Attributes{Type: c.typ, Algorithm: c.alg, Usage: psa.UsageEncrypt | psa.UsageDecrypt}, data)
			std, ours := must[cipher.AEAD](t)(c.std(data)), must[cipher.AEAD](t)(k.NewAEAD(c.alg))
			if ours.NonceSize() != std.NonceSize() || ours.Overhead() != std.Overhead() {
				t.Fatalf("%d, %d", ours.NonceSize(), ours.Overhead())
			}
			for n := range 70 {
				nonce, ad, text := draw(t, std.NonceSize()), draw(t, n%17), draw(t, n)
				want := std.Seal(nil, nonce, text, ad)
				if got := ours.Seal([]byte("dst"), nonce, text, ad); !bytes.Equal(got, append([]byte("dst"), want...)) {
					t.Fatalf("%d bytes: %x, want %x", n, got, want)
				}
				if got, err := ours.Open(nil, nonce, want, ad); err != nil || !bytes.Equal(got, text) {
					t.Fatalf("%x, %v", got, err)
				}
				if got := inSteps(t, k, c.alg, nonce, ad, text); !bytes.Equal(got, want) {
					t.Fatalf("in steps: %x, want %x", got, want)
				}
				want[0] ^= 1
				_, err := ours.Open(nil, nonce, want, ad)
				is(t, "changed", err, psa.ErrInvalidSignature)
			}
			_, err := ours.Open(nil, nil, make([]byte, 32), nil)
			is(t, "no nonce", err, psa.ErrInvalidArgument)
		})
	}
}

func inSteps(t testing.TB, k *psa.Key, alg psa.Algorithm, nonce, ad, text []byte) []byte {
	a := must[*psa.AEAD](t)(k.NewAEADEncrypter(alg))
	defer a.Close()
	check(t, a.SetLengths(len(ad), len(text)))
	check(t, a.SetNonce(nonce))
	check(t, a.UpdateAD(ad))
	out := must[[]byte](t)(a.Update(text))
	rest, tag, err := a.Finish()
	check(t, err)
	return append(append(out, rest...), tag...)
}

func TestMACsAndDerivationsAreTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	needs(t, "MBEDTLS_SHA256_C")
	data, salt, info := draw(t, 32), draw(t, 20), draw(t, 11)

	mac := imported(t, psa.Attributes{Type: psa.TypeHMAC, Algorithm: psa.HMAC(psa.SHA256), Usage: psa.UsageSignMessage}, data)
	std := hmac.New(sha256.New, data)
	std.Write(info)
	if got := must[[]byte](t)(mac.MAC(psa.HMAC(psa.SHA256), info)); !bytes.Equal(got, std.Sum(nil)) {
		t.Errorf("HMAC: %x", got)
	}

	kdf := psa.HKDF(psa.SHA256)
	secret := imported(t, psa.Attributes{Type: psa.TypeDerive, Algorithm: kdf, Usage: psa.UsageDerive}, data)
	if d, err := psa.NewDerivation(kdf); err == nil {
		defer d.Close()
		check(t, d.InputBytes(psa.StepSalt, salt))
		check(t, d.InputKey(psa.StepSecret, secret))
		check(t, d.InputBytes(psa.StepInfo, info))
		check(t, d.SetCapacity(100))
		if got, want := must[[]byte](t)(io.ReadAll(d)), must[[]byte](t)(hkdf.Key(sha256.New, data, salt, string(info), 100)); !bytes.Equal(got, want) {
			t.Errorf("HKDF: %x, want %x", got, want)
		}
		_, err := d.OutputBytes(1)
		is(t, "behind the end", err, psa.ErrInsufficientData)
		_, err = d.OutputBytes(-1)
		is(t, "less than nothing", err, psa.ErrInvalidArgument)
		_, err = d.OutputBytes(math.MaxInt)
		is(t, "more than there is", err, psa.ErrInsufficientData)
	} else {
		is(t, "HKDF", err, psa.ErrNotSupported)
	}

	kdf = psa.PBKDF2HMAC(psa.SHA256)
	if d, err := psa.NewDerivation(kdf); err == nil {
		defer d.Close()
		check(t, d.InputInteger(psa.StepCost, 10))
		check(t, d.InputBytes(psa.StepSalt, salt))
		check(t, d.InputBytes(psa.StepPassword, data))
		if got, want := must[[]byte](t)(d.OutputBytes(50)), must[[]byte](t)(pbkdf2.Key(sha256.New, string(data), salt, 10, 50)); !bytes.Equal(got, want) {
			t.Errorf("PBKDF2: %x, want %x", got, want)
		}
	} else {
		is(t, "PBKDF2", err, psa.ErrNotSupported)
	}
}

func TestAgreementIsTheStandardLibrarys(t *testing.T) {
	t.Parallel()
	needs(t, "MBEDTLS_ECDH_C")
	peer := must[*ecdh.PrivateKey](t)(ecdh.P256().GenerateKey(rand.Reader))
	k := key(t, psa.Attributes{Type: psa.ECCKeyPair(psa.SECPR1), Bits: 256, Algorithm: psa.ECDH, Usage: psa.UsageDerive})
	ours := must[*ecdh.PublicKey](t)(ecdh.P256().NewPublicKey(must[[]byte](t)(k.ExportPublic())))
	got, want := must[[]byte](t)(k.Agree(psa.ECDH, peer.PublicKey().Bytes())), must[[]byte](t)(peer.ECDH(ours))
	if !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	_, err := k.Agree(psa.ECDH, make([]byte, 65))
	is(t, "no point", err, psa.ErrInvalidArgument)
}

package differential

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// FuzzPKCS8 parses a private key on both sides, also in its own form, without PKCS #8. Of those that both take, the public
// halves are the same.
func FuzzPKCS8(f *testing.F) {
	for _, b := range vectors(f, "pkparse") {
		f.Add(b)
	}
	for _, name := range []string{"*pkcs8*.der", "ec_prv.pk8.der", "rsa_pkcs8_*.der"} {
		for _, b := range files(f, name) {
			f.Add(b)
		}
	}
	f.Fuzz(compareKeys)
}

// compareKeys compares the public halves of a private key.
func compareKeys(t *testing.T, der []byte) {
	std, stdErr := standardKey(der)
	k, err := pk.ParsePrivateKey(der, nil)
	if err == nil {
		defer k.Close()
	}
	switch {
	case (err == nil) != (stdErr == nil):
		oneTakes(t, "private key", der, err, stdErr, keyRows)
	case err == nil:
		public := std.(interface{ Public() crypto.PublicKey }).Public()
		same := public.(interface{ Equal(crypto.PublicKey) bool }).Equal(k.Public())
		if same {
			return
		}
		// The curve or the public key is of another key.
		if (oneSided{input: der}).explainedBy([]difference{otherECKey}) == "" {
			t.Errorf("%x: public key %v, want %v", der, k.Public(), public)
		}
	}
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		panic(err)
	}
	return k
})

// FuzzRSA raises the bytes to the power E, so that they are what a signature or a ciphertext is made of, and has both sides
// say whether it is one: what is padded, is seen by both alike.
func FuzzRSA(f *testing.F) {
	for _, b := range vectors(f, "pkcs1_v15") {
		f.Add(b)
	}
	std := rsaKey()
	k, err := pk.NewPrivateKey(std)
	if err != nil {
		f.Fatal(err)
	}
	public, err := k.PublicKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { k.Close(); public.Close() })
	digest := sha256.Sum256([]byte("data"))
	for _, opts := range []crypto.SignerOpts{crypto.SHA256, &rsa.PSSOptions{SaltLength: 20, Hash: crypto.SHA256}} {
		sig, err := std.Sign(rand.Reader, digest[:], opts)
		if err != nil {
			f.Fatal(err)
		}
		n := new(big.Int).SetBytes(sig)
		f.Add(n.Exp(n, big.NewInt(int64(std.E)), std.N).FillBytes(make([]byte, 128)))
	}
	f.Fuzz(func(t *testing.T, padded []byte) {
		if len(padded) > 128 {
			return
		}
		n := new(big.Int).SetBytes(append(bytes.Clone(padded), make([]byte, 128-len(padded))...))
		n.Mod(n, std.N)
		sig := new(big.Int).Exp(n, std.D, std.N).FillBytes(make([]byte, 128))
		sealed := new(big.Int).Exp(n, big.NewInt(int64(std.E)), std.N).FillBytes(make([]byte, 128))
		agree(t, "PKCS #1 v1.5", rsa.VerifyPKCS1v15(&std.PublicKey, crypto.SHA256, digest[:], sig), public.Verify(digest[:], sig, crypto.SHA256))
		for _, salt := range []int{rsa.PSSSaltLengthAuto, rsa.PSSSaltLengthEqualsHash, 20} {
			pss := &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
			agree(t, "PSS", rsa.VerifyPSS(&std.PublicKey, crypto.SHA256, digest[:], sig, pss), public.Verify(digest[:], sig, pss))
		}
		for _, opts := range []crypto.DecrypterOpts{nil, &rsa.OAEPOptions{Hash: crypto.SHA256}} {
			want, wantErr := std.Decrypt(nil, sealed, opts)
			got, err := k.Decrypt(nil, sealed, opts)
			agree(t, "decryption", wantErr, err)
			if wantErr == nil && err == nil && !bytes.Equal(got, want) {
				t.Errorf("%T: %x, want %x", opts, got, want)
			}
		}
	})
}

func agree(t *testing.T, what string, want, got error) {
	t.Helper()
	if (want == nil) != (got == nil) {
		t.Errorf("%s: Mbed TLS %v, the standard library %v", what, got, want)
	}
}

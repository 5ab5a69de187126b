package ecdsa_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	mecdsa "github.com/gombedtls/gombedtls/mbedtls/ecdsa"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// pair is a key in both libraries.
func pair(t testing.TB, id ecp.ID, c elliptic.Curve) (*ecp.KeyPair, *ecdsa.PrivateKey) {
	t.Helper()
	k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
	raw, err := k.Private()
	objtest.Must(t, err)
	key, err := ecdsa.ParseRawPrivateKey(c, raw)
	objtest.Must(t, err)
	return k, key
}

var curves = map[ecp.ID]elliptic.Curve{
	ecp.Secp224r1: elliptic.P224(), ecp.Secp256r1: elliptic.P256(),
	ecp.Secp384r1: elliptic.P384(), ecp.Secp521r1: elliptic.P521(),
}

func TestSignaturesAreGos(t *testing.T) {
	t.Parallel()
	for id, c := range curves {
		if _, ok := ecp.ByID(id); !ok {
			continue
		}
		k, key := pair(t, id, c)
		for _, size := range []int{0, 1, 20, 32, 64, 100} {
			hash := make([]byte, size)
			rand.Read(hash)
			sig, err := mecdsa.SignASN1(k, crypto.SHA256, hash, nil, nil)
			if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, hash, sig) {
				t.Errorf("%s, %d bytes: Go does not accept %x (%v)", c.Params().Name, size, sig, err)
			}
			sig, err = ecdsa.SignASN1(rand.Reader, key, hash)
			objtest.Must(t, err)
			objtest.Must(t, mecdsa.VerifyASN1(k, hash, sig, nil))
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, id := range ecp.IDs() {
		if !mecdsa.CanDo(id) {
			continue
		}
		k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(id, nil))
		g, d, q := objtest.Made[*ecp.Group](t)(k.Group()), objtest.Made[*bignum.Int](t)(k.D()), objtest.Made[*ecp.Point](t)(k.Q())
		r, s, r2 := new(bignum.Int), new(bignum.Int), new(bignum.Int)
		for _, x := range []*bignum.Int{r, s, r2} {
			defer x.Close()
		}
		hash := sha256.Sum256([]byte("message"))
		objtest.Must(t, mecdsa.Sign(g, r, s, d, hash[:], nil, nil))
		objtest.Must(t, mecdsa.Verify(g, hash[:], q, r, s, nil))
		objtest.Must(t, mecdsa.Sign(g, r2, s, d, hash[:], nil, nil))
		if order, err := r.Cmp(r2); err != nil || order == 0 {
			t.Errorf("two signatures have the same r (%v)", err)
		}
		objtest.Code(t, "another hash", mecdsa.Verify(g, hash[1:], q, r2, s, nil), cbridge.ErrECPVerifyFailed)
	}
	if !mecdsa.CanDo(ecp.Secp256r1) || mecdsa.CanDo(ecp.Curve25519) && second(ecp.ByID(ecp.Curve25519)) {
		t.Error("CanDo")
	}
}

func second(_ ecp.Curve, ok bool) bool { return ok }

func TestDeterministicSignaturesAreGos(t *testing.T) {
	t.Parallel()
	const option = "MBEDTLS_ECDSA_DETERMINISTIC"
	k, key := pair(t, ecp.Secp256r1, elliptic.P256())
	g, d := objtest.Made[*ecp.Group](t)(k.Group()), objtest.Made[*bignum.Int](t)(k.D())
	r, s := objtest.Made[*bignum.Int](t)(bignum.New(0)), objtest.Made[*bignum.Int](t)(bignum.New(0))
	digest := sha256.Sum256([]byte("message"))
	err := mecdsa.SignDeterministic(g, r, s, d, digest[:], crypto.SHA256, nil, nil)
	if !cbridge.Feature(option) {
		objtest.NotBuilt(t, "SignDeterministic", err, option)
		return
	}
	objtest.Must(t, err)
	for h, digest := range map[crypto.Hash][]byte{crypto.SHA256: digest[:], crypto.SHA384: sum384("message")} {
		got, err := mecdsa.SignASN1(k, h, digest, nil, nil)
		objtest.Must(t, err)
		want, err := key.Sign(nil, digest, h)
		objtest.Must(t, err)
		if !bytes.Equal(got, want) {
			t.Errorf("%v: %x, want %x", h, got, want)
		}
	}
	for what, h := range map[string]crypto.Hash{"no hash": 0, "a hash that Mbed TLS does not have": crypto.BLAKE2b_256} {
		err := mecdsa.SignDeterministic(g, r, s, d, digest[:], h, nil, nil)
		objtest.Code(t, what, err, cbridge.ErrECPBadInputData)
	}
}

func sum384(s string) []byte { sum := sha512.Sum384([]byte(s)); return sum[:] }

func TestBadInput(t *testing.T) {
	t.Parallel()
	k := objtest.Made[*ecp.KeyPair](t)(ecp.GenerateKey(ecp.Secp256r1, nil))
	public := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(ecp.Secp256r1, nil, objtest.Made[*ecp.Point](t)(k.Q())))
	empty := objtest.Made[*ecp.KeyPair](t)(ecp.NewKeyPair(ecp.None, nil, nil))
	g, d, q := objtest.Made[*ecp.Group](t)(k.Group()), objtest.Made[*bignum.Int](t)(k.D()), objtest.Made[*ecp.Point](t)(k.Q())
	r, s := objtest.Made[*bignum.Int](t)(bignum.New(1)), objtest.Made[*bignum.Int](t)(bignum.New(1))
	hash := make([]byte, 32)
	sig, err := mecdsa.SignASN1(k, crypto.SHA256, hash, nil, nil)
	objtest.Must(t, err)
	verify := func(sig []byte) error { return mecdsa.VerifyASN1(public, hash, sig, nil) }
	objtest.Must(t, verify(sig))
	sign := func(k *ecp.KeyPair) error {
		_, err := mecdsa.SignASN1(k, crypto.SHA256, hash, nil, nil)
		return err
	}
	const badInput, invalid = cbridge.ErrECPBadInputData, cbridge.ErrECPInvalidKey
	for what, test := range map[string]struct {
		err  error
		want cbridge.Code
	}{
		"no signature":              {verify(nil), badInput + cbridge.ErrASN1OutOfData},
		"half a signature":          {verify(sig[:len(sig)/2]), badInput + cbridge.ErrASN1OutOfData},
		"more than a signature":     {verify(append(sig[:len(sig):len(sig)], 0)), badInput + cbridge.ErrASN1LengthMismatch},
		"not a sequence":            {verify([]byte{2, 1, 1}), badInput + cbridge.ErrASN1UnexpectedTag},
		"a wrong signature":         {mecdsa.Verify(g, hash, q, r, s, nil), cbridge.ErrECPVerifyFailed},
		"a signature by nobody":     {mecdsa.VerifyASN1(empty, hash, sig, nil), badInput},
		"a public key of zero":      {mecdsa.Verify(g, hash, objtest.Made[*ecp.Point](t)(ecp.NewPoint()), r, s, nil), invalid},
		"a private key of zero":     {mecdsa.Sign(g, r, s, new(bignum.Int), hash, nil, nil), invalid},
		"the same result twice":     {mecdsa.Sign(g, r, r, d, hash, nil, nil), badInput},
		"a result over the key":     {mecdsa.Sign(g, d, s, d, hash, nil, nil), badInput},
		"no private key":            {mecdsa.Sign(g, r, s, nil, hash, nil, nil), cbridge.ErrMPIBadInputData},
		"no result":                 {mecdsa.Sign(g, r, nil, d, hash, nil, nil), cbridge.ErrMPIBadInputData},
		"no group":                  {mecdsa.Sign(nil, r, s, d, hash, nil, nil), badInput},
		"no point":                  {mecdsa.Verify(g, hash, nil, r, s, nil), badInput},
		"no pair":                   {sign(nil), badInput},
		"a pair without a curve":    {sign(empty), badInput},
		"a pair without the secret": {sign(public), invalid},
	} {
		objtest.Code(t, what, test.err, test.want)
	}
	objtest.Must(t, k.Close())
	if err := sign(k); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SignASN1 after Close: %v", err)
	}
}

func TestRestart(t *testing.T) { // not parallel: the bound is the process's
	if !cbridge.Feature("MBEDTLS_ECP_RESTARTABLE") {
		t.Skip("the build has no restarts")
	}
	objtest.Must(t, ecp.SetMaxOps(300))
	restart := objtest.Made[*ecp.Restart](t)(ecp.NewRestart())
	k, key := pair(t, ecp.Secp256r1, elliptic.P256())
	digest := sha256.Sum256([]byte("message"))
	run := func(call func() error) {
		t.Helper()
		for calls := 0; ; calls++ {
			err := call()
			if errors.Is(err, cbridge.ErrECPInProgress) {
				continue
			}
			objtest.Must(t, err)
			if calls == 0 {
				t.Error("one call was enough")
			}
			return
		}
	}
	var sig []byte
	run(func() (err error) { sig, err = mecdsa.SignASN1(k, crypto.SHA256, digest[:], nil, restart); return err })
	if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
		t.Error("Go does not accept the signature")
	}
	run(func() error { return mecdsa.VerifyASN1(k, digest[:], sig, restart) })
	g, d, q := objtest.Made[*ecp.Group](t)(k.Group()), objtest.Made[*bignum.Int](t)(k.D()), objtest.Made[*ecp.Point](t)(k.Q())
	r, s := objtest.Made[*bignum.Int](t)(bignum.New(0)), objtest.Made[*bignum.Int](t)(bignum.New(0))
	run(func() error { return mecdsa.Sign(g, r, s, d, digest[:], nil, restart) })
	run(func() error { return mecdsa.Verify(g, digest[:], q, r, s, restart) })
	run(func() error { return mecdsa.SignDeterministic(g, r, s, d, digest[:], crypto.SHA256, nil, restart) })

	objtest.Code(t, "begin", mecdsa.VerifyASN1(k, digest[:], sig, restart), cbridge.ErrECPInProgress)
	objtest.Code(t, "another hash", mecdsa.VerifyASN1(k, digest[1:], sig, restart), cbridge.ErrECPBadInputData)
	objtest.Must(t, restart.Close())
	objtest.Must(t, ecp.SetMaxOps(0))
}

// BenchmarkVerify verifies signatures on P-256; x/crypto/ecdsa is how much longer than the standard library it takes.
func BenchmarkVerify(b *testing.B) {
	k, key := pair(b, ecp.Secp256r1, elliptic.P256())
	hash := make([]byte, 32)
	sig, err := ecdsa.SignASN1(rand.Reader, key, hash)
	objtest.Must(b, err)
	start := time.Now()
	const times = 200
	for range times {
		ecdsa.VerifyASN1(&key.PublicKey, hash, sig)
	}
	theirs := time.Since(start) / times
	for b.Loop() {
		objtest.Must(b, mecdsa.VerifyASN1(k, hash, sig, nil))
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(theirs), "x/crypto/ecdsa")
}

package differential

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"testing"

	mecdh "github.com/gombedtls/gombedtls/mbedtls/ecdh"
	mecdsa "github.com/gombedtls/gombedtls/mbedtls/ecdsa"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

var signatureCurves = []struct {
	id ecp.ID
	c  elliptic.Curve
}{
	{ecp.Secp224r1, elliptic.P224()}, {ecp.Secp256r1, elliptic.P256()},
	{ecp.Secp384r1, elliptic.P384()}, {ecp.Secp521r1, elliptic.P521()},
}

// FuzzECDSA signs and verifies with the same key in both libraries, and verifies a signature that was changed: the byte at
// the position is xored, and then follow the extra bytes.
func FuzzECDSA(f *testing.F) {
	for i, b := range vectors(f, "ecdsa") {
		f.Add(uint8(i), b, b, uint8(i), uint8(0), []byte{})
		f.Add(uint8(i), b, b, uint8(i), uint8(1), []byte{})
		f.Add(uint8(i), b, b, uint8(1), uint8(1), []byte{0})
	}
	f.Fuzz(func(t *testing.T, curve uint8, seed, hash []byte, at, xor uint8, extra []byte) {
		c := signatureCurves[int(curve)%len(signatureCurves)]
		n := c.c.Params().N
		d := new(big.Int).Mod(new(big.Int).SetBytes(seed), n)
		raw := d.FillBytes(make([]byte, (n.BitLen()+7)/8))
		key, err := ecdsa.ParseRawPrivateKey(c.c, raw)
		pair, err2 := ecp.ReadKey(c.id, raw)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("private key %x: %v, want %v", raw, err2, err)
		}
		if err != nil {
			return // 0
		}
		defer pair.Close()
		if err := pair.CalcPublic(nil); err != nil {
			t.Fatal(err)
		}
		public, err := pair.Public(ecp.Uncompressed)
		if want, err2 := key.PublicKey.Bytes(); err != nil || err2 != nil || !bytes.Equal(public, want) {
			t.Fatalf("public key of %x is %x, want %x (%v, %v)", raw, public, want, err, err2)
		}

		sig, err := mecdsa.SignASN1(pair, crypto.SHA256, hash, nil, nil)
		if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, hash, sig) {
			t.Errorf("the standard library does not accept the signature %x by %x of %x (%v)", sig, raw, hash, err)
		}
		if other, err := ecdsa.SignASN1(rand.Reader, key, hash); err != nil || mecdsa.VerifyASN1(pair, hash, other, nil) != nil {
			t.Errorf("Mbed TLS does not accept the signature %x by %x of %x (%v)", other, raw, hash, err)
		}
		digest := sha256.Sum256(hash)
		sig, err = mecdsa.SignASN1(pair, crypto.SHA256, digest[:], nil, nil)
		want, err2 := key.Sign(nil, digest[:], crypto.SHA256)
		if err != nil || err2 != nil || !bytes.Equal(sig, want) {
			t.Errorf("deterministic signature by %x of %x: %x, want %x (%v, %v)", raw, digest, sig, want, err, err2)
		}

		sig[int(at)%len(sig)] ^= xor
		sig = append(sig, extra...)
		ours, theirs := mecdsa.VerifyASN1(pair, digest[:], sig, nil) == nil, ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig)
		if ours == theirs {
			return
		}
		what := fmt.Sprintf("signature by %x of %x", raw, digest)
		if theirs {
			oneTakes(t, what, sig, errors.New("not valid"), nil, nil)
		} else {
			oneTakes(t, what, sig, nil, errors.New("invalid"), signatureRows)
		}
	})
}

var exchangeCurves = []struct {
	id ecp.ID
	c  ecdh.Curve
}{{ecp.Secp256r1, ecdh.P256()}, {ecp.Secp384r1, ecdh.P384()}, {ecp.Secp521r1, ecdh.P521()}, {ecp.Curve25519, ecdh.X25519()}}

// FuzzECDH reads a private and a public key in both libraries, and computes their secret.
func FuzzECDH(f *testing.F) {
	list := vectors(f, "ecdh")
	for i, b := range list {
		for curve := range uint8(len(exchangeCurves)) {
			f.Add(curve, b, list[(i+1)%len(list)], false)
			f.Add(curve, b, b, true)
		}
	}
	f.Add(uint8(3), make([]byte, 32), make([]byte, 32), false)
	f.Add(uint8(3), make([]byte, 32), append([]byte{1}, make([]byte, 31)...), false)
	f.Add(uint8(3), make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), false)
	f.Fuzz(func(t *testing.T, curve uint8, private, public []byte, derive bool) {
		c := exchangeCurves[int(curve)%len(exchangeCurves)]
		key, err := c.c.NewPrivateKey(private)
		ours, err2 := ecp.ReadKey(c.id, private)
		if (err == nil) != (err2 == nil) {
			if info, _ := ecp.ByID(c.id); err == nil || len(private) == (info.Bits+7)/8 {
				t.Fatalf("private key %x: %v, want %v", private, err2, err)
			}
			explained(paddedKey)
		}
		if err2 == nil {
			defer ours.Close()
		}
		if err != nil || err2 != nil {
			return
		}
		if derive { // a point that chance does not find: that of another private key
			peer, err := c.c.NewPrivateKey(public)
			if err != nil {
				return
			}
			public = peer.PublicKey().Bytes()
		}
		if c.id != ecp.Curve25519 && len(public) > 0 && (public[0] == 2 || public[0] == 3) {
			explained(compressedPoint)
			return
		}
		want, err := secret(c.c, key, public)
		got, err2 := mbedSecret(c.id, ours, public)
		if (err == nil) != (err2 == nil) || !bytes.Equal(got, want) {
			t.Errorf("secret of %x and %x: %x (%v), want %x (%v)", private, public, got, err2, want, err)
		}
	})
}

func secret(c ecdh.Curve, key *ecdh.PrivateKey, public []byte) ([]byte, error) {
	peer, err := c.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return key.ECDH(peer)
}

func mbedSecret(id ecp.ID, ours *ecp.KeyPair, public []byte) ([]byte, error) {
	g, err := ecp.NewGroup(id)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	q, err := g.ReadPoint(public)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	theirs, err := ecp.NewKeyPair(id, nil, q)
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	x, err := mecdh.NewEmpty()
	if err != nil {
		return nil, err
	}
	defer x.Close()
	if err := x.SetKey(ours, mecdh.Ours); err != nil {
		return nil, err
	}
	if err := x.SetKey(theirs, mecdh.Theirs); err != nil {
		return nil, err
	}
	return x.CalcSecret(nil)
}

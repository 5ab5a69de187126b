package psa

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

var (
	_ crypto.Signer    = (*Key)(nil)
	_ crypto.Decrypter = (*Key)(nil)
)

// curves are those of PSA that crypto/ecdsa has, by their bits.
var curves = map[int]elliptic.Curve{224: elliptic.P224(), 256: elliptic.P256(), 384: elliptic.P384(), 521: elliptic.P521()}

// Public is the public half, as the standard library has it: *rsa.PublicKey, *ecdsa.PublicKey, or *ecdh.PublicKey of X25519.
// nil is of any other key, of curves that Go does not have, and of one that is closed or gone.
func (k *Key) Public() crypto.PublicKey {
	a, err := k.Attributes()
	if err != nil {
		return nil
	}
	exported, err := k.ExportPublic()
	if err != nil {
		return nil
	}
	public, err := parsePublic(a, exported)
	if err != nil {
		return nil
	}
	return public
}

func parsePublic(a Attributes, exported []byte) (crypto.PublicKey, error) {
	switch family := a.Type.ECCFamily(); {
	case a.Type.IsRSA():
		return x509.ParsePKCS1PublicKey(exported)
	case a.Type.IsECC() && family == SECPR1 && curves[a.Bits] != nil:
		return ecdsa.ParseUncompressedPublicKey(curves[a.Bits], exported)
	case a.Type.IsECC() && family == Montgomery && a.Bits == 255:
		return ecdh.X25519().NewPublicKey(exported)
	}
	return nil, ErrNotSupported
}

// Sign signs a digest, as [crypto.Signer] has it: with an RSA key, *[rsa.PSSOptions] are PSS, and anything else is PKCS #1
// v1.5; with an EC key, the signature is in ASN.1. The key's policy must allow it; of ECDSA, it may be the random or the
// deterministic one, and of PSS, the one with any salt. The library's salt is as long as the hash: other lengths are
// ErrInvalidArgument, and [rsa.PSSSaltLengthAuto] is that one. nil stands for the [crypto.Hash] 0. Randomness is the
// library's, not rand (psa_sign_hash).
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts == nil {
		opts = crypto.Hash(0)
	}
	a, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	algorithms, err := signatures(a.Type, opts)
	if err != nil {
		return nil, err
	}
	if h := opts.HashFunc(); h != 0 && len(digest) != h.Size() { // which the library does not mind in ECDSA
		return nil, argument("digest of %d bytes with %v", len(digest), h)
	}
	var sig []byte
	for _, alg := range algorithms { // one of them is in the policy
		if sig, err = k.SignHash(alg, digest); !errors.Is(err, ErrNotPermitted) {
			break
		}
	}
	if err != nil || a.Type.IsRSA() {
		return sig, err
	}
	return ECDSARawToDER(a.Bits, sig)
}

// signatures are the algorithms that opts may mean.
func signatures(t KeyType, opts crypto.SignerOpts) ([]Algorithm, error) {
	h := opts.HashFunc()
	hash := HashOf(h)
	if h != 0 && hash == AlgNone {
		return nil, argument("hash %v is not one of the library", h)
	}
	pss, isPSS := opts.(*rsa.PSSOptions)
	switch {
	case t.IsRSA() && isPSS && h == 0:
		return nil, argument("PSS without a hash")
	case t.IsRSA() && isPSS:
		if s := pss.SaltLength; s != rsa.PSSSaltLengthAuto && s != rsa.PSSSaltLengthEqualsHash && s != h.Size() {
			return nil, argument("salt of %d bytes with %v", s, h)
		}
		return []Algorithm{RSAPSS(hash), RSAPSSAnySalt(hash)}, nil
	case t.IsRSA() && h == 0:
		return []Algorithm{RSAPKCS1v15SignRaw}, nil
	case t.IsRSA():
		return []Algorithm{RSAPKCS1v15Sign(hash)}, nil
	case h == 0:
		return []Algorithm{ECDSAAny}, nil
	}
	return []Algorithm{ECDSA(hash), DeterministicECDSA(hash)}, nil
}

func argument(format string, args ...any) error {
	return fmt.Errorf("psa: %s: %w", fmt.Sprintf(format, args...), ErrInvalidArgument)
}

// Decrypt decrypts, as [crypto.Decrypter] has it: opts are nil or *[rsa.PKCS1v15DecryptOptions] for PKCS #1 v1.5, where
// SessionKeyLen hides whether the padding was right, or *[rsa.OAEPOptions]. The library has no OAEP with two hashes
// (psa_asymmetric_decrypt).
func (k *Key) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	switch o := opts.(type) {
	case nil:
		return k.AsymmetricDecrypt(RSAPKCS1v15Crypt, msg, nil)
	//lint:ignore SA1019 it is what crypto.Decrypter has for this padding
	case *rsa.PKCS1v15DecryptOptions:
		if o.SessionKeyLen > 0 {
			return k.sessionKey(msg, o.SessionKeyLen)
		}
		return k.AsymmetricDecrypt(RSAPKCS1v15Crypt, msg, nil)
	case *rsa.OAEPOptions:
		hash := HashOf(o.Hash)
		if hash == AlgNone || o.MGFHash != 0 && o.MGFHash != o.Hash {
			return nil, argument("OAEP with %v, and %v for its mask", o.Hash, o.MGFHash)
		}
		return k.AsymmetricDecrypt(RSAOAEP(hash), msg, o.Label)
	}
	return nil, argument("options of type %T to decrypt with", opts)
}

// sessionKey gives random bytes if the padding is wrong, or the plaintext is of another length; neither the result nor the
// time tells.
func (k *Key) sessionKey(msg []byte, n int) ([]byte, error) {
	if n > SignatureMaxSize {
		return nil, argument("session key of %d bytes", n)
	}
	out := make([]byte, n)
	if err := cbridge.PSARandom(out); err != nil {
		return nil, err
	}
	if err := k.bridge().DecryptSessionKey(uint32(RSAPKCS1v15Crypt), msg, out); err != nil {
		return nil, err
	}
	return out, nil
}

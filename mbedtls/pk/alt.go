package pk

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// NewRSAAlt makes a key of the kind [RSAAlt] of an RSA key that works elsewhere: in a hardware module, in another process. It
// signs in the padding of PKCS #1 v1.5, and decrypts if s is a [crypto.Decrypter]; it has no PublicKey, and cannot be
// written. s is called by the goroutine that uses the key, one at a time; its error is found by [errors.Is] in that of the
// call. A key that is not RSA is ErrPKTypeMismatch. It needs a build with MBEDTLS_PK_RSA_ALT_SUPPORT
// (mbedtls_pk_setup_rsa_alt).
//
// For the certificates of package mbedtls, s itself is better: with it a handshake holds no thread while s works, and can
// use PSS.
func NewRSAAlt(s crypto.Signer) (*PrivateKey, error) {
	public, ok := s.Public().(*rsa.PublicKey)
	if !ok {
		return nil, &cbridge.Error{Code: cbridge.ErrPKTypeMismatch, Op: "mbedtls_pk_setup_rsa_alt", Cause: fmt.Errorf("a key of %T", s)}
	}
	decrypt := func(ciphertext []byte, opts crypto.DecrypterOpts) ([]byte, error) {
		d, ok := s.(crypto.Decrypter)
		if !ok {
			return nil, cbridge.ErrPKFeatureUnavailable
		}
		return d.Decrypt(rand.Reader, ciphertext, opts)
	}
	k, err := private(cbridge.NewRSAAlt(public.Size(), cbridge.RSAAlt{
		Sign:    func(hash crypto.Hash, digest []byte) ([]byte, error) { return s.Sign(rand.Reader, digest, hash) },
		Decrypt: func(ciphertext []byte) ([]byte, error) { return decrypt(ciphertext, nil) },
		DecryptSession: func(ciphertext []byte, size int) ([]byte, error) {
			//lint:ignore SA1019 RSA key exchange has no other padding
			return decrypt(ciphertext, &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size})
		},
	}))
	if err != nil {
		return nil, err
	}
	k.elsewhere = s
	return k, nil
}

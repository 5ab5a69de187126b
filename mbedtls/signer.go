package mbedtls

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// ContextSigner is a [crypto.Signer] that can be told to stop. As a Certificate's key its SignContext is called in place
// of Sign, with a context that has the values of HandshakeContext's, and is cancelled when the connection ends.
type ContextSigner interface {
	crypto.Signer
	SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) (signature []byte, err error)
}

// ContextDecrypter is to [crypto.Decrypter] what [ContextSigner] is to [crypto.Signer].
type ContextDecrypter interface {
	crypto.Decrypter
	DecryptContext(ctx context.Context, rand io.Reader, msg []byte, opts crypto.DecrypterOpts) (plaintext []byte, err error)
}

// signer is the certificate's key, if that is one which works elsewhere.
func (c *Certificate) signer() (s crypto.Signer, ok bool) {
	switch c.PrivateKey.(type) {
	case *PrivateKey: // signs in the library, also without MBEDTLS_SSL_ASYNC_PRIVATE
		return nil, false
	case *rsa.PrivateKey, *ecdsa.PrivateKey, *ecdh.PrivateKey, ed25519.PrivateKey, *ed25519.PrivateKey: // in memory
		return nil, false
	}
	s, ok = c.PrivateKey.(crypto.Signer)
	return s, ok
}

// signerKey makes the library's form of a key that works elsewhere.
func signerKey(crt *cbridge.Crt, leaf []byte, s crypto.Signer) (*PrivateKey, error) {
	cert, err := x509.ParseCertificate(leaf)
	if err != nil {
		return nil, err
	}
	switch public := s.Public().(type) {
	case *rsa.PublicKey:
		err = checkPublic(public.Equal(cert.PublicKey))
	case *ecdsa.PublicKey:
		err = checkPublic(public.Equal(cert.PublicKey))
	default:
		err = fmt.Errorf("private key of type %T: Mbed TLS signs with RSA and ECDSA, not with the key of a %T", s, public)
	}
	if err != nil {
		return nil, err
	}
	key, err := cbridge.NewSignerKey(crt, cbridge.Signer{Sign: signFunc(s), Decrypt: decryptFunc(s)})
	if err != nil {
		return nil, err
	}
	return pk.FromBridge(key), nil
}

func checkPublic(equal bool) error {
	if !equal {
		return errors.New("the private key is not the certificate's")
	}
	return nil
}

func signFunc(s crypto.Signer) func(context.Context, []byte, crypto.SignerOpts) ([]byte, error) {
	if s, ok := s.(ContextSigner); ok {
		return func(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return s.SignContext(ctx, rand.Reader, digest, opts)
		}
	}
	return func(_ context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return s.Sign(rand.Reader, digest, opts)
	}
}

// premaster is how long the client's secret is that an RSA key exchange encrypts. With it a Decrypter gives random bytes
// where the padding is wrong, so that neither an error nor the time it takes tells (RFC 5246 section 7.4.7.1).
//
//lint:ignore SA1019 that key exchange has no other padding
var premaster = &rsa.PKCS1v15DecryptOptions{SessionKeyLen: 48}

// decryptFunc is nil for a key that only signs.
func decryptFunc(s crypto.Signer) func(context.Context, []byte) ([]byte, error) {
	switch d := s.(type) {
	case ContextDecrypter:
		return func(ctx context.Context, msg []byte) ([]byte, error) {
			return d.DecryptContext(ctx, rand.Reader, msg, premaster)
		}
	case crypto.Decrypter:
		return func(_ context.Context, msg []byte) ([]byte, error) { return d.Decrypt(rand.Reader, msg, premaster) }
	}
	return nil
}

// checkSigner reports what a key that works elsewhere needs of the build: a server of TLS 1.2 can wait for one only with
// the library's own means.
func (c *Config) checkSigner(cert *Certificate, server bool) error {
	const option = "MBEDTLS_SSL_ASYNC_PRIVATE"
	_, elsewhere := cert.signer()
	if elsewhere && server && c.MinVersion != VersionTLS13 && cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") && !cbridge.Feature(option) {
		return &NotBuiltError{Option: option, Field: "Config.Certificates"}
	}
	return nil
}

// alertInternalError is what the peer hears of a signer that failed.
const alertInternalError = 80

// tellFailure tells the peer of a failure over which the library is silent: that of a signer, and with DTLS, where nobody
// hangs up, that there is no client certificate. With mu held.
func (c *core) tellFailure(err error) error {
	switch code := codeOf(err); {
	case code == cbridge.ErrPlatformHwAccelFailed:
		_ = c.ssl.SendAlert(cbridge.AlertFatal, alertInternalError) // the error counts
	case code == ErrSSLNoClientCertificate && c.isDTLS():
		_ = c.ssl.SendAlert(cbridge.AlertFatal, verifyAlert(CertMissing, VersionTLS12))
	}
	return err
}

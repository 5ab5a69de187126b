package mbedtls

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// Certificate is a chain with the private key of its leaf.
type Certificate struct {
	// Certificate is the chain in DER, leaf first. It should not hold the root.
	Certificate [][]byte

	// PrivateKey is a *[PrivateKey], or a key of the standard library that [x509.MarshalPKCS8PrivateKey] takes and
	// Mbed TLS has: *rsa.PrivateKey, *ecdsa.PrivateKey. Any other [crypto.Signer] with an RSA or ECDSA key does its work
	// where it is: in a hardware module, in another process. It is called once in each handshake that needs it, by
	// several connections at once, each in a goroutine of its own; meanwhile the handshake holds no OS thread, and
	// Close, deadlines and HandshakeContext end it as ever. See [ContextSigner] for one that wants to know of that.
	// digest is hashed already; with RSA, opts are the hash in TLS 1.2 (PKCS #1 v1.5), and *[rsa.PSSOptions] in TLS 1.3.
	// rand is [crypto/rand.Reader]. An error is found in that of Handshake by [errors.Is], and the peer gets an
	// internal_error alert; a panic is raised again by Handshake. RSA key exchange (TLS 1.2 without forward secrecy)
	// needs a [crypto.Decrypter], too, which heeds SessionKeyLen of *[rsa.PKCS1v15DecryptOptions]; what goes wrong in it
	// shows as a handshake that fails later, with the error inside. A server of TLS 1.2 needs a build with
	// MBEDTLS_SSL_ASYNC_PRIVATE (mbedtls_ssl_conf_async_private_cb).
	PrivateKey crypto.PrivateKey

	// Leaf is the first certificate, parsed, or nil if package x509 cannot parse it.
	Leaf *x509.Certificate
}

// String names the leaf for errors.
func (c *Certificate) String() string {
	if c.Leaf != nil {
		return c.Leaf.Subject.String()
	}
	return fmt.Sprintf("chain of %d", len(c.Certificate))
}

// PrivateKey is a key that Mbed TLS has. It may be shared.
type PrivateKey = pk.PrivateKey

// ParsePrivateKey parses a key in PEM or DER: PKCS#1, SEC 1, or PKCS#8. If it is encrypted, password opens it; else
// password should be nil (mbedtls_pk_parse_key). A wrong password is ErrPKPasswordMismatch; a missing one is
// ErrPKPasswordRequired for PEM, and ErrPKKeyInvalidFormat for DER.
func ParsePrivateKey(data, password []byte) (*PrivateKey, error) {
	k, err := pk.ParsePrivateKey(data, password)
	if err != nil {
		return nil, fmt.Errorf("mbedtls: private key: %w", err)
	}
	return k, nil
}

// KeyUse is an algorithm that a key of PSA's store may be used for.
type KeyUse = pk.KeyUse

// The uses.
const (
	SignPKCS1     = pk.SignPKCS1 // RSA in TLS 1.2
	SignPSS       = pk.SignPSS   // RSA in TLS 1.3, with any hash
	SignPSSSHA256 = pk.SignPSSSHA256
	SignPSSSHA384 = pk.SignPSSSHA384
	SignPSSSHA512 = pk.SignPSSSHA512
	DecryptPKCS1  = pk.DecryptPKCS1 // RSA key exchange
	SignECDSA     = pk.SignECDSA
	AgreeECDH     = pk.AgreeECDH // static ECDH
)

// X509KeyPair makes a Certificate of a chain and the key of its leaf, both in PEM or DER. The key must fit.
func X509KeyPair(cert, key []byte) (Certificate, error) {
	return X509KeyPairWithPassword(cert, key, nil)
}

// X509KeyPairWithPassword is X509KeyPair for an encrypted key.
func X509KeyPairWithPassword(cert, key, password []byte) (Certificate, error) {
	var c Certificate
	crt, err := parseChain(cert)
	if err != nil {
		return c, fmt.Errorf("mbedtls: certificate: %w", err)
	}
	defer crt.Close()
	k, err := ParsePrivateKey(key, password)
	if err != nil {
		return c, err
	}
	if err := crt.CheckPair(k.Bridge()); err != nil {
		k.Close()
		return c, fmt.Errorf("mbedtls: the private key is not the certificate's: %w", err)
	}
	c.Certificate, c.PrivateKey = crt.DER(), k
	c.Leaf, _ = x509.ParseCertificate(c.Certificate[0])
	return c, nil
}

// LoadX509KeyPair is X509KeyPair for files.
func LoadX509KeyPair(certFile, keyFile string) (Certificate, error) {
	return LoadX509KeyPairWithPassword(certFile, keyFile, nil)
}

// LoadX509KeyPairWithPassword is X509KeyPairWithPassword for files.
func LoadX509KeyPairWithPassword(certFile, keyFile string, password []byte) (Certificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return Certificate{}, err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return Certificate{}, err
	}
	defer clear(key)
	c, err := X509KeyPairWithPassword(cert, key, password)
	if err != nil {
		return Certificate{}, fmt.Errorf("%s, %s: %w", certFile, keyFile, err)
	}
	return c, nil
}

// FromTLSCertificate takes over a certificate of crypto/tls.
func FromTLSCertificate(c tls.Certificate) (Certificate, error) {
	cert := Certificate{Certificate: c.Certificate, PrivateKey: c.PrivateKey, Leaf: c.Leaf}
	crt, key, err := cert.parse()
	if err != nil {
		return Certificate{}, fmt.Errorf("mbedtls: %w", err)
	}
	crt.Close()
	if _, elsewhere := cert.signer(); elsewhere {
		key.Close() // each Config makes its own
	} else {
		cert.PrivateKey = key
	}
	if cert.Leaf == nil {
		cert.Leaf, _ = x509.ParseCertificate(cert.Certificate[0])
	}
	return cert, nil
}

// parse makes the library's form of the certificate. The caller closes the chain; the key may be the Certificate's own.
func (c *Certificate) parse() (*cbridge.Crt, *PrivateKey, error) {
	if len(c.Certificate) == 0 {
		return nil, nil, errors.New("no certificate")
	}
	crt, err := cbridge.NewCrt()
	if err != nil {
		return nil, nil, err
	}
	for i, der := range c.Certificate {
		if _, err := crt.Parse(der); err != nil {
			crt.Close()
			return nil, nil, fmt.Errorf("certificate %d of the chain: %w", i, err)
		}
	}
	key, err := c.key(crt)
	if err != nil {
		crt.Close()
		return nil, nil, err
	}
	return crt, key, nil
}

func (c *Certificate) key(crt *cbridge.Crt) (*PrivateKey, error) {
	if s, elsewhere := c.signer(); elsewhere {
		return signerKey(crt, c.Certificate[0], s)
	}
	key, err := c.keyInMemory()
	if err != nil {
		return nil, err
	}
	if err := crt.CheckPair(key.Bridge()); err != nil {
		return nil, fmt.Errorf("the private key is not the certificate's: %w", err)
	}
	return key, nil
}

func (c *Certificate) keyInMemory() (*PrivateKey, error) {
	switch k := c.PrivateKey.(type) {
	case nil:
		return nil, errors.New("no private key")
	case *PrivateKey:
		return k, nil
	}
	return pk.NewPrivateKey(c.PrivateKey)
}

// addTo gives the certificate to a config, which keeps what it needs.
func (c *Certificate) addTo(cc *cbridge.Config) error {
	crt, key, err := c.parse()
	if err != nil {
		return err
	}
	defer crt.Close()
	if key != c.PrivateKey {
		defer key.Close()
	}
	return cc.AddOwnCert(crt, key.Bridge())
}

// parseChain parses certificates in PEM, or one in DER. Unlike the library it takes no file of which a part is broken.
func parseChain(data []byte) (*cbridge.Crt, error) {
	crt, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	skipped, err := crt.Parse(data)
	if parsed := len(crt.DER()); err == nil && (skipped > 0 || parsed < pemCertificates(data)) {
		err = fmt.Errorf("only %d of %d certificates can be parsed", parsed, max(parsed+skipped, pemCertificates(data)))
	}
	if err != nil {
		crt.Close()
		return nil, err
	}
	return crt, nil
}

// parseCertificate parses a peer's certificate, and keeps der. Of what package x509 does not take, such as a brainpool
// key, only Raw is set.
func parseCertificate(der []byte) *x509.Certificate {
	if cert, err := x509.ParseCertificate(der); err == nil {
		return cert
	}
	return &x509.Certificate{Raw: der}
}

// pemCertificates counts the certificates that a PEM file begins.
func pemCertificates(data []byte) int {
	return bytes.Count(data, []byte("-----BEGIN CERTIFICATE-----"))
}

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"iter"
	"math/big"
	"os"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// clientConfigs are Configs that a client could have, until one fits the policy.
func clientConfigs(p mbedtls.Policy) iter.Seq[*mbedtls.Config] {
	return withSecrets(p, func(yield func(*mbedtls.Config) bool) {
		yield(&mbedtls.Config{Policy: p, ServerName: "localhost", InsecureSkipVerify: true})
	})
}

// serverConfigs are Configs that a server could have.
func serverConfigs(p mbedtls.Policy) iter.Seq[*mbedtls.Config] {
	return withSecrets(p, func(yield func(*mbedtls.Config) bool) {
		for _, make := range keyMakers {
			cert, err := selfSigned(make)
			if err == nil && !yield(serverConfig(p, cert)) {
				return
			}
		}
	})
}

// serverConfig asks clients for what the policy demands.
func serverConfig(p mbedtls.Policy, certs ...mbedtls.Certificate) *mbedtls.Config {
	c := &mbedtls.Config{Policy: p, Certificates: certs}
	if p.Rules().RequireClientCertificateAuthentication {
		c.ClientAuth, c.ClientCAs = mbedtls.RequireAndVerifyClientCert, mbedtls.NewCertPool()
		for _, cert := range certs {
			c.ClientCAs.AddDER(cert.Certificate[0])
		}
	}
	return c
}

// withSecrets are the Configs with certificates, or, where the policy allows no key exchange with those, Configs with keys.
func withSecrets(p mbedtls.Policy, certified iter.Seq[*mbedtls.Config]) iter.Seq[*mbedtls.Config] {
	rules := p.Rules()
	for _, id := range mbedtls.CipherSuites() {
		if info, ok := mbedtls.CipherSuiteByID(id); ok && withCertificate(info.KeyExchange) && rules.ForbidsCipherSuite(id) == "" {
			return certified
		}
	}
	return func(yield func(*mbedtls.Config) bool) {
		if yield(&mbedtls.Config{Policy: p, PSK: &mbedtls.PSK{Identity: "probe", Key: []byte("not a secret, nothing is sent")}}) {
			yield(&mbedtls.Config{Policy: p, ECJPAKEPassword: []byte("probe")})
		}
	}
}

// keyMakers make keys for certificates, cheap ones first.
var keyMakers = []func() (crypto.Signer, error){
	func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) },
	func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
	func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P521(), rand.Reader) },
	func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 3072) },
}

// selfSigned makes a certificate for localhost that is good for a day.
func selfSigned(make func() (crypto.Signer, error)) (mbedtls.Certificate, error) {
	key, err := make()
	if err != nil {
		return mbedtls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return mbedtls.Certificate{}, err
	}
	return mbedtls.FromTLSCertificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
}

// ownCertificates are the server's: that of the flags, or one of each kind that the policy allows.
func (c *command) ownCertificates(p mbedtls.Policy) (list []mbedtls.Certificate, err error) {
	if c.cert != "" {
		cert, err := mbedtls.LoadX509KeyPair(c.cert, c.key)
		return []mbedtls.Certificate{cert}, err
	}
	var first error
	for _, make := range keyMakers {
		cert, err := selfSigned(make)
		if err != nil {
			return nil, err
		}
		config := serverConfig(p, cert)
		if err := validator(config, c.dtls)(true); err == nil {
			list = append(list, cert)
		} else if first == nil {
			first = err
		}
		config.Close()
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no certificate that this program makes will do; name one with --cert and --key: %w", first)
	}
	return list, nil
}

// validator is the Config's check for a transport.
func validator(config *mbedtls.Config, dtls bool) func(server bool) error {
	if dtls {
		return config.ValidateDTLS
	}
	return config.Validate
}

// loadPool reads roots.
func loadPool(file string) (*mbedtls.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := mbedtls.NewCertPool()
	if _, err := pool.AppendCertsFromPEM(data); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return pool, nil
}

// Command consumer is a module of somebody else's: it has a TLS and a DTLS connection with itself, and prints what they are.
// What its Mbed TLS was built without is printed in place of a connection.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

func main() {
	v := mbedtls.Version()
	fmt.Println("Mbed TLS", v.Release, v.Profile)
	for _, c := range []struct {
		name string
		run  func() (mbedtls.ConnectionState, error)
	}{
		{"TLS", func() (mbedtls.ConnectionState, error) { return overTLS(nil) }},
		{"TLS with a clock", func() (mbedtls.ConnectionState, error) { return overTLS(time.Now) }},
		{"DTLS", overDTLS},
	} {
		switch st, err := c.run(); {
		case errors.Is(err, errors.ErrUnsupported):
			fmt.Printf("%s: not built: %v\n", c.name, err)
		case err != nil:
			fmt.Fprintf(os.Stderr, "%s: %v\n", c.name, err)
			os.Exit(1)
		default:
			fmt.Printf("%s: %s %s\n", c.name, mbedtls.VersionName(st.Version), mbedtls.CipherSuiteName(st.CipherSuite))
		}
	}
}

func overTLS(clock func() time.Time) (st mbedtls.ConnectionState, err error) {
	cert, roots, err := credentials()
	if err != nil {
		return st, err
	}
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}})
	if err != nil {
		return st, err
	}
	defer l.Close()
	return exchange(l, func() (*mbedtls.Conn, error) {
		return mbedtls.Dial("tcp", l.Addr().String(), &mbedtls.Config{RootCAs: roots, ServerName: "localhost", Time: clock})
	})
}

func overDTLS() (st mbedtls.ConnectionState, err error) {
	config := &mbedtls.Config{PSK: &mbedtls.PSK{Identity: "device", Key: []byte("sixteen byte key")}}
	l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config)
	if err != nil {
		return st, err
	}
	defer l.Close()
	return exchange(l, func() (*mbedtls.Conn, error) { return mbedtls.DialDTLS("udp", l.Addr().String(), config) })
}

// exchange sends a word to the server, which sends it back.
func exchange(l net.Listener, dial func() (*mbedtls.Conn, error)) (st mbedtls.ConnectionState, err error) {
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		word := make([]byte, 100)
		if n, err := conn.Read(word); err == nil {
			conn.Write(word[:n])
			conn.Read(word) // until the client closes
		}
	}()
	conn, err := dial()
	if err != nil {
		return st, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte("hello")); err != nil {
		return st, err
	}
	word := make([]byte, 100)
	if n, err := conn.Read(word); err != nil || string(word[:n]) != "hello" {
		return st, fmt.Errorf("got %q back: %w", word[:n], err)
	}
	return conn.ConnectionState(), nil
}

// credentials are a certificate for localhost, and the pool that trusts it.
func credentials() (mbedtls.Certificate, *mbedtls.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return mbedtls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return mbedtls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return mbedtls.Certificate{}, nil, err
	}
	roots := mbedtls.NewCertPool()
	roots.AddCert(leaf)
	cert, err := mbedtls.FromTLSCertificate(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf})
	return cert, roots, err
}

package main

import (
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// environment is what all rows share: one CA, and a certificate for each side.
type environment struct {
	size    int
	config  mbedtls.Config // of Go, to be cloned
	options peers.Options  // of the peer
}

func newEnvironment(dir string, size int) (*environment, error) {
	ca := testpki.NewCA(testpki.P256, "mbedtls-demo")
	caFile, err := ca.Write(dir, "ca")
	if err != nil {
		return nil, err
	}
	files, err := testpki.Write(dir, "peer", ca.Issue(testpki.Leaf{}))
	if err != nil {
		return nil, err
	}
	own, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		return nil, err
	}
	pool := mbedtls.NewCertPool()
	pool.AddCert(ca.Cert)
	return &environment{
		size: size,
		config: mbedtls.Config{
			Certificates: []mbedtls.Certificate{own},
			RootCAs:      pool,
			ClientCAs:    pool,
			ClientAuth:   mbedtls.RequireAndVerifyClientCert,
			ServerName:   "localhost",
		},
		options: peers.Options{CA: caFile, Cert: files.Cert, Key: files.Key, Size: size},
	}, nil
}

func (e *environment) close() error { return e.config.Close() }

func (e *environment) forGo(version uint16) *mbedtls.Config {
	config := e.config.Clone()
	config.MinVersion, config.MaxVersion = version, version
	return config
}

func (e *environment) forPeer(version uint16) peers.Options {
	options := e.options
	options.Version, options.Datagram = version, version == mbedtls.VersionDTLS12
	return options
}

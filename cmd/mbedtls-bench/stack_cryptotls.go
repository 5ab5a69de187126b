package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
)

var groupsCryptoTLS = map[string][]tls.CurveID{
	"x25519": {tls.X25519, tls.CurveP256},
	"p256":   {tls.CurveP256},
}

// loadChain is the server's chain and the root's pool.
func loadChain(w *workload) (tls.Certificate, *x509.CertPool, error) {
	root, err := os.ReadFile(w.Chain + "-root.crt")
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(root) {
		return tls.Certificate{}, nil, errors.New("no root")
	}
	cert, err := tls.LoadX509KeyPair(w.Chain+".crt", w.Chain+".key")
	return cert, roots, err
}

// keptSession gives the first session again and again.
type keptSession struct{ session *tls.ClientSessionState }

func (k *keptSession) Get(string) (*tls.ClientSessionState, bool) { return k.session, k.session != nil }

func (k *keptSession) Put(_ string, s *tls.ClientSessionState) {
	if k.session == nil {
		k.session = s
	}
}

func newCryptoTLS(w *workload) (*stack, error) {
	cert, roots, err := loadChain(w)
	if err != nil {
		return nil, err
	}
	both := &tls.Config{MinVersion: w.wire(), MaxVersion: w.wire(), CipherSuites: []uint16{uint16(w.Suite)},
		CurvePreferences: groupsCryptoTLS[w.Group], SessionTicketsDisabled: w.Resumed == 0}
	client, server := both.Clone(), both.Clone()
	client.RootCAs, client.ServerName = roots, "localhost"
	server.Certificates = []tls.Certificate{cert}
	if w.Mutual == 1 {
		client.Certificates, server.ClientAuth, server.ClientCAs = server.Certificates, tls.RequireAndVerifyClientCert, roots
	}
	if w.Resumed == 1 {
		client.ClientSessionCache = new(keptSession)
	}
	s := &stack{
		client: func(raw net.Conn) (conn, error) { return tls.Client(raw, client), nil },
		server: func(raw net.Conn) (conn, error) { return tls.Server(raw, server), nil },
		check: func(c conn) error {
			st := c.(*tls.Conn).ConnectionState()
			group := map[tls.CurveID]string{tls.X25519: "x25519", tls.CurveP256: "p256"}[st.CurveID]
			return w.check(negotiated{st.Version, st.CipherSuite, group, st.DidResume})
		},
		prime: func(conn) error { return nil }, // the cache has it
		close: func() {},
	}
	return s.overStreams(), nil
}

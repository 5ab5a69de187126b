package main

import (
	"net"
	"os"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// What is shared with a pre-shared key; the driver in C has the same.
const (
	pskIdentity = "bench"
	pskKey      = "sixteen byte key"
)

var groupsOurs = map[string][]mbedtls.Group{
	"x25519": {mbedtls.X25519, mbedtls.CurveP256}, // that of the certificates must be there in TLS 1.2
	"p256":   {mbedtls.CurveP256},
}

func newOurs(w *workload) (*stack, error) {
	client := &mbedtls.Config{MinVersion: w.wire(), MaxVersion: w.wire(), CipherSuites: []uint16{uint16(w.Suite)},
		Groups: groupsOurs[w.Group], SessionTicketsDisabled: w.Resumed == 0}
	server := client.Clone()
	if w.PSK == 1 {
		client.PSK = &mbedtls.PSK{Identity: pskIdentity, Key: []byte(pskKey)}
		server.PSK = client.PSK
	} else {
		root, err := os.ReadFile(w.Chain + "-root.crt")
		if err != nil {
			return nil, err
		}
		roots := mbedtls.NewCertPool()
		if _, err := roots.AppendCertsFromPEM(root); err != nil {
			return nil, err
		}
		cert, err := mbedtls.LoadX509KeyPair(w.Chain+".crt", w.Chain+".key")
		if err != nil {
			return nil, err
		}
		client.RootCAs, client.ServerName = roots, "localhost"
		server.Certificates = []mbedtls.Certificate{cert}
		if w.Mutual == 1 {
			client.Certificates, server.ClientAuth, server.ClientCAs = server.Certificates, mbedtls.RequireAndVerifyClientCert, roots
		}
	}
	if w.Resumed == 1 {
		keys, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, 24*time.Hour)
		if err != nil {
			return nil, err
		}
		server.TicketKeys = keys
	}
	var session *mbedtls.Session
	s := &stack{
		client: func(raw net.Conn) (conn, error) {
			c := mbedtls.Client(raw, client)
			if session != nil {
				return c, c.SetSession(session)
			}
			return c, nil
		},
		server: func(raw net.Conn) (conn, error) { return mbedtls.Server(raw, server), nil },
		check: func(c conn) error {
			st := c.(*mbedtls.Conn).ConnectionState()
			group := map[mbedtls.Group]string{mbedtls.X25519: "x25519", mbedtls.CurveP256: "p256"}[st.Group]
			if st.Version == mbedtls.VersionDTLS12 {
				st.Version = mbedtls.VersionTLS12
			}
			return w.check(negotiated{st.Version, st.CipherSuite, group, st.DidResume})
		},
		prime: func(c conn) (err error) {
			session, err = c.(*mbedtls.Conn).Session()
			return err
		},
		close: func() { client.Close(); server.Close() },
	}
	if !w.isDTLS() {
		return s.overStreams(), nil
	}
	s.listen = func() (listener, error) { return mbedtls.ListenDTLS("udp", "127.0.0.1:0", server) }
	s.dial = func(addr string) (conn, error) { return mbedtls.DialDTLS("udp", addr, client) }
	return s, nil
}

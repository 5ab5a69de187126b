package main

import (
	"errors"
	"net"

	"github.com/pion/dtls/v3"
)

// newPion is pion/dtls without the goroutine and the queue that internal/peers/pion puts on top of it.
func newPion(w *workload) (*stack, error) {
	var shared []dtls.Option
	var client []dtls.ClientOption
	shared = append(shared, dtls.WithCipherSuites(dtls.CipherSuiteID(w.Suite)))
	if w.PSK == 1 {
		shared = append(shared, dtls.WithPSK(func([]byte) ([]byte, error) { return []byte(pskKey), nil }),
			dtls.WithPSKIdentityHint([]byte(pskIdentity)))
	}
	var server []dtls.ServerOption
	for _, o := range shared {
		client, server = append(client, o), append(server, o)
	}
	if w.PSK == 0 {
		cert, roots, err := loadChain(w)
		if err != nil {
			return nil, err
		}
		client = append(client, dtls.WithRootCAs(roots), dtls.WithServerName("localhost"))
		server = append(server, dtls.WithCertificates(cert))
	}
	return &stack{
		listen: func() (listener, error) {
			return dtls.ListenWithOptions("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, server...)
		},
		dial: func(addr string) (conn, error) {
			to, err := net.ResolveUDPAddr("udp", addr)
			if err != nil {
				return nil, err
			}
			c, err := dtls.DialWithOptions("udp", to, client...)
			if err != nil {
				return nil, err
			}
			return c, c.Handshake()
		},
		check: func(c conn) error {
			st, ok := c.(*dtls.Conn).ConnectionState()
			if !ok {
				return errors.New("no connection")
			}
			return w.check(negotiated{version: w.wire(), suite: uint16(st.CipherSuiteID)})
		},
		close: func() {},
	}, nil
}

package cbridge

import (
	"errors"
	"testing"
)

// single makes both ends' Configs serve one connection, and drops the test's own hold of their certificates.
func singlePair(t *testing.T, transport Transport, sets ...options) pair {
	t.Helper()
	crt, key := identity(t)
	p := newPairOver(t, transport, crt, key, func(client, server *Config) {
		for _, set := range sets {
			set(client, server)
		}
		client.SetSingle()
		server.SetSingle()
	})
	crt.Close()
	key.Close()
	return p
}

func TestFreeHandshakeData(t *testing.T) {
	for name, c := range map[string]struct {
		transport Transport
		version   int
	}{"TLS 1.2": {Stream, TLS12}, "TLS 1.3": {Stream, TLS13}, "DTLS": {Datagram, TLS12}} {
		t.Run(name, func(t *testing.T) {
			if c.transport == Datagram && !Feature("MBEDTLS_SSL_PROTO_DTLS") {
				t.Skip("no DTLS")
			}
			p := singlePair(t, c.transport, both(t, c.version), func(_, server *Config) {
				if c.transport == Datagram {
					if err := server.SetNoCookies(); err != nil {
						t.Fatal(err)
					}
				}
			})
			for _, s := range []*SSL{p.client, p.server} {
				if err := s.FreeHandshakeData(); !errors.Is(err, ErrSSLBadInputData) {
					t.Errorf("before the handshake: %v, want ErrSSLBadInputData", err)
				}
			}
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			before := Allocations().LiveBytes
			for _, s := range []*SSL{p.client, p.server, p.client} {
				if err := s.FreeHandshakeData(); err != nil {
					t.Fatal(err)
				}
			}
			if freed := before - Allocations().LiveBytes; freed < 1400 { // a certificate, and what was parsed of it
				t.Errorf("%d bytes freed", freed)
			}
			send(t, p.client, p.server, randomBytes(20_000)[:p.client.MaxOutPayload()])
			send(t, p.server, p.client, randomBytes(300))
			for _, s := range []*SSL{p.client, p.server} {
				if _, err := NewSSL(s.conf); !errors.Is(err, ErrConfigUsed) {
					t.Errorf("a second connection: %v, want ErrConfigUsed", err)
				}
				if err := s.Renegotiate(); err == nil {
					t.Error("Renegotiate succeeds")
				}
				if err := s.SessionReset(); !errors.Is(err, ErrSSLBadConfig) {
					t.Errorf("SessionReset: %v, want ErrSSLBadConfig", err)
				}
			}
			send(t, p.client, p.server, randomBytes(300))
		})
	}
}

// A peer that asks for a renegotiation is told no, and data go on.
func TestFreeHandshakeDataRefusesRenegotiation(t *testing.T) {
	if !Feature("MBEDTLS_SSL_RENEGOTIATION") {
		t.Skip("no renegotiation")
	}
	p := singlePair(t, Stream, both(t, TLS12, renegotiable(t, -1, DefaultRenegotiationPeriod)))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if err := p.client.FreeHandshakeData(); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Renegotiate(); err != nil && err != ErrSSLWantRead {
		t.Fatal(err)
	}
	send(t, p.server, p.client, []byte("before"))
	send(t, p.client, p.server, []byte("after"))
	if p.client.Renegotiating() || p.client.Version() != TLS12 {
		t.Error("the client renegotiates")
	}
}

func TestFreeHandshakeDataNeedsAConfigOfItsOwn(t *testing.T) {
	p := newPair(t, nil)
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if err := p.client.FreeHandshakeData(); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("%v, want ErrSSLBadInputData", err)
	}
}

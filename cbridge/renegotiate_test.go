package cbridge

import (
	"errors"
	"net"
	"strings"
	"testing"
)

func renegotiable(t testing.TB, maxRecords int, period uint64) options {
	return func(client, server *Config) {
		if err := errors.Join(client.SetRenegotiation(true, maxRecords, period), server.SetRenegotiation(true, maxRecords, period)); err != nil {
			t.Fatal(err)
		}
	}
}

// read reads once, and wants nothing but the error.
func read(s *SSL) error {
	for {
		if _, err := s.Read(make([]byte, 100)); err != ErrSSLWantWrite { // it has ended a renegotiation
			return err
		}
	}
}

func TestRenegotiateInSteps(t *testing.T) {
	p := newPair(t, both(t, TLS12, renegotiable(t, 16, DefaultRenegotiationPeriod)))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("before"))
	for i := 0; ; i++ {
		err := p.client.Renegotiate()
		if err == nil {
			break
		}
		if err != ErrSSLWantRead || i > 20 {
			t.Fatal(err)
		}
		if !p.client.Renegotiating() {
			t.Error("the client is not renegotiating")
		}
		carry(t, p.client, p.server)
		if err := read(p.server); err != ErrSSLWantRead {
			t.Fatal(err)
		}
		carry(t, p.server, p.client)
	}
	if p.client.Renegotiating() || p.server.Renegotiating() {
		t.Error("the renegotiation is not over")
	}
	send(t, p.client, p.server, []byte("after"))
	send(t, p.server, p.client, []byte("and back"))
}

// The steps of a renegotiation are the bridge's, the log is as if they were the library's.
func TestRenegotiationThatFailsIsLogged(t *testing.T) {
	var log []string
	p := newPair(t, both(t, TLS12, renegotiable(t, 16, DefaultRenegotiationPeriod), func(client, _ *Config) {
		if err := client.SetDebug(1, func(_ int, _ string, _ int, text string) { log = append(log, text) }); err != nil {
			t.Fatal(err)
		}
	}))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if err := p.client.SetVerify(func([]byte, int, uint32) (uint32, error) { return 1, nil }); err != nil {
		t.Fatal(err)
	}
	err := error(ErrSSLWantRead)
	for err == ErrSSLWantRead {
		if err = p.client.Renegotiate(); err == ErrSSLWantRead {
			carry(t, p.client, p.server)
			_ = read(p.server)
			carry(t, p.server, p.client)
		}
	}
	if !errors.Is(err, ErrX509CertVerifyFailed) {
		t.Fatal(err)
	}
	if last := log[len(log)-1]; !strings.Contains(last, "mbedtls_ssl_handshake() returned -9984 (-0x2700)") {
		t.Errorf("the last message is %q", last)
	}
}

// The library would begin a renegotiation in TLS 1.3, and break the connection.
func TestRenegotiateIsGuarded(t *testing.T) {
	p := newPair(t, both(t, TLS13, renegotiable(t, 16, DefaultRenegotiationPeriod)))
	if err := p.client.Renegotiate(); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("before the handshake: %v, want ErrSSLFeatureUnavailable", err)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*SSL{p.client, p.server} {
		if err := s.Renegotiate(); !errors.Is(err, ErrSSLFeatureUnavailable) {
			t.Errorf("in TLS 1.3: %v, want ErrSSLFeatureUnavailable", err)
		}
	}
	send(t, p.server, p.client, []byte("x"))
	p = newPair(t, both(t, TLS12))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Renegotiate(); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("without SetRenegotiation: %v, want ErrSSLFeatureUnavailable", err)
	}
}

// Rules 2 and 9, for what came later.
func TestNoLaterCallCrashesInAnyState(t *testing.T) {
	calls := func(s *SSL) []error {
		_, _, _, _ = s.State(), s.Pending(), s.Hostname(), s.VersionName()
		_ = s.Renegotiating()
		return []error{
			s.ExportKeyingMaterial(make([]byte, 10), "label", []byte{}),
			s.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { return nil }),
			s.Renegotiate(),
			s.SetExportKeys(nil),
		}
	}
	for _, version := range eachVersion {
		p := newPair(t, both(t, version, renegotiable(t, 16, DefaultRenegotiationPeriod)))
		calls(p.client)
		_ = p.client.Handshake()
		carry(t, p.client, p.server)
		_ = p.server.Handshake()
		calls(p.client)
		calls(p.server)
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		calls(p.client)
		calls(p.server)
		calls(p.client) // in a renegotiation, if there is one
		carry(t, p.client, p.server)
		_ = read(p.server)
		calls(p.server)
		p.client.InputEOF()
		_ = read(p.client)
		calls(p.client)
		p.client.Close()
		for i, err := range calls(p.client) {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("call %d after Close: %v, want net.ErrClosed", i, err)
			}
		}
		if p.client.State() != 0 || p.client.Pending() || p.client.Hostname() != "" || p.client.VersionName() != "" {
			t.Error("accessors after Close give values")
		}
	}
	c, err := NewConfig(Server, Stream, PresetDefault)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	crt, _ := identity(t)
	for _, err := range []error{c.SetRenegotiation(true, 0, 1), c.SetDNHints(crt)} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("setter after Close: %v, want net.ErrClosed", err)
		}
	}
}

func TestProgress(t *testing.T) {
	p := newPair(t, both(t, TLS12))
	if got := p.client.Hostname(); got != "localhost" {
		t.Errorf("Hostname %q", got)
	}
	if got := StateName(p.client.State()); got != "MBEDTLS_SSL_HELLO_REQUEST" {
		t.Errorf("state %q", got)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if got := StateName(p.client.State()); got != "MBEDTLS_SSL_HANDSHAKE_OVER" {
		t.Errorf("state %q", got)
	}
	if got := p.client.VersionName(); got != "TLSv1.2" {
		t.Errorf("version %q", got)
	}
	if got := StateName(-1); got != "" {
		t.Errorf("state -1 is %q", got)
	}
	if err := p.client.SetNoHostname(); err != nil || p.client.Hostname() != "" {
		t.Errorf("no host name: %q, %v", p.client.Hostname(), err)
	}
}

package cbridge

import (
	"errors"
	"math"
	"net"
	"runtime/debug"
	"testing"
)

// chooser makes the server of a pair choose all that it can for one handshake.
func chooser(t *testing.T) (func(s *SSL) error, *Crt, *PK) {
	t.Helper()
	crt, key := identity(t)
	return func(s *SSL) error {
		return errors.Join(s.AddHandshakeOwnCert(crt, key), s.SetHandshakeCAs(crt, nil), s.SetHandshakeDNHints(crt),
			s.SetHandshakeAuthMode(VerifyOptional))
	}, crt, key
}

func TestSNIClosureChoosesForOneHandshake(t *testing.T) {
	for _, version := range []int{TLS12, TLS13} {
		choose, crt, _ := chooser(t)
		var named, selected []byte
		p := newPair(t, func(client, server *Config) {
			if err := errors.Join(client.SetVersions(version, version), client.SetCAs(crt, nil),
				server.SetSNI(func(s *SSL, name []byte) error {
					named = append(named, name...)
					return choose(s)
				}),
				server.SetCertSelect(func(s *SSL) error {
					selected = s.HandshakeSNI()
					return nil
				})); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		if string(named) != "localhost" || string(selected) != "localhost" {
			t.Errorf("names %q, %q", named, selected)
		}
		if len(p.server.creds.parts) != 0 {
			t.Errorf("%d objects are kept after the handshake", len(p.server.creds.parts))
		}
		send(t, p.client, p.server, []byte("data"))
	}
}

func TestSNIClosureRefuses(t *testing.T) {
	mine := errors.New("mine")
	p := newPair(t, func(_, server *Config) {
		if err := server.SetSNI(func(*SSL, []byte) error { return mine }); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); !errors.Is(err, mine) || !errors.Is(err, ErrSSLUnrecognizedName) {
		t.Errorf("server: %v", err)
	}
	carry(t, p.server, p.client)
	if err := p.client.Handshake(); !errors.Is(err, ErrSSLFatalAlertMessage) {
		t.Errorf("client: %v", err)
	}
	if alert, ok := p.client.LastAlert(); !ok || alert != 112 {
		t.Errorf("the client gets alert %d", alert)
	}
}

// Rule 9: the library would follow a null pointer.
func TestSettersForAHandshakeNeedOne(t *testing.T) {
	choose, crt, key := chooser(t)
	p := newPair(t, nil)
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"AddHandshakeOwnCert":  func() error { return p.server.AddHandshakeOwnCert(crt, key) },
		"SetHandshakeCAs":      func() error { return p.server.SetHandshakeCAs(crt, nil) },
		"SetHandshakeDNHints":  func() error { return p.server.SetHandshakeDNHints(crt) },
		"SetHandshakeAuthMode": func() error { return p.server.SetHandshakeAuthMode(VerifyNone) },
		"SetHandshakePSK":      func() error { return p.server.SetHandshakePSK([]byte("key")) },
		"SetECJPAKEPassword":   func() error { return p.server.SetECJPAKEPassword([]byte("password")) },
	} {
		if err := call(); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%s after the handshake: %v", name, err)
		}
	}
	if hello, _ := p.server.ClientHello(); hello != nil || p.server.HandshakeSNI() != nil || p.server.HelloRetried() {
		t.Error("there is a ClientHello after the handshake")
	}
	p.server.Close()
	if err := choose(p.server); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if p.server.SharedSecret() != NoSecret {
		t.Error("a secret after Close")
	}
}

func TestEmptyKeysAreRefused(t *testing.T) {
	p := newPair(t, nil)
	if err := p.server.SetHandshakePSK(nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("an empty key: %v", err)
	}
	if err := p.server.SetHandshakePSK(make([]byte, MaxPSKLen+1)); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("a key that is too long: %v", err)
	}
	if err := p.server.SetECJPAKEPassword(nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("an empty password: %v", err)
	}
}

// A handshake that fails in the key closure must not spoil the next on the same context.
func TestSessionResetForgetsCredentials(t *testing.T) {
	mine := errors.New("mine")
	fail := true
	key := []byte("0123456789abcdef")
	for _, version := range []int{TLS12, TLS13} {
		fail = true
		choose, crt, _ := chooser(t)
		p := newPair(t, func(client, server *Config) {
			if err := errors.Join(client.SetVersions(version, version), client.SetPSK(key, []byte("id")), client.SetCAs(crt, nil),
				client.SetCiphersuites([]int{0xC037, 0x1301}),
				server.SetCertSelect(choose),
				server.SetPSKFunc(func(s *SSL, _ []byte) error {
					if fail {
						return mine
					}
					return s.SetHandshakePSK(key)
				})); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.handshake(t); !errors.Is(err, mine) {
			t.Fatalf("server: %v", err)
		}
		fail = false
		if err := errors.Join(p.client.SessionReset(), p.server.SessionReset(), p.client.SetHostname("localhost")); err != nil {
			t.Fatal(err)
		}
		if n := len(p.server.creds.parts); n != 0 {
			t.Errorf("%d objects are kept after SessionReset", n)
		}
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		if p.server.SharedSecret() != SecretPSK {
			t.Error("the key is not used")
		}
	}
}

// User data that refers to its own connection must not keep that alive, nor what a handshake kept.
func TestForgottenCredentialsAreFreed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	handles := LiveHandles()
	forget := func(connections int) {
		for range connections {
			c, err := NewConfig(Server, Stream, PresetDefault)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.SetPSKFunc(func(s *SSL, _ []byte) error { return s.UserData().(error) }); err != nil {
				t.Fatal(err)
			}
			s, err := NewSSL(c)
			if err != nil {
				t.Fatal(err)
			}
			s.SetUserData(s)
			crt, err := NewCrt()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.SetHandshakeCAs(crt, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	forget(1)
	awaitCollection(t, handles, math.MaxInt64)
	once := Allocations().LiveBlocks // for the process
	forget(20)
	awaitCollection(t, handles, once)
}

func TestCredentialCallbacksMakeNoHandles(t *testing.T) {
	start := LiveHandles()
	choose, crt, _ := chooser(t)
	p := newPair(t, func(client, server *Config) {
		if err := errors.Join(client.SetAuthMode(VerifyOptional), // the certificate is no CA
			client.SetTrustedCAs(func([]byte) ([][]byte, error) { return crt.DER(), nil }),
			server.SetCertSelect(choose), server.SetPSKFunc(func(*SSL, []byte) error { return ErrSSLUnknownIdentity })); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if got := LiveHandles() - start; got != 4 {
		t.Errorf("%d handles, want 4", got)
	}
}

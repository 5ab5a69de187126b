package cbridge

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"net"
	"strings"
	"testing"
)

// both sets the version of both ends of a pair.
func both(t testing.TB, version int, more ...options) options {
	return func(client, server *Config) {
		if err := errors.Join(client.SetVersions(version, version), server.SetVersions(version, version)); err != nil {
			t.Fatal(err)
		}
		for _, set := range more {
			set(client, server)
		}
	}
}

var eachVersion = map[string]int{"TLS 1.2": TLS12, "TLS 1.3": TLS13}

func TestBothEndsExportTheSameSecrets(t *testing.T) {
	want := map[int]int{TLS12: 1, TLS13: 4}
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, both(t, version))
			var lines [2][]string
			for i, s := range []*SSL{p.client, p.server} {
				err := s.SetExportKeys(func(typ SecretType, secret, clientRandom, serverRandom []byte, prf PRF) error {
					if (prf != PRFNone) != (version == TLS12) {
						t.Errorf("secret %d comes with PRF %d", typ, prf)
					}
					lines[i] = append(lines[i], fmt.Sprintf("%d %x %x %x %d", typ, secret, clientRandom, serverRandom, prf))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			if len(lines[0]) != want[version] || strings.Join(lines[0], "\n") != strings.Join(lines[1], "\n") {
				t.Errorf("client: %q\nserver: %q", lines[0], lines[1])
			}
		})
	}
}

// The C callback returns nothing: the library goes on, and must not be believed.
func TestExportErrorFailsTheHandshake(t *testing.T) {
	for name, version := range eachVersion {
		for _, end := range []Endpoint{Client, Server} {
			t.Run(fmt.Sprintf("%s/%d", name, end), func(t *testing.T) {
				p := newPair(t, both(t, version))
				failing, other := p.client, p.server
				if end == Server {
					failing, other = p.server, p.client
				}
				errExport := errors.New("no place for keys")
				if err := failing.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { return errExport }); err != nil {
					t.Fatal(err)
				}
				if err := p.handshake(t); !errors.Is(err, errExport) || !errors.Is(err, ErrSSLInternalError) {
					t.Fatalf("handshake: %v, want the closure's error and ErrSSLInternalError", err)
				}
				for range 2 {
					if err := failing.Handshake(); !errors.Is(err, ErrSSLInternalError) {
						t.Errorf("the handshake goes on: %v", err)
					}
					if _, err := failing.Write([]byte("x")); !errors.Is(err, ErrSSLInternalError) {
						t.Errorf("data may be written: %v", err)
					}
				}
				carry(t, failing, other)
				if err := other.Handshake(); err == nil || err == ErrSSLWantRead {
					t.Errorf("the other end goes on: %v", err)
				}
				const internalError = 80
				if alert, ok := other.LastAlert(); !ok || alert != internalError {
					t.Errorf("the other end got alert %d, %t", alert, ok)
				}
				if err := failing.SessionReset(); err != nil {
					t.Errorf("SessionReset: %v", err)
				}
			})
		}
	}
}

func TestExportPanicReachesTheCaller(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, both(t, version))
			if err := p.server.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { panic("keys") }); err != nil {
				t.Fatal(err)
			}
			func() {
				defer func() {
					if v := recover(); v != "keys" {
						t.Errorf("recovered %v", v)
					}
				}()
				_ = p.handshake(t)
				t.Error("the handshake returned")
			}()
			if err := p.server.Handshake(); !errors.Is(err, ErrPoisoned) {
				t.Errorf("Handshake: %v, want ErrPoisoned", err)
			}
		})
	}
}

// Rule 9: the exporter is refused where the C function would follow NULL.
func TestKeyingMaterialOnlyAfterTheHandshake(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, both(t, version))
			export := func(s *SSL) error { return s.ExportKeyingMaterial(make([]byte, 8), "EXPORTER-test", nil) }
			for range 100 {
				clientErr, serverErr := p.client.HandshakeStep(), p.server.HandshakeStep()
				if p.client.HandshakeOver() && p.server.HandshakeOver() {
					break
				}
				for _, s := range []*SSL{p.client, p.server} {
					if err := export(s); !s.HandshakeOver() && !errors.Is(err, ErrSSLBadInputData) {
						t.Fatalf("ExportKeyingMaterial in the handshake: %v, want ErrSSLBadInputData", err)
					}
				}
				if clientErr == ErrSSLWantRead || serverErr == ErrSSLWantRead {
					carry(t, p.client, p.server)
					carry(t, p.server, p.client)
				}
			}
			for _, s := range []*SSL{p.client, p.server} {
				if err := export(s); err != nil {
					t.Errorf("after the handshake: %v", err)
				}
				if err := s.ExportKeyingMaterial(nil, "", nil); err != nil {
					t.Errorf("nothing: %v", err)
				}
				if err := s.ExportKeyingMaterial(make([]byte, MaxExportLen+1), "x", nil); !errors.Is(err, ErrSSLBadInputData) {
					t.Errorf("too much: %v, want ErrSSLBadInputData", err)
				}
				if err := s.SessionReset(); err != nil {
					t.Fatal(err)
				}
				if err := export(s); !errors.Is(err, ErrSSLBadInputData) {
					t.Errorf("after SessionReset: %v, want ErrSSLBadInputData", err)
				}
				s.Close()
				if err := export(s); !errors.Is(err, net.ErrClosed) {
					t.Errorf("after Close: %v, want net.ErrClosed", err)
				}
				if err := s.SetExportKeys(nil); !errors.Is(err, net.ErrClosed) {
					t.Errorf("SetExportKeys after Close: %v, want net.ErrClosed", err)
				}
			}
		})
	}
}

// pHash is RFC 5246 section 5.
func pHash(h func() hash.Hash, secret, seed []byte, n int) (out []byte) {
	sum := func(data ...[]byte) []byte {
		m := hmac.New(h, secret)
		for _, d := range data {
			m.Write(d)
		}
		return m.Sum(nil)
	}
	for a := sum(seed); len(out) < n; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:n]
}

func TestTLSPRF(t *testing.T) {
	for prf, h := range map[PRF]func() hash.Hash{PRFSHA256: sha256.New, PRFSHA384: sha512.New384} {
		for _, n := range []int{0, 1, 12, 48, 104, 5000} {
			secret, seed, label := []byte("the secret"), bytes.Repeat([]byte{7}, 77), "a label"
			got := make([]byte, n)
			if err := TLSPRF(prf, secret, label, seed, got); err != nil {
				t.Fatal(err)
			}
			if want := pHash(h, secret, append([]byte(label), seed...), n); !bytes.Equal(got, want) {
				t.Errorf("PRF %d, %d bytes: %x, want %x", prf, n, got, want)
			}
			if err := TLSPRF(prf, nil, "", nil, got); err != nil {
				t.Errorf("PRF of nothing: %v", err)
			}
		}
	}
	for _, prf := range []PRF{PRFNone, PRFHKDFSHA256, PRFHKDFSHA384, 99, -1} {
		if err := TLSPRF(prf, nil, "", nil, make([]byte, 1)); !errors.Is(err, ErrSSLFeatureUnavailable) {
			t.Errorf("PRF %d: %v, want ErrSSLFeatureUnavailable", prf, err)
		}
	}
}

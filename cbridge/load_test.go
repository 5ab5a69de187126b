package cbridge

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where the context is not fit for it, the library would free it.
func TestLoadIsRefused(t *testing.T) {
	p := established(t)
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	live := established(t)
	if err := live.client.Load(data); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("Load on a connection: %v, want ErrSSLBadInputData", err)
	}
	send(t, live.client, live.server, []byte("x"))

	session, err := live.client.Session()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	resuming := saveable(t)
	if err := resuming.client.SetSession(session, false); err != nil {
		t.Fatal(err)
	}
	begun := saveable(t)
	_ = begun.client.Handshake()
	stream := newPair(t, nil)
	refusing := map[string]pair{"a session": resuming, "a handshake": begun, "a stream": stream}
	if Feature("MBEDTLS_SSL_RENEGOTIATION") {
		refusing["renegotiation"] = saveable(t, renegotiable(t, 16, DefaultRenegotiationPeriod))
	}
	for name, p := range refusing {
		if err := p.client.Load(data); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%s: Load: %v, want ErrSSLBadInputData", name, err)
		}
		if err := p.handshake(t); err != nil {
			t.Errorf("%s: after Load failed: %v", name, err)
		}
	}
}

// What the library itself would load.
func TestLoadChecksTheConfig(t *testing.T) {
	p := withCIDs(t, 4, 4, false)
	if !Feature(optionSerialization) {
		t.Skip("no serialization")
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	suite, other := int(p.server.Ciphersuite()), aead
	if suite == other {
		other = 0xC0AC // TLS_ECDHE_ECDSA_WITH_AES_128_CCM
	}
	for _, c := range []struct {
		name  string
		end   Endpoint
		suite int
		cid   int
		want  error
	}{
		{"the same", Client, suite, 4, nil},
		{"the other end", Server, suite, 4, ErrSSLBadInputData},
		{"another suite", Client, other, 4, ErrSSLBadInputData},
		{"shorter connection IDs", Client, suite, 3, ErrSSLBadInputData},
		{"no connection IDs", Client, suite, 0, ErrSSLBadInputData},
	} {
		s := newDatagramSSL(t, c.end)
		if err := errors.Join(s.conf.SetCiphersuites([]int{c.suite}), s.conf.SetCID(c.cid, false)); err != nil {
			t.Fatal(err)
		}
		if err := s.Load(data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		dead(t, s, c.want != nil)
	}
}

// dead checks that a connection whose Load failed is closed.
func dead(t *testing.T, s *SSL, want bool) {
	t.Helper()
	if _, err := s.Write([]byte("x")); errors.Is(err, net.ErrClosed) != want {
		t.Errorf("Write after Load: %v, want it closed: %t", err, want)
	}
	if _, on := s.OwnCID(); want && (on || s.HandshakeOver() || s.Version() != 0) {
		t.Error("accessors after Load failed give values")
	}
}

func TestLoadOfHostileData(t *testing.T) {
	alpn := func(client, server *Config) {
		if !Feature("MBEDTLS_SSL_ALPN") {
			return
		}
		if err := errors.Join(client.SetALPN([]string{"a-protocol"}), server.SetALPN([]string{"a-protocol"})); err != nil {
			t.Fatal(err)
		}
	}
	p := established(t, alpn)
	saved := map[*SSL][]byte{}
	for _, s := range []*SSL{p.client, p.server} {
		if err := s.SetMTU(1200); err != nil {
			t.Fatal(err)
		}
		data, err := s.Save()
		if err != nil {
			t.Fatal(err)
		}
		saved[s] = data
	}
	for old, data := range saved {
		load := func(data []byte) error {
			s := another(t, old)
			defer s.Close()
			err := s.Load(data)
			if err != nil {
				dead(t, s, true)
				return err
			}
			// What is not noticed must do no harm.
			_, _ = s.Write([]byte("x"))
			datagrams(s)
			_, _ = s.CheckRecord([]byte("anything at all, if only it is long enough"))
			if err := s.Feed(append([]byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 1, 0, 0, 40}, make([]byte, 40)...)); err != nil {
				t.Fatal(err)
			}
			_ = read(s)
			_, _, _, _ = s.PeerCertificates(), s.SessionID(), s.Ciphersuite(), s.MaxOutPayload()
			_ = s.ExportKeyingMaterial(make([]byte, 10), "label", nil)
			if session, err := s.Session(); err == nil {
				_, _ = session.Save()
				session.Close()
			}
			if again, err := s.Save(); err == nil && len(again) == 0 {
				t.Error("an empty state")
			}
			return nil
		}
		if err := load(data); err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if err := load(data[:n:n]); err == nil {
				t.Errorf("%d bytes of %d were loaded", n, len(data))
			}
		}
		if err := load(append(bytes.Clone(data), 0)); err == nil {
			t.Error("a longer state was loaded")
		}
		for i := range data {
			for _, b := range []byte{0, 1, 0x7F, 0xFF, data[i] ^ 1} {
				if b == data[i] {
					continue
				}
				altered := bytes.Clone(data)
				altered[i] = b
				err := load(altered)
				if i < 8 && !errors.Is(err, ErrSSLVersionMismatch) {
					t.Errorf("byte %d of the header altered: %v, want ErrSSLVersionMismatch", i, err)
				}
			}
		}
		// The MTU stands before the protocol: one that no handshake would come to an end with.
		if Feature("MBEDTLS_SSL_ALPN") {
			altered := bytes.Clone(data)
			at := len(altered) - 1 - len("a-protocol") - 2
			altered[at], altered[at+1] = 0, 20
			if err := load(altered); !errors.Is(err, ErrSSLBadInputData) {
				t.Errorf("an MTU of 20: %v, want ErrSSLBadInputData", err)
			}
		}
	}
}

func TestLoadCallsExportKeys(t *testing.T) {
	own := errors.New("the closure's own")
	p := established(t)
	data, err := p.client.Save()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{nil, own} {
		s, calls := another(t, p.client), 0
		err := s.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { calls++; return want })
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Load(data); !errors.Is(err, want) || calls != 1 {
			t.Errorf("%v after %d calls, want %v after 1", err, calls, want)
		}
		dead(t, s, want != nil)
	}
	s := another(t, p.client)
	if err := s.SetExportKeys(func(SecretType, []byte, []byte, []byte, PRF) error { panic("from export") }); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != "from export" {
			t.Errorf("recovered %v", v)
		}
	}()
	t.Errorf("Load returned %v, want a panic", s.Load(data))
}

func TestSaveAndLoadInsideOfACall(t *testing.T) {
	p := established(t)
	var inside []error
	if err := p.client.SetBIO(BIO{Send: sendAll, Recv: func([]byte) (int, error) {
		_, err := p.client.Save()
		inside = append(inside, err, p.client.Load(nil))
		return 0, ErrSSLWantRead
	}}); err != nil {
		t.Fatal(err)
	}
	if err := read(p.client); err != ErrSSLWantRead {
		t.Error(err)
	}
	if len(inside) != 2 {
		t.Fatalf("%d calls", len(inside))
	}
	for _, err := range inside {
		if !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%v, want ErrSSLBadInputData", err)
		}
	}
}

func TestSerializationAfterClose(t *testing.T) {
	afterClose(t, Client, func(s *SSL, _ *Config) []error {
		_, err := s.Save()
		return []error{err, s.Load(nil), s.SetObserved(Observed{})}
	})
	s := newDatagramSSL(t, Client)
	want := Observed{true, true, 23, SecretPSK}
	if err := s.SetObserved(want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Observed()); diff != "" {
		t.Error(diff)
	}
	s.Close()
	if got := s.Observed(); got != (Observed{}) {
		t.Errorf("Observed after Close: %v", got)
	}
}

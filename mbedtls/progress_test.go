package mbedtls

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTraceTellsEachState(t *testing.T) {
	want := map[uint16]map[bool]string{ // by version, and whether it is a server's
		VersionTLS12: {
			false: "HELLO_REQUEST CLIENT_HELLO SERVER_HELLO SERVER_CERTIFICATE SERVER_KEY_EXCHANGE CERTIFICATE_REQUEST " +
				"SERVER_HELLO_DONE CLIENT_CERTIFICATE CLIENT_KEY_EXCHANGE CERTIFICATE_VERIFY CLIENT_CHANGE_CIPHER_SPEC " +
				"CLIENT_FINISHED SERVER_CHANGE_CIPHER_SPEC SERVER_FINISHED FLUSH_BUFFERS HANDSHAKE_WRAPUP HANDSHAKE_OVER",
			true: "HELLO_REQUEST CLIENT_HELLO SERVER_HELLO SERVER_CERTIFICATE SERVER_KEY_EXCHANGE CERTIFICATE_REQUEST " +
				"SERVER_HELLO_DONE CLIENT_CERTIFICATE CLIENT_KEY_EXCHANGE CERTIFICATE_VERIFY CLIENT_CHANGE_CIPHER_SPEC " +
				"CLIENT_FINISHED SERVER_CHANGE_CIPHER_SPEC SERVER_FINISHED FLUSH_BUFFERS HANDSHAKE_WRAPUP HANDSHAKE_OVER",
		},
	}
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		var mu sync.Mutex
		states := map[bool][]string{}
		told := map[*Conn]bool{}
		trace := func(c *Conn, s HandshakeState) {
			mu.Lock()
			defer mu.Unlock()
			states[c.server] = append(states[c.server], s.String())
			told[c] = c.RemoteAddr() != nil
		}
		client.Trace, server.Trace = trace, trace
		c, s := connected(t, client, server)
		if len(told) != 2 || !told[c] || !told[s] {
			t.Error("Trace was called with other connections")
		}
		for _, end := range []bool{false, true} {
			got := states[end]
			if w := want[version][end]; w != "" {
				if diff := cmp.Diff(strings.Fields(w), got); diff != "" {
					t.Errorf("server %t (-want +got):\n%s", end, diff)
				}
			}
			// A server of TLS 1.3 is over, and then sends tickets.
			if got[0] != "HELLO_REQUEST" || !slices.Contains(got, "HANDSHAKE_OVER") && got[len(got)-1] != "TLS1_3_NEW_SESSION_TICKET" {
				t.Errorf("server %t: %q", end, got)
			}
			if got := len(slices.Compact(got)); got != len(states[end]) {
				t.Errorf("server %t: a state is told twice: %q", end, states[end])
			}
		}
	})
	if s := HandshakeState(12345).String(); s != "HandshakeState(12345)" {
		t.Errorf("a state that is none is %q", s)
	}
}

func TestTraceServesParallelHandshakes(t *testing.T) {
	client, server := configs(t)
	var calls atomic.Int32
	trace := func(*Conn, HandshakeState) { calls.Add(1) }
	client.Trace, server.Trace = trace, trace
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			a, b := net.Pipe()
			c, s := Client(a, client), Server(b, server)
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Error(cErr, sErr)
			}
			a.Close()
			b.Close()
			c.Close()
			s.Close()
		})
	}
	wg.Wait()
	if n := calls.Load(); n < 200*20 {
		t.Errorf("%d calls", n)
	}
}

func TestTracePanicReachesTheCaller(t *testing.T) {
	client, server := configs(t)
	client.Trace = func(*Conn, HandshakeState) { panic("trace") }
	c, s := ends(t, client, server)
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	func() {
		defer func() {
			if v := recover(); v != "trace" {
				t.Errorf("recovered %v", v)
			}
		}()
		_ = c.Handshake()
	}()
	mustBe(t, "Handshake", c.Handshake(), ErrPoisoned)
	c.Close()
	<-done
}

func TestBytesAvailableAndPending(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		c, s := ends(t, client, server)
		if c.BytesAvailable() != 0 || c.Pending() {
			t.Error("something waits before the handshake")
		}
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatal(cErr, sErr)
		}
		if _, err := c.Write([]byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Read(make([]byte, 3)); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		if got := s.BytesAvailable(); got != 7 || !s.Pending() {
			t.Errorf("%d bytes, pending %t, want 7, true", got, s.Pending())
		}
		if n, err := s.Read(make([]byte, 100)); n != 7 || err != nil {
			t.Fatal(n, err)
		}
		if got := s.BytesAvailable(); got != 0 || s.Pending() {
			t.Errorf("%d bytes, pending %t, want 0, false", got, s.Pending())
		}
		// Nothing is nothing, on either side.
		if n, err := c.Write(nil); n != 0 || err != nil {
			t.Errorf("Write of nothing: %d, %v", n, err)
		}
		if n, err := s.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of nothing: %d, %v", n, err)
		}
		s.Close()
		if s.BytesAvailable() != 0 || s.Pending() {
			t.Error("something waits after Close")
		}
	})
}

func TestCipherSuiteInfo(t *testing.T) {
	for _, want := range []CipherSuiteInfo{
		{ID: 0x1301, Name: "TLS1-3-AES-128-GCM-SHA256", Cipher: "AES-128-GCM", KeyBits: 128, Hash: "SHA256",
			MinVersion: VersionTLS13, MaxVersion: VersionTLS13},
		{ID: 0xC030, Name: "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384", KeyExchange: KeyExchangeECDHERSA, Cipher: "AES-256-GCM",
			KeyBits: 256, Hash: "SHA384", MinVersion: VersionTLS12, MaxVersion: VersionTLS12},
		{ID: 0xC009, Name: "TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA", KeyExchange: KeyExchangeECDHEECDSA, Cipher: "AES-128-CBC",
			KeyBits: 128, Hash: "SHA1", MinVersion: VersionTLS12, MaxVersion: VersionTLS12},
		{ID: 0xC0FF, Name: "TLS-ECJPAKE-WITH-AES-128-CCM-8", KeyExchange: KeyExchangeECJPAKE, Cipher: "AES-128-CCM",
			KeyBits: 128, Hash: "SHA256", MinVersion: VersionTLS12, MaxVersion: VersionTLS12, ShortTag: true},
	} {
		got, ok := CipherSuiteByID(want.ID)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%t (-want +got):\n%s", ok, diff)
		}
	}
	for _, id := range CipherSuites() {
		byID, ok := CipherSuiteByID(id)
		byName, ok2 := CipherSuiteByName(CipherSuiteName(id))
		if !ok || !ok2 || byID != byName || byID.ID != id || byID.Cipher == "" || byID.Hash == "" ||
			byID.KeyExchange == KeyExchangeNone && !isTLS13Suite(id) {
			t.Errorf("%#04x: %+v, %+v", id, byID, byName)
		}
		if !isTLS13Suite(id) && !strings.HasPrefix(byID.Name, "TLS-"+byID.KeyExchange.String()+"-WITH-") {
			t.Errorf("%s has key exchange %s", byID.Name, byID.KeyExchange)
		}
	}
	if _, ok := CipherSuiteByID(0); ok {
		t.Error("suite 0 is one")
	}
	if _, ok := CipherSuiteByName("TLS-NONE"); ok {
		t.Error("TLS-NONE is a suite")
	}
	if s := KeyExchange(99).String(); s != "KeyExchange(99)" {
		t.Error(s)
	}
}

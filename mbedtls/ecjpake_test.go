package mbedtls

import (
	"bytes"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

func ecjpakeConfigs(t testing.TB, client, server string) (c, s *Config) {
	t.Helper()
	if !cbridge.Feature("MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED") {
		t.Skip("this build has no EC J-PAKE")
	}
	c, s = &Config{ECJPAKEPassword: []byte(client)}, &Config{ECJPAKEPassword: []byte(server)}
	t.Cleanup(func() { c.Close(); s.Close() })
	return c, s
}

func TestECJPAKEAuthenticatesByPassword(t *testing.T) {
	long := string(bytes.Repeat([]byte("p"), cbridge.MaxECJPAKEPasswordLen))
	for _, password := range []string{"threadjpaketest", "x", "\x00x\x00", long} {
		client, server := ecjpakeConfigs(t, password, password)
		c, s := connected(t, client, server)
		for _, end := range []*Conn{c, s} {
			st := end.ConnectionState()
			if st.Version != VersionTLS12 || CipherSuiteName(st.CipherSuite) != "TLS-ECJPAKE-WITH-AES-128-CCM-8" || st.PSKIdentity != "" {
				t.Errorf("state %+v", st)
			}
		}
		roundTrip(t, c, s)
	}
}

func TestECJPAKEWrongPasswordFails(t *testing.T) {
	client, server := ecjpakeConfigs(t, "right", "wrong")
	server.ClientAuth = RequireAnyClientCert // which must not stand in the way, nor let it pass
	if alert, err := refused(t, client, server); alert != 20 {
		t.Errorf("the client gets alert %d, want bad_record_mac; server: %v", alert, err)
	}
	setUp(t)
	plain := &Config{RootCAs: roots(), ServerName: "localhost"}
	defer plain.Close()
	if alert, err := refused(t, plain, server); alert != alertHandshakeFailure {
		t.Errorf("a client without a password: alert %d, want handshake_failure; server: %v", alert, err)
	}
}

// A password that is 0 modulo the group's order, which the library cannot use, must not crash it.
func TestECJPAKEPasswordThatIsAMultipleOfTheOrder(t *testing.T) {
	order := "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
	client, server := ecjpakeConfigs(t, order, order)
	refused(t, client, server)
}

func TestECJPAKEUnderParallelHandshakes(t *testing.T) {
	client, server := ecjpakeConfigs(t, "password", "password")
	manyHandshakes(t, 20, client, server, func(c, s *Conn) error { return nil })
}

func TestOpaqueECJPAKEPassword(t *testing.T) {
	client, server := ecjpakeConfigs(t, "password", "password")
	if !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		t.Skip("this build has no MBEDTLS_USE_PSA_CRYPTO")
	}
	id, err := ImportECJPAKEPassword([]byte("password"))
	if err != nil {
		t.Fatal(err)
	}
	defer DestroyKey(id)
	opaque := &Config{ECJPAKEKeyID: id}
	defer opaque.Close()
	for _, pair := range [][2]*Config{{opaque, server}, {client, opaque}, {opaque, opaque}} {
		c, s := connected(t, pair[0], pair[1])
		roundTrip(t, c, s)
	}
}

// roundTrip sends some bytes each way.
func roundTrip(t *testing.T, c, s *Conn) {
	t.Helper()
	for _, way := range [][2]*Conn{{c, s}, {s, c}} {
		if _, err := way[0].Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 5)
		if n, err := way[1].Read(buf); err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
	}
}
